"""The first admin page: the verdict, what is not well, thirty days as charts, the sources, and the books of today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from digest.letter.words import Words
from digest.model import Outcome, State
from digest.store.sources import SourceState
from digest.web.admin.sheet import inside, page
from digest.web.admin.state import Standing, headline, series_of, standing_of, troubles
from digest.web.charts import Series, bars
from digest.web.desk import Desk

#: {outcome: (a sign, the class that colours it)}
_SIGNS = {
    Outcome.PARTIAL: ("!", "doubt"),
    Outcome.SUSPICIOUS: ("!", "doubt"),
    Outcome.FAILED: ("×", "danger"),
}
_FINE = ("✓", "fine")


def routes(desk: Desk) -> APIRouter:
    """The page."""
    router = inside(desk)
    words = desk.pages.words

    @router.get("/admin")
    def today(request: Request) -> Response:
        """How things stand."""
        with desk.app.database.read() as connection:
            standing = standing_of(desk.app, connection, desk.clock())
        every = series_of(standing)
        return page(
            desk,
            request,
            "admin.html",
            headline=headline(standing, words),
            troubles=list(troubles(standing, words)),
            charts=[_chart(series, words) for series in every],
            days=_table(every),
            names=[series.name for series in every],
            sources=[_source(source, standing) for source in standing.sources],
            looked=max((one.last_read_at for one in standing.sources if one.last_read_at), default=None),
            ledger=list(_ledger(standing)),
            books=standing.books,
            standing=standing,
        )

    return router


def _chart(series: Series, words: Words) -> dict[str, Any]:
    """A chart as its template prints it."""
    day, most = series.peak
    peak = f"most {words.figures(most)}, on {words.weekday(day)} {day.day}" if most else "none in thirty days"
    label = f"{series.name}, the last thirty days: {words.figures(series.today)} today, {peak}"
    return {"name": series.name, "today": series.today, "peak": peak, "svg": bars(series, label)}


def _table(every: list[Series]) -> list[tuple[Any, list[int]]]:
    """(day, a figure of each chart), the newest first."""
    columns = zip(*(series.days for series in every), strict=True)
    return [(row[0][0], [value for _, value in row]) for row in reversed(list(columns))]


def _source(source: SourceState, standing: Standing) -> dict[str, Any]:
    sign, look = _SIGNS.get(source.outcome, _FINE) if source.outcome else ("·", "quiet")
    said = str(source.outcome or "never read") + (f": {source.reason}" if source.reason else "")
    return {
        "name": source.name,
        "sign": sign,
        "look": look,
        "said": said,
        "new": standing.announced.get(source.name, 0),
        "age": _age(source.last_complete_at, standing.now),
    }


def _age(moment: datetime | None, now: datetime) -> str:
    """How long ago, in hours and minutes, then in days."""
    if moment is None:
        return "never"
    minutes = max(int((now - moment).total_seconds() // 60), 0)
    return f"{minutes // 60}:{minutes % 60:02}" if minutes < 72 * 60 else f"{minutes // (24 * 60)} days"


def _ledger(standing: Standing) -> Iterator[tuple[str, int]]:
    """(what became of them, letters), as the books add up."""
    books = standing.books
    yield "sent", books.sent
    yield "still to be sent", books.open
    for state in (State.FAILED, State.UNKNOWN, State.CANCELLED, State.SKIPPED):
        reasons = standing.totals.get(state, {})
        if not reasons:
            yield str(state), 0
        for reason, number in sorted(reasons.items()):
            yield f"{state}, {reason.replace('-', ' ')}" if reason else str(state), number
