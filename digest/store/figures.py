"""Figures for whoever runs a digest: what the store says of a day, of the last thirty, and of one reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import sqlalchemy as sa

from digest.model import AnnounceReason, Kind, State, Status
from digest.store.ledger import OPEN
from digest.store.schema import announcement, delivery, edition, subscriber, suppression

DAY = timedelta(days=1)

#: {state: {reason: rows}} with "" for no reason, as `Ledger.totals` has it
Totals = Mapping[str, Mapping[str, int]]

#: why outbox.py suppresses an address whose server knows nobody of that name
_BOUNCED = "hard bounce"

#: Rows are numbered as they are written, but for a clock that was set back. A slot begins up to 14 hours before its
#: day does in UTC, and no row of it is written before; the rest is for clocks.
_MARGIN = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An edition, counted."""

    number: int
    day: date  #: its archive date
    created_at: datetime
    new: int
    listed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A ledger row as it is shown to people, with the last word of the mail server."""

    kind: Kind
    slot: str
    state: State
    reason: str
    attempts: int
    due_at: datetime
    settled_at: datetime | None
    reply: str  #: "" where no server has said anything
    message_id: str


# --- the ledger ---------------------------------------------------------------------------------------------------


def totals_by_day(connection: sa.Connection, first: date, last: date) -> dict[date, Totals]:
    """{slot: its totals} for the digests of these days, both included; a day without any is left out."""
    reason = sa.func.coalesce(delivery.c.reason, "")
    query = sa.select(delivery.c.slot, delivery.c.state, reason, sa.func.count()).where(_of(connection, first, last))
    found: dict[date, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for slot, state, why, rows in connection.execute(query.group_by(sa.literal_column("1, 2, 3"))):
        found[date.fromisoformat(slot)][state][why] = rows
    return dict(found)


def count_of_day(connection: sa.Connection, day: date) -> int:
    """How many digests a day has, counted by itself: the books compare it with the totals."""
    query = sa.select(sa.func.count()).select_from(delivery).where(_of(connection, day, day))
    return int(connection.execute(query).scalar_one())


def oldest_open(connection: sa.Connection) -> datetime | None:
    """When the letter was due that has waited longest to be sent; None where none waits."""
    oldest: datetime | None = connection.execute(
        sa.select(sa.func.min(delivery.c.due_at)).where(delivery.c.state.in_(OPEN))
    ).scalar()
    return oldest


def next_try(connection: sa.Connection) -> datetime | None:
    """When the first of the deferred letters is tried again."""
    query = sa.select(sa.func.min(delivery.c.next_try_at)).where(delivery.c.state == State.DEFERRED)
    soonest: datetime | None = connection.execute(query).scalar()
    return soonest


def counts_by_state(connection: sa.Connection, states: Sequence[State]) -> dict[State, int]:
    """{state: rows of every kind and day}; cheap for states that few rows are in."""
    query = sa.select(delivery.c.state, sa.func.count()).where(delivery.c.state.in_(states))
    rows = connection.execute(query.group_by(delivery.c.state))
    return dict.fromkeys(states, 0) | {State(state): count for state, count in rows}


def history_of(connection: sa.Connection, person: int, limit: int = 60) -> list[Sent]:
    """A reader's latest rows, newest first."""
    query = sa.select(delivery).where(delivery.c.subscriber == person).order_by(delivery.c.id.desc()).limit(limit)
    return [
        Sent(
            kind=Kind(row.kind),
            slot=row.slot,
            state=State(row.state),
            reason=row.reason or "",
            attempts=row.attempts,
            due_at=row.due_at,
            settled_at=row.settled_at,
            reply=f"{row.smtp_code or ''} {row.smtp_text or ''}".strip(),
            message_id=row.message_id or "",
        )
        for row in connection.execute(query)
    ]


def _of(connection: sa.Connection, first: date, last: date) -> sa.ColumnElement[bool]:
    """The digests of these days but those on disk that were set aside."""
    since = datetime.combine(first, time(), UTC) - _MARGIN
    return sa.and_(
        delivery.c.id >= _first_row(connection, since),
        delivery.c.kind == Kind.DIGEST,
        delivery.c.slot.between(first.isoformat(), last.isoformat()),
        delivery.c.slot.not_like("%~%"),
    )


def _first_row(connection: sa.Connection, since: datetime) -> int:
    """An id below which no row was written after a moment, found by halves: no index knows the days of slots."""
    low, high = 0, connection.execute(sa.select(sa.func.coalesce(sa.func.max(delivery.c.id), 0))).scalar_one()
    while low < high:
        middle = (low + high) // 2
        next_row = sa.select(delivery.c.id, delivery.c.created_at).where(delivery.c.id > middle)
        row = connection.execute(next_row.order_by(delivery.c.id).limit(1)).one()
        if row.created_at < since:
            low = row.id
        else:
            high = middle
    return low


# --- people -------------------------------------------------------------------------------------------------------


def joined_by_day(connection: sa.Connection, first: date, last: date) -> dict[date, int]:
    """{UTC day: readers who said yes on it, or were added by somebody who vouches for them}."""
    said_yes = sa.func.coalesce(subscriber.c.confirmed_at, subscriber.c.created_at, type_=subscriber.c.created_at.type)
    is_reader = sa.or_(subscriber.c.confirmed_at.is_not(None), subscriber.c.vouched_by.is_not(None))
    return _by_day(connection, said_yes, is_reader, first, last)


def left_by_day(connection: sa.Connection, first: date, last: date) -> dict[date, int]:
    """{UTC day: readers who left on it and have not come back}; who was erased since is not among them."""
    return _by_day(connection, subscriber.c.last_word_at, subscriber.c.status == Status.UNSUBSCRIBED, first, last)


def bounced_by_day(connection: sa.Connection, first: date, last: date) -> dict[date, int]:
    """{UTC day: addresses that turned out to lead nowhere}."""
    return _by_day(connection, suppression.c.created_at, suppression.c.reason == _BOUNCED, first, last)


def newest_people(connection: sa.Connection, limit: int = 50) -> list[int]:
    """The ids of those who came last, newest first."""
    return list(connection.execute(sa.select(subscriber.c.id).order_by(subscriber.c.id.desc()).limit(limit)).scalars())


def count_suppressed(connection: sa.Connection) -> int:
    """How many addresses must not be mailed."""
    query = sa.select(sa.func.count()).select_from(suppression).where(suppression.c.lifted_at.is_(None))
    return int(connection.execute(query).scalar_one())


def _by_day(
    connection: sa.Connection,
    moment: sa.ColumnElement[datetime],
    condition: sa.ColumnElement[bool],
    first: date,
    last: date,
) -> dict[date, int]:
    """{UTC day: rows whose moment lies in it}, one sum a day: the two engines cut dates in ways of their own."""
    days = [first + number * DAY for number in range((last - first).days + 1)]
    starts = [datetime.combine(day, time(), UTC) for day in [*days, last + DAY]]
    sums = [
        sa.func.sum(sa.case((sa.and_(moment >= start, moment < end), 1), else_=0)) for start, end in pairwise(starts)
    ]
    row = connection.execute(sa.select(*sums).where(condition, moment >= starts[0])).one()
    return {day: count or 0 for day, count in zip(days, row, strict=True)}


# --- editions -----------------------------------------------------------------------------------------------------


def editions(
    connection: sa.Connection, *, limit: int, number: int | None = None, hidden_sources: Collection[str] = ()
) -> list[Told]:
    """The latest editions, newest first; only one with `number`. What hidden sources announce is not counted."""
    is_shown = announcement.c.source.not_in(sorted(hidden_sources))
    counted = [
        sa.func.sum(sa.case((sa.and_(is_shown, announcement.c.reason == reason), 1), else_=0)).label(reason.value)
        for reason in AnnounceReason
    ]
    query = sa.select(edition.c.number, edition.c.archive_date, edition.c.created_at, *counted)
    query = query.outerjoin(announcement, announcement.c.edition == edition.c.number).group_by(edition.c.number)
    chosen = sa.select(edition.c.number).order_by(edition.c.number.desc()).limit(limit)
    wanted = edition.c.number.in_(chosen) if number is None else edition.c.number == number
    return [
        Told(number=row.number, day=row.archive_date, created_at=row.created_at, new=row.new, listed=row.listed)
        for row in connection.execute(query.where(wanted).order_by(edition.c.number.desc()))
    ]


def announced_since(connection: sa.Connection, moment: datetime) -> dict[str, int]:
    """{source: works that editions made after a moment announce from it}."""
    query = sa.select(announcement.c.source, sa.func.count().label("works"))
    query = query.join(edition, edition.c.number == announcement.c.edition)
    rows = connection.execute(query.where(edition.c.created_at > moment).group_by(announcement.c.source))
    return {row.source: row.works for row in rows}


def newest_edition_at(connection: sa.Connection) -> datetime | None:
    """When the newest edition was made."""
    newest: datetime | None = connection.execute(sa.select(sa.func.max(edition.c.created_at))).scalar()
    return newest
