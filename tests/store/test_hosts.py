"""Turns at asking a site: one contract for those of a process and those of a store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from digest.clock import system_clock
from digest.ports import LONGEST_REST, HostTurns, Turn
from digest.sources.fetch.turns import LocalTurns
from digest.store.connect import Database
from digest.store.hosts import StoredTurns

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


class Time:
    """What a clock on the wall and one that counts seconds show."""

    def __init__(self) -> None:
        self.passed = 0.0

    def moment(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def seconds(self) -> float:
        return self.passed


@pytest.fixture
def time() -> Time:
    return Time()


def is_ours(turn: Turn) -> bool:
    return turn.token is not None


class TurnsContract:
    """What `digest.ports.HostTurns` promises, whoever gives the turns."""

    def test_a_site_is_asked_by_one_at_a_time(self, turns: HostTurns) -> None:
        first = turns.take("arxiv.org", gap=0.0, lease=60.0)
        second = turns.take("arxiv.org", gap=0.0, lease=60.0)
        assert is_ours(first)
        assert not is_ours(second)
        assert second.rest == 0.0
        turns.end(first, rest=0.0)
        assert is_ours(turns.take("arxiv.org", gap=0.0, lease=60.0))

    def test_sites_do_not_wait_for_each_other(self, turns: HostTurns) -> None:
        assert is_ours(turns.take("arxiv.org", gap=3.0, lease=60.0))
        assert is_ours(turns.take("huggingface.co", gap=3.0, lease=60.0))

    def test_the_gap_counts_from_start_to_start(self, turns: HostTurns, time: Time) -> None:
        turn = turns.take("arxiv.org", gap=3.0, lease=60.0)
        time.passed = 2.0
        turns.end(turn, rest=0.0)
        assert turns.take("arxiv.org", gap=3.0, lease=60.0).rest == pytest.approx(1.0)
        time.passed = 3.0
        slow = turns.take("arxiv.org", gap=3.0, lease=60.0)
        time.passed = 10.0
        turns.end(slow, rest=0.0)
        assert is_ours(turns.take("arxiv.org", gap=3.0, lease=60.0))

    def test_a_site_that_asks_for_it_is_left_alone(self, turns: HostTurns, time: Time) -> None:
        turns.end(turns.take("arxiv.org", gap=3.0, lease=60.0), rest=20.0)
        assert turns.take("arxiv.org", gap=3.0, lease=60.0).rest == pytest.approx(20.0)
        time.passed = 20.0
        assert is_ours(turns.take("arxiv.org", gap=3.0, lease=60.0))

    def test_a_short_rest_does_not_shorten_the_gap(self, turns: HostTurns) -> None:
        turns.end(turns.take("arxiv.org", gap=3.0, lease=60.0), rest=1.0)
        assert turns.take("arxiv.org", gap=3.0, lease=60.0).rest == pytest.approx(3.0)

    def test_an_hour_of_rest_is_the_most(self, turns: HostTurns) -> None:
        turns.end(turns.take("arxiv.org", gap=3.0, lease=60.0), rest=1e9)
        assert turns.take("arxiv.org", gap=3.0, lease=60.0).rest == pytest.approx(LONGEST_REST)

    def test_a_worker_that_dies_frees_the_site(self, turns: HostTurns, time: Time) -> None:
        dead = turns.take("arxiv.org", gap=3.0, lease=60.0)
        time.passed = 59.0
        assert not is_ours(turns.take("arxiv.org", gap=3.0, lease=60.0))
        time.passed = 60.0
        heir = turns.take("arxiv.org", gap=3.0, lease=60.0)
        assert is_ours(heir)
        time.passed = 70.0
        turns.end(dead, rest=0.0)  # it was only slow: what it gives back is no longer its own
        assert not is_ours(turns.take("arxiv.org", gap=3.0, lease=60.0))


class TestLocalTurns(TurnsContract):
    @pytest.fixture
    def turns(self, time: Time) -> HostTurns:
        return LocalTurns(time.seconds)


class TestStoredTurns(TurnsContract):
    @pytest.fixture
    def turns(self, database: Database, time: Time) -> HostTurns:
        return StoredTurns(database, time.moment)


def test_turns_outlive_the_worker_that_took_them(database: Database, time: Time) -> None:
    StoredTurns(database, time.moment).take("arxiv.org", gap=3.0, lease=60.0)
    other = Database(database.url.render_as_string(hide_password=False))
    assert not is_ours(StoredTurns(other, time.moment).take("arxiv.org", gap=3.0, lease=60.0))
    other.close()


@pytest.mark.parametrize("how_far", [timedelta(hours=2), timedelta(days=4000)])
def test_a_clock_that_was_ahead_blocks_no_site(database: Database, time: Time, how_far: timedelta) -> None:
    ahead = StoredTurns(database, lambda: time.moment() + how_far)
    ahead.end(ahead.take("arxiv.org", gap=3.0, lease=60.0), rest=10.0)
    ahead.take("huggingface.co", gap=3.0, lease=60.0)
    here = StoredTurns(database, time.moment)
    assert is_ours(here.take("arxiv.org", gap=3.0, lease=60.0))
    assert is_ours(here.take("huggingface.co", gap=3.0, lease=60.0))


def many_at_once(number: int, take: Callable[[int], Turn]) -> list[Turn]:
    all_there = Barrier(number)

    def go(one: int) -> Turn:
        all_there.wait(60)
        return take(one)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(go, range(number)))


def test_of_many_workers_at_once_one_is_served(database: Database) -> None:
    others = [Database(database.url.render_as_string(hide_password=False)) for _ in range(4)]
    workers = [StoredTurns(one, system_clock) for one in others]
    for site in ("arxiv.org", "biorxiv.org", "arxiv.org:8000"):
        taken = many_at_once(12, lambda one, site=site: workers[one % 4].take(site, gap=60.0, lease=60.0))  # type: ignore[misc]
        assert sum(is_ours(turn) for turn in taken) == 1
    for one in others:
        one.close()
