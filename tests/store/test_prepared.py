"""Prepared statements and batches write what a plain statement writes: values, times, and how many rows they met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from digest.store.connect import Database
from digest.store.prepared import Batch, Prepared
from digest.store.schema import host

Take = Callable[..., int]
NOW = datetime(2026, 8, 17, 7, 30, tzinfo=UTC)


def taking(given: Mapping[str, Any]) -> sa.Update:
    free = sa.update(host).where(host.c.name == given["site"], host.c.lease_token.is_(None))
    return free.values(lease_token="mine", lease_until=given["until"])


WAYS = {
    "prepared": Prepared(taking({"site": sa.bindparam("site"), "until": sa.bindparam("until")})),
    "batch": Batch(taking, site=host.c.name, until=host.c.lease_until),
}


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


@pytest.fixture(params=sorted(WAYS))
def take(request: pytest.FixtureRequest, hosts: Database) -> Take:
    """Writes rows in one of the ways; how many it met."""

    def write(*rows: dict[str, Any]) -> int:
        with hosts.write() as connection:
            return WAYS[request.param].write(connection, rows)

    return write


def test_every_row_is_written_with_its_own_values(hosts: Database, take: Take) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=2)))
    assert take({"site": "a.org", "until": elsewhere}, {"site": "b.org", "until": NOW + timedelta(hours=1)}) == 2
    assert leases(hosts) == {
        "a.org": ("mine", NOW),
        "b.org": ("mine", NOW + timedelta(hours=1)),
        "c.org": (None, NOW),
    }


def test_only_rows_that_were_met_are_counted(hosts: Database, take: Take) -> None:
    assert take({"site": "a.org", "until": NOW}) == 1
    assert take({"site": "a.org", "until": NOW}, {"site": "c.org", "until": NOW}, {"site": "?", "until": NOW}) == 1


def test_without_rows_nothing_is_written(hosts: Database, take: Take) -> None:
    assert take() == 0
    assert {token for token, _ in leases(hosts).values()} == {None}


def test_a_naive_time_is_refused_as_everywhere(hosts: Database, take: Take) -> None:
    with pytest.raises(ValueError, match="naive"):
        take({"site": "a.org", "until": NOW.replace(tzinfo=None)})


def test_a_row_without_one_of_its_values_is_refused(hosts: Database, take: Take) -> None:
    with pytest.raises(KeyError):
        take({"site": "a.org"})
