"""In and out of the admin pages: the token is typed into a form, never put into an address."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from digest.store import limits
from digest.subscribers.limits import same_network
from digest.web.admin.sheet import inside, near, posted
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.forms import Posted
from digest.web.gate import COOKIE, SESSION

#: so often a token may be tried from one network
_TRIES, _SPAN = 5, timedelta(minutes=15)


def routes(desk: Desk) -> APIRouter:
    """Logging in and out."""
    router = near(desk)

    @router.get("/admin/login")
    def show() -> Response:
        """The form."""
        return _page(desk)

    @router.post("/admin/login")
    def enter(request: Request, posted: Posted = desk.forms.posted("admin-login")) -> Response:
        """Begin a session for who knows the token; every try counts, the good ones too."""
        _count(desk, request)
        if not desk.gate.knows(posted["token"].strip()):
            return _page(desk, "This is not the token.", 403)
        answer = RedirectResponse("/admin", 303)
        answer.set_cookie(
            COOKIE,
            desk.gate.begin(),
            max_age=int(SESSION.total_seconds()),
            path="/admin",
            secure=desk.gate.is_public,
            httponly=True,
            samesite="strict",
        )
        return answer

    out = inside(desk)

    @out.post("/admin/logout")
    def leave(_posted: Posted = posted(desk, "admin-logout")) -> Response:
        """Forget the session in this browser."""
        answer = RedirectResponse("/admin/login", 303)
        answer.delete_cookie(COOKIE, path="/admin", secure=desk.gate.is_public, httponly=True, samesite="strict")
        return answer

    router.include_router(out)
    return router


def _page(desk: Desk, error: str = "", code: int = 200) -> Response:
    return desk.pages.page("admin-login.html", code, signature=desk.forms.sign("admin-login"), error=error)


def _count(desk: Desk, request: Request) -> None:
    network = same_network(desk.visitors.address(request))
    cap = limits.Cap(desk.keyring.fingerprint(f"limit admin {network}"), _TRIES, _SPAN)
    with desk.app.database.write() as connection:
        used_up = limits.take(desk.app.database, connection, [cap], desk.clock())
    if used_up is not None:
        raise Refused(429, "Too many tries. Wait a quarter of an hour.")
