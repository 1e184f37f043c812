"""Pages that are the same for everybody: rendered once, and kept while what they say stands."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from digest.store.connect import Database
from digest.store.items import Items

#: bytes of pages that are kept; what comes beyond takes the place of the oldest
_MOST = 64_000_000
#: a new edition is looked for as often
_LOOK = timedelta(seconds=1)
#: votes and texts change between editions too
_LONGEST = timedelta(hours=1)
#: Pages are rendered by so few threads at a time: with more, those who ask for a page that is kept would wait for all.
_THREADS = 2

_HEADERS = {"cache-control": "public, max-age=60"}
_OF_A_PAGE = ("cache-control", "etag", "last-modified")


class Kept:
    """Answers in the event loop what was rendered before, and lets a thread render the rest.

    It is what many readers at a time ask of one process: a page that is kept waits for no thread and no store. All but
    `_render` runs in the event loop, so nothing needs a lock.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._items = Items(database)
        self._clock = clock
        self._threads = CapacityLimiter(_THREADS)
        self._pages: dict[str, Response] = {}
        self._size = 0
        self._coming: dict[str, asyncio.Task[Response]] = {}
        self._newest = 0
        self._looked_at = self._emptied_at = datetime.min.replace(tzinfo=UTC)

    async def answer(self, request: Request, name: str, make: Callable[[], Response]) -> Response:
        """The page of this name; `make` renders it. Whoever has it already is told that it is unchanged."""
        await self._look()
        page = self._pages.get(name) or await self._made(name, make)
        return _unchanged(page) if _is_known(request, page) else page

    async def _look(self) -> None:
        """Throw everything away where there is a new edition, or it was kept for long."""
        now = self._clock()
        if now < self._looked_at + _LOOK:
            return
        self._looked_at = now  # the others go on with what is there
        newest = await to_thread.run_sync(self._newest_edition)
        if newest != self._newest or now > self._emptied_at + _LONGEST:
            self._pages, self._size, self._coming = {}, 0, {}
            self._newest, self._emptied_at = newest, now

    async def _made(self, name: str, make: Callable[[], Response]) -> Response:
        """The page, rendered once for all who wait for it."""
        coming = self._coming.get(name)
        if coming is None:
            coming = self._coming[name] = asyncio.create_task(self._make(name, make))
        return await asyncio.shield(coming)  # one who goes away takes it from nobody

    async def _make(self, name: str, make: Callable[[], Response]) -> Response:
        mine = self._coming
        try:
            page = await to_thread.run_sync(_render, make, limiter=self._threads)
        finally:
            mine.pop(name, None)
        if mine is self._coming:  # else it may say what was true before
            self._keep(name, page)
        return page

    def _keep(self, name: str, page: Response) -> None:
        self._pages[name] = page
        self._size += len(page.body)
        while self._size > _MOST:
            self._size -= len(self._pages.pop(next(iter(self._pages))).body)

    def _newest_edition(self) -> int:
        with self._database.read() as connection:
            return self._items.newest_edition(connection)


def _render(make: Callable[[], Response]) -> Response:
    page = make()
    page.headers.update(_HEADERS | {"etag": f'"{hashlib.sha256(bytes(page.body)).hexdigest()[:20]}"'})
    return page


def _is_known(request: Request, page: Response) -> bool:
    """Whether the visitor has this page already (RFC 9110, 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return page.headers["etag"] in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since, changed = request.headers.get("if-modified-since"), page.headers.get("last-modified")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(since) >= parsedate_to_datetime(changed)
    except (ValueError, TypeError):  # no date; one without a zone cannot be compared
        return False


def _unchanged(page: Response) -> Response:
    return Response(status_code=304, headers={name: page.headers[name] for name in _OF_A_PAGE if name in page.headers})
