"""Works, their texts and the editions that announce them: reads what is known, records what a diff decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from digest.model import Announced, AnnounceReason, ItemText, Known, Popularity, key_strength
from digest.store.connect import Database, insert_into
from digest.store.schema import announcement, edition, item, item_key, item_text, sighting

T = TypeVar("T")

#: any number will do, as long as every process of the same store uses it
_EDITION_LOCK = 0x65646974

#: SQLite takes 32,766 parameters a statement; a thousand is plenty
_CHUNK = 1_000

#: word statistics reach back this far (docs/matching.md)
HISTORY = timedelta(days=90)


class Items:
    """The works of a store. Methods that take a connection run inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # --- reading ---

    def known(self, connection: sa.Connection, keys: Iterable[str]) -> dict[str, Known]:
        """{key: the item that has it} for those of `keys` that the store knows."""
        owner: dict[str, int] = {}
        for some in _chunks(keys):
            rows = connection.execute(sa.select(item_key.c.key, item_key.c.item).where(item_key.c.key.in_(some)))
            owner.update((row.key, row.item) for row in rows)
        ids = set(owner.values())
        texts = self.newest_texts(connection, ids)
        all_keys: dict[int, set[str]] = defaultdict(set)
        listed: set[int] = set()
        absorbed: set[int] = set()
        for chunk in _chunks(ids):
            for row in connection.execute(sa.select(item_key).where(item_key.c.item.in_(chunk))):
                all_keys[row.item].add(row.key)
            curated = sa.select(sighting.c.item).where(sighting.c.item.in_(chunk), sighting.c.is_curated)
            listed.update(connection.execute(curated).scalars())
            behind = sa.select(item.c.id).where(item.c.id.in_(chunk), item.c.is_absorbed)
            absorbed.update(connection.execute(behind).scalars())
        known = {
            one: Known(
                item=one,
                keys=frozenset(all_keys[one]),
                text=texts[one],
                is_listed=one in listed,
                is_absorbed=one in absorbed,
            )
            for one in ids
        }
        return {key: known[one] for key, one in owner.items()}

    def newest_texts(self, connection: sa.Connection, ids: Iterable[int]) -> dict[int, ItemText]:
        """{item: its newest text revision}."""
        newest: dict[int, ItemText] = {}
        for chunk in _chunks(ids):
            rows = connection.execute(
                sa.select(item_text).where(item_text.c.item.in_(chunk)).order_by(item_text.c.revision)
            )
            newest.update((row.item, _text(row)) for row in rows)
        return newest

    def texts(self, connection: sa.Connection, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], ItemText]:
        """{(item, revision): text} of exactly these revisions."""
        found: dict[tuple[int, int], ItemText] = {}
        for chunk in _chunks(wanted):
            pair = sa.tuple_(item_text.c.item, item_text.c.revision)
            for row in connection.execute(sa.select(item_text).where(pair.in_(chunk))):
                found[row.item, row.revision] = _text(row)
        return found

    def resolve(self, connection: sa.Connection, ids: Iterable[int]) -> dict[int, int]:
        """{item: the item that it is today}, through every merge."""
        today = {one: one for one in ids}
        while True:
            merged: dict[int, int] = {}
            for chunk in _chunks(set(today.values())):
                rows = connection.execute(
                    sa.select(item.c.id, item.c.merged_into).where(
                        item.c.id.in_(chunk), item.c.merged_into.is_not(None)
                    )
                )
                merged.update((row.id, row.merged_into) for row in rows)
            if not merged:
                return today
            today = {one: merged.get(now, now) for one, now in today.items()}

    def find(self, connection: sa.Connection, key: str) -> int | None:
        """The item that has this key, or None."""
        return connection.execute(sa.select(item_key.c.item).where(item_key.c.key == key)).scalar()

    def newest_edition(self, connection: sa.Connection) -> int:
        """The newest edition's number; 0 before the first."""
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(edition.c.number), 0))).scalar_one())

    def oldest_day(self, connection: sa.Connection, after: int, to: int) -> date | None:
        """The earliest archive date of the editions with a number in (after, to]; None where there is none."""
        between = sa.and_(edition.c.number > after, edition.c.number <= to)
        return connection.execute(sa.select(sa.func.min(edition.c.archive_date)).where(between)).scalar()

    def first_floor(self, connection: sa.Connection, within_days: int) -> int:
        """The floor that lets in the editions whose archive date lies within some days of the newest one's.

        By the lowest *number* among them, so that a late listing of an older day shuts nothing out.
        """
        newest_day = sa.select(sa.func.max(edition.c.archive_date)).scalar_subquery()
        last: date | None = connection.execute(sa.select(newest_day)).scalar()
        if last is None:
            return 0
        earliest = last - timedelta(days=within_days - 1)
        lowest = sa.select(sa.func.min(edition.c.number)).where(edition.c.archive_date >= earliest)
        return int(connection.execute(lowest).scalar_one()) - 1

    def announced(self, connection: sa.Connection, number: int) -> list[Announced]:
        """What an edition announces, every work in its newest words."""
        rows = connection.execute(
            sa.select(announcement, item.c.upvotes, item.c.comments)
            .join(item, item.c.id == announcement.c.item)
            .where(announcement.c.edition == number)
            .order_by(announcement.c.item)
        ).all()
        ids = [row.item for row in rows]
        texts = self.newest_texts(connection, ids)
        keys: dict[int, list[str]] = defaultdict(list)
        for chunk in _chunks(ids):
            for row in connection.execute(sa.select(item_key).where(item_key.c.item.in_(chunk))):
                keys[row.item].append(row.key)
        return [
            Announced(
                edition=number,
                reason=AnnounceReason(row.reason),
                source=row.source,
                text=texts[row.item],
                keys=tuple(sorted(keys[row.item], key=key_strength)),
                popularity=Popularity(row.upvotes, row.comments),
            )
            for row in rows
        ]

    def histories(self, connection: sa.Connection, number: int) -> list[bytes]:
        """The word statistics that stand behind an edition: its own and those of the 90 days before it."""
        day = connection.execute(sa.select(edition.c.archive_date).where(edition.c.number == number)).scalar_one()
        rows = connection.execute(
            sa.select(edition.c.history).where(edition.c.number <= number, edition.c.archive_date > day - HISTORY)
        )
        return list(rows.scalars())

    def words(self, connection: sa.Connection, number: int) -> bytes:
        """The words of an edition's papers, as they were when it was made."""
        query = sa.select(edition.c.history).where(edition.c.number == number)
        return bytes(connection.execute(query).scalar_one())

    def words_before_week(self, connection: sa.Connection, number: int) -> list[bytes]:
        """The words of the 90 days up to the Monday of an edition's week: the same for all editions of the week."""
        day = connection.execute(sa.select(edition.c.archive_date).where(edition.c.number == number)).scalar_one()
        monday = day - timedelta(days=day.weekday())
        rows = connection.execute(
            sa.select(edition.c.history)
            .where(
                edition.c.number < number, edition.c.archive_date < monday, edition.c.archive_date >= monday - HISTORY
            )
            .order_by(edition.c.number)
        )
        return list(rows.scalars())

    def keys_of(self, connection: sa.Connection, one: int) -> tuple[str, ...]:
        """An item's keys, strongest first."""
        rows = connection.execute(sa.select(item_key.c.key).where(item_key.c.item == one))
        return tuple(sorted(rows.scalars(), key=key_strength))

    # --- recording ---

    def next_edition(self, connection: sa.Connection) -> int:
        """The next edition's number, under a lock held to commit: none becomes visible after a higher one."""
        self.database.take_turns(connection, _EDITION_LOCK)
        return self.newest_edition(connection) + 1

    def add_edition(
        self, connection: sa.Connection, number: int, *, archive_date: date, history: bytes, now: datetime
    ) -> None:
        """Open an edition, before its announcements."""
        connection.execute(
            sa.insert(edition).values(number=number, archive_date=archive_date, history=history, created_at=now)
        )

    def announce(
        self, connection: sa.Connection, number: int, reasons: Mapping[int, tuple[AnnounceReason, str]]
    ) -> None:
        """Put works, {item: (why, source)}, into an edition."""
        rows = [
            {"edition": number, "item": one, "reason": reason, "source": source}
            for one, (reason, source) in reasons.items()
        ]
        connection.execute(sa.insert(announcement), rows)

    def add(self, connection: sa.Connection, *, source: str, now: datetime, is_absorbed: bool = False) -> int:
        """A new item's id; one that is absorbed is never announced."""
        added = sa.insert(item).values(first_source=source, first_seen_at=now, is_absorbed=is_absorbed)
        return int(connection.execute(added.returning(item.c.id)).scalar_one())

    def add_keys(self, connection: sa.Connection, one: int, keys: Iterable[str]) -> None:
        """Give an item more keys; one that another item holds already stays where it is."""
        for key in keys:
            added = insert_into(connection, item_key).values(key=key, item=one)
            connection.execute(added.on_conflict_do_nothing(index_elements=["key"]))

    def add_text(self, connection: sa.Connection, one: int, text: ItemText, now: datetime) -> None:
        """Append a text revision; its number follows the newest."""
        newest = connection.execute(
            sa.select(sa.func.coalesce(sa.func.max(item_text.c.revision), 0)).where(item_text.c.item == one)
        ).scalar_one()
        connection.execute(
            sa.insert(item_text).values(
                item=one,
                revision=newest + 1,
                title=text.title,
                abstract=text.abstract,
                authors=list(text.authors),
                categories=list(text.categories),
                url=text.url,
                code_url=text.code_url,
                published=text.published,
                version=text.version,
                source=text.source,
                recorded_at=now,
            )
        )

    def sight(
        self,
        connection: sa.Connection,
        one: int,
        *,
        source: str,
        is_curated: bool,
        popularity: Popularity,
        now: datetime,
    ) -> None:
        """Note that a source lists an item, and how much its readers care today."""
        seen = insert_into(connection, sighting).values(
            source=source, item=one, is_curated=is_curated, first_seen_at=now
        )
        connection.execute(
            seen.on_conflict_do_update(
                index_elements=["source", "item"],
                set_={"is_curated": sa.or_(sighting.c.is_curated, seen.excluded.is_curated)},
            )
        )
        if popularity != Popularity():
            connection.execute(
                sa.update(item).where(item.c.id == one).values(upvotes=popularity.upvotes, comments=popularity.comments)
            )


def _text(row: Any) -> ItemText:
    return ItemText(
        item=row.item,
        revision=row.revision,
        title=row.title,
        abstract=row.abstract,
        authors=tuple(row.authors),
        categories=tuple(row.categories),
        url=row.url,
        code_url=row.code_url,
        published=row.published,
        version=row.version,
        source=row.source,
    )


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    several = iter(values)
    while chunk := list(islice(several, _CHUNK)):
        yield chunk
