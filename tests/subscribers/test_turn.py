"""A reader's turn: every slot that has come is named once, and only the latest is served."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Profile, Status, Subscriber
from digest.store.connect import Database
from digest.subscribers.due import Due, local_time, next_due
from digest.subscribers.turn import Turn, turn_of
from tests.world import World

LATENESS = timedelta(hours=12)
EVERY_DAY = frozenset(range(7))
BORN = datetime(2020, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reader(due: Due | None, *, last_digest_at: datetime | None = None, **profile: Any) -> Subscriber:
    return Subscriber(
        id=1,
        email="ada@example.org",
        status=Status.ACTIVE,
        profile=Profile(**{"days": EVERY_DAY, **profile}),
        vouched_by="owner@example.org",
        due_slot=due and due.slot,
        due_at=due and due.at,
        next_due_at=due and due.at,
        last_digest_at=last_digest_at,
        created_at=BORN,
    )


def turn(person: Subscriber, now: str | datetime, *, is_forced: bool = False) -> Turn:
    when = moment(now) if isinstance(now, str) else now
    found = turn_of(person, when, max_lateness=LATENESS, is_forced=is_forced)
    assert found is not None
    return found


MONDAY = Due(date(2026, 8, 17), moment("2026-08-17 07:30"))


def test_a_slot_on_time_is_served() -> None:
    found = turn(reader(MONDAY), "2026-08-17 07:31")
    assert found == Turn(
        missed=(),
        serve=MONDAY,
        deadline=moment("2026-08-17 19:30"),
        is_too_late=False,
        next=Due(date(2026, 8, 18), moment("2026-08-18 07:30")),
    )


@pytest.mark.parametrize("person", [reader(MONDAY), reader(None)])
def test_without_a_slot_that_has_come_there_is_no_turn(person: Subscriber) -> None:
    assert turn_of(person, moment("2026-08-17 07:29"), max_lateness=LATENESS) is None


@pytest.mark.parametrize(
    ("now", "missed", "served", "is_too_late"),
    [
        ("2026-08-17 19:29", [], 17, False),
        ("2026-08-17 19:30", [], 17, True),
        ("2026-08-18 07:29", [], 17, True),
        ("2026-08-18 07:30", [17], 18, False),
        ("2026-08-20 09:00", [17, 18, 19], 20, False),
        ("2026-08-20 20:00", [17, 18, 19], 20, True),
    ],
)
def test_of_missed_slots_only_the_latest_is_served_and_only_while_it_is_news(
    now: str, missed: list[int], served: int, is_too_late: bool
) -> None:
    found = turn(reader(MONDAY), now)
    assert [due.slot.day for due in found.missed] == missed
    assert (found.serve.slot.day, found.is_too_late) == (served, is_too_late)
    assert found.next.slot.day == served + 1


@given(
    st.sampled_from(sorted(available_timezones())),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.integers(0, 60 * 24 * 400),
)
def test_a_long_outage_names_every_chosen_date_once(zone: str, days: frozenset[int], at: time, minutes: int) -> None:
    profile = {"timezone": zone, "days": days, "send_at": at}
    first = next_due(Profile(**profile), after=BORN, last_slot=None, last_digest_at=None)
    now = first.at + timedelta(minutes=minutes)
    found = turn(reader(first, **profile), now)
    named = [*found.missed, found.serve]
    span = [first.slot + timedelta(days=n) for n in range((now - first.at).days + 3)]
    times = [(day, local_time(day, at, zone)) for day in span if day.weekday() in days]
    assert [(due.slot, due.at) for due in named] == [(day, when) for day, when in times if when and when <= now]
    assert found.next.at > now
    assert found.next.slot > found.serve.slot


def test_a_letter_late_at_night_pushes_the_next_one() -> None:
    due = Due(date(2026, 8, 18), moment("2026-08-18 07:30"))
    found = turn(reader(due, last_digest_at=moment("2026-08-18 23:00"), send_at=time(1, 0)), "2026-08-18 23:30")
    assert found.next == Due(date(2026, 8, 19), moment("2026-08-19 07:00"))


# --- by hand ---


@pytest.mark.parametrize(
    ("due", "now", "missed"),
    [
        (MONDAY, "2026-08-17 05:00", []),  # before its time
        (MONDAY, "2026-08-17 09:00", []),
        (MONDAY, "2026-08-17 23:00", []),  # long after its time: by hand it is news again
        (MONDAY, "2026-08-19 05:00", [17, 18]),
        (Due(date(2026, 8, 24), moment("2026-08-24 07:30")), "2026-08-17 05:00", []),  # not a chosen day
        (None, "2026-08-17 05:00", []),
    ],
)
def test_by_hand_today_is_served_whatever_is_due(due: Due | None, now: str, missed: list[int]) -> None:
    found = turn(reader(due), now, is_forced=True)
    assert found.serve == Due(moment(now).date(), moment(now))
    assert [one.slot.day for one in found.missed] == missed
    assert not found.is_too_late
    assert found.deadline > found.serve.at
    assert found.next.slot > found.serve.slot


def test_by_hand_shortly_before_tomorrows_letter_the_next_one_makes_way() -> None:
    due = Due(date(2026, 8, 18), moment("2026-08-18 00:15"))
    found = turn(reader(due, send_at=time(0, 15)), "2026-08-17 23:50", is_forced=True)
    assert found.deadline == moment("2026-08-18 07:20")
    assert not found.is_too_late


def test_today_by_hand_is_the_readers_date() -> None:
    found = turn(reader(None, timezone="Pacific/Kiritimati"), "2026-08-17 11:00", is_forced=True)
    assert found.serve.slot == date(2026, 8, 18)


def test_of_two_planners_at_once_the_slower_finds_no_turn(database: Database) -> None:
    world = World(database)
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30")
    with database.read() as connection:
        batch = world.people.due(connection, world.now)
    world.plan()
    world.planner.plan(batch, world.planner.occasion(world.now))  # read before the other planner wrote
    assert world.rows(ada) == {"2026-08-17": "planned"}
