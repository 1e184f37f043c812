"""Subscribers as rows: who is due, what is kept of each, and what is left after an erasure."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from digest.model import Profile, QuietDays, Status, Strictness
from digest.store.connect import Database
from digest.store.people import People
from digest.store.schema import subscriber
from tests.world import World

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


def test_a_suppressed_address_stays_so_when_somebody_comes_with_it(people: People) -> None:
    with people.database.write() as connection:
        people.suppress(connection, "ada@example.org", reason="complaint", evidence="", now=NOW)
        assert people.is_suppressed(connection, "ada@example.org")
        one = add(people, connection, "ben")
        people.suppress(connection, "ben@example.org", reason="hard bounce", evidence="550", now=NOW)
        people.suppress(connection, "ben@example.org", reason="complaint", evidence="", now=NOW)
        ben = people.get(connection, one)
    assert ben is not None
    assert ben.is_suppressed
    assert not ben.is_mailable


def test_people_are_counted_by_status(people: People) -> None:
    with people.database.write() as connection:
        for n, status in enumerate([Status.ACTIVE, Status.ACTIVE, Status.PAUSED]):
            add(people, connection, f"reader{n}", status=status)
        assert people.count_by_status(connection) == {"active": 2, "paused": 1}


def test_an_erasure_leaves_nothing_that_names_the_person_and_others_alone(database: Database) -> None:
    world = World(database)
    ada, ben = world.reader(), world.reader("ben")
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").run()
    with database.write() as connection:
        assert len(world.people.record_of(connection, ada.id)["deliveries"]) == 1
        world.people.erase(connection, ada.id)
        assert [one.id for one in world.people.all(connection)] == [ben.id]
    assert (world.mentions(ada), world.rows(ada)) == (0, {})
    assert (world.mentions(ben), list(world.rows(ben))) == (1, ["2026-08-17"])


def test_no_id_is_given_twice_not_even_after_an_erasure(people: People) -> None:
    with people.database.write() as connection:
        one = add(people, connection)
        people.erase(connection, one)
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
