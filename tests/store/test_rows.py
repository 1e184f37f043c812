"""Many rows inserted at once: their values, those that are there already, and ids that nobody else has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from digest.store.connect import Database
from digest.store.rows import insert_rows, new_ids
from digest.store.schema import departure, host, subscriber
from tests.world import World

NOW = datetime(2026, 8, 17, 7, 30, tzinfo=UTC)
NAMES = ("name", "free_at", "lease_token", "lease_until")


def test_rows_are_written_as_they_are_and_those_that_stand_stay(database: Database) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=2)))
    with database.write() as connection:
        assert insert_rows(connection, host, NAMES, [("a.org", NOW, None, NOW)]) == 1
        again = [("a.org", NOW, "a token", NOW), ("b'%s.org", elsewhere, "über", NOW + timedelta(hours=1))]
        assert insert_rows(connection, host, NAMES, again) == 1
        assert insert_rows(connection, host, NAMES, []) == 0
        rows = connection.execute(sa.select(*(host.c[name] for name in NAMES)).order_by(host.c.name)).all()
    assert list(map(tuple, rows)) == [("a.org", NOW, None, NOW), ("b'%s.org", NOW, "über", NOW + timedelta(hours=1))]


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="naive"), database.write() as connection:
        insert_rows(connection, departure, ("id", "delivery", "left_at"), [(1, 1, NOW.replace(tzinfo=None))])


def test_an_id_is_given_once_even_where_its_row_is_gone(database: Database) -> None:
    world = World(database)
    world.reader()
    ben = world.reader("ben")
    with world.database.write() as connection:
        connection.execute(sa.delete(subscriber).where(subscriber.c.id == ben.id))
        ids = new_ids(connection, subscriber, 3)
        assert list(ids) == [ben.id + 1, ben.id + 2, ben.id + 3]
