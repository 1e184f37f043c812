"""Subscribers as rows: who is due, what is kept of each, and what is left after an erasure."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from digest.model import Profile, QuietDays, Status, Strictness, Subscriber
from digest.store.connect import Database
from digest.store.people import People, Share, Step, profile_columns
from digest.store.record import erase
from digest.store.schema import subscriber

NOW = datetime(2026, 8, 17, 5, tzinfo=UTC)

PROFILE = Profile(
    interests="kites\n-ropes ^2\nKünstliche Intelligenz",
    timezone="Asia/Kathmandu",
    send_at=time(6, 5),
    days=frozenset({0, 6}),
    max_items=3,
    strictness=Strictness.BROAD,
    quiet_days=QuietDays.TRENDING,
    trending=1,
    language="de",
)


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


def add(people: People, connection: sa.Connection, name: str = "ada", **values: Any) -> int:
    """An active, confirmed reader, unless said otherwise, who is due now."""
    one = people.add(
        connection,
        f"{name}@example.org",
        profile=Profile(),
        status=Status.ACTIVE,
        owner="person",
        vouched_by=None,
        consent={"source": "a form"},
        now=NOW,
    )
    people.change(connection, one, **{"confirmed_at": NOW, "next_due_at": NOW, **values})
    return one


def test_a_profile_comes_back_as_it_was_kept(people: People) -> None:
    with people.database.write() as connection:
        values = {"status": Status.PENDING, "owner": "file", "vouched_by": "owner", "consent": {}, "now": NOW}
        one = people.add(connection, "ada@example.org", profile=PROFILE, **values)
        found = people.get(connection, one)
        assert found == people.find(connection, "ada@example.org")
    assert found is not None
    assert (found.profile, found.status, found.owner, found.vouched_by) == (PROFILE, Status.PENDING, "file", "owner")
    assert (found.created_at, found.floor, found.next_due_at) == (NOW, None, None)


def test_nobody_is_found_under_another_id_or_address(people: People) -> None:
    with people.database.write() as connection:
        one = add(people, connection)
        assert people.get(connection, one + 1) is None
        assert people.find(connection, "ADA@example.org") is None


def test_an_address_is_one_reader(people: People) -> None:
    with people.database.write() as connection:
        add(people, connection)
    with pytest.raises(IntegrityError), people.database.write() as connection:
        add(people, connection)


@pytest.mark.parametrize(
    ("values", "is_due"),
    [
        ({}, True),
        ({"next_due_at": NOW + timedelta(seconds=1)}, False),
        ({"next_due_at": None}, False),
        ({"confirmed_at": None}, False),
        ({"confirmed_at": None, "vouched_by": "owner"}, True),
        ({"status": Status.PAUSED}, True),  # each slot of a pause has its row
        ({"status": Status.PENDING}, False),
        ({"status": Status.UNSUBSCRIBED}, False),
        ({"is_suppressed": True}, False),
        ({"is_absent": True}, False),
    ],
)
def test_who_is_due(people: People, values: dict[str, Any], is_due: bool) -> None:
    with people.database.write() as connection:
        one = add(people, connection, **values)
        assert people.due(connection, NOW) == [one] * is_due
        assert people.count_due(connection, NOW) == is_due
        may_be_written_to = is_due or "next_due_at" in values
        assert people.reachable(connection) == [one] * may_be_written_to


def test_the_due_come_in_batches_that_leave_nobody_out(people: People) -> None:
    with people.database.write() as connection:
        everybody = [add(people, connection, f"reader{n}") for n in range(7)]
        found: list[int] = []
        while batch := people.due(connection, NOW, after=found[-1] if found else 0, limit=3):
            found += batch
        assert found == everybody
        assert people.reachable(connection, after=everybody[4], limit=1) == [everybody[5]]


def test_shares_leave_nobody_out_and_name_nobody_twice(people: People) -> None:
    with people.database.write() as connection:
        everybody = [add(people, connection, f"reader{n}") for n in range(7)]
        shares = [Share(remainder=number, divisor=3) for number in range(3)]
        due = [people.due(connection, NOW, share=share) for share in shares]
        assert sorted(one for some in due for one in some) == everybody
        assert due == [people.reachable(connection, share=share) for share in shares]
        assert all(one % 3 == number for number, some in enumerate(due) for one in some)
        assert people.due(connection, NOW, share=Share(only=everybody[2])) == [everybody[2]]


def test_several_are_read_at_once_without_those_who_are_not_to_be_written_to(people: People) -> None:
    with people.database.write() as connection:
        ada, ben = add(people, connection), add(people, connection, "ben", next_due_at=NOW + timedelta(hours=1))
        left = add(people, connection, "eve", status=Status.UNSUBSCRIBED)
        found = people.several(connection, [left, ben, ada, 999])
        assert found == [people.get(connection, ada), people.get(connection, ben)]
        assert people.several(connection, [ben, ada], due_by=NOW) == found[:1]


def step(read: Subscriber) -> Step:
    later = NOW + timedelta(days=1)
    due = {"due_slot": date(2026, 8, 18), "due_at": later, "next_due_at": later}
    return Step(read=read, status=Status.ACTIVE, paused_until=None, floor=4, last_digest_at=NOW, **due)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": Status.PAUSED},
        {"paused_until": NOW},
        {"is_absent": True},
        {"is_suppressed": True},
        {"floor": 2},
        {"due_slot": date(2026, 8, 16)},
        {"next_due_at": NOW + timedelta(seconds=1)},
        *({name: value} for name, value in profile_columns(PROFILE).items()),
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_who_has_changed_since_they_were_read_is_not_moved_on(people: People, changed: dict[str, Any]) -> None:
    with people.database.write() as connection:
        one = add(people, connection, due_slot=date(2026, 8, 17), floor=1)
        read = people.get(connection, one)
        assert read is not None
        people.change(connection, one, **changed)
        assert not people.advance(connection, [step(read)])
        now = people.get(connection, one)
        assert now is not None
        assert people.advance(connection, [step(now)])
        moved = people.get(connection, one)
    assert moved is not None
    assert (moved.floor, moved.due_slot, moved.last_digest_at) == (4, date(2026, 8, 18), NOW)


def test_readers_are_moved_on_together(people: People) -> None:
    with people.database.write() as connection:
        ids = [add(people, connection, f"reader{n}") for n in range(3)]
        assert people.advance(connection, [step(one) for one in reversed(people.several(connection, ids))])
        assert people.due(connection, NOW) == []
        assert people.advance(connection, [])


def test_the_due_are_found_through_their_index(sqlite_pattern: Path) -> None:
    """On SQLite alone: PostgreSQL decides by how many there are."""
    seen = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    with closing(Database(f"sqlite:///{sqlite_pattern}")) as database, database.read() as connection:
        sa.event.listen(connection, "before_cursor_execute", listen)
        People(database).due(connection, NOW)
        [(statement, parameters)] = seen
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert any("ix_subscriber_due" in str(row) for row in plan)


def test_people_are_counted_by_status(people: People) -> None:
    with people.database.write() as connection:
        for n, status in enumerate([Status.ACTIVE, Status.ACTIVE, Status.PAUSED]):
            add(people, connection, f"reader{n}", status=status)
        assert people.count_by_status(connection) == {"active": 2, "paused": 1}


def test_no_id_is_given_twice_not_even_after_an_erasure(people: People) -> None:
    with people.database.write() as connection:
        one = add(people, connection)
        erase(connection, one)
        assert add(people, connection) > one


def test_a_moment_without_a_zone_is_refused(people: People) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(Exception, match="naive"), people.database.write() as connection:
        people.change(connection, add(people, connection), next_due_at=naive)


def test_dates_come_back_as_dates_and_moments_in_utc(people: People) -> None:
    with people.database.write() as connection:
        one = add(people, connection, due_slot=date(2026, 8, 17), due_at=NOW)
        found = people.get(connection, one)
        raw = connection.execute(sa.select(subscriber.c.due_slot)).scalar_one()
    assert found is not None
    assert (found.due_slot, found.due_at, raw) == (date(2026, 8, 17), NOW, date(2026, 8, 17))
    assert found.due_at is not None
    assert found.due_at.utcoffset() == timedelta(0)
