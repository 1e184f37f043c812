"""The rates: no span of a limit's length ever holds more letters, over all workers and over restarts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.ports import Limit
from digest.store.connect import Database
from digest.store.departures import GRACE, Departures

BEGIN = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def busiest(left: list[datetime], span: timedelta) -> int:
    """The most letters that any span of this length holds."""
    return max(sum(begin <= moment < begin + span for moment in left) for begin in left)


class Post:
    """Letters that leave one after another, by a clock that moves while they wait."""

    def __init__(self, database: Database, *limits: Limit) -> None:
        self.database = database
        self.limits = limits
        self.now = BEGIN
        self.left: list[datetime] = []
        self.open()

    def open(self) -> None:
        """Begin anew, as another process would: what it knows stands in the store."""
        self.departures = Departures(self.database, self.limits)

    def send(self, letters: int, seconds: float) -> int:
        """Send up to so many that take so long each; how many there was room for."""
        with self.database.write() as connection:
            room = self.departures.room(connection, self.now)
            assert room is not None
            rows = range(len(self.left), len(self.left) + min(room, letters))
            self.departures.take(connection, rows, self.now)
        for row in rows:
            self.left.append(self.now)
            self.now += timedelta(seconds=seconds)
            with self.database.write() as connection:
                self.departures.left(connection, [row], self.now)
        return len(rows)

    def wait(self) -> None:
        """Sleep until there is room."""
        with self.database.read() as connection:
            opens_at = self.departures.opens_at(connection, self.now)
        self.now = max(opens_at, self.now + timedelta(microseconds=1))


def test_sixty_a_minute_over_ten_minutes(database: Database) -> None:
    post = Post(database, Limit(60, MINUTE))
    while post.now < BEGIN + 10 * MINUTE:
        if not post.send(letters=25, seconds=0.2):
            post.wait()
    assert busiest(post.left, MINUTE) == 60
    assert len(post.left) >= 540


def test_every_limit_of_a_list_holds_and_the_tightest_decides(database: Database) -> None:
    limits = (Limit(5, SECOND), Limit(20, MINUTE), Limit(50, timedelta(hours=1)))
    post = Post(database, *limits)
    while len(post.left) < 60:
        if not post.send(letters=8, seconds=0.01):
            post.wait()
    for limit in limits:
        assert busiest(post.left, limit.span) == limit.letters


@pytest.fixture(scope="module")
def one_store(sqlite_pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = shutil.copy(sqlite_pattern, tmp_path_factory.mktemp("rates"))  # other tests copy the pattern as it is
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from([0.0, 0.001, 0.3, 2.0]), st.booleans()), max_size=25),
)
def test_no_second_ever_holds_more(one_store: Database, rate: int, work: list[tuple[int, float, bool]]) -> None:
    with one_store.write() as connection:
        connection.exec_driver_sql("DELETE FROM departure")
    post = Post(one_store, Limit(rate, SECOND))
    for letters, seconds, is_restarted in work:
        if is_restarted:
            post.open()
        if not post.send(letters, seconds):
            post.wait()
    assert not post.left or busiest(post.left, SECOND) <= rate


def test_what_is_under_way_counts_and_the_workers_of_a_store_share_the_room(database: Database) -> None:
    one, other = Departures(database, [Limit(3, SECOND)]), Departures(database, [Limit(3, SECOND)])
    with database.write() as connection:
        one.take(connection, [1, 2], BEGIN)
        assert other.room(connection, BEGIN) == 1
        later = BEGIN + 5 * SECOND
        assert other.room(connection, later) == 1  # nobody knows yet when they leave
        one.left(connection, [1], later)
        assert other.room(connection, later + SECOND) == 2


def test_a_worker_that_was_killed_costs_a_pause_and_no_more(database: Database) -> None:
    limits = [Limit(2, SECOND)]
    with database.write() as connection:
        Departures(database, limits).take(connection, [1, 2], BEGIN)
        assert Departures(database, limits).room(connection, BEGIN + GRACE) == 0
        assert Departures(database, limits).opens_at(connection, BEGIN) == BEGIN + GRACE + SECOND
        assert Departures(database, limits).room(connection, BEGIN + GRACE + SECOND) == 2


def test_without_limits_nothing_is_kept(database: Database) -> None:
    free = Departures(database)
    with database.write() as connection:
        assert free.room(connection, BEGIN) is None
        free.take(connection, [1], BEGIN)
        free.left(connection, [1], BEGIN)
        assert connection.exec_driver_sql("SELECT count(*) FROM departure").scalar() == 0


def test_what_no_limit_speaks_of_any_more_is_forgotten(database: Database) -> None:
    post = Post(database, Limit(2, SECOND))
    for _ in range(50):
        post.send(2, 0.01)
        post.wait()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM departure").scalar_one() <= 4
