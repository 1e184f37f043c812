"""The sender's side of the ledger: claim, begin, settle, sweep. Each is one transaction of its own.

Moves by a worker compare and set its lease token; mentions go with every row that ends failed or cancelled; the floor
moves with every row that ends sent or unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from digest.model import Delivery, Digest, Fault, Kind, SendResult, State, Status, Subscriber
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.moves import cancel, delivery_of, expire, forget, items_of, mention_all, move, raise_floor, release
from digest.store.people import People
from digest.store.picks import pack
from digest.store.schema import delivery, mention

#: a claimed row that nobody has moved for so long goes back to where it was claimed from
CLAIM_LEASE = timedelta(minutes=10)

#: longer than the ten minutes that a server may take to answer the final dot (RFC 5321, 4.5.3.2.6)
SENDING_LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What the first move to `sending` fixes for ever: a resend repeats exactly this."""

    digest: Digest
    subject: str
    language: str
    date_header: datetime
    message_id: str
    template_version: str


class Outbox:
    """The deliveries of a store that are not settled yet, as workers move them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.items = Items(database)
        self.people = People(database)

    def claim(
        self, *, token: str, now: datetime, limit: int, only: int | None = None, resend_unknown: bool = True
    ) -> list[Delivery]:
        """Take up to `limit` rows that may be sent now; the higher priority first, then the older."""
        ready = sa.or_(
            delivery.c.state == State.PLANNED,
            sa.and_(delivery.c.state == State.DEFERRED, delivery.c.next_try_at <= now),
        )
        if resend_unknown:
            ready = sa.or_(ready, _may_be_resent())
        query = sa.select(delivery).where(ready, delivery.c.deadline > now)
        if only is not None:
            query = query.where(delivery.c.subscriber == only)
        query = query.order_by(delivery.c.priority.desc(), delivery.c.id).limit(limit)
        with self.database.write() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                is_resend = row.state == State.UNKNOWN
                connection.execute(
                    sa.update(delivery)
                    .where(delivery.c.id == row.id)
                    .values(
                        state=State.CLAIMED,
                        claimed_from=row.state,
                        lease_token=token,
                        lease_until=now + CLAIM_LEASE,
                        attempts=row.attempts + 1,
                        resent=row.resent or is_resend,
                        generation=row.generation + is_resend,
                    )
                )
            ids = [row.id for row in rows]
            claimed = connection.execute(sa.select(delivery).where(delivery.c.id.in_(ids)))
            return sorted(map(delivery_of, claimed), key=lambda one: ids.index(one.id))

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
            person = self.people.get(connection, row.subscriber, lock=True)
            refusal = _refusal(row.kind, person)
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
            values = {
                "state": State.SENDING,
                "lease_until": now + SENDING_LEASE,
                "picks": pack(frozen.digest),
                "subject": frozen.subject,
                "language": frozen.language,
                "date_header": frozen.date_header,
                "message_id": frozen.message_id,
                "template_version": frozen.template_version,
            }
            return move(connection, row, values, keep_token=True)

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
            "smtp_text": result.text[:500],
        }
        ours = sa.and_(delivery.c.id == row.id, delivery.c.lease_token == row.lease_token)
        with self.database.write() as connection:
            self.people.get(connection, row.subscriber, lock=True)  # the person first, as everywhere: no deadlocks
            held = connection.execute(sa.select(delivery.c.state).where(ours)).scalar()
            if held is None or not move(connection, row, values, from_state=State(held)):
                return None
            if state is State.FAILED:
                forget(connection, row.id)
            elif state in (State.SENT, State.UNKNOWN):
                raise_floor(connection, row.kind, row.subscriber, row.to_edition)
            if result.fault is Fault.RECIPIENT:
                self._suppress(connection, row.subscriber, result, now)
            return state

    def _suppress(self, connection: sa.Connection, person: int, result: SendResult, now: datetime) -> None:
        reader = self.people.get(connection, person)
        if reader is not None:
            evidence = f"{result.code} {result.text}"
            self.people.suppress(connection, reader.email, reason="hard bounce", evidence=evidence, now=now)

    def release(self, row: Delivery, now: datetime) -> None:
        """Give a claimed row back unsent, to where it was claimed from."""
        with self.database.write() as connection:
            release(connection, row, now)

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


def _may_be_resent() -> sa.ColumnElement[bool]:
    """Unknown, not resent yet, and the reader's next slot is not planned."""
    later = delivery.alias("later")
    planned = sa.select(later.c.id).where(
        later.c.subscriber == delivery.c.subscriber, later.c.kind == delivery.c.kind, later.c.slot > delivery.c.slot
    )
    return sa.and_(delivery.c.state == State.UNKNOWN, sa.not_(delivery.c.resent), sa.not_(sa.exists(planned)))


def _refusal(kind: Kind, person: Subscriber | None) -> str | None:
    """Why a kind of letter must not go to a person now; None where it may."""
    if person is None:
        return "erased"
    if person.is_suppressed:
        return "suppressed"
    match kind:
        case Kind.DIGEST | Kind.TEST:
            if person.is_absent:
                return "absent"
            return None if person.is_mailable else str(person.status)
        case Kind.CONFIRM:
            return None if person.status is Status.PENDING else str(person.status)
    return None
