"""Why a work was sent to a person, or why not: read from the letter that named it, else computed anew."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from digest.errors import UsageError
from digest.items.keys import key_of, title_key
from digest.matching.compose import Explanation, explain, threshold
from digest.model import Match, State, Subscriber
from digest.pipeline.shelf import Shelf, understood
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.schema import announcement, delivery


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
    interests = understood(person.profile.interests).interests
    line = threshold(person.profile, interests)
    row = ledger.mention_of(connection, person.id, item)
    if row is not None:
        today = items.resolve(connection, [pick.item for pick in row.digest.all_picks])
        picks = [pick for pick in row.digest.all_picks if today[pick.item] == item]
        matches = picks[0].matches if picks else ()
        score = picks[0].score if picks else 0
        is_sent = row.state is State.SENT
        reason = f"{'sent in' if is_sent else f'in ({row.state})'} the letter of {row.slot}"
        return Answer(sent=is_sent, reason=reason, score=score, threshold=line, reasons=matches)
    number = connection.execute(
        sa.select(sa.func.max(announcement.c.edition)).where(announcement.c.item == item)
    ).scalar()
    if number is None:
        reason = "never announced: known only as a replacement, or from before this digest began"
        return Answer(sent=False, reason=reason, score=0, threshold=line, reasons=())
    judged, when = _judged(connection, items, ledger, shelf, person, item, number)
    return Answer(
        sent=False,
        reason=f"{when}: {judged.reason}",
        score=judged.score,
        threshold=judged.threshold,
        reasons=judged.matches,
    )


def _judged(
    connection: sa.Connection, items: Items, ledger: Ledger, shelf: Shelf, person: Subscriber, item: int, number: int
) -> tuple[Explanation, str]:
    """How an item fares in the window that covers its edition, and which letter that is."""
    window = sa.select(delivery.c.from_edition, delivery.c.to_edition, delivery.c.slot, delivery.c.id).where(
        delivery.c.subscriber == person.id, delivery.c.from_edition < number, delivery.c.to_edition >= number
    )
    row = connection.execute(window.order_by(delivery.c.id.desc()).limit(1)).first()
    floor = person.floor if person.floor is not None else 0
    if row is not None:
        after, to, when = row.from_edition, row.to_edition, f"the turn of {row.slot[:10]}"
    elif number > floor:
        after, to, when = floor, items.newest_edition(connection), "the next letter"
    else:
        after, to, when = number - 1, number, "before the first letter"
    besides = [] if row is None else [row.id]
    mentioned = ledger.mentioned(connection, person.id, besides=besides)
    interests = understood(person.profile.interests).interests
    return explain(person.profile, interests, shelf.window(connection, after, to), item, mentioned), when
