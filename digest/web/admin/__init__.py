"""The admin pages: how today went, what may be done by hand, and who reads. Where no token is set there are none."""

from __future__ import annotations

from fastapi import APIRouter

from digest.web.admin import door, letters, overview, people, runs
from digest.web.desk import Desk


def routes(desk: Desk) -> APIRouter:
    """Everything under /admin."""
    router = APIRouter()
    if desk.gate.exists:
        for room in (door, overview, runs, people, letters):
            router.include_router(room.routes(desk))
    return router
