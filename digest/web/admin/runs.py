"""Runs by hand: a dry one first, and only from its page the real one."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from digest.web.admin.sheet import inside, page, posted
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.forms import Posted

#: what a dry run has shown is true for so long
_FRESH = timedelta(minutes=30)


def routes(desk: Desk) -> APIRouter:
    """The two runs."""
    router = inside(desk)

    @router.post("/admin/dry-run")
    def rehearse(request: Request, _posted: Posted = posted(desk, "admin-dry-run")) -> Response:
        """What a run would do; its page alone has the form that does it."""
        report = desk.trigger.run(is_dry=True)
        return page(desk, request, "admin-run.html", report=report, is_dry=True, folder=desk.app.folder / "dry-run")

    @router.post("/admin/send")
    def send(request: Request, posted: Posted = posted(desk, "admin-send")) -> Response:
        """Read, plan and deliver, for all who are due."""
        if posted.age > _FRESH:
            raise Refused(409, "The dry run is too old to tell what would happen now. Do another one.")
        report = desk.trigger.run(is_dry=False)
        return page(desk, request, "admin-run.html", report=report, is_dry=False, folder=desk.app.folder)

    return router
