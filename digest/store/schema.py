"""Every table, declared once. migrations/ builds the same schema step by step; a test holds them equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from digest.model import AnnounceReason, Errand, Kind, State, Status


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite keeps it as text that sorts by time; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[datetime | None], Any]:
        """Makes the value as the driver takes it."""
        return _written if dialect.name == "sqlite" else _in_utc

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Makes the value as everybody else takes it."""
        return _read if dialect.name == "sqlite" else _in_utc


# Most rows of a batch name the same few moments, and writing one down takes longer than storing it.


@lru_cache(maxsize=10_000)
def _written(value: datetime | None) -> str | None:
    moment = _in_utc(value)
    return None if moment is None else moment.replace(tzinfo=None).isoformat(" ", "microseconds")


@lru_cache(maxsize=10_000)
def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def _in_utc(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError(f"naive datetime {value} where an aware one is needed")
    return None if value is None else value.astimezone(UTC)


def _one_of(column: str, values: Iterable[StrEnum], name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(v.value) for v in values)})", name=name)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: facts about the store itself: simulated, transport, first_smtp_at, …
meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("last_read_at", UtcDateTime),
    Column("last_complete_at", UtcDateTime),  # complete, unchanged or empty
    Column("next_read_at", UtcDateTime),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("last_outcome", Text),
    Column("last_reason", Text),
    Column("barrier", sa.Date),  # after a restore: what is dated on or before it is never announced
)

#: validators of each address of a source, from its last good read
page = Table(
    "page",
    metadata,
    Column("source", Text, ForeignKey("source.name", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Text),
    Column("fingerprint", Text),  # of what it listed
    Column("entries", Integer),
    Column("read_at", UtcDateTime, nullable=False),
)

#: turns at asking a site, for all workers together
host = Table(
    "host",
    metadata,
    Column("name", Text, primary_key=True),  # of the site, such as arxiv.org
    Column("free_at", UtcDateTime, nullable=False),  # when the next request may start
    Column("lease_token", Text),  # whose request is under way; NULL: nobody's
    Column("lease_until", UtcDateTime, nullable=False),  # when its turn ends by itself
)

#: every document as it came, compressed, for replay
listing = Table(
    "listing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, ForeignKey("source.name", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False, index=True),
    Column("day", sa.Date),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("entries", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("body", LargeBinary),  # zlib; NULL once its retention has passed
)

item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("merged_into", Integer, ForeignKey("item.id")),
    Column("first_source", Text, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("is_absorbed", Boolean, nullable=False, default=False),  # behind a restore barrier: never announced
    Column("upvotes", Integer, nullable=False, default=0),
    Column("comments", Integer, nullable=False, default=0),
)

item_key = Table(
    "item_key",
    metadata,
    Column("key", Text, primary_key=True),
    Column("item", Integer, ForeignKey("item.id"), nullable=False, index=True),
)

item_text = Table(
    "item_text",
    metadata,
    Column("item", Integer, ForeignKey("item.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("authors", sa.JSON, nullable=False),
    Column("categories", sa.JSON, nullable=False),
    Column("url", Text),
    Column("code_url", Text),
    Column("published", UtcDateTime),
    Column("version", Integer),
    Column("source", Text, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

#: which sources have listed which works
sighting = Table(
    "sighting",
    metadata,
    Column("source", Text, primary_key=True),
    Column("item", Integer, ForeignKey("item.id"), primary_key=True, index=True),
    Column("is_curated", Boolean, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
)

#: numbered in commit order, under a lock held to commit
edition = Table(
    "edition",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("archive_date", sa.Date, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("history", LargeBinary, nullable=False),  # the words of what it announces (digest/matching/index.py)
)

announcement = Table(
    "announcement",
    metadata,
    Column("edition", Integer, ForeignKey("edition.number"), primary_key=True),
    Column("item", Integer, ForeignKey("item.id"), primary_key=True, index=True),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _one_of("reason", AnnounceReason, "reason"),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False),
    Column("owner", Text, nullable=False),  # file, or person
    Column("is_absent", Boolean, nullable=False, default=False),
    Column("is_suppressed", Boolean, nullable=False, default=False),
    Column("paused_until", UtcDateTime),
    # the profile
    Column("interests", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("send_at", Text, nullable=False),  # HH:MM
    Column("days", Text, nullable=False),  # digits, 0 is Monday: "01234"
    Column("max_items", Integer, nullable=False),
    Column("strictness", Text, nullable=False),
    Column("quiet_days", Text, nullable=False),
    Column("trending", Integer, nullable=False),
    Column("language", Text, nullable=False),
    # consent: who said that this address may be written to, when, and in which words
    Column("vouched_by", Text),
    Column("consent", sa.JSON, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_word_at", UtcDateTime, nullable=False),  # the person's last own decision; opt-out replays compare it
    # the clock
    Column("floor", Integer),
    Column("due_slot", sa.Date),
    Column("due_at", UtcDateTime),
    Column("next_due_at", UtcDateTime),
    Column("last_digest_at", UtcDateTime),
    # how they came here
    Column("asked_at", UtcDateTime),  # when their address was last typed on a page
    Column("asked_from", Text),  # the network address of a sign-up; dropped after 90 days
    Column("replaces", Integer),  # whose new address this is, until it is confirmed
    _one_of("status", Status, "status"),
    CheckConstraint("owner IN ('file', 'person')", name="owner"),
    sqlite_autoincrement=True,  # tokens name ids: none is given twice, not even after an erasure
)

# The rows that the planner looks for. A partial index is used only where the query repeats its condition literally.
Index(
    "ix_subscriber_due",
    subscriber.c.next_due_at,
    sqlite_where=sa.text("status IN ('active', 'paused')"),
    postgresql_where=sa.text("status IN ('active', 'paused')"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("address", Text, primary_key=True),  # or "hash:KEYID:…" after an erasure
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False, default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", Integer, ForeignKey("subscriber.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("transport", Text, nullable=False),  # files, or smtp
    Column("priority", Integer, nullable=False, default=0),  # higher leaves first
    Column("from_edition", Integer),
    Column("to_edition", Integer),
    Column("picks", LargeBinary),  # store/picks.py; dropped from settled rows after 90 days
    Column("generation", Integer, nullable=False, default=1),
    Column("attempts", Integer, nullable=False, default=0),
    Column("was_unknown", Boolean, nullable=False, default=False),
    Column("resent", Boolean, nullable=False, default=False),  # an unknown row is claimed once more, not twice
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("next_try_at", UtcDateTime),
    Column("claimed_from", Text),  # where an expired claim goes back to
    Column("lease_token", Text),
    Column("lease_until", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("smtp_code", Integer),
    Column("smtp_text", Text),
    # frozen by the first move to `sending`
    Column("subject", Text),
    Column("language", Text),
    Column("date_header", UtcDateTime),
    Column("message_id", Text),
    Column("template_version", Text),
    sa.UniqueConstraint("subscriber", "kind", "slot"),
    _one_of("kind", Kind, "kind"),
    _one_of("state", State, "state"),
    sqlite_autoincrement=True,
)

Index("ix_delivery_open", delivery.c.state, delivery.c.priority, delivery.c.id)

#: a work was put into a letter to a person, once
mention = Table(
    "mention",
    metadata,
    Column("subscriber", Integer, ForeignKey("subscriber.id"), primary_key=True),
    Column("item", Integer, ForeignKey("item.id"), primary_key=True, index=True),
    Column("delivery", Integer, ForeignKey("delivery.id"), nullable=False, index=True),
)

#: the letters of the longest span that a rate speaks of, for all workers together
departure = Table(
    "departure",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery", Integer, nullable=False, index=True),
    Column("left_at", UtcDateTime, nullable=False, index=True),  # until that is known, the latest that it may be
)

#: What was asked for on a page, until somebody sees to it. So a page does the same whoever is behind an address.
asking = Table(
    "asking",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("profile", sa.JSON, nullable=False),  # of a newcomer: columns of the profile
    Column("person", Integer, ForeignKey("subscriber.id", ondelete="CASCADE")),  # whose new address it is
    Column("network", Text, nullable=False),  # the address it was asked from
    Column("door", Text, nullable=False),  # web, api or mail
    Column("wording", Text, nullable=False),  # version of what was read before agreeing
    Column("place", Text, nullable=False),  # which page a link is to lead to
    Column("asked_at", UtcDateTime, nullable=False),
    Column("look_at", UtcDateTime, nullable=False, index=True),  # not before this moment: a limit is used up
    sa.UniqueConstraint("what", "email"),
    _one_of("what", Errand, "what"),
    sqlite_autoincrement=True,  # ledger rows name ids
)

#: what limits are counted by
attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),  # what it counts against, as a keyed hash
    Column("at", UtcDateTime, nullable=False, index=True),
    Index(None, "key", "at"),
)

#: how each run ended
run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("summary", sa.JSON, nullable=False),
)

#: {state: where a row may go from there}; everything else is refused by a trigger
LEGAL_MOVES: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.CLAIMED, State.CANCELLED, State.FAILED}),
    State.DEFERRED: frozenset({State.CLAIMED, State.CANCELLED, State.FAILED}),
    State.CLAIMED: frozenset(
        {State.SENDING, State.PLANNED, State.DEFERRED, State.UNKNOWN, State.CANCELLED, State.FAILED}
    ),
    State.SENDING: frozenset({State.SENT, State.DEFERRED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.CLAIMED}),
    # re-opened by `send --now`, or by a person who comes back; composed anew, which may find nothing
    State.FAILED: frozenset({State.PLANNED, State.SKIPPED}),
    State.CANCELLED: frozenset({State.PLANNED, State.SKIPPED}),
    State.SENT: frozenset(),
    State.SKIPPED: frozenset(),
}


def legal_moves_trigger(dialect: str) -> list[str]:
    """The statements that make every other move impossible, for one dialect."""
    legal = " OR ".join(
        f"(OLD.state = '{state}' AND NEW.state IN ({', '.join(repr(to.value) for to in sorted(moves))}))"
        for state, moves in LEGAL_MOVES.items()
        if moves
    )
    if dialect == "sqlite":
        return [
            f"""
            CREATE TRIGGER delivery_legal_moves BEFORE UPDATE OF state ON delivery
            WHEN OLD.state <> NEW.state AND NOT ({legal})
            BEGIN SELECT RAISE(ABORT, 'illegal move of a delivery'); END
            """
        ]
    return [
        f"""
        CREATE FUNCTION delivery_legal_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state <> NEW.state AND NOT ({legal}) THEN
                RAISE EXCEPTION 'illegal move of a delivery: % to %', OLD.state, NEW.state
                USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER delivery_legal_moves BEFORE UPDATE OF state ON delivery
        FOR EACH ROW EXECUTE FUNCTION delivery_legal_moves()
        """,
    ]
