"""What is stored, for how long, and who answers for it: written from the configuration, so that it is true."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from digest.web.desk import Desk


def routes(desk: Desk) -> APIRouter:
    """The page about privacy."""
    router = APIRouter()
    config = desk.app.config
    kept = config.retention

    @router.get("/privacy")
    def show() -> Response:
        """The page, the same for everybody."""
        return desk.pages.page(
            "privacy.html",
            sources=[source.name for source in desk.app.real_sources()],
            listings=days(kept.listings),
            deliveries=days(kept.deliveries),
            takes_mail=config.inbound.address is not None,
            is_mailed=desk.app.transport == "smtp",
        )

    return router


def days(span: timedelta) -> str:
    """A span as people say it; a part of a day counts as one, since nothing is kept for less than is said."""
    number = -(-span // timedelta(days=1))
    return "1 day" if number == 1 else f"{number} days"
