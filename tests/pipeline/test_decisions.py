"""What people decide survives a busy store, a crash and a clock that was set back; the latest word counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import StoreError, UsageError
from digest.model import Profile, Status
from digest.pipeline.standing import Standing
from digest.store.connect import Database
from digest.store.optouts import Entry, OptOutLog, Word
from digest.store.suppressions import every_suppression
from digest.subscribers.tokens import Keyring
from tests.world import World

KEYS = Keyring(b"a key for tests")
ADA = "ada@example.org"


@pytest.fixture
def log(tmp_path: Path) -> OptOutLog:
    return OptOutLog(tmp_path / "optout.log")


def standing_of(database: Database, log: OptOutLog, keys: Keyring = KEYS, **more: Any) -> Standing:
    spans = {"catch_up": timedelta(days=14), "max_lateness": timedelta(hours=12)}
    return Standing(database, keyring=keys, optouts=log, **spans, **more)


@pytest.fixture
def world(database: Database, log: OptOutLog) -> World:
    world = World(database)
    world.standing = standing_of(database, log)
    return world


def said(log: OptOutLog) -> list[str]:
    return [str(entry.word) for _, entry in log.read()]


def status(world: World, email: str = ADA) -> Status | None:
    with world.database.read() as connection:
        person = world.people.find(connection, email)
    return person.status if person else None


def test_every_decision_stands_in_the_log_without_the_address(world: World, log: OptOutLog) -> None:
    ada, standing = world.reader(), world.standing
    standing.pause(ADA, None, world.now)
    standing.resume(ADA, world.now)
    standing.unsubscribe(ADA, world.now)
    standing.suppress(ADA, reason="complaint", evidence="a letter of hers", now=world.now)
    standing.unsuppress(ADA, why="she asked", now=world.now)
    standing.erase(ADA, world.now)
    assert said(log) == ["pause", "resume", "unsubscribe", "suppress", "unsuppress", "erase"]
    assert {entry.person for _, entry in log.read()} == {ada.id}
    assert {entry.who for _, entry in log.read()} == {KEYS.hashed(ADA)}
    assert b"ada" not in log.path.read_bytes()


def test_what_the_store_knows_is_not_replayed(world: World, log: OptOutLog) -> None:
    world.reader()
    world.standing.pause(ADA, None, world.now)
    world.standing.unsubscribe(ADA, world.now)
    assert world.standing.replay(world.now) == 0
    assert world.standing.replay(world.now, is_whole=True) == 0
    assert status(world) is Status.UNSUBSCRIBED


def test_a_decision_that_died_before_the_store_is_carried_out_by_the_next_run(world: World, log: OptOutLog) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    log.append(Entry(at=world.now, word=Word.UNSUBSCRIBE, who=KEYS.hashed(ADA), person=ada.id))
    assert world.standing.replay(world.now) == 1
    assert world.rows(ada) == {"2026-08-17": "cancelled: unsubscribed"}
    assert world.standing.replay(world.now) == 0


def test_a_line_that_knows_only_the_id_of_a_token_counts(world: World, log: OptOutLog) -> None:
    ada = world.reader()
    log.append(Entry(at=world.now + timedelta(seconds=1), word=Word.UNSUBSCRIBE, person=ada.id))
    assert world.standing.replay(world.now) == 1
    assert status(world) is Status.UNSUBSCRIBED


def test_a_line_with_an_id_that_somebody_else_has_means_the_address(world: World, log: OptOutLog) -> None:
    ada, _ = world.reader(), world.reader("ben")
    later = world.now + timedelta(seconds=1)
    log.append(Entry(at=later, word=Word.UNSUBSCRIBE, who=KEYS.hashed("ben@example.org"), person=ada.id))
    world.standing.replay(world.now)
    assert (status(world), status(world, "ben@example.org")) == (Status.ACTIVE, Status.UNSUBSCRIBED)


def test_lines_signed_with_an_older_key_are_understood(world: World, log: OptOutLog) -> None:
    world.reader()
    log.append(Entry(at=world.now + timedelta(seconds=1), word=Word.UNSUBSCRIBE, who=KEYS.hashed(ADA)))
    rotated = Keyring.of(b"a new key\na key for tests\n")
    assert rotated.hashed(ADA) != KEYS.hashed(ADA)
    assert standing_of(world.database, log, rotated).replay(world.now) == 1
    assert status(world) is Status.UNSUBSCRIBED


def test_the_last_word_counts_although_the_clock_was_set_back(world: World, log: OptOutLog) -> None:
    world.reader()
    world.standing.unsubscribe(ADA, world.now)
    world.standing.resume(ADA, world.now - timedelta(hours=1))
    assert status(world) is Status.ACTIVE
    world.standing.replay(world.now, is_whole=True)
    assert status(world) is Status.ACTIVE


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(["pause", "resume", "unsubscribe"]), min_size=1, max_size=6), order=st.randoms())
def test_of_several_lines_the_latest_counts_in_any_order(
    sqlite_pattern: Path, tmp_path_factory: pytest.TempPathFactory, words: list[str], order: Any
) -> None:
    folder = tmp_path_factory.mktemp("order")
    (folder / "digest.db").write_bytes(sqlite_pattern.read_bytes())
    database, log = Database(f"sqlite:///{folder / 'digest.db'}"), OptOutLog(folder / "optout.log")
    world = World(database)
    world.reader()
    lines = [
        Entry(at=world.now + timedelta(seconds=number), word=Word(word), who=KEYS.hashed(ADA))
        for number, word in enumerate(words, 1)
    ]
    shuffled = list(lines)
    order.shuffle(shuffled)
    for line in shuffled:
        log.append(line)
    standing_of(database, log).replay(world.now)
    ends = {"pause": Status.PAUSED, "resume": Status.ACTIVE, "unsubscribe": Status.UNSUBSCRIBED}
    assert status(world) is ends[words[-1]]
    database.close()


# --- a store that is busy ---


@pytest.fixture
def busy(tmp_path: Path, sqlite_pattern: Path) -> Iterator[tuple[World, OptOutLog, sa.Connection]]:
    """A world on SQLite whose store another connection keeps locked, until it rolls back."""
    (tmp_path / "digest.db").write_bytes(sqlite_pattern.read_bytes())
    database, log = Database(f"sqlite:///{tmp_path / 'digest.db'}", busy_timeout=50), OptOutLog(tmp_path / "optout.log")
    world = World(database)
    world.standing = standing_of(database, log)
    world.reader()
    other = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    with other.engine.connect() as held:
        held.exec_driver_sql("BEGIN IMMEDIATE")
        yield world, log, held
        held.rollback()
    other.close()
    database.close()


@pytest.mark.parametrize("word", ["unsubscribe", "pause", "erase", "suppress"])
def test_a_decision_counts_while_the_store_is_locked_once_it_is_free(busy: Any, word: str) -> None:
    world, log, held = busy
    if word == "unsubscribe":
        assert world.standing.unsubscribe(ADA, world.now) is None
    elif word == "pause":
        assert world.standing.pause(ADA, None, world.now) is None
    elif word == "erase":
        assert not world.standing.erase(ADA, world.now)
    else:
        assert not world.standing.suppress(ADA, reason="complaint", evidence="", now=world.now)
    assert said(log) == [word]
    assert status(world) is Status.ACTIVE
    with pytest.raises(StoreError, match="locked"):
        world.standing.replay(world.now)
    held.rollback()
    assert world.standing.replay(world.now) == 1
    with world.database.read() as connection:
        person = world.people.find(connection, ADA)
    assert person is None or not person.is_mailable


def test_without_a_log_a_locked_store_is_told(busy: Any) -> None:
    world, _, _ = busy
    alone = Standing(world.database, keyring=KEYS, catch_up=timedelta(days=14), max_lateness=timedelta(hours=12))
    with pytest.raises(StoreError, match="locked"):
        alone.unsubscribe(ADA, world.now)


# --- addresses ---


def test_an_address_is_suppressed_and_freed_with_its_reasons(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    world.standing.suppress(ADA, reason="complaint", evidence="report 7", now=world.now)
    assert world.rows(ada) == {"2026-08-17": "cancelled: suppressed"}
    world.at("2026-08-17 08:00").standing.unsuppress(ADA, why="a mistake of hers", now=world.now)
    world.run()
    assert world.rows(ada) == {"2026-08-17": "sent"}
    with world.database.read() as connection:
        (one,) = every_suppression(connection)
    assert (one.reason, one.evidence) == ("complaint", "report 7; lifted: a mistake of hers")
    assert one.lifted_at == world.now
    with pytest.raises(UsageError, match="not suppressed"):
        world.standing.unsuppress(ADA, why="again", now=world.now)


def test_an_address_that_nobody_has_can_be_suppressed(world: World) -> None:
    world.standing.suppress(ADA, reason="complaint", evidence="", now=world.now)
    assert world.reader().is_suppressed


# --- people who were erased ---


def test_who_was_erased_is_not_brought_back_by_the_file(world: World) -> None:
    readers = [(ADA, Profile(interests="kites"))]
    world.standing.sync(readers, operator="owner", now=world.now)
    assert world.standing.erase(ADA, world.now)
    assert world.standing.sync(readers, operator="owner", now=world.now).added == 0
    assert status(world) is None
    with pytest.raises(UsageError, match="left for good"):
        world.reader()
    world.standing.unsuppress(ADA, why="came back", now=world.now)
    assert world.standing.sync(readers, operator="owner", now=world.now).added == 1
    assert status(world) is Status.ACTIVE


def test_an_erasure_twice_is_one(world: World) -> None:
    world.reader()
    assert world.standing.erase(ADA, world.now)
    assert world.standing.erase(ADA, world.now)
    with world.database.read() as connection:
        assert [one.reason for one in every_suppression(connection)] == ["erase"]


def test_a_complaint_outlives_an_erasure(world: World) -> None:
    world.reader()
    world.standing.suppress(ADA, reason="complaint", evidence="ada@example.org wrote", now=world.now)
    world.standing.erase(ADA, world.now)
    with world.database.read() as connection:
        (one,) = every_suppression(connection)
    assert (one.address, one.reason, one.evidence) == (KEYS.hashed(ADA), "complaint", "")
