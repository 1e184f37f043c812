"""Why a work was sent to a person, or why not: read from the letter that named it, else computed anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from digest.errors import UsageError
from digest.items.keys import key_of, title_key
from digest.matching.explain import explain
from digest.matching.line import threshold
from digest.model import Delivery, Match, State, Subscriber
from digest.pipeline.shelf import Shelf, understood
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.schema import announcement, delivery

_WITHOUT_LETTER = (State.SKIPPED, State.CANCELLED, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What `digest explain` tells; the points of the reasons sum to the score."""

    sent: bool
    reason: str
    score: int
    threshold: int
    reasons: tuple[Match, ...]


def find_item(connection: sa.Connection, items: Items, named: str) -> int:
    """The item that a key, an address or a title names.

    Raises:
        UsageError: the store knows no such work.
    """
    for key in (key_of(named), title_key(named)):
        found = items.find(connection, key)
        if found is not None:
            return found
    raise UsageError(f"no paper here is called {named!r}: give its arXiv id, DOI, address or full title")


def answer(
    connection: sa.Connection, items: Items, ledger: Ledger, shelf: Shelf, person: Subscriber, item: int
) -> Answer:
    """Why a person was sent an item or not."""
    row = ledger.mention_of(connection, person.id, item)
    if row is not None:
        return _named(items.resolve(connection, [pick.item for pick in row.digest.all_picks]), person, row, item)
    number = connection.execute(
        sa.select(sa.func.max(announcement.c.edition)).where(announcement.c.item == item)
    ).scalar()
    if number is None:
        reason = "never announced: known only as a replacement, or from before this digest began"
        return Answer(sent=False, reason=reason, score=0, threshold=_line(person), reasons=())
    window = _window(connection, items, person, number)
    mentioned = ledger.mentioned(connection, person.id, besides=window.rows)
    interests = understood(person.profile.interests).interests
    editions = shelf.window(connection, window.after, window.to)
    judged = explain(person.profile, interests, editions, item, mentioned)
    return Answer(
        sent=False,
        reason=f"{window.name}: {judged.reason}",
        score=judged.score,
        threshold=judged.threshold,
        reasons=judged.matches,
    )


def _named(today: Mapping[int, int], person: Subscriber, row: Delivery, item: int) -> Answer:
    """What the letter said that named an item; `today` has the items that its picks have become by merges."""
    parts = {"": row.digest.picks, ", as a near miss": row.digest.misses, ", as a popular one": row.digest.trending}
    found = [(part, pick) for part, picks in parts.items() for pick in picks if today[pick.item] == item]
    # the picks of an old row are dropped; that it named the item stays
    part, pick = found[0] if found else ("", None)
    is_sent = row.state is State.SENT
    return Answer(
        sent=is_sent,
        reason=f"{'sent in' if is_sent else f'in ({row.state})'} the letter of {row.slot}{part}",
        score=pick.score if pick else 0,
        threshold=row.digest.line if found else _line(person),
        reasons=pick.matches if pick else (),
    )


def _line(person: Subscriber) -> int:
    return threshold(person.profile, understood(person.profile.interests).interests)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The turn at which an edition was, or will be, looked at for a reader."""

    after: int
    to: int
    name: str  #: for people
    rows: tuple[int, ...] = ()  #: the ledger rows of that turn


def _window(connection: sa.Connection, items: Items, person: Subscriber, number: int) -> _Window:
    row = _row_of(connection, person, number)
    if row is not None:
        gone = f", which has no letter ({row.reason or row.state})" if row.state in _WITHOUT_LETTER else ""
        return _Window(
            after=row.from_edition, to=row.to_edition, name=f"the turn of {row.slot[:10]}{gone}", rows=(row.id,)
        )
    floor = person.floor if person.floor is not None else 0
    if number > floor:
        return _Window(after=floor, to=items.newest_edition(connection), name="the next letter")
    return _Window(after=number - 1, to=number, name="announced before the first letter looked")


def _row_of(connection: sa.Connection, person: Subscriber, number: int) -> sa.Row[Any] | None:
    """The latest row whose window has an edition."""
    query = sa.select(delivery).where(
        delivery.c.subscriber == person.id, delivery.c.from_edition < number, delivery.c.to_edition >= number
    )
    return connection.execute(query.order_by(delivery.c.id.desc()).limit(1)).first()
