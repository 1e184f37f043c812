"""The whole site: every route in one place, and what happens when one of them cannot answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from digest.app import App
from digest.errors import StoreError
from digest.web import admin, api, archive, confirm, feed, feedback, health, leaving, preferences, privacy, subscribe
from digest.web.desk import Desk, desk_of
from digest.web.errors import Refused
from digest.web.guard import Guard
from digest.web.meter import Metered

_log = logging.getLogger(__name__)

_SENTENCES = {
    404: "There is no such page here.",
    405: "This page cannot be used like that.",
    400: "This could not be read.",
}
_ELSE = "Something is wrong on our side. Nothing was changed; try again in a minute."
_BUSY = "The store is busy at this moment. Nothing was changed; try again in a minute."


def build_site(app: App) -> Guard:
    """The site of a configuration, ready to be served.

    Raises:
        TemplateError: a page cannot be printed.
        StoreError: the store cannot be used.
        UsageError: the file with the admin token cannot be used.
    """
    desk = desk_of(app)
    return Guard(Metered(site_of(desk), desk.meter), hosts=desk.hosts)


def site_of(desk: Desk) -> FastAPI:
    """All routes, unguarded."""

    @asynccontextmanager
    async def lifespan(_site: FastAPI) -> AsyncIterator[None]:
        desk.postman.start()
        yield
        desk.postman.stop()

    site = FastAPI(title=desk.app.config.site.name, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    for room in (archive, subscribe, confirm, leaving, preferences, feed, privacy, feedback, admin, health):
        site.include_router(room.routes(desk), include_in_schema=False)
    site.include_router(api.routes(desk))
    _add_assets(site, desk)
    _add_refusals(site, desk)
    return site


def _add_assets(site: FastAPI, desk: Desk) -> None:
    kept = {"cache-control": "public, max-age=3600"}

    @site.get("/style.css", include_in_schema=False)
    def style() -> Response:
        return Response(desk.pages.style, media_type="text/css", headers=kept)

    @site.get("/live.js", include_in_schema=False)
    def script() -> Response:
        return Response(desk.pages.script, media_type="text/javascript", headers=kept)


def _add_refusals(site: FastAPI, desk: Desk) -> None:
    """Answer in the words of a page, or as JSON under /api."""

    def refused(request: Request, status: int, sentence: str) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": sentence}, status)
        return desk.pages.refusal(status, sentence)

    @site.exception_handler(Refused)
    def _(request: Request, error: Refused) -> Response:
        return refused(request, error.status, error.sentence)

    @site.exception_handler(HTTPException)
    def _(request: Request, error: HTTPException) -> Response:
        return refused(request, error.status_code, _SENTENCES.get(error.status_code, str(error.detail)))

    @site.exception_handler(RequestValidationError)
    def _(request: Request, error: RequestValidationError) -> Response:
        places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        return refused(request, 422, f"This could not be read: {places}.")

    @site.exception_handler(StoreError)
    def _(request: Request, error: StoreError) -> Response:
        _log.error("%s: %s", request.url.path, error)
        return refused(request, 503, _BUSY)

    @site.exception_handler(Exception)
    def _(request: Request, _error: Exception) -> Response:
        return refused(request, 500, _ELSE)
