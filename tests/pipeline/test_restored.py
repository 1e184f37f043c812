"""Stories of stores that were brought back: nobody who left is written to, nothing of the past comes again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from digest.model import Profile, SkipReason, State, Status, Subscriber
from digest.pipeline.restored import Restored, settle_restored
from digest.store.connect import Database
from digest.store.copy import copy_store
from digest.store.optouts import OptOutLog
from digest.store.schema import delivery, item
from tests.fakes import CUT_AFTER_DOT, DOWN, REFUSED
from tests.pipeline.test_decisions import standing_of
from tests.world import CURATED, PLAIN, World

ADA = "ada@example.org"


class Rescue(World):
    """A world whose store can be put back to what it was, while the log and the inboxes remember."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database)
        self.folder = folder
        self.log = OptOutLog(folder / "optout.log")
        self.standing = standing_of(database, self.log)

    def back_up(self) -> Callable[[], Restored]:
        """Keep the store as it is; gives what puts it back and settles it."""
        kept = Database(f"sqlite:///{self.folder / 'kept.db'}")
        copy_store(self.database, kept)

        def restore() -> Restored:
            self._put_back(kept)
            self._start_again()
            return settle_restored(self.standing, sources=[CURATED, PLAIN], transport="smtp", now=self.now)

        return restore

    def _start_again(self) -> None:
        """Nobody works in a store while it is put back: whoever does afterwards remembers nothing."""
        now, transport = self.now, self.transport
        super().__init__(self.database)
        self.now, self.transport = now, transport
        self.standing = standing_of(self.database, self.log)

    def _put_back(self, kept: Database) -> None:
        with kept.read() as reading, self.database.write() as writing:
            from digest.store.schema import metadata

            for table in reversed(metadata.sorted_tables):
                writing.execute(sa.delete(table))
            for table in metadata.sorted_tables:
                if rows := [dict(row) for row in reading.execute(sa.select(table)).mappings()]:
                    writing.execute(sa.insert(table), rows)

    def settled(self, person: Subscriber) -> set[str]:
        """In which ways a reader's slots ended."""
        return set(self.rows(person).values())


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Rescue:
    return Rescue(database, tmp_path)


# --- 15: the stories ---


def test_15a_todays_slot_is_taken_by_the_restore(world: Rescue) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    restore = world.back_up()
    world.at("2026-08-17 07:30").run()
    world.at("2026-08-17 09:00")
    restore()
    assert world.rows(ada) == {"2026-08-17": "skipped: restored"}
    world.list("two", day=date(2026, 8, 18))
    world.run(is_forced=True)
    assert world.letters(ada) == 1
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"one": 1, "two": 1}


def test_15b_each_source_announces_the_past_no_more_whichever_is_read_first(world: Rescue) -> None:
    ada = world.reader()
    restore = world.back_up()
    world.at("2026-08-17 07:00").list("one", source=CURATED)
    world.list("two", source=PLAIN)
    world.at("2026-08-17 07:30").run()
    world.at("2026-08-17 09:00")
    restore()
    world.list("one", source=CURATED)
    world.at("2026-08-18 06:00").list("three", source=CURATED, day=date(2026, 8, 18))
    world.list("two", "four", source=PLAIN, day=date(2026, 8, 17))  # its first read, a day later
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"one": 1, "two": 1, "three": 1}


def test_15b_a_read_that_was_not_whole_lifts_no_barrier(world: Rescue) -> None:
    from digest.model import Outcome

    ada = world.reader()
    restore = world.back_up()
    world.at("2026-08-17 09:00")
    restore()
    world.sources.outcomes[CURATED.name] = Outcome.PARTIAL
    world.list("one", day=date(2026, 8, 17))
    world.sources.outcomes.clear()
    world.list("one", "two", day=date(2026, 8, 17))
    world.at("2026-08-18 06:00").list("one", "two", "three", day=date(2026, 8, 17))
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"three": 1}


@pytest.mark.parametrize(("day", "is_announced"), [(17, False), (18, True)])
def test_15c_the_day_of_the_restore_belongs_to_the_past(world: Rescue, day: int, is_announced: bool) -> None:
    ada = world.reader()
    world.at("2026-08-17 09:00")
    world.back_up()()
    world.list("one", day=date(2026, 8, day))
    world.at("2026-08-18 07:30").run()
    assert world.letters(ada) == int(is_announced)


@pytest.mark.parametrize(("published", "is_announced"), [(None, False), ("2026-08-17", False), ("2026-08-18", True)])
def test_15c_where_a_listing_has_no_day_its_papers_have(
    world: Rescue, published: str | None, is_announced: bool
) -> None:
    ada = world.reader()
    world.at("2026-08-17 09:00")
    world.back_up()()
    moment = datetime.fromisoformat(f"{published} 01:00+00:00") if published else None
    world.at("2026-08-18 06:00").list(world.paper("one", published=moment), source=PLAIN)
    world.at("2026-08-18 07:30").run()
    assert world.letters(ada) == int(is_announced)


def test_15d_what_was_taken_in_behind_the_barrier_is_never_announced(world: Rescue) -> None:
    ada = world.reader()
    world.at("2026-08-17 09:00")
    world.back_up()()
    world.list("one", source=PLAIN, day=date(2026, 8, 17))
    with world.database.read() as connection:
        assert list(connection.execute(sa.select(item.c.is_absorbed)).scalars()) == [True]
    world.at("2026-08-18 06:00").list("two", source=CURATED, day=date(2026, 8, 18))  # lifts the other barrier
    world.at("2026-08-19 06:00").list("one", source=CURATED, day=date(2026, 8, 19))
    world.at("2026-08-19 07:30").run()
    assert world.arrived(ada) == {"two": 1}


def test_15e_a_weekly_reader_without_a_slot_in_between_loses_nothing(world: Rescue) -> None:
    daily, weekly = world.reader(), world.reader("ben", days=frozenset({6}))  # Sundays
    world.at("2026-08-17 07:00").list("one", day=date(2026, 8, 17))
    restore = world.back_up()
    world.at("2026-08-17 07:30").run()
    world.at("2026-08-17 09:00")
    restore()
    world.at("2026-08-23 07:30").run()
    assert world.arrived(daily) == {"one": 1}
    assert world.arrived(weekly) == {"one": 1}


def test_15e_a_slot_of_yesterday_is_not_served_again(world: Rescue) -> None:
    ada = world.reader(days=frozenset({0}))  # Mondays
    world.at("2026-08-17 07:00").list("one")
    restore = world.back_up()
    world.at("2026-08-17 19:00").run()  # late, and still news
    world.at("2026-08-17 19:10")
    restore()
    world.at("2026-08-17 19:20").run()
    world.at("2026-08-18 05:00").run()
    assert world.arrived(ada) == {"one": 1}
    assert world.get(ada).due_slot == date(2026, 8, 24)


def test_15f_who_left_came_back_before_the_backup_stays(world: Rescue) -> None:
    world.reader()
    world.standing.unsubscribe(ADA, world.now)
    world.at("2026-08-17 06:00").standing.resume(ADA, world.now)
    restore = world.back_up()
    world.at("2026-08-17 09:00")
    assert restore().decisions == 0
    assert world.get(world_person(world)).status is Status.ACTIVE


def test_15g_who_left_and_came_back_after_the_backup_stays(world: Rescue) -> None:
    world.reader()
    restore = world.back_up()
    world.at("2026-08-17 06:00").standing.unsubscribe(ADA, world.now)
    world.at("2026-08-17 06:10").standing.resume(ADA, world.now)
    world.at("2026-08-17 09:00")
    assert restore().decisions == 2
    assert world.get(world_person(world)).status is Status.ACTIVE


@pytest.mark.parametrize(("word", "status"), [("pause", Status.PAUSED), ("unsubscribe", Status.UNSUBSCRIBED)])
def test_15h_what_was_said_after_the_backup_stands(world: Rescue, word: str, status: Status) -> None:
    ada = world.reader()
    restore = world.back_up()
    world.at("2026-08-17 06:00")
    if word == "pause":
        world.standing.pause(ADA, datetime.fromisoformat("2026-08-20 00:00+00:00"), world.now)
    else:
        world.standing.unsubscribe(ADA, world.now)
    world.at("2026-08-17 06:30")
    restore()
    stored = world.get(ada)
    assert stored.status is status
    assert (stored.paused_until is not None) is (word == "pause")
    world.list("one", day=date(2026, 8, 18))
    world.at("2026-08-18 07:30").run()
    assert world.letters(ada) == 0


def world_person(world: World) -> Subscriber:
    with world.database.read() as connection:
        return world.standing.known(connection, ADA)


# --- what those stories leave open ---


@pytest.mark.parametrize("word", ["unsubscribe", "erase", "suppress"])
def test_a_reader_of_the_file_who_came_and_went_after_the_backup_is_not_brought_in(world: Rescue, word: str) -> None:
    readers = [(ADA, Profile(interests="kites", days=frozenset(range(7)), send_at=time(7, 30)))]
    restore = world.back_up()
    world.standing.sync(readers, operator="owner", now=world.now)
    world.at("2026-08-17 06:00")
    if word == "unsubscribe":
        world.standing.unsubscribe(ADA, world.now)
    elif word == "erase":
        world.standing.erase(ADA, world.now)
    else:
        world.standing.suppress(ADA, reason="complaint", evidence="", now=world.now)
    world.at("2026-08-17 06:30")
    restore()
    world.standing.sync(readers, operator="owner", now=world.now)
    with world.database.read() as connection:
        assert world.people.find(connection, ADA) is None


def test_who_was_erased_after_the_backup_is_erased_again(world: Rescue) -> None:
    world.reader()
    restore = world.back_up()
    world.at("2026-08-17 06:00").standing.erase(ADA, world.now)
    restore()
    with world.database.read() as connection:
        assert world.people.find(connection, ADA) is None


def test_open_letters_of_the_backup_never_leave(world: Rescue) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    restore = world.back_up()
    world.deliver()
    assert world.letters(ada) == 1
    world.at("2026-08-17 07:40")
    assert restore().cancelled == 1
    assert world.rows(ada) == {"2026-08-17": "cancelled: restored"}
    world.run(is_forced=True)
    world.at("2026-08-18 07:30").run(is_forced=True)
    assert world.arrived(ada) == {"one": 1}


def test_a_letter_that_was_being_sent_may_have_arrived(world: Rescue) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    with world.database.write() as connection:
        for state in (State.CLAIMED, State.SENDING):
            values = {"state": state, "lease_token": "a worker", "lease_until": world.now + timedelta(minutes=15)}
            connection.execute(sa.update(delivery).values(**values))
    restore = world.back_up()
    world.at("2026-08-17 07:40")
    restore()
    assert world.rows(ada) == {"2026-08-17": "unknown"}
    world.run()
    world.at("2026-08-18 07:30").run()
    assert world.letters(ada) == 0
    assert world.mentions(ada) == 1


def test_a_letter_that_may_have_arrived_is_not_sent_once_more(world: Rescue) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    world.courier._resend_unknown = False
    world.transport.answers = [CUT_AFTER_DOT]
    world.deliver()
    restore = world.back_up()
    world.courier._resend_unknown = True
    world.at("2026-08-17 07:40").deliver()
    assert world.letters(ada) == 1
    world.at("2026-08-17 07:50")
    restore()
    world.run()
    assert world.letters(ada) == 1


@pytest.mark.parametrize("answer", [DOWN, REFUSED], ids=["deferred", "failed"])
def test_a_letter_of_today_that_failed_before_the_backup_is_not_opened_again(world: Rescue, answer: object) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.transport.answers = [answer]  # type: ignore[list-item]
    world.at("2026-08-17 07:30").run()
    restore = world.back_up()
    world.at("2026-08-17 08:30").run(is_forced=True)
    assert world.letters(ada) == 1
    world.at("2026-08-17 09:00")
    restore()
    world.run(is_forced=True)
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"one": 1}


def test_every_slot_since_the_backup_is_accounted_for(world: Rescue) -> None:
    ada = world.reader()
    restore = world.back_up()
    world.at("2026-08-20 06:00")
    restore()
    assert world.rows(ada) == dict.fromkeys(
        ["2026-08-17", "2026-08-18", "2026-08-19", "2026-08-20"], f"skipped: {SkipReason.RESTORED}"
    )
    world.list("one", day=date(2026, 8, 21))
    world.at("2026-08-21 07:30").run()
    assert world.rows(ada)["2026-08-21"] == "sent"


def test_doing_it_twice_changes_nothing_more(world: Rescue) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    restore = world.back_up()
    world.at("2026-08-17 07:40")
    restore()
    before = (world.rows(ada), world.get(ada))
    again = settle_restored(world.standing, sources=[CURATED, PLAIN], transport="smtp", now=world.now)
    assert (again.decisions, again.cancelled) == (0, 0)
    assert (world.rows(ada), world.get(ada)) == before


def test_a_pending_reader_stays_pending(world: Rescue) -> None:
    world.standing.add(ADA, Profile(interests="kites"), consent={}, vouched_by=None, now=world.now)
    restore = world.back_up()
    world.at("2026-08-18 09:00")
    restore()
    assert world.rows(world_person(world)) == {}
    assert world_person(world).next_due_at is None
