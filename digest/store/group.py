"""The usual moves of many letters in one transaction: claimed → sending for some, sending → sent for others.

Every row is compared and set on its own lease token, and every step is answered for itself. What does not go the usual
way is left to `Outbox.begin` and `Outbox.settle`, one by one: so one bad row never spoils the group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from digest.model import Delivery, Kind, SendResult, State
from digest.store.moves import items_of, raise_floors
from digest.store.outbox import LONGEST_TEXT, Frozen, Outbox, refusal_of
from digest.store.prepared import Batch
from digest.store.schema import delivery


@dataclass(frozen=True, slots=True, eq=False)
class Begin:
    """The last check of a letter, before its body; answered with whether it may leave."""

    row: Delivery
    frozen: Frozen


@dataclass(frozen=True, slots=True, eq=False)
class Settle:
    """How a try ended; answered with the row's state, None where it is no longer ours."""

    row: Delivery
    result: SendResult
    next_try_at: datetime


Step = Begin | Settle
Answer = bool | State | None | Exception


class _Changed(Exception):  # noqa: N818  # it never leaves this file
    """A row did not stand as it was read; nothing of the group is written."""


def write_group(outbox: Outbox, steps: Sequence[Step], now: datetime) -> list[Answer]:
    """The answers to these steps, in their order; an exception where a step alone has raised it.

    Raises:
        StoreError: nothing can be written now; none of the steps is.
    """
    try:
        answers = _together(outbox, steps, now)
    except (_Changed, sa.exc.IntegrityError):
        answers = {}
    return [answers[step] if step in answers else _alone(outbox, step, now) for step in steps]


def _alone(outbox: Outbox, step: Step, now: datetime) -> Answer:
    try:
        if isinstance(step, Begin):
            return outbox.begin(step.row, step.frozen, now=now)
        return outbox.settle(step.row, step.result, now=now, next_try_at=step.next_try_at)
    except Exception as error:  # it is the answer to this step, and to no other
        return error


def _together(outbox: Outbox, steps: Sequence[Step], now: datetime) -> dict[Step, Answer]:
    """The answers to those steps that go the usual way."""
    sent = [step for step in steps if isinstance(step, Settle) and step.result.state is State.SENT]
    begun = [step for step in steps if isinstance(step, Begin)]
    if not sent and not begun:
        return {}
    with outbox.database.write() as connection:
        standings = outbox.standings(connection, [step.row.subscriber for step in steps])
        named = outbox.named(connection, [step.row.id for step in begun]) if begun else {}
        begun = [
            step
            for step in begun
            if refusal_of(step.row.kind, standings.get(step.row.subscriber)) is None
            and now < step.row.deadline
            and _stands(step, named[step.row.id])
        ]
        _write(connection, _BEGIN, [_begun_row(outbox, step, now) for step in begun])
        _write(connection, _SENT, [_sent_row(step, now) for step in sent])
        digests = [step.row for step in sent if step.row.kind is Kind.DIGEST]
        raise_floors(connection, [(row.subscriber, row.to_edition) for row in digests if row.to_edition])
        outbox.departures.left(connection, [step.row.id for step in sent], now)
    return dict.fromkeys(begun, True) | dict.fromkeys(sent, State.SENT)


def _stands(step: Begin, named: set[int]) -> bool:
    """Whether a letter's own mentions are exactly its picks: none was merged, and no other letter has named one."""
    items = items_of(step.row.digest)
    return step.frozen.digest is step.row.digest and len(items) == len(named) and named.issuperset(items)


def _write(connection: sa.Connection, statement: Batch, rows: list[dict[str, Any]]) -> None:
    if statement.write(connection, rows) != len(rows):
        raise _Changed


def _ours(given: Mapping[str, Any], state: State) -> sa.Update:
    same = delivery.c.id == given["one"], delivery.c.lease_token == given["token"], delivery.c.state == state
    return sa.update(delivery).where(*same)


_OURS = {"one": delivery.c.id, "token": delivery.c.lease_token}

_FROZEN = ("state", "lease_until", "subject", "language", "date_header", "message_id", "template_version")

_BEGIN = Batch(
    lambda given: _ours(given, State.CLAIMED).values({name: given[name] for name in _FROZEN}),
    **_OURS,
    **{name: delivery.c[name] for name in _FROZEN},
)

_SENT = Batch(
    lambda given: _ours(given, State.SENDING).values(
        state=State.SENT,
        settled_at=given["now"],
        smtp_code=given["code"],
        smtp_text=given["text"],
        **dict.fromkeys(("reason", "next_try_at", "lease_token", "lease_until"), sa.null()),
    ),
    **_OURS,
    now=delivery.c.settled_at,
    code=delivery.c.smtp_code,
    text=delivery.c.smtp_text,
)


def _begun_row(outbox: Outbox, step: Begin, now: datetime) -> dict[str, Any]:
    return {"one": step.row.id, "token": step.row.lease_token, **outbox.frozen_columns(step.frozen, now)}


def _sent_row(step: Settle, now: datetime) -> dict[str, Any]:
    text = step.result.text[:LONGEST_TEXT]
    return {"one": step.row.id, "token": step.row.lease_token, "now": now, "code": step.result.code, "text": text}
