"""The archive: what was announced, day by day, with a search in it; and a page for every paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from digest.letter.plain import plain
from digest.model import LetterPick
from digest.pipeline.archive import DAYS, MOST, Finder
from digest.pipeline.shelf import understood
from digest.store.archives import Archives, Day, DayCount, Record
from digest.store.items import Items
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.kept import Kept
from digest.web.public import Public, listed

#: papers on one page, days that are shown around one, and authors who are named where there is room for them
PAGE, AROUND, AUTHORS = 25, 9, 20

#: characters of a search; more of them are not looked at
LONGEST = 200

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PAGE = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)  # both stores can look it up

_NO_PAGE = "Pages are numbered from 1."
_NO_DAY = "This is no day, such as 2026-12-02."
_QUIET = "Nothing was announced on that day. The archive lists the days on which something was."
_NO_PAPER = "There is no such paper in the archive."
_NO_MORE = "There are not so many papers."


def routes(desk: Desk) -> APIRouter:
    """Days, searches and papers. They are the same for everybody, and change nothing."""
    router = APIRouter()
    archive = _Archive(desk)
    # searches are rendered by threads of their own: a page of a day waits for none of them
    kept, found = Kept(desk.app.database, desk.clock), Kept(desk.app.database, desk.clock)

    # Plain routes: what FastAPI does for a typed one takes longer than all else that a page that is kept needs.

    @router.route("/archive")
    async def show(request: Request) -> Response:
        """Every day there is; or what was found in the last thirty."""
        q, page = _asked(request)
        if not q:
            return await kept.answer(request, "days", archive.days)
        return await found.answer(request, f"{page} {q}", lambda: archive.found(q, page))

    @router.route("/archive/{day}")
    async def show_day(request: Request) -> Response:
        """The papers of one day, or those that were found in it."""
        day, (q, page) = _day(request.path_params["day"]), _asked(request)
        answering = found if q else kept
        return await answering.answer(request, f"{day} {page} {q}", lambda: archive.day(day, q, page))

    @router.route("/papers/{number}")
    async def show_paper(request: Request) -> Response:
        """One paper, and how it came here."""
        number = request.path_params["number"]
        if not _NUMBER.fullmatch(number):
            raise Refused(404, _NO_PAPER)
        return await kept.answer(request, f"paper {number}", lambda: archive.paper(int(number)))

    return router


class _Archive:
    """Reads and prints the pages."""

    def __init__(self, desk: Desk) -> None:
        self._pages = desk.pages
        self._words = desk.pages.words
        self._clock = desk.clock
        self._zone = ZoneInfo(desk.app.config.profile.timezone)
        self._database = desk.app.database
        self._items = Items(self._database)
        self._public = Public(desk.app)
        hidden = self._public.hidden_sources
        self._archives = Archives(self._items, hidden_sources=hidden)
        self._finder = Finder(self._database, hidden_sources=hidden)

    def days(self) -> Response:
        """The page of all days, by month."""
        with self._database.read() as connection:
            days = self._archives.days(connection)
        return self._pages.page("archive.html", q="", months=_months(days), span=DAYS, thanks=(), **_NOTHING)

    def found(self, q: str, page: int) -> Response:
        """The page of what the last thirty days have of an interest."""
        with self._database.read() as connection:
            days = self._archives.days(connection)
        last = days[-1].day if days else self._clock().date()
        values = self._search(q, last - timedelta(days=DAYS - 1), last, page)
        thanks = self._public.thanks(values["text_sources"])
        return self._pages.page("archive.html", q=q, months=(), span=DAYS, thanks=thanks, **values)

    def day(self, day: date, q: str, page: int) -> Response:
        """The page of a day."""
        with self._database.read() as connection:
            days, numbers = self._archives.days(connection), self._archives.day(connection, day)
        if numbers is None:
            raise Refused(404, _QUIET)
        values = self._search(q, day, day, page) if q else self._listed(day, numbers, page)
        sources = {name for name, _ in numbers.sources}
        return self._pages.page(
            "day.html",
            q=q,
            day=day,
            year="" if day.year == self._clock().year else str(day.year),
            numbers=numbers,
            read_at=numbers.read_at.astimezone(self._zone),
            bars=[self._bar(each, day) for each in _around(days, day)],
            is_sample=not sources.isdisjoint(self._public.samples),
            thanks=self._public.thanks(sources | values["text_sources"]),
            **values,
        )

    def paper(self, number: int) -> Response:
        """The page of a paper; one that was found to be another is shown there."""
        with self._database.read() as connection:
            one = self._items.resolve(connection, [number])[number]
            record = self._archives.record(connection, one)
            texts = self._items.newest_texts(connection, [one])
        if record is None:
            raise Refused(404, _NO_PAPER)
        if one != number:
            return RedirectResponse(f"/papers/{one}", 308)
        text = plain(texts[one])
        return self._pages.page(
            "item.html",
            paper=self._public.paper(listed(text, 0)),
            authors=text.authors[:AUTHORS],
            authors_more=max(0, len(text.authors) - AUTHORS),
            categories=text.categories,
            record=plain(record),
            is_sample=not self._public.samples.isdisjoint(_sources(record)),
            thanks=self._public.thanks(_sources(record)),
        )

    # --- parts ---

    def _listed(self, day: date, numbers: Day, page: int) -> dict[str, Any]:
        """One page of a day as it is."""
        with self._database.read() as connection:
            some = self._archives.papers(connection, day, (page - 1) * PAGE, PAGE)
            texts = self._items.newest_texts(connection, [one.item for one in some])
        papers = [listed(texts[one.item], one.upvotes) for one in some]
        return self._paged(papers, numbers.papers, page, "", is_short=True)

    def _search(self, q: str, first: date, last: date, page: int) -> dict[str, Any]:
        """One page of what fits, and what could not be understood of the question."""
        found = self._finder.find(q, first, last, start=(page - 1) * PAGE, count=PAGE)
        values = self._paged(found.papers, found.total, page, q, is_short=False)
        return values | {"on": found.days, "problems": [each.reason for each in understood(q).problems][:MOST]}

    def _paged(self, papers: Sequence[LetterPick], total: int, page: int, q: str, *, is_short: bool) -> dict[str, Any]:
        if page > 1 and not papers:
            raise Refused(404, _NO_MORE)
        left = total - page * PAGE
        asked = {"q": q} if q else {}
        return _NOTHING | {
            "found": total,
            "papers": [(one.text.item, self._public.paper(one, is_short=is_short)) for one in papers],
            "next_count": max(min(left, PAGE), 0),
            "next": "?" + urlencode(asked | {"page": page + 1}),
            "previous": "?" + urlencode(asked | {"page": page - 1}) if page > 1 else "",
            "text_sources": {one.text.source for one in papers},
        }

    def _bar(self, one: DayCount, chosen: date) -> tuple[str, int, str, bool]:
        name = f"{self._words.weekday(one.day)[:3]} {one.day.day}"
        return name, one.papers, f"/archive/{one.day}", one.day == chosen


#: what a page has where nothing was looked for
_NOTHING: dict[str, Any] = {"found": 0, "papers": (), "on": (), "problems": (), "next_count": 0, "previous": ""}


def _asked(request: Request) -> tuple[str, int]:
    """What is looked for, "" for nothing, and which page of it.

    Raises:
        Refused: there is no such page.
    """
    page = request.query_params.get("page", "1")
    if not _PAGE.fullmatch(page):
        raise Refused(400, _NO_PAGE)
    return request.query_params.get("q", "").strip()[:LONGEST], int(page)


def _day(name: str) -> date:
    """The day of an address.

    Raises:
        Refused: it is none.
    """
    try:
        return date.fromisoformat(name if _DAY.fullmatch(name) else "")
    except ValueError:
        raise Refused(400, _NO_DAY) from None


def _around(days: tuple[DayCount, ...], day: date) -> tuple[DayCount, ...]:
    """The day, and those before and after it, as many as fit beside each other."""
    at = next((place for place, each in enumerate(days) if each.day == day), len(days))
    first = max(0, min(at - AROUND // 2, len(days) - AROUND))
    return days[first : first + AROUND]


def _months(days: tuple[DayCount, ...]) -> list[dict[str, Any]]:
    """The days by month, the newest first."""
    by_month = groupby(reversed(days), key=lambda each: f"{each.day:%B %Y}")
    months = [(name, list(some)) for name, some in by_month]
    return [{"name": name, "papers": sum(each.papers for each in some), "days": some} for name, some in months]


def _sources(record: Record) -> set[str]:
    return {each.source for each in record.appearances} | {each.source for each in record.revisions}
