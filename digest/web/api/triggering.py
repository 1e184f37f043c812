"""Runs over the API, for programs that know the admin token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from digest.config.values import email as checked_email
from digest.pipeline.report import Report
from digest.web.api.shapes import Order, Problem, RunReport
from digest.web.desk import Desk
from digest.web.errors import Refused

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The admin token is missing, or is another one."},
    404: {"model": Problem, "description": "This site has no admin, or not for visitors from there."},
    409: {"model": Problem, "description": "A run is under way already."},
}

#: for the OpenAPI file alone; `Gate` does the work
_bearer = HTTPBearer(auto_error=False, description="The admin token.")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def routes(desk: Desk) -> APIRouter:
    """The one thing to start."""
    router = APIRouter()

    @router.post("/trigger", response_model=RunReport, responses=_REFUSALS)
    def trigger(request: Request, order: Order, _token: Bearer) -> Report:
        """Read the sources, plan who is due, and deliver; answers once all of that has ended."""
        if not desk.gate.is_for(request):
            raise Refused(404, "There is no such page here.")
        if not desk.gate.has_token(request):
            raise Refused(401, "Send the admin token: Authorization: Bearer TOKEN.")
        return desk.trigger.run(_address(order.to), is_dry=order.dry_run)

    return router


def _address(to: str | None) -> str | None:
    try:
        return None if to is None else checked_email(to.strip())
    except ValueError as error:
        raise Refused(422, "This is no address that mail could go to.") from error
