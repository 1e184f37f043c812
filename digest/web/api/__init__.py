"""The API: JSON in, JSON out, under /api/v1; it describes itself at /api/openapi.json and /api/docs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from digest.web.api import asking, manual, reading, triggering, trying
from digest.web.api.shapes import Problem
from digest.web.desk import Desk
from digest.web.errors import Refused

#: what every route may answer
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "Something in it cannot be used; which fields, and why."},
    503: {"model": Problem, "description": "The store is busy, or nothing more can be taken in for now."},
}
_POSTED: dict[int | str, dict[str, Any]] = {
    413: {"model": Problem, "description": "More than 100,000 octets."},
    415: {"model": Problem, "description": "It was not sent as application/json."},
}


def routes(desk: Desk) -> APIRouter:
    """Everything under /api."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(_check_json)], responses=_PROBLEMS)
    for part in (asking, trying, triggering):
        router.include_router(part.routes(desk), responses=_POSTED)
    router.include_router(reading.routes(desk))
    every = APIRouter()
    every.include_router(router)
    every.include_router(manual.routes(desk), include_in_schema=False)
    return every


def _check_json(request: Request) -> None:
    """Refuse every other body: a form on another site's page can send three types, and this is none of them."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind != "application/json":
        raise Refused(415, "Send JSON, and say so: content-type: application/json.")
