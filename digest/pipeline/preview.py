"""A letter that leaves no trace: from saved listings alone, or from what the store has announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from digest.items.works import works_of
from digest.matching.compose import compose
from digest.matching.index import Index
from digest.matching.scores import EditionScores
from digest.matching.volume import volume
from digest.model import (
    Announced,
    AnnounceReason,
    Digest,
    Entry,
    LetterPick,
    Message,
    Popularity,
    Strictness,
    Subscriber,
)
from digest.pipeline.shelf import Shelf, understood
from digest.pipeline.typeset import Imprint, letter_of
from digest.store.items import Items
from digest.store.schema import edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A letter as it would look, with what it was made from."""

    day: date
    digest: Digest
    papers: dict[int, Announced]  #: {item: the paper} of everything that was looked at
    message: Message
    volume: Mapping[Strictness, float] | None = None  #: papers a day at each strictness, where days were counted


def editions_of(entries: Sequence[Entry], source: str) -> list[EditionScores]:
    """One edition that announces these entries, each work once, with items numbered by their place."""
    announced = [
        Announced(
            edition=1,
            reason=AnnounceReason.NEW,
            source=source,
            text=replace(work.text, item=place, revision=1),
            keys=work.keys,
            popularity=work.popularity,
        )
        for place, work in enumerate(works_of(entries, source), 1)
    ]
    index = Index.of(one.text for one in announced)
    return [EditionScores(announced, index.history, index=index)]


def editions_between(
    connection: sa.Connection, items: Items, shelf: Shelf, *, first: date, last: date
) -> list[EditionScores]:
    """The editions of a store whose archive dates lie between two days, both included."""
    query = sa.select(edition.c.number).where(edition.c.archive_date.between(first, last))
    numbers = connection.execute(query.order_by(edition.c.number)).scalars()
    return [scores for number in numbers for scores in shelf.window(connection, number - 1, number)]


def days_with_editions(connection: sa.Connection, *, first: date, last: date) -> int:
    """On how many days between two, both included, anything was announced."""
    query = sa.select(sa.func.count(edition.c.archive_date.distinct()))
    return connection.execute(query.where(edition.c.archive_date.between(first, last))).scalar_one()


def last_days(connection: sa.Connection, days: int) -> tuple[date, date] | None:
    """The newest archive date and the one that lies `days` - 1 before it; None before the first edition."""
    newest: date | None = connection.execute(sa.select(sa.func.max(edition.c.archive_date))).scalar()
    return None if newest is None else (newest - timedelta(days=days - 1), newest)


def preview(
    person: Subscriber, editions: Sequence[EditionScores], imprint: Imprint, day: date, days: int | None = None
) -> Preview:
    """What a person's letter of a day would look like from these editions; it carries no live link.

    `days` says how many days the editions cover, and asks for the volume.
    """
    interests = understood(person.profile.interests).interests
    digest = compose(person.profile, interests, editions)
    papers = {item: paper for scores in editions for item, paper in scores.announced.items()}
    chosen = {
        pick.item: LetterPick(pick=pick, text=papers[pick.item].text, popularity=Popularity(pick.votes))
        for pick in digest.all_picks
    }
    letter = letter_of(person, digest, chosen, day, imprint, is_first=False, token=None)
    message = imprint.press.typeset(
        letter,
        message_id=f"<preview@{imprint.domain}>",
        date=datetime(day.year, day.month, day.day, tzinfo=UTC),
        envelope_from=imprint.envelope_from,
    )
    counted = volume(person.profile, interests, editions, days) if days else None
    return Preview(day=day, digest=digest, papers=papers, message=message, volume=counted)
