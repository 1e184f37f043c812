"""Letters and editions on the admin pages: what a reader's letter would look like now, and what was announced."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from digest.model import Subscriber
from digest.pipeline.preview import Preview, editions_between, last_days, preview
from digest.store import figures
from digest.store.items import Items
from digest.web.admin.people import known
from digest.web.admin.sheet import inside, page
from digest.web.desk import Desk
from digest.web.guard import POLICY

#: A letter has styles inline, and only for that it may have them; it stands in a frame of ours, and can do nothing.
_LETTER = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; "
    "sandbox"
)

_FRAMING = f"{POLICY}; frame-src 'self'"

_EDITIONS = 60


def routes(desk: Desk) -> APIRouter:
    """The preview in its frame, and the editions."""
    router = inside(desk)

    @router.get("/admin/preview/{one}")
    def show(request: Request, one: int) -> Response:
        """A letter from the newest day's editions; nothing is recorded, and its links do nothing."""
        person = known(desk, one)
        made = _made(desk, person)
        answer = page(desk, request, "admin-preview.html", person=person, made=made)
        answer.headers["content-security-policy"] = _FRAMING
        return answer

    @router.get("/admin/preview/{one}/letter")
    def letter(one: int) -> Response:
        """What stands in the frame."""
        made = _made(desk, known(desk, one))
        html = made.message.html if made else ""
        return HTMLResponse(html, headers={"content-security-policy": _LETTER})

    @router.get("/admin/editions")
    def editions(request: Request) -> Response:
        """What was announced, the newest first."""
        with desk.app.database.read() as connection:
            told = figures.editions(connection, limit=_EDITIONS)
        return page(desk, request, "admin-editions.html", editions=told)

    return router


def _made(desk: Desk, person: Subscriber) -> Preview | None:
    """The letter; None before the first edition."""
    app = desk.app
    with app.database.read() as connection:
        span = last_days(connection, 1)
        if span is None:
            return None
        editions = editions_between(connection, Items(app.database), app.shelf(), first=span[0], last=span[1])
    return preview(person, editions, app.imprint, span[1])
