"""Days and works as the archive looks them up: each work once a day, in a set order, without what is hidden."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from digest.model import Entry, Popularity
from digest.store.archives import Archives, DayCount
from digest.store.connect import Database
from tests.world import CURATED, PLAIN, World

MONDAY, TUESDAY = date(2026, 8, 17), date(2026, 8, 18)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def archives(world: World, *hidden: str) -> Archives:
    return Archives(world.items, hidden_sources=hidden)


def voted(name: str, upvotes: int, comments: int = 0) -> Entry:
    return World.paper(name, popularity=Popularity(upvotes, comments))


def number_of(world: World, name: str) -> int:
    with world.database.read() as connection:
        found = world.items.find(connection, World.paper(name).identifiers[0])
    assert found is not None
    return found


def names(world: World, some: Archives, day: date, start: int = 0, count: int = 10) -> list[str]:
    with world.database.read() as connection:
        listed = some.papers(connection, day, start, count)
        texts = world.items.newest_texts(connection, [one.item for one in listed])
    return [texts[one.item].title.partition(": ")[2] for one in listed]


def test_a_store_without_editions_has_no_days(world: World) -> None:
    with world.database.read() as connection:
        some = archives(world)
        assert some.days(connection) == ()
        assert some.day(connection, MONDAY) is None
        assert some.papers(connection, MONDAY, 0, 10) == []


def test_days_are_counted_oldest_first_and_anew_after_an_edition(world: World) -> None:
    some = archives(world)
    world.at("2026-08-18 05:00").list("a", "b", day=TUESDAY)
    with world.database.read() as connection:
        assert some.days(connection) == (DayCount(TUESDAY, 2),)
    world.list("a", "b", "c", day=MONDAY)
    with world.database.read() as connection:
        assert some.days(connection) == (DayCount(MONDAY, 1), DayCount(TUESDAY, 2))


def test_a_work_that_two_sources_announce_on_a_day_counts_once_as_the_last_has_it(world: World) -> None:
    world.list("a", "b", source=PLAIN)
    world.now += timedelta(hours=2)
    world.list("b", "c", source=CURATED)
    with world.database.read() as connection:
        some = archives(world)
        told = some.day(connection, MONDAY)
        assert some.days(connection) == (DayCount(MONDAY, 3),)
    assert told is not None
    assert told.sources == ((CURATED.name, 2), (PLAIN.name, 1))
    assert (told.papers, told.read_at) == (3, world.now)


def test_papers_stand_by_votes_then_comments_then_age_and_come_in_pages(world: World) -> None:
    world.list(voted("first", 1), voted("second", 1), voted("loved", 9), voted("talked of", 1, 5))
    some = archives(world)
    assert names(world, some, MONDAY) == ["loved", "talked of", "first", "second"]
    assert names(world, some, MONDAY, start=1, count=2) == ["talked of", "first"]
    assert names(world, some, MONDAY, start=4) == []
    with world.database.read() as connection:
        told = some.day(connection, MONDAY)
    assert told is not None and told.upvotes == 9


def test_what_is_hidden_is_not_there(world: World) -> None:
    world.list("real", source=CURATED)
    world.list("made up", source=PLAIN)
    world.at("2026-08-18 05:00").list("made up too", source=PLAIN, day=TUESDAY)
    some = archives(world, PLAIN.name)
    with world.database.read() as connection:
        assert some.days(connection) == (DayCount(MONDAY, 1),)
        assert some.day(connection, TUESDAY) is None
        assert some.record(connection, number_of(world, "made up")) is None
        assert archives(world).record(connection, number_of(world, "made up")) is not None
    assert names(world, some, MONDAY) == ["real"]


def test_a_record_tells_every_appearance_text_and_source(world: World) -> None:
    world.list("a", source=PLAIN)
    world.at("2026-08-18 05:00").list(World.paper("a", title="Kites: a, again", version=2), source=CURATED)
    with world.database.read() as connection:
        record = archives(world).record(connection, number_of(world, "a"))
    assert record is not None
    assert [(one.day, one.source, one.reason) for one in record.appearances] == [
        (MONDAY, PLAIN.name, "new"),
        (TUESDAY, CURATED.name, "listed"),
    ]
    assert [source for source, _ in record.sightings] == [PLAIN.name, CURATED.name]
    assert [one.title for one in record.revisions][-1] == "Kites: a, again"


def test_a_work_that_was_never_announced_has_no_record(world: World) -> None:
    world.list(World.replacement("old"), source=PLAIN)
    with world.database.read() as connection:
        assert archives(world).record(connection, number_of(world, "old")) is None
        assert archives(world).record(connection, 12_345) is None
