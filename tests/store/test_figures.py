"""Figures of the store: each is what counting the rows by hand gives, on both engines."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from digest.model import Kind, SkipReason, State, Status
from digest.store import figures
from digest.store.connect import Database
from digest.store.schema import delivery, suppression
from tests.world import CURATED, PLAIN, World

TODAY = date(2026, 8, 17)
DAY = timedelta(days=1)
ENDS: list[tuple[State, str | None]] = [
    (State.SENT, None),
    (State.SENT, None),
    (State.SKIPPED, SkipReason.PAUSED),
    (State.SKIPPED, SkipReason.NOTHING_MATCHED),
    (State.FAILED, "recipient"),
    (State.DEFERRED, "network"),
    (State.UNKNOWN, None),
]


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def row(person: int, day: date, state: State, reason: str | None = None, **values: Any) -> dict[str, Any]:
    """A ledger row, written at the time its slot was due."""
    at = datetime.combine(day, time(7, 30), UTC)
    given = {
        "subscriber": person, "kind": Kind.DIGEST, "slot": day.isoformat(), "state": state, "reason": reason,
        "transport": "smtp", "created_at": at, "due_at": at, "deadline": at + timedelta(hours=12),
        "next_try_at": None, "settled_at": None, "smtp_code": None, "smtp_text": None,
    }  # fmt: skip
    return {**given, **values}


def write(world: World, rows: list[dict[str, Any]]) -> None:
    with world.database.write() as connection:
        connection.execute(sa.insert(delivery), rows)


def test_the_totals_of_days_are_what_the_rows_say_wherever_the_first_of_them_lies(world: World) -> None:
    people, random = [world.reader(f"r{number}").id for number in range(6)], Random(7)
    rows = [
        row(person, TODAY - back * DAY, *random.choice(ENDS))
        for back in range(45, -1, -1)
        for person in random.sample(people, random.randint(0, 6))
    ]
    write(world, rows)
    counted = Counter((one["slot"], str(one["state"]), one["reason"] or "") for one in rows)
    for back in (0, 1, 29, 60):
        first = TODAY - back * DAY
        with world.database.read() as connection:
            found = figures.totals_by_day(connection, first, TODAY)
            of_today = figures.count_of_day(connection, TODAY)
        told = {
            (day.isoformat(), str(state), reason): number
            for day, states in found.items()
            for state, reasons in states.items()
            for reason, number in reasons.items()
        }
        assert told == {key: number for key, number in counted.items() if key[0] >= first.isoformat()}
        assert of_today == sum(number for key, number in counted.items() if key[0] == TODAY.isoformat())


def test_letters_of_other_kinds_and_those_set_aside_are_no_turns(world: World) -> None:
    one = world.reader().id
    aside = row(one, TODAY, State.SENT, slot=f"{TODAY}~1")
    write(world, [row(one, TODAY, State.SENT), aside, row(one, TODAY, State.SENT, kind=Kind.TEST)])
    with world.database.read() as connection:
        assert figures.totals_by_day(connection, TODAY, TODAY) == {TODAY: {State.SENT: {"": 1}}}
        assert figures.count_of_day(connection, TODAY) == 1


def test_an_empty_ledger_has_nothing_to_tell(world: World) -> None:
    with world.database.read() as connection:
        assert figures.totals_by_day(connection, TODAY - 29 * DAY, TODAY) == {}
        assert figures.oldest_open(connection) is None and figures.next_try(connection) is None
        assert figures.newest_edition_at(connection) is None and figures.editions(connection, limit=9) == []


def test_what_waits_is_told_with_its_times(world: World) -> None:
    one, two = world.reader().id, world.reader("bob").id
    again = world.now + timedelta(minutes=20)
    write(
        world,
        [
            row(one, TODAY - DAY, State.SENT),
            row(one, TODAY, State.DEFERRED, "network", next_try_at=again),
            row(two, TODAY, State.PLANNED),
            row(two, TODAY - DAY, State.UNKNOWN),
        ],
    )
    with world.database.read() as connection:
        assert figures.oldest_open(connection) == datetime.combine(TODAY, time(7, 30), UTC)
        assert figures.next_try(connection) == again
        wanted = [State.DEFERRED, State.PLANNED, State.UNKNOWN, State.SENDING]
        assert figures.counts_by_state(connection, wanted) == {
            State.DEFERRED: 1, State.PLANNED: 1, State.UNKNOWN: 1, State.SENDING: 0,
        }  # fmt: skip


def test_a_reader_s_history_has_the_last_word_of_the_server(world: World) -> None:
    one, other = world.reader().id, world.reader("bob").id
    said = {"smtp_code": 550, "smtp_text": "5.1.1 no such user", "settled_at": world.now}
    failed = row(one, TODAY, State.FAILED, "recipient", **said)
    write(world, [row(one, TODAY - DAY, State.SKIPPED, SkipReason.PAUSED), failed, row(other, TODAY, State.SENT)])
    with world.database.read() as connection:
        newest, older = figures.history_of(connection, one)
    assert (newest.slot, newest.reply, newest.settled_at) == ("2026-08-17", "550 5.1.1 no such user", world.now)
    assert (older.state, older.reason, older.reply, older.message_id) == (State.SKIPPED, "paused", "", "")


def test_people_are_counted_on_the_day_they_came_or_left(world: World) -> None:
    vouched = world.reader()
    late = world.reader("late")
    pending = world.reader("pending")
    left = world.reader("left")
    almost = datetime.combine(TODAY - DAY, time(23, 59, 59, 999_999), UTC)
    world.change(late, vouched_by=None, confirmed_at=almost)
    world.change(pending, vouched_by=None, status=Status.PENDING)
    world.change(left, status=Status.UNSUBSCRIBED, last_word_at=world.now, created_at=world.now - 90 * DAY)
    with world.database.read() as connection:
        joined = figures.joined_by_day(connection, TODAY - DAY, TODAY)
        assert joined == {TODAY - DAY: 1, TODAY: 1} and vouched.id
        assert figures.left_by_day(connection, TODAY - DAY, TODAY) == {TODAY - DAY: 0, TODAY: 1}
        assert figures.newest_people(connection, 2) == [left.id, pending.id]


def test_addresses_that_bounced_are_counted_and_those_put_there_by_hand_are_not(world: World) -> None:
    with world.database.write() as connection:
        for number, (reason, lifted) in enumerate(
            [("hard bounce", None), ("hard bounce", world.now), ("by hand", None)]
        ):
            connection.execute(
                sa.insert(suppression).values(
                    address=f"{number}@example.org", reason=reason, evidence="", created_at=world.now, lifted_at=lifted
                )
            )
    with world.database.read() as connection:
        assert figures.bounced_by_day(connection, TODAY, TODAY) == {TODAY: 2}
        assert figures.count_suppressed(connection) == 2


def test_what_really_bounces_is_what_is_counted(world: World) -> None:
    from tests.fakes import NO_SUCH_USER

    world.reader()
    world.list("one")
    world.transport.answers.append(NO_SUCH_USER)
    world.at("2026-08-17 08:00").run()
    with world.database.read() as connection:
        assert figures.bounced_by_day(connection, TODAY, TODAY) == {TODAY: 1}


def test_editions_are_counted_by_why_they_name_a_work(world: World) -> None:
    world.list("one", "two", source=PLAIN)
    world.at("2026-08-17 09:00").list("two", "three", source=CURATED)
    with world.database.read() as connection:
        newest, first = figures.editions(connection, limit=5)
        assert (newest.number, newest.new, newest.listed) == (2, 1, 1)
        assert (first.number, first.new, first.listed, first.day) == (1, 2, 0, TODAY)
        assert [one.number for one in figures.editions(connection, limit=1)] == [2]
        assert figures.editions(connection, limit=1, number=1) == [first]
        (bare, _) = figures.editions(connection, limit=5, hidden_sources=[CURATED.name])
        assert (bare.new, bare.listed) == (0, 0)
        since = world.now - timedelta(minutes=1)
        assert figures.announced_since(connection, since) == {CURATED.name: 2}
        assert figures.newest_edition_at(connection) == world.now
