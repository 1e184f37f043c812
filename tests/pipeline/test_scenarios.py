"""Stories that break a ledger which is kept less strictly; each is one test, on both engines.

The laws: no paper that a reader should get is lost; no work comes twice; at most one letter a date; every due slot ends
in one state and nothing is due for ever; floors never skip what was not served and never move back.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from threading import Event, Thread
from typing import Any

import pytest

from digest.model import Kind, Profile, State, Status
from digest.pipeline.shelf import Shelf
from digest.store.connect import Database
from digest.store.suppressions import Suppression, suppress
from tests.fakes import CUT_AFTER_DOT, DOWN, NO_SUCH_USER, REFUSED
from tests.world import CURATED, PLAIN, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


class StallingShelf(Shelf):
    """Lets something happen between a planner's look and its write."""

    def __init__(self, world: World, happening: Any) -> None:
        super().__init__(world.items)
        self.happening = happening

    def window(self, *arguments: Any) -> Any:
        found = super().window(*arguments)
        happening, self.happening = self.happening, lambda: None
        happening()
        return found


def plan_with(world: World, happening: Any) -> None:
    shelf = StallingShelf(world, happening)
    world.planner._shelf = lambda: shelf
    world.plan()
    world.planner._shelf = lambda: Shelf(world.items)


# --- 1: lateness ---


def test_1_a_paper_survives_a_host_that_was_down_for_fourteen_hours(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 21:30").run()
    assert world.rows(ada) == {"2026-08-17": "skipped: too-late"}
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"one": 1}


def test_1_of_three_missed_slots_only_the_latest_gets_a_letter(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one", "two")
    world.at("2026-08-19 08:00").run()
    assert world.rows(ada) == {
        "2026-08-17": "skipped: too-late",
        "2026-08-18": "skipped: too-late",
        "2026-08-19": "sent",
    }
    assert world.arrived(ada) == {"one": 1, "two": 1}


# --- 2: letters that never left ---


def test_2_papers_of_a_folded_letter_come_with_the_next(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.transport.answers = [DOWN]
    world.at("2026-08-17 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "deferred: network"}
    world.at("2026-08-18 07:00").list("two")
    with_deadline_far_away(world)
    world.at("2026-08-18 07:30").plan()
    assert world.rows(ada) == {"2026-08-17": "cancelled: folded", "2026-08-18": "planned"}
    world.deliver()
    assert world.arrived(ada) == {"one": 1, "two": 1}


def test_2_papers_of_an_expired_letter_come_with_the_next(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.transport.answers = [DOWN]
    world.at("2026-08-17 07:30").run()
    world.at("2026-08-18 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "failed: deadline", "2026-08-18": "sent"}
    assert world.arrived(ada) == {"one": 1}


def test_2_papers_of_a_paused_letter_come_after_the_pause(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    world.standing.pause(ada.email, None, world.now)
    world.deliver()
    assert world.rows(ada) == {"2026-08-17": "cancelled: paused"}
    world.at("2026-08-17 09:00").standing.resume(ada.email, world.now)
    world.run()
    assert world.rows(ada) == {"2026-08-17": "sent"}
    assert world.arrived(ada) == {"one": 1}


def with_deadline_far_away(world: World) -> None:
    """Keep the sweep from ending open letters, so that planning has to fold them."""
    import sqlalchemy as sa

    from digest.store.schema import delivery

    with world.database.write() as connection:
        connection.execute(sa.update(delivery).values(deadline=world.now + timedelta(days=9)))


# --- 4: people who leave in the middle ---


@pytest.mark.parametrize("leave", ["unsubscribe", "suppress"])
def test_4_who_leaves_while_a_letter_is_planned_gets_no_row(world: World, leave: str) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30")

    def happening() -> None:
        if leave == "unsubscribe":
            world.standing.unsubscribe(ada.email, world.now)
        else:
            with world.database.write() as connection:
                suppress(connection, Suppression(address=ada.email, reason="complaint", created_at=world.now))

    plan_with(world, happening)
    assert world.rows(ada) == {}
    world.at("2026-08-18 07:30").run()
    assert world.rows(ada) == {}
    assert world.letters(ada) == 0


def test_4_a_letter_that_fails_the_last_check_is_cancelled_and_never_claimed_again(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    world.change(ada, status=Status.UNSUBSCRIBED)  # committed by somebody who did not see the new row
    assert world.deliver().states == {State.CANCELLED: 1}
    assert world.rows(ada) == {"2026-08-17": "cancelled: unsubscribed"}
    assert world.mentions(ada) == 0
    world.at("2026-08-17 08:30").run()
    assert world.letters(ada) == 0


# --- 5, 6, 7: two works that turn out to be one ---


def joined(world: World, name: str, known_as: str) -> None:
    """A row that has the identifier of one work and the title of another."""
    one = world.paper(name)
    world.list(world.paper(name, title=world.paper(known_as).title, identifiers=one.identifiers))


def test_5_announcements_move_when_works_are_joined(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 06:00").list(world.replacement("one"))  # known, never announced
    world.at("2026-08-17 06:10").list(world.untitled("two"), source=PLAIN)  # announced
    joined(world, "one", "two")
    world.at("2026-08-17 07:30").run()
    assert world.letters(ada) == 1
    assert sum(world.arrived(ada).values()) == 1
    assert world.mentions(ada) == 1


def test_6a_a_planned_letter_leaves_out_what_has_become_an_older_letters_work(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").run()
    world.at("2026-08-18 07:00").list(world.untitled("two"), source=PLAIN)
    world.at("2026-08-18 07:30").plan()
    joined(world, "one", "two")
    world.deliver()
    assert world.rows(ada) == {"2026-08-17": "sent", "2026-08-18": "cancelled: merged"}
    assert world.letters(ada) == 1


def test_6b_two_works_of_one_letter_that_become_one_are_named_once(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.list(world.untitled("two"), source=PLAIN)
    world.at("2026-08-17 07:30").plan()
    assert world.mentions(ada) == 2
    joined(world, "one", "two")
    world.deliver()
    assert world.arrived(ada) == {"one": 1}
    assert world.mentions(ada) == 1


def test_7_of_two_mentions_the_one_that_has_left_stays(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list(world.untitled("two"), source=PLAIN)
    world.at("2026-08-17 07:30").run()  # the younger work is sent …
    world.at("2026-08-18 06:00").list(world.replacement("one"))
    world.transport.answers = [DOWN]
    joined(world, "one", "two")
    world.at("2026-08-18 07:30").run()
    world.at("2026-08-19 06:00").list("one", source=CURATED)
    world.at("2026-08-19 07:30").run()
    assert sum(world.arrived(ada).values()) == 1


def test_7_a_planned_mention_gives_way_to_a_sent_one(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 06:00").list(world.paper("one", identifiers=("arxiv:2608.00001",)), source=PLAIN)
    world.at("2026-08-17 07:30").run()
    world.at("2026-08-18 06:00").list(world.untitled("two"), source=PLAIN)
    world.transport.answers = [DOWN]
    world.at("2026-08-18 07:30").run()
    world.list(world.paper("one", title=world.paper("two").title, identifiers=("arxiv:2608.00001",)))
    with_deadline_far_away(world)
    world.at("2026-08-19 07:30").run()  # the second letter ends without having left
    assert world.rows(ada)["2026-08-18"] == "cancelled: folded"
    assert world.arrived(ada) == {"one": 1}


# --- 8, 9: floors ---


def test_8a_a_short_pause_loses_a_weekly_reader_nothing(world: World) -> None:
    ada = world.at("2026-08-16 05:00").reader(days=frozenset({6}))
    world.at("2026-08-16 06:00").list("zero", day=date(2026, 8, 16))
    world.at("2026-08-16 07:30").run()
    world.at("2026-08-17 08:00").list("one", day=date(2026, 8, 17))
    world.at("2026-08-22 08:00").list(*[f"later {n}" for n in range(3)], day=date(2026, 8, 22))
    world.standing.pause(ada.email, None, world.now)
    world.at("2026-08-22 09:00").standing.resume(ada.email, world.now)
    world.at("2026-08-23 07:30").run()
    assert world.arrived(ada)["one"] == 1


def test_8b_a_pause_does_not_move_the_floor_back(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").run()
    floor = world.get(ada).floor
    world.standing.pause(ada.email, None, world.now)
    world.standing.resume(ada.email, world.now)
    assert world.get(ada).floor == floor
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"one": 1}


def test_8_a_long_absence_catches_up_no_further_than_allowed(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one", day=date(2026, 8, 17))
    world.at("2026-08-17 07:30").run()
    world.standing.pause(ada.email, None, world.now)
    world.at("2026-08-18 07:00").list("forgotten", day=date(2026, 8, 18))
    world.at("2026-09-20 07:00").list("fresh", day=date(2026, 9, 20))
    world.standing.resume(ada.email, world.now)
    world.at("2026-09-20 07:30").run()
    assert world.arrived(ada) == {"one": 1, "fresh": 1}


def test_9_a_late_listing_of_an_older_day_shuts_nothing_out(world: World) -> None:
    world.at("2026-08-17 05:00").list("one", day=date(2026, 8, 17))
    world.at("2026-08-17 06:00").list("old", day=date(2026, 8, 12))
    ada = world.reader()
    world.at("2026-08-17 07:30").run()
    assert world.arrived(ada) == {"one": 1, "old": 1}


# --- 10, 11, 13, 14: time ---


def test_10_a_planner_that_stalled_for_a_day_writes_nothing(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30")

    def the_other_planner() -> None:
        world.at("2026-08-18 07:30").run()

    plan_with(world, the_other_planner)
    assert world.rows(ada) == {"2026-08-17": "skipped: too-late", "2026-08-18": "sent"}
    world.run()
    assert world.arrived(ada) == {"one": 1}


def test_11_a_planned_letter_does_not_leave_twenty_hours_later(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    world.at("2026-08-18 03:30").deliver()
    assert world.rows(ada) == {"2026-08-17": "failed: deadline"}
    assert world.letters(ada) == 0
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"one": 1}


def test_13_waiting_past_midnight_keeps_the_slot(world: World) -> None:
    ada = world.reader(send_at=time(23, 0))
    world.at("2026-08-17 22:00").list("one")
    world.at("2026-08-17 23:00").plan(late_sources=("daily-papers",))
    assert world.rows(ada) == {}
    world.at("2026-08-18 01:00").plan(late_sources=("daily-papers",))
    assert world.rows(ada) == {"2026-08-17": "planned"}
    world.deliver()
    world.at("2026-08-18 22:00").list("two")
    world.at("2026-08-18 23:00").run()
    assert world.rows(ada) == {"2026-08-17": "sent", "2026-08-18": "sent"}


def test_13_a_source_that_stays_late_with_nothing_to_say_is_told_as_stale(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:30").plan(late_sources=("daily-papers",))
    world.at("2026-08-17 09:30").plan(late_sources=("daily-papers",))
    assert world.rows(ada) == {"2026-08-17": "skipped: stale"}


def test_14a_eight_hours_push_a_letter_and_never_drop_its_day(world: World) -> None:
    ada = world.reader(send_at=time(23, 30))
    world.at("2026-08-17 23:00").list("one")
    world.at("2026-08-17 23:30").run()
    with world.database.write() as connection:
        world.standing._change_profile(
            connection, world.get(ada), Profile(**{**vars_of(ada.profile), "send_at": time(1, 0)}), world.now
        )
    world.at("2026-08-18 01:00").list("two")
    world.run()
    assert world.rows(ada) == {"2026-08-17": "sent"}
    world.at("2026-08-18 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "sent", "2026-08-18": "sent"}


def test_14b_a_change_of_hour_looks_only_forward(world: World) -> None:
    ada = world.reader(send_at=time(23, 0))
    world.at("2026-08-17 22:00").list("one")
    with world.database.write() as connection:
        world.standing._change_profile(
            connection, world.get(ada), Profile(**{**vars_of(ada.profile), "send_at": time(6, 0)}), world.now
        )
    world.run()
    assert world.rows(ada) == {}
    world.at("2026-08-18 06:00").run()
    assert world.rows(ada) == {"2026-08-18": "sent"}


@pytest.mark.parametrize("values", [{"is_suppressed": True}, {"is_absent": True}, {"status": Status.UNSUBSCRIBED}])
def test_14c_who_must_not_be_mailed_is_not_due(world: World, values: dict[str, Any]) -> None:
    ada = world.reader()
    world.change(ada, **values)
    world.at("2026-08-17 07:30")
    with world.database.read() as connection:
        assert world.people.due(connection, world.now) == []
    world.run()
    assert world.rows(ada) == {}


def test_14d_a_letter_that_is_being_sent_is_waited_for(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    row = world.courier.outbox.claim(token="a worker", now=world.now, limit=1)[0]
    typeset = world.courier._typesetter.typeset(row, world.now)
    assert typeset is not None
    world.at("2026-08-17 18:50")
    row = hold(world, row)
    assert world.courier.outbox.begin(row, typeset[1], now=world.now)
    world.change(ada, due_slot=date(2026, 8, 18), due_at=world.now, next_due_at=world.now)
    world.plan()
    with world.database.read() as connection:
        assert world.people.due(connection, world.now) == []
    assert world.get(ada).due_slot == date(2026, 8, 18)
    assert world.rows(ada) == {"2026-08-17": "sending"}


def hold(world: World, row: Any) -> Any:
    """The claimed row, its lease renewed in the store."""
    import sqlalchemy as sa

    from digest.store.schema import delivery

    with world.database.write() as connection:
        connection.execute(sa.update(delivery).values(lease_until=world.now + timedelta(minutes=10)))
        return world.ledger.get(connection, row.id)


def vars_of(profile: Profile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in profile.__dataclass_fields__}


# --- 17: by hand ---


def test_17a_only_todays_row_is_opened_again_by_hand(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.transport.answers = [REFUSED]
    world.at("2026-08-17 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "failed: content"}
    world.at("2026-08-18 07:30").run()
    world.at("2026-08-18 09:00").run(is_forced=True)
    assert world.rows(ada) == {"2026-08-17": "failed: content", "2026-08-18": "sent"}
    assert world.arrived(ada) == {"one": 1}


def test_17a_todays_failed_row_is_opened_again_by_hand_with_a_new_message_id(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.transport.answers = [REFUSED]
    world.at("2026-08-17 07:30").run()
    with world.database.read() as connection:
        before = world.ledger.slot(connection, ada.id, date(2026, 8, 17))
    world.at("2026-08-17 09:00").run(is_forced=True)
    with world.database.read() as connection:
        after = world.ledger.slot(connection, ada.id, date(2026, 8, 17))
    assert before is not None
    assert after is not None
    assert (after.state, after.generation) == (State.SENT, 2)
    assert after.message_id != before.message_id
    assert world.arrived(ada) == {"one": 1}


def test_17b_a_row_opened_again_is_composed_anew(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").run()
    world.at("2026-08-18 07:00").list(world.untitled("two"), source=PLAIN)
    world.transport.answers = [REFUSED]
    world.at("2026-08-18 07:30").run()
    joined(world, "one", "two")
    world.at("2026-08-18 09:00").run(is_forced=True)
    assert world.rows(ada)["2026-08-18"].startswith("skipped")
    assert sum(world.arrived(ada).values()) == 1


# --- 18: the file ---


def test_18_coming_back_in_the_file_does_not_end_a_pause(world: World) -> None:
    profile = Profile(interests="kites", days=frozenset(range(7)))
    readers = [("ada@example.org", profile)]
    world.standing.sync(readers, operator="owner", now=world.now)
    world.standing.pause("ada@example.org", None, world.now)
    world.standing.sync([], operator="owner", now=world.now)
    world.standing.sync(readers, operator="owner", now=world.now)
    with world.database.read() as connection:
        ada = world.people.find(connection, "ada@example.org")
    assert ada is not None
    assert (ada.status, ada.is_absent) == (Status.PAUSED, False)
    world.list("one")
    world.at("2026-08-17 07:30").run()
    assert world.letters(ada) == 0


# --- 19: two ingests at once ---


def test_19_an_edition_never_becomes_visible_after_a_higher_one(world: World) -> None:
    is_inside, may_commit = Event(), Event()
    numbers = []

    def first() -> None:
        with world.database.write() as connection:
            numbers.append(world.items.next_edition(connection))
            is_inside.set()
            may_commit.wait(10)
            world.items.add_edition(connection, numbers[0], archive_date=date(2026, 8, 17), history=b"", now=world.now)

    def second() -> None:
        is_inside.wait(10)
        with world.database.write() as connection:
            numbers.append(world.items.next_edition(connection))

    threads = [Thread(target=first), Thread(target=second)]
    for thread in threads:
        thread.start()
    is_inside.wait(10)
    threads[1].join(0.3)
    assert numbers == [1]  # the second waits for the first to commit
    may_commit.set()
    for thread in threads:
        thread.join(20)
    assert numbers == [1, 2]


# --- 22: there and back ---


def test_22_who_leaves_and_comes_back_on_one_day_gets_the_letter(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").plan()
    world.standing.unsubscribe(ada.email, world.now)
    assert world.rows(ada) == {"2026-08-17": "cancelled: unsubscribed"}
    world.at("2026-08-17 08:00").standing.resume(ada.email, world.now)
    world.run()
    assert world.rows(ada) == {"2026-08-17": "sent"}
    assert world.arrived(ada) == {"one": 1}


def test_22_who_comes_back_after_todays_letter_gets_no_second_one(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").run()
    world.standing.unsubscribe(ada.email, world.now)
    world.at("2026-08-17 08:00").list("two")
    world.standing.resume(ada.email, world.now)
    world.at("2026-08-17 20:00").run()
    assert world.rows(ada) == {"2026-08-17": "sent"}
    world.at("2026-08-18 07:30").run()
    assert world.arrived(ada) == {"one": 1, "two": 1}


# --- replies ---


def test_a_letter_that_may_have_arrived_is_sent_once_more_word_for_word(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.transport.answers = [CUT_AFTER_DOT]
    world.at("2026-08-17 07:30").plan()
    assert world.deliver().states == {State.SENT: 1}
    with world.database.read() as connection:
        row = world.ledger.slot(connection, ada.id, date(2026, 8, 17))
    assert row is not None
    assert (row.state, row.generation) == (State.SENT, 2)
    assert world.letters(ada) == 1


def test_an_address_that_does_not_exist_is_not_written_to_again(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.transport.answers = [NO_SUCH_USER]
    world.at("2026-08-17 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "failed: recipient"}
    assert world.get(ada).is_suppressed
    assert world.mentions(ada) == 0
    world.at("2026-08-18 07:30").run()
    assert world.letters(ada) == 0


def test_a_reader_who_has_not_confirmed_is_never_due(world: World) -> None:
    bob = world.standing.add("bob@example.org", Profile(interests="kites"), consent={}, vouched_by=None, now=world.now)
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").run(is_forced=True)
    assert (world.get(bob).status, world.rows(bob)) == (Status.PENDING, {})


def test_a_confirmation_goes_only_to_who_is_pending(world: World) -> None:
    ada = world.reader()
    from digest.store.ledger import Plan

    plan = Plan(
        window=(0, 0), due_at=world.now, deadline=world.now + timedelta(days=1), transport="smtp", now=world.now
    )
    with world.database.write() as connection:
        world.ledger.add(connection, ada.id, Kind.CONFIRM, "sign-up 1", plan)
    row = world.courier.outbox.claim(token="a worker", now=world.now, limit=1)[0]
    from digest.model import Digest
    from digest.store.outbox import Frozen

    frozen = Frozen(
        digest=Digest(),
        subject="",
        language="en",
        date_header=datetime(2026, 8, 17, tzinfo=UTC),
        message_id="<a@b>",
        template_version="",
    )
    assert not world.courier.outbox.begin(row, frozen, now=world.now)
    assert world.rows(ada) == {"sign-up 1": "cancelled: active"}
