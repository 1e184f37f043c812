"""What the admin pages share: nobody sees one without a session, and their forms are signed for that session."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from digest.web.desk import Desk
from digest.web.gate import COOKIE

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def near(desk: Desk) -> APIRouter:
    """A router whose routes are only for who may come near; for everybody else there are no such pages."""
    return _router(desk, needs_session=False)


def inside(desk: Desk) -> APIRouter:
    """A router whose routes need a session as well; who may come near and has none is led to the door."""
    return _router(desk, needs_session=True)


def _router(desk: Desk, *, needs_session: bool) -> APIRouter:
    class Checked(APIRoute):
        def get_route_handler(self) -> _Handler:
            handle = super().get_route_handler()

            async def checked(request: Request) -> Response:
                if not desk.gate.is_for(request):
                    raise HTTPException(404)
                if needs_session and not desk.gate.is_session(session_of(request)):
                    return RedirectResponse("/admin/login", 303)
                return await handle(request)

            return checked

    return APIRouter(route_class=Checked)


def session_of(request: Request) -> str:
    """The session that a request brings along, "" without one."""
    return request.cookies.get(COOKIE, "")


def posted(desk: Desk, action: str) -> Any:
    """A dependency of a route: what was posted from a page of the same session."""
    return desk.forms.posted(action, session_of)


def page(desk: Desk, request: Request, template: str, code: int = 200, /, **values: object) -> Response:
    """An admin page; its template signs forms by `sign("action")`."""
    session = session_of(request)

    def sign(action: str) -> str:
        return desk.forms.sign(action, session)

    return desk.pages.page(template, code, sign=sign, **values)
