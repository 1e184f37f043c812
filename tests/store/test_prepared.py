"""A prepared statement writes what the same statement writes without: values, times, and how many rows it met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from digest.store.connect import Database
from digest.store.prepared import Prepared
from digest.store.schema import host

NOW = datetime(2026, 8, 17, 7, 30, tzinfo=UTC)

TAKE = (
    sa.update(host)
    .where(host.c.name == sa.bindparam("site"), host.c.lease_token.is_(None))
    .values(lease_token="mine", lease_until=sa.bindparam("until"))
)


@pytest.fixture
def hosts(database: Database) -> Database:
    rows = [{"name": name, "free_at": NOW, "lease_until": NOW} for name in ("a.org", "b.org", "c.org")]
    with database.write() as connection:
        connection.execute(sa.insert(host), rows)
    return database


def leases(database: Database) -> dict[str, tuple[str | None, datetime]]:
    with database.read() as connection:
        rows = connection.execute(sa.select(host.c.name, host.c.lease_token, host.c.lease_until)).all()
    return {name: (token, until) for name, token, until in rows}


def take(database: Database, *rows: dict[str, Any]) -> int:
    with database.write() as connection:
        return Prepared(TAKE).write(connection, rows)


def test_every_row_is_written_with_its_own_values(hosts: Database) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=2)))
    assert take(hosts, {"site": "a.org", "until": elsewhere}, {"site": "b.org", "until": NOW + timedelta(hours=1)}) == 2
    assert leases(hosts) == {
        "a.org": ("mine", NOW),
        "b.org": ("mine", NOW + timedelta(hours=1)),
        "c.org": (None, NOW),
    }


def test_only_rows_that_were_met_are_counted(hosts: Database) -> None:
    assert take(hosts, {"site": "a.org", "until": NOW}) == 1
    assert (
        take(hosts, {"site": "a.org", "until": NOW}, {"site": "c.org", "until": NOW}, {"site": "?", "until": NOW}) == 1
    )


def test_without_rows_nothing_is_written(hosts: Database) -> None:
    assert take(hosts) == 0
    assert {token for token, _ in leases(hosts).values()} == {None}


def test_a_naive_time_is_refused_as_everywhere(hosts: Database) -> None:
    with pytest.raises(ValueError, match="naive"):
        take(hosts, {"site": "a.org", "until": NOW.replace(tzinfo=None)})


def test_a_row_without_one_of_its_values_is_refused(hosts: Database) -> None:
    with pytest.raises(KeyError):
        take(hosts, {"site": "a.org"})
