"""The feed: an Atom entry for each of the last days (RFC 4287)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import Response

from digest.letter.links import page
from digest.letter.view import Paper
from digest.store.archives import Archives, Day
from digest.store.items import Items
from digest.web.desk import Desk
from digest.web.kept import Kept
from digest.web.public import Public, listed

#: days in the feed, and papers of each; more stand in the archive
DAYS, PAPERS = 10, 25

#: what XML 1.0 has no way to write
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One day as the feed tells it."""

    id: str
    title: str
    url: str
    updated: datetime
    papers: tuple[tuple[str, Paper], ...]  #: (address of its page, the paper)
    more: int  #: papers that only the archive names
    thanks: str


def routes(desk: Desk) -> APIRouter:
    """The feed, the same for everybody."""
    router = APIRouter()
    feed = _Feed(desk)
    kept = Kept(desk.app.database, desk.clock)

    @router.route("/feed.xml")
    async def show(request: Request) -> Response:
        """The last days, the newest first."""
        return await kept.answer(request, "feed", feed.print)

    return router


class _Feed:
    """Reads and prints it."""

    def __init__(self, desk: Desk) -> None:
        self._pages = desk.pages
        self._words = desk.pages.words
        self._clock = desk.clock
        self._site = desk.app.config.site
        self._public = Public(desk.app)
        self._database = desk.app.database
        self._items = Items(self._database)
        self._archives = Archives(self._items, hidden_sources=self._public.hidden_sources)

    def print(self) -> Response:
        """The feed as XML."""
        with self._database.read() as connection:
            last = self._archives.days(connection)[: -DAYS - 1 : -1]
            days = [told for each in last if (told := self._archives.day(connection, each.day))]
            entries = [self._entry(each, connection) for each in days]
        updated = max((entry.updated for entry in entries), default=None)
        text = self._pages.text(
            "feed.xml",
            id=_urn(page(self._site)),
            home=page(self._site, "archive"),
            itself=page(self._site, "feed.xml"),
            updated=updated or self._clock(),
            entries=entries,
        )
        headers = {"last-modified": format_datetime(updated, usegmt=True)} if updated else {}
        return Response(_UNWRITABLE.sub("\ufffd", text), media_type="application/atom+xml", headers=headers)

    def _entry(self, told: Day, connection: sa.Connection) -> Entry:
        url = page(self._site, "archive", told.day.isoformat())
        some = self._archives.papers(connection, told.day, 0, PAPERS)
        texts = self._items.newest_texts(connection, [one.item for one in some])
        sources = {name for name, _ in told.sources} | {text.source for text in texts.values()}
        return Entry(
            id=_urn(url),
            title=f"{self._words.say('papers', told.papers)} for {self._words.long_date(told.day)} {told.day.year}",
            url=url,
            updated=told.read_at,
            papers=tuple(
                (page(self._site, "papers", one.item), self._public.paper(listed(texts[one.item], one.upvotes)))
                for one in some
            ),
            more=told.papers - len(some),
            thanks=" ".join(self._public.thanks(sources)),
        )


def _urn(url: str) -> str:
    """An id that stays the same, and means nothing to who follows it."""
    return uuid5(NAMESPACE_URL, url).urn
