"""Everything that the store holds of one person: to be told, and to be taken out of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from digest.model import Pick
from digest.store.items import Items
from digest.store.moves import items_of
from digest.store.picks import unpack
from digest.store.schema import asking, delivery, mention, run, subscriber, suppression

#: columns of a ledger row that say nothing about its reader
_MACHINERY = ("picks", "lease_token", "lease_until", "claimed_from")


def record_of(connection: sa.Connection, items: Items, one: int, names: Sequence[str]) -> dict[str, Any]:
    """What is kept of a person, as plain values: {subscriber, deliveries, mentions, suppressions, askings}.

    `names` are the address and its hashes. Times are in UTC.
    """
    row = connection.execute(sa.select(subscriber).where(subscriber.c.id == one)).mappings().one()
    said = connection.execute(sa.select(suppression).where(suppression.c.address.in_(names))).mappings()
    theirs = sa.or_(asking.c.person == one, asking.c.email.in_(names))
    asked = connection.execute(sa.select(asking).where(theirs)).mappings()
    return {
        "subscriber": dict(row),
        "deliveries": _letters(connection, items, one),
        "mentions": _mentions(connection, items, one),
        "suppressions": [dict(one) for one in said],
        "askings": [dict(one) for one in asked],
    }


def erase(connection: sa.Connection, one: int) -> None:
    """Remove a person with everything that hangs on them."""
    connection.execute(sa.delete(mention).where(mention.c.subscriber == one))
    connection.execute(sa.delete(delivery).where(delivery.c.subscriber == one))
    connection.execute(sa.delete(asking).where(asking.c.person == one))
    connection.execute(sa.delete(subscriber).where(subscriber.c.id == one))


def erase_address(connection: sa.Connection, address: str) -> None:
    """Take an address out of what else tells of it: why it was suppressed, how runs ended."""
    connection.execute(sa.delete(suppression).where(suppression.c.address == address))
    connection.execute(sa.delete(asking).where(asking.c.email == address))
    in_json = json.dumps(address)[1:-1]
    summary = sa.cast(run.c.summary, sa.Text)
    told = sa.or_(run.c.reason.contains(address, autoescape=True), summary.contains(in_json, autoescape=True))
    for row in connection.execute(sa.select(run).where(told)).all():
        values = {"reason": _without(row.reason, address), "summary": _without(row.summary, address)}
        connection.execute(sa.update(run).where(run.c.id == row.id).values(**values))


def _letters(connection: sa.Connection, items: Items, one: int) -> list[dict[str, Any]]:
    """Ledger rows, oldest first, with what each of them named and why."""
    rows = connection.execute(sa.select(delivery).where(delivery.c.subscriber == one).order_by(delivery.c.id)).all()
    digests = [unpack(row.picks) for row in rows]
    texts = items.newest_texts(connection, {item for digest in digests for item in items_of(digest)})
    return [
        {name: value for name, value in row._asdict().items() if name not in _MACHINERY}
        | {"picks": [_pick(pick, texts[pick.item].title) for pick in digest.all_picks]}
        for row, digest in zip(rows, digests, strict=True)
    ]


def _pick(pick: Pick, title: str) -> dict[str, Any]:
    return {"title": title, "score": pick.score, "interests": [match.interest for match in pick.matches]}


def _mentions(connection: sa.Connection, items: Items, one: int) -> list[dict[str, Any]]:
    """The works that letters have told this person of, which is why they are not told again."""
    query = sa.select(mention.c.item, delivery.c.slot).join(delivery, mention.c.delivery == delivery.c.id)
    rows = connection.execute(query.where(mention.c.subscriber == one).order_by(delivery.c.id, mention.c.item)).all()
    texts = items.newest_texts(connection, {row.item for row in rows})
    return [{"title": texts[row.item].title, "letter": row.slot} for row in rows]


def _without(value: Any, address: str) -> Any:
    """A value of JSON, its texts without an address."""
    if isinstance(value, str):
        return value.replace(address, "(erased)")
    if isinstance(value, list):
        return [_without(one, address) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, address) for key, one in value.items()}
    return value
