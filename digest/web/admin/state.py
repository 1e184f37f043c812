"""How things stand today: read from the store at once, then told in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from digest.app import App
from digest.letter.words import Words
from digest.model import Outcome, SkipReason, State, Verdict
from digest.pipeline.books import Books
from digest.store import askings, figures
from digest.store.people import People
from digest.store.runs import Run, last_runs
from digest.store.sources import SourceState, state_of
from digest.web.charts import Series

DAYS = 30

#: a reader whose turn came longer ago than this has been forgotten by somebody
_OVERDUE = timedelta(hours=1)

_BAD = (Outcome.FAILED, Outcome.SUSPICIOUS, Outcome.PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the admin's first page is made of."""

    now: datetime  #: in the operator's own zone
    run: Run | None
    days: Mapping[date, figures.Totals]  #: the last thirty, by slot; those without a row are left out
    books: Books  #: of today
    sources: tuple[SourceState, ...]
    announced: Mapping[str, int]  #: {source: works of the last day}
    next_try: datetime | None
    overdue: int  #: readers
    held: int  #: errands that a limit holds back
    joined: Mapping[date, int]
    left: Mapping[date, int]
    bounced: Mapping[date, int]

    @property
    def today(self) -> date:
        """The UTC day."""
        return self.now.astimezone(UTC).date()

    @property
    def totals(self) -> figures.Totals:
        """Today's rows."""
        return self.days.get(self.today, {})

    def count(self, day: date, state: State, reason: str | None = None) -> int:
        """Rows of a day in a state, for one reason or for all."""
        reasons = self.days.get(day, {}).get(state, {})
        return sum(reasons.values()) if reason is None else reasons.get(reason, 0)


def standing_of(app: App, connection: sa.Connection, now: datetime) -> Standing:
    """How things stand."""
    today = now.astimezone(UTC).date()
    first = today - (DAYS - 1) * figures.DAY
    days = figures.totals_by_day(connection, first, today)
    states = [state_of(connection, one.name) for one in app.real_sources()]
    return Standing(
        now=now.astimezone(ZoneInfo(app.config.profile.timezone)),
        run=next(iter(last_runs(connection, 1)), None),
        days=days,
        books=Books.of(days.get(today, {}), figures.count_of_day(connection, today)),
        sources=tuple(state for state in states if state is not None),
        announced=figures.announced_since(connection, now - figures.DAY),
        next_try=figures.next_try(connection),
        overdue=People(app.database).count_due(connection, now - _OVERDUE),
        held=askings.held(connection, now),
        joined=figures.joined_by_day(connection, first, today),
        left=figures.left_by_day(connection, first, today),
        bounced=figures.bounced_by_day(connection, first, today),
    )


def headline(standing: Standing, words: Words) -> str:
    """The verdict of the last run, and what it came to today."""
    run = standing.run
    if run is None:
        return "Nothing has run yet"
    at = run.finished_at.astimezone(standing.now.tzinfo)
    when = words.wall_time(at.time())
    if at.date() != standing.now.date():
        when += f" on {words.long_date(at.date())}"
    sent = standing.count(run.finished_at.astimezone(UTC).date(), State.SENT)
    letters = f"{words.number(sent)} {'letter' if sent == 1 else 'letters'}"
    if run.verdict is Verdict.SENT:
        return f"{'Sent with warnings' if run.summary.get('warnings') else 'Sent'}: {letters} by {when}"
    return f"{str(run.verdict).replace('-', ' ').capitalize()}: {letters} sent by {when}"


def troubles(standing: Standing, words: Words) -> Iterator[str]:
    """What is not well, a sentence each."""
    bad = standing.run is not None and standing.run.verdict in (Verdict.FAILED, Verdict.STALE, Verdict.PARTIAL)
    if bad and standing.run is not None:
        yield f"The last run ended {standing.run.verdict}: {standing.run.reason}."
    for source in standing.sources:
        if source.outcome in _BAD:
            yield f"Source {source.name} {_went(source)}."
    waiting = standing.books.open
    if waiting:
        again = f", the next at {_clock(standing, standing.next_try, words)}" if standing.next_try else ""
        yield f"{_some(waiting, 'letter waits', 'letters wait', words)} to be sent{again}."
    if standing.books.failed:
        yield f"{_some(standing.books.failed, 'letter has', 'letters have', words)} failed."
    if standing.books.unknown:
        yield f"{_some(standing.books.unknown, 'letter', 'letters', words)} may have arrived; nobody can say."
    if standing.overdue:
        count = _some(standing.overdue, "reader has", "readers have", words)
        yield f"{count} been due for more than an hour: is digest run running?"
    if standing.held:
        yield f"{_some(standing.held, 'request waits', 'requests wait', words)} because a limit is used up."
    if not standing.books.balance:
        yield f"{standing.books}."


def counted(number: int, words: Words) -> str:
    """A count that begins a sentence."""
    said = words.number(number)
    return said[:1].upper() + said[1:]


def series_of(standing: Standing) -> list[Series]:
    """The charts, in the order in which they stand on the page."""
    days = [standing.today - back * figures.DAY for back in reversed(range(DAYS))]

    def series(name: str, counts: Mapping[date, int], *, is_bad: bool = False) -> Series:
        return Series(name=name, days=[(day, counts.get(day, 0)) for day in days], is_bad=is_bad)

    def letters(state: State, reason: str | None = None) -> dict[date, int]:
        return {day: standing.count(day, state, reason) for day in days}

    return [
        series("Sent", letters(State.SENT)),
        series("Skipped, nothing fits", letters(State.SKIPPED, SkipReason.NOTHING_MATCHED)),
        series("Skipped, paused", letters(State.SKIPPED, SkipReason.PAUSED)),
        series("Bounced", standing.bounced, is_bad=True),
        series("New readers", standing.joined),
        series("Left", standing.left),
    ]


def _went(source: SourceState) -> str:
    said = {Outcome.PARTIAL: "came in part", Outcome.SUSPICIOUS: "looked wrong and was not recorded"}
    went = said.get(source.outcome, "has failed") if source.outcome else "was never read"
    often = f", {source.failures} times in a row" if source.failures > 1 else ""
    return went + often + (f": {source.reason}" if source.reason else "")


def _clock(standing: Standing, moment: datetime, words: Words) -> str:
    return words.wall_time(moment.astimezone(standing.now.tzinfo).time())


def _some(number: int, one: str, many: str, words: Words) -> str:
    return f"{counted(number, words)} {one if number == 1 else many}"
