"""A small world for stories about the ledger: a clock to set, sources to fill, readers, and what arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from digest.letter.notices import Notices
from digest.letter.press import Press
from digest.letter.templates import Templates
from digest.model import (
    AnnounceType,
    Entry,
    Listing,
    Outcome,
    Parsed,
    Profile,
    Sender,
    Site,
    Source,
    State,
    Status,
    Subscriber,
)
from digest.pipeline.deliver import Courier, Delivered
from digest.pipeline.ingest import Ingest, Ingested
from digest.pipeline.look import Rules
from digest.pipeline.plan import Planned, Planner
from digest.pipeline.shelf import Shelf
from digest.pipeline.standing import Standing
from digest.pipeline.typeset import Imprint
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.moves import delivery_of
from digest.store.people import People
from digest.store.schema import delivery, mention
from digest.subscribers.tokens import Keyring
from tests.fakes import FakeSources, FakeTransport

SITE = Site(name="Daily Papers", url="http://127.0.0.1", postal_address="1 Quay, Galway", contact="owner@example.org")
SENDER = Sender(name="Daily Papers", address="digest@example.org")
PRESS = Press(SITE, SENDER)
NOTICES = Notices(SITE, SENDER, Templates())

CURATED = Source(name="daily-papers", kind="huggingface")
PLAIN = Source(name="saved", kind="folder")
KINDS = {CURATED.name: "huggingface", PLAIN.name: "capture"}


class World:
    """One store and the line over it. Papers are about kites, and every reader follows kites."""

    def __init__(self, database: Database, *, transport: str = "smtp", **rules: Any) -> None:
        self.database = database
        self.now = datetime(2026, 8, 17, 5, tzinfo=UTC)  # a Monday
        self.sources = FakeSources()
        self.transport = FakeTransport()
        self.items = Items(database)
        self.people = People(database)
        self.ledger = Ledger(database)
        self.ingest = Ingest(database, read=self.sources, every=timedelta(hours=2))
        values = {
            "max_lateness": timedelta(hours=12),
            "wait_for_sources": timedelta(hours=2),
            "first_days": 3,
            "catch_up": timedelta(days=14),
        }
        self.planner = Planner(
            database, rules=Rules(transport=transport, **(values | rules)), shelf=lambda: Shelf(self.items)
        )
        self.courier = Courier(
            database,
            imprint=Imprint(
                press=PRESS,
                notices=NOTICES,
                domain="example.org",
                envelope_from=SENDER.address,
                attributions={},
                sample_sources=frozenset(),
            ),
            keyring=Keyring(b"a key for tests"),
            transport=lambda: self.transport,
            clock=lambda: self.now,
            resend_unknown=True,
            random=Random(1),
        )
        self.standing = Standing(
            database,
            catch_up=values["catch_up"],
            max_lateness=values["max_lateness"],
            keyring=Keyring(b"a key for tests"),
        )

    # --- time ---

    def at(self, text: str) -> World:
        """Set the clock: "2026-08-17 07:30", in UTC."""
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return self

    # --- papers ---

    def list(
        self,
        *papers: str | Entry,
        source: Source = CURATED,
        day: date | None = None,
    ) -> Ingested:
        """Let a source list these papers; names such as "kite 7" stand for whole papers."""
        entries = tuple(paper if isinstance(paper, Entry) else self.paper(paper) for paper in papers)
        parsed = Parsed(kind=KINDS[source.name], outcome=Outcome.COMPLETE, entries=entries, day=day)
        self.sources.listings[source.name] = [
            Listing(source=source.name, url="test:", body=repr(entries).encode(), parsed=parsed)
        ]
        return self.ingest.run([source], self.now)

    @staticmethod
    def paper(name: str, **values: Any) -> Entry:
        """A paper about kites."""
        given: Mapping[str, Any] = {
            "title": f"Kites and more kites: {name}",
            "abstract": "Kites fly. We fly kites, and look at how kites fly.",
            "authors": ("Ada Kite",),
            "identifiers": (f"arxiv:2608.{crc32(name.encode()) % 100_000:05d}",),
        }
        return Entry(**{**given, **values})

    @staticmethod
    def untitled(name: str, **values: Any) -> Entry:
        """A paper known by its title alone, by another author than `paper` has."""
        return World.paper(name, **{"identifiers": (), "authors": (), **values})

    @staticmethod
    def replacement(name: str, **values: Any) -> Entry:
        """A new version of an older paper."""
        return World.paper(name, announce_type=AnnounceType.REPLACE, version=2, **values)

    # --- people ---

    def reader(self, name: str = "ada", **profile: Any) -> Subscriber:
        """An active reader of kites who is vouched for."""
        values = {"interests": "kites", "send_at": time(7, 30), "days": frozenset(range(7)), "trending": 0}
        return self.standing.add(
            f"{name}@example.org",
            Profile(**{**values, **profile}),
            consent={},
            vouched_by="owner@example.org",
            now=self.now,
        )

    def get(self, person: Subscriber) -> Subscriber:
        """The reader as stored now."""
        with self.database.read() as connection:
            found = self.people.get(connection, person.id)
        assert found is not None
        return found

    def change(self, person: Subscriber, **values: Any) -> None:
        """Change a reader's row behind everybody's back."""
        with self.database.write() as connection:
            self.people.change(connection, person.id, **values)

    # --- the line ---

    def plan(self, *, is_forced: bool = False, late_sources: tuple[str, ...] = ()) -> Planned:
        """Plan everybody who is due."""
        return self.planner.run(self.now, is_forced=is_forced, late_sources=late_sources)

    def deliver(self) -> Delivered:
        """Send what may be sent."""
        return self.courier.run()

    def run(self, *, is_forced: bool = False) -> None:
        """Sweep, plan, deliver; as every tick does."""
        self.courier.sweep()
        self.plan(is_forced=is_forced)
        self.deliver()

    # --- what came of it ---

    def rows(self, person: Subscriber) -> dict[str, str]:
        """{slot: state, or state and reason} of a reader's digests."""
        with self.database.read() as connection:
            query = sa.select(delivery).where(delivery.c.subscriber == person.id).order_by(delivery.c.slot)
            rows = [delivery_of(row) for row in connection.execute(query)]
        return {row.slot: f"{row.state}: {row.reason}" if row.reason else str(row.state) for row in rows}

    def arrived(self, person: Subscriber) -> Counter[str]:
        """{name of a paper: letters that brought it} over everything that left for a reader."""
        names: Counter[str] = Counter()
        for message in self.transport.taken:
            if message.recipient == person.email:
                titles = {line.split("more kites: ")[1] for line in message.text.splitlines() if "more kites: " in line}
                names.update(title.strip() for title in titles)
        return names

    def letters(self, person: Subscriber) -> int:
        """How many letters left for a reader."""
        return sum(message.recipient == person.email for message in self.transport.taken)

    def mentions(self, person: Subscriber) -> int:
        """How many works a reader is known to have been told of."""
        with self.database.read() as connection:
            query = sa.select(sa.func.count()).where(mention.c.subscriber == person.id)
            return int(connection.execute(query).scalar_one())


__all__ = ["CURATED", "PLAIN", "State", "Status", "World"]
