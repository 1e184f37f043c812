"""The sender's side of the ledger: claim, begin, settle, sweep. Each is one transaction of its own.

What goes its usual way is written by `digest.store.group` for many letters at once, to the same end.

Moves by a worker compare and set its lease token; mentions go with every row that ends failed or cancelled; the floor
moves with every row that ends sent or unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from digest.model import Delivery, Digest, Fault, Kind, SendResult, State, Status
from digest.ports import Limit
from digest.store.connect import Database
from digest.store.departures import Departures
from digest.store.items import Items
from digest.store.ledger import GONE
from digest.store.moves import (
    DELIVERY,
    cancel,
    delivery_of,
    expire,
    forget,
    items_of,
    mention_all,
    move,
    raise_floor,
    release,
)
from digest.store.people import People
from digest.store.picks import pack
from digest.store.prepared import Prepared, numbers
from digest.store.schema import delivery, mention, subscriber
from digest.store.suppressions import Suppression, suppress

_log = logging.getLogger(__name__)

#: a claimed row that nobody has moved for so long goes back to where it was claimed from
CLAIM_LEASE = timedelta(minutes=10)

#: longer than the ten minutes that a server may take to answer the final dot (RFC 5321, 4.5.3.2.6)
SENDING_LEASE = timedelta(minutes=15)

#: the higher leaves first; one query for each keeps to the index, where one for all would sort what is open every time
_PRIORITIES = (1, 0)

#: characters of a server's reply that are kept
LONGEST_TEXT = 500

#: the reason of a letter whose content was refused two slots running: its works are not offered a third time
REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What the first move to `sending` fixes for ever: a resend repeats exactly this."""

    digest: Digest
    subject: str
    language: str
    date_header: datetime
    message_id: str
    template_version: str


class Standing(NamedTuple):
    """How a person stands, as far as the last check asks."""

    status: Status
    is_suppressed: bool
    is_absent: bool
    has_consent: bool


class Outbox:
    """The deliveries of a store that are not settled yet, as workers move them."""

    def __init__(
        self, database: Database, *, limits: Sequence[Limit] = (), sending_lease: timedelta = SENDING_LEASE
    ) -> None:
        """No more letters are claimed than the `limits` let leave; `sending_lease` is how long a body may take."""
        self.database = database
        self.sending_lease = sending_lease
        self.departures = Departures(database, limits)
        self.items = Items(database)
        self.people = People(database)

    # --- claiming ---

    def claim(
        self, *, token: str, now: datetime, limit: int, only: int | None = None, resend_unknown: bool = True
    ) -> list[Delivery]:
        """Take up to `limit` rows that may be sent now; the higher priority first, then the older."""
        with self.database.write() as connection:
            room = self.departures.room(connection, now)
            limit = limit if room is None else min(limit, room)
            ids = self._ready(connection, now, limit, only=only, resend_unknown=resend_unknown)
            given = {"rows": ids, "token": token, "until": now + CLAIM_LEASE}
            rows = {row.id: delivery_of(row) for row in connection.execute(_CLAIM, given)} if ids else {}
            self.departures.take(connection, ids, now)
        return [rows[one] for one in ids]

    def opens_at(self, now: datetime, *, only: int | None = None, resend_unknown: bool = True) -> datetime | None:
        """When the limits let the next letter leave, where one is ready; None where none is."""
        with self.database.write() as connection:
            if not self._ready(connection, now, 1, only=only, resend_unknown=resend_unknown):
                return None
            return self.departures.opens_at(connection, now)

    def _ready(
        self, connection: sa.Connection, now: datetime, limit: int, *, only: int | None, resend_unknown: bool
    ) -> list[int]:
        """Ids of rows that may be sent now, locked where others could claim them too."""
        ready = [delivery.c.state == State.PLANNED, _may_be_tried_again(now)]
        if resend_unknown:
            ready.append(_may_be_resent())
        ids: list[int] = []
        for priority in _PRIORITIES:
            for condition in ready:
                if len(ids) < limit:
                    query = sa.select(delivery.c.id).where(
                        condition, delivery.c.priority == priority, delivery.c.deadline > now
                    )
                    if only is not None:
                        query = query.where(delivery.c.subscriber == only)
                    query = query.order_by(delivery.c.id).limit(limit - len(ids)).with_for_update(skip_locked=True)
                    ids += connection.execute(query).scalars()
        return ids

    def give_back(self, token: str, now: datetime) -> int:
        """Put all that is claimed with a token back unsent, to where it was claimed from; how many rows."""
        ours = sa.and_(delivery.c.state == State.CLAIMED, delivery.c.lease_token == token)
        was_unknown = delivery.c.claimed_from == State.UNKNOWN
        values = {
            "state": delivery.c.claimed_from,
            "settled_at": sa.case((was_unknown, now), else_=None),
            "resent": sa.and_(delivery.c.resent, sa.not_(was_unknown)),  # it still may be sent once more
            "lease_token": None,
            "lease_until": None,
        }
        with self.database.write() as connection:
            return connection.execute(sa.update(delivery).where(ours).values(**values)).rowcount

    # --- the last check ---

    def standings(self, connection: sa.Connection, people: Collection[int]) -> dict[int, Standing]:
        """{person: how they stand}, held until the transaction ends; always in one order, so that nobody deadlocks."""
        rows = _STANDINGS.read(connection, people=people)
        return {one: Standing(Status(status), *map(bool, flags)) for one, status, *flags in rows}

    def named(self, connection: sa.Connection, rows: Collection[int]) -> dict[int, set[int]]:
        """{row: the items that it names to its reader} by the mentions: what another letter has named is not in it."""
        named = {one: set(map(int, items.split(","))) for one, items in _NAMED.read(connection, rows=rows)}
        return {one: named.get(one, set()) for one in rows}

    def regulars(self, connection: sa.Connection, rows: Collection[Delivery]) -> frozenset[int]:
        """Those of the rows' readers for whom a digest other than these has left."""
        people, these = {row.subscriber for row in rows}, [row.id for row in rows]
        return frozenset(one for (one,) in _REGULARS.read(connection, people=people, rows=these))

    def present_picks(self, connection: sa.Connection, row: Delivery) -> Digest:
        """A row's picks read through merges: what repeats, or is another letter's by now, is left out."""
        today = self.items.resolve(connection, items_of(row.digest))
        query = sa.select(mention.c.item, mention.c.delivery).where(
            mention.c.subscriber == row.subscriber, mention.c.item.in_(list(today.values()))
        )
        owner = {one.item: one.delivery for one in connection.execute(query)}
        seen: set[int] = set()

        def stays(item: int) -> bool:
            now = today[item]
            if now in seen or owner.get(now, row.id) != row.id:
                return False
            seen.add(now)
            return True

        picks = tuple(pick for pick in row.digest.picks if stays(pick.item))
        trending = tuple(pick for pick in row.digest.trending if stays(pick.item))
        return replace(row.digest, picks=picks, trending=trending)

    def begin(self, row: Delivery, frozen: Frozen, *, now: datetime) -> bool:
        """The last check, which is the move claimed → sending itself; whether the body may leave.

        Where the person must not be written to any more, or nothing is left to say, the same transaction cancels the
        row. Where the picks have changed since the letter was typeset, it goes back and is typeset again.
        """
        with self.database.write() as connection:
            person = self.standings(connection, [row.subscriber]).get(row.subscriber)
            refusal = refusal_of(row.kind, person)
            if refusal:
                cancel(connection, row, refusal, now)
                return False
            if now >= row.deadline:
                expire(connection, row, now)
                return False
            if not row.is_repeat and self.present_picks(connection, row) != frozen.digest:
                release(connection, row, now)
                return False
            today = self.items.resolve(connection, items_of(frozen.digest))
            mention_all(connection, row.id, row.subscriber, list(today.values()))
            values = {"picks": pack(frozen.digest), **self.frozen_columns(frozen, now)}
            return move(connection, row, values, keep_token=True)

    def frozen_columns(self, frozen: Frozen, now: datetime) -> dict[str, Any]:
        """The columns that the move to `sending` sets, but for the picks."""
        return {
            "state": State.SENDING,
            "lease_until": now + self.sending_lease,
            "subject": frozen.subject,
            "language": frozen.language,
            "date_header": frozen.date_header,
            "message_id": frozen.message_id,
            "template_version": frozen.template_version,
        }

    def drop_merged(self, row: Delivery, now: datetime) -> None:
        """Cancel a claimed letter of which nothing is left, since another one has said it all."""
        with self.database.write() as connection:
            cancel(connection, row, "merged", now)

    def settle(
        self, row: Delivery, result: SendResult, *, now: datetime, next_try_at: datetime | None = None
    ) -> State | None:
        """Write down how a try ended; the state that the row has now, or None where it is no longer ours."""
        state = result.state
        if row.was_unknown and state is not State.SENT:
            state = State.UNKNOWN
        is_deferred = state is State.DEFERRED
        values: dict[str, Any] = {
            "state": state,
            "reason": result.fault if state in (State.FAILED, State.DEFERRED) else None,
            "next_try_at": next_try_at if is_deferred else None,
            "settled_at": None if is_deferred else now,
            "was_unknown": row.was_unknown or state is State.UNKNOWN,
            "smtp_code": result.code,
            "smtp_text": result.text[:LONGEST_TEXT],
        }
        ours = sa.and_(delivery.c.id == row.id, delivery.c.lease_token == row.lease_token)
        with self.database.write() as connection:
            self.people.get(connection, row.subscriber, lock=True)  # the person first, as everywhere: no deadlocks
            held = connection.execute(sa.select(delivery.c.state).where(ours)).scalar()
            is_refused = state is State.FAILED and result.fault is Fault.CONTENT and _was_refused(connection, row)
            if is_refused:
                values["reason"] = REFUSED
                _log.error("letter %s was refused two slots running, and is given up: %s", row.id, result.text)
            if held is None or not move(connection, row, values, from_state=State(held)):
                return None
            if state is State.FAILED and not is_refused:
                forget(connection, row.id)
            elif state in (State.SENT, State.UNKNOWN):
                raise_floor(connection, row.kind, row.subscriber, row.to_edition)
            if result.fault is Fault.RECIPIENT:
                self._suppress(connection, row.subscriber, result, now)
            self.departures.left(connection, [row.id], now)
            return state

    def _suppress(self, connection: sa.Connection, person: int, result: SendResult, now: datetime) -> None:
        reader = self.people.get(connection, person)
        if reader is not None:
            evidence = f"{result.code} {result.text}"
            bounce = Suppression(address=reader.email, reason="hard bounce", evidence=evidence, created_at=now)
            suppress(connection, bounce)

    def sweep(self, now: datetime) -> None:
        """End what time has ended: leases that ran out, letters that are no longer news."""
        lost = sa.and_(delivery.c.state.in_([State.CLAIMED, State.SENDING]), delivery.c.lease_until < now)
        late = sa.and_(delivery.c.state.in_([State.PLANNED, State.DEFERRED]), delivery.c.deadline <= now)
        for ended, end in ((lost, self._end_lease), (late, expire)):
            with self.database.read() as connection:
                rows = [delivery_of(row) for row in connection.execute(sa.select(delivery).where(ended))]
            for row in rows:
                with self.database.write() as connection:
                    self.people.get(connection, row.subscriber, lock=True)
                    end(connection, row, now)

    @staticmethod
    def _end_lease(connection: sa.Connection, row: Delivery, now: datetime) -> bool:
        """Whoever held the row is gone, or too slow: a body that may have left makes it unknown."""
        if row.state is State.CLAIMED:
            return release(connection, row, now)
        values = {"state": State.UNKNOWN, "was_unknown": True, "settled_at": now}
        is_moved = move(connection, row, values)
        if is_moved:
            raise_floor(connection, row.kind, row.subscriber, row.to_edition)
        return is_moved


# Asked for every few letters.

_CLAIM = (
    sa.update(delivery)
    .where(delivery.c.id.in_(numbers("rows")))
    .values(
        state=State.CLAIMED,
        claimed_from=delivery.c.state,
        lease_token=sa.bindparam("token"),
        lease_until=sa.bindparam("until"),
        attempts=delivery.c.attempts + 1,
        resent=sa.or_(delivery.c.resent, delivery.c.state == State.UNKNOWN),
        generation=delivery.c.generation + sa.case((delivery.c.state == State.UNKNOWN, 1), else_=0),
    )
    .returning(*DELIVERY)
)

_STANDINGS = Prepared(
    sa.select(
        subscriber.c.id,
        subscriber.c.status,
        subscriber.c.is_suppressed,
        subscriber.c.is_absent,
        sa.or_(subscriber.c.confirmed_at.is_not(None), subscriber.c.vouched_by.is_not(None)),
    )
    .where(subscriber.c.id.in_(numbers("people")))
    .order_by(subscriber.c.id)
    .with_for_update(of=subscriber)
)

_REGULARS = Prepared(
    sa.select(subscriber.c.id).where(
        subscriber.c.id.in_(numbers("people")),
        sa.exists().where(
            delivery.c.subscriber == subscriber.c.id,
            delivery.c.kind == Kind.DIGEST,
            delivery.c.id.not_in(numbers("rows")),
            delivery.c.slot.not_like("%~%"),  # a letter on disk that was set aside was sent to nobody
            sa.or_(*(delivery.c.state == state for state in GONE)),
        ),
    )
)

_COMMA: Any = sa.literal_column("','")

_NAMED = Prepared(  # a row for each letter: a driver takes longer over ten rows than over one
    sa.select(mention.c.delivery, sa.func.aggregate_strings(sa.cast(mention.c.item, sa.String), _COMMA))
    .where(mention.c.delivery.in_(numbers("rows")))
    .group_by(mention.c.delivery)
)


def _may_be_tried_again(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(delivery.c.state == State.DEFERRED, delivery.c.next_try_at <= now)


def _may_be_resent() -> sa.ColumnElement[bool]:
    """Unknown, not resent yet, and the reader's next slot is not planned."""
    later = delivery.alias("later")
    planned = sa.select(later.c.id).where(
        later.c.subscriber == delivery.c.subscriber, later.c.kind == delivery.c.kind, later.c.slot > delivery.c.slot
    )
    return sa.and_(delivery.c.state == State.UNKNOWN, sa.not_(delivery.c.resent), sa.not_(sa.exists(planned)))


def _was_refused(connection: sa.Connection, row: Delivery) -> bool:
    """Whether the content of the reader's letter before this one was refused as well."""
    before = sa.select(delivery.c.state, delivery.c.reason).where(
        delivery.c.subscriber == row.subscriber,
        delivery.c.kind == row.kind,
        delivery.c.slot < row.slot,
        delivery.c.slot.not_like("%~%"),
        delivery.c.state != State.SKIPPED,
    )
    last = connection.execute(before.order_by(delivery.c.slot.desc()).limit(1)).first()
    return last is not None and tuple(last) == (State.FAILED, Fault.CONTENT)


def refusal_of(kind: Kind, person: Standing | None) -> str | None:
    """Why a kind of letter must not go to a person now; None where it may."""
    if person is None:
        return "erased"
    if person.is_suppressed:
        return "suppressed"
    match kind:
        case Kind.DIGEST | Kind.TEST:
            if person.is_absent:
                return "absent"
            may_be_written_to = person.status is Status.ACTIVE and person.has_consent
            return None if may_be_written_to else str(person.status)
        case Kind.CONFIRM:
            return None if person.status is Status.PENDING else str(person.status)
    return None
