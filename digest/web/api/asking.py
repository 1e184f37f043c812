"""Signing up over the API: the same errand as on the front page, and the same answer for every address."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from digest.model import Errand
from digest.web.api.shapes import SignUp, Taken
from digest.web.desk import Desk
from digest.web.forms import Posted
from digest.web.profiles import Filled, filled, with_address
from digest.web.subscribe import ask

_TAKEN = "If letters can go there, one with a link to confirm is on its way."


def routes(desk: Desk) -> APIRouter:
    """The one thing to ask for."""
    router = APIRouter()

    @router.post("/subscribe", status_code=202, response_model=Taken)
    def subscribe(request: Request, wanted: SignUp) -> Response:
        """Ask for letters: a link to confirm is mailed, and nothing before it is used."""
        form = _filled(desk, wanted)
        if form.errors:
            return JSONResponse({"error": "Some fields cannot be used.", "fields": dict(form.errors)}, 422)
        ask(desk, request, Errand.JOIN, form.email, door="api", profile=form.profile)
        return JSONResponse({"message": _TAKEN}, 202)

    return router


def _filled(desk: Desk, wanted: SignUp) -> Filled:
    """What was sent, read as the form of the front page is."""
    posted = Posted(wanted.model_dump(exclude_none=True, mode="json"), timedelta(0))
    return with_address(filled(posted, desk.app.config.profile), posted)
