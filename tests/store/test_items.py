"""Works as rows: what is known of many keys at once, merges that lose nothing, editions and their windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from digest.model import Announced, AnnounceReason, ItemText, Kind, Popularity, State
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.merge import merge
from digest.store.schema import announcement, delivery, item, mention, sighting
from tests.world import World

NOW = datetime(2026, 8, 17, 5, tzinfo=UTC)


@pytest.fixture
def items(database: Database) -> Items:
    return Items(database)


def add(items: Items, connection: sa.Connection, *keys: str, **text: Any) -> int:
    one = items.add(connection, source="saved", now=NOW)
    items.add_keys(connection, one, keys)
    items.add_text(connection, one, ItemText(**{"item": 0, "revision": 0, "title": "On Kites", **text}), NOW)
    return one


def add_edition(items: Items, connection: sa.Connection, day: date, *works: int, history: bytes = b"") -> int:
    number = items.next_edition(connection)
    items.add_edition(connection, number, archive_date=day, history=history, now=NOW)
    if works:
        items.announce(connection, number, dict.fromkeys(works, (AnnounceReason.NEW, "saved")))
    return number


# --- reading ---


def test_thousands_of_keys_are_looked_up_at_once(items: Items) -> None:
    with items.database.write() as connection:
        one = add(items, connection, *(f"url:example.org/{n}" for n in range(2_500)))
        other = add(items, connection, "arxiv:2608.00001", "title:on kites")
        known = items.known(connection, [f"url:example.org/{n}" for n in range(5_000)] + ["arxiv:2608.00001"])
    assert len(known) == 2_501
    assert {found.item for found in known.values()} == {one, other}
    assert known["arxiv:2608.00001"].keys == {"arxiv:2608.00001", "title:on kites"}


def test_a_known_item_says_its_newest_words_and_how_it_stands(items: Items) -> None:
    with items.database.write() as connection:
        one = add(items, connection, "arxiv:2608.00001", authors=("Ada Kite",), published=NOW, version=1)
        items.add_text(connection, one, ItemText(item=0, revision=0, title="Of Kites", version=2), NOW)
        other = add(items, connection, "arxiv:2608.00002")
        connection.execute(sa.update(item).where(item.c.id == other).values(is_absorbed=True))
        items.sight(connection, other, source="a", is_curated=True, popularity=Popularity(), now=NOW)
        known = items.known(connection, ["arxiv:2608.00001", "arxiv:2608.00002"])
        texts = items.texts(connection, [(one, 1), (one, 2), (one, 9)])
    mine, theirs = known["arxiv:2608.00001"], known["arxiv:2608.00002"]
    assert (mine.text.title, mine.text.revision, mine.is_listed, mine.is_absorbed) == ("Of Kites", 2, False, False)
    assert (theirs.is_listed, theirs.is_absorbed) == (True, True)
    assert set(texts) == {(one, 1), (one, 2)}
    assert (texts[one, 1].authors, texts[one, 1].published) == (("Ada Kite",), NOW)


def test_a_key_that_another_item_holds_stays_there(items: Items) -> None:
    with items.database.write() as connection:
        one, other = add(items, connection, "title:on kites"), add(items, connection, "title:on kites")
        assert items.find(connection, "title:on kites") == one
        assert items.keys_of(connection, other) == ()


def test_a_source_that_has_once_curated_an_item_has_listed_it(items: Items) -> None:
    with items.database.write() as connection:
        one = add(items, connection, "arxiv:2608.00001")
        for is_curated in (False, True, False):
            items.sight(connection, one, source="a", is_curated=is_curated, popularity=Popularity(), now=NOW)
        assert items.known(connection, ["arxiv:2608.00001"])["arxiv:2608.00001"].is_listed


def test_votes_are_those_of_today_and_a_source_without_votes_changes_none(items: Items) -> None:
    with items.database.write() as connection:
        one = add(items, connection, "arxiv:2608.00001")
        number = add_edition(items, connection, NOW.date(), one)
        for votes in (Popularity(9, 1), Popularity(7, 2), Popularity()):
            items.sight(connection, one, source="a", is_curated=True, popularity=votes, now=NOW)
        [announced] = items.announced(connection, number)
    assert announced.popularity == Popularity(7, 2)


# --- editions ---


def test_numbers_count_up_from_one(items: Items) -> None:
    with items.database.write() as connection:
        assert items.newest_edition(connection) == 0
        assert [add_edition(items, connection, NOW.date()) for _ in range(3)] == [1, 2, 3]
        assert items.newest_edition(connection) == 3


def test_an_edition_announces_each_work_in_its_newest_words(items: Items) -> None:
    with items.database.write() as connection:
        one = add(items, connection, "title:on kites", "arxiv:2608.00001", abstract="Old.")
        number = add_edition(items, connection, NOW.date(), one)
        items.add_text(connection, one, ItemText(item=0, revision=0, title="On Kites", abstract="New."), NOW)
        assert items.announced(connection, number) == [
            Announced(
                edition=1,
                reason=AnnounceReason.NEW,
                source="saved",
                text=ItemText(item=one, revision=2, title="On Kites", abstract="New."),
                keys=("arxiv:2608.00001", "title:on kites"),
            )
        ]
        assert items.announced(connection, 99) == []


@pytest.mark.parametrize(
    ("days", "within", "floor"),
    [
        ([], 3, 0),
        ([17], 3, 0),
        ([14, 15, 16, 17], 3, 1),
        ([14, 17], 3, 1),
        ([17, 12], 3, 0),  # a late listing of an older day
        ([10, 17, 12, 16], 3, 1),
        ([10, 11, 12], 1, 2),
        ([10, 11, 12], 99, 0),
    ],
)
def test_a_first_letter_looks_back_some_days_by_the_lowest_number(
    items: Items, days: list[int], within: int, floor: int
) -> None:
    with items.database.write() as connection:
        for day in days:
            add_edition(items, connection, date(2026, 8, day))
        assert items.first_floor(connection, within) == floor


def test_the_statistics_behind_an_edition_reach_back_ninety_days_and_never_ahead(items: Items) -> None:
    day = date(2026, 8, 17)
    dates = [day - timedelta(days=90), day - timedelta(days=89), day + timedelta(days=1), day, day]
    with items.database.write() as connection:
        for number, when in enumerate(dates, 1):
            add_edition(items, connection, when, history=bytes([number]))
        assert sorted(items.histories(connection, 4)) == [b"\2", b"\3", b"\4"]
        assert sorted(items.histories(connection, 1)) == [b"\1"]
        assert items.words(connection, 3) == b"\3"


def test_what_is_learned_from_stays_the_same_through_a_week(items: Items) -> None:
    """2026-08-17 is a Monday; a late listing of an older day teaches nothing to editions before it."""
    days = [date(2026, 5, 18), date(2026, 5, 19), date(2026, 8, 16), date(2026, 8, 17), date(2026, 8, 19)]
    with items.database.write() as connection:
        for number, day in enumerate([*days, date(2026, 8, 14)], start=1):
            add_edition(items, connection, day, history=bytes([number]))
        assert [items.words_before_week(connection, number) for number in (4, 5)] == [[b"\2", b"\3"]] * 2
        assert items.words_before_week(connection, 3) == [b"\1", b"\2"]


# --- merges ---


def test_a_merge_moves_keys_announcements_and_sightings(items: Items) -> None:
    with items.database.write() as connection:
        older, younger = add(items, connection, "title:on kites"), add(items, connection, "arxiv:2608.00001")
        first = add_edition(items, connection, NOW.date(), older, younger)
        second = add_edition(items, connection, NOW.date(), younger)
        items.sight(connection, younger, source="a", is_curated=True, popularity=Popularity(), now=NOW)
        items.sight(connection, older, source="a", is_curated=False, popularity=Popularity(), now=NOW)
        merge(connection, older, younger)
        assert items.keys_of(connection, older) == ("arxiv:2608.00001", "title:on kites")
        assert items.keys_of(connection, younger) == ()
        for number in (first, second):
            assert [one.text.item for one in items.announced(connection, number)] == [older]
        assert items.known(connection, ["arxiv:2608.00001"])["arxiv:2608.00001"].is_listed
        rows = connection.execute(sa.select(sighting.c.item)).scalars().all()
    assert rows == [older]


def test_of_two_announcements_in_one_edition_the_new_work_stays(items: Items) -> None:
    with items.database.write() as connection:
        older, younger = add(items, connection, "title:on kites"), add(items, connection, "arxiv:2608.00001")
        number = add_edition(items, connection, NOW.date())
        reasons = {older: (AnnounceReason.LISTED, "a"), younger: (AnnounceReason.NEW, "b")}
        items.announce(connection, number, reasons)
        merge(connection, older, younger)
        rows = connection.execute(sa.select(announcement.c.item, announcement.c.reason)).all()
    assert [tuple(row) for row in rows] == [(older, "new")]


@pytest.mark.parametrize(
    ("ours", "theirs", "kept"),
    [
        (Popularity(3, 1), Popularity(5, 0), Popularity(5, 0)),
        (Popularity(5, 0), Popularity(3, 9), Popularity(5, 0)),
    ],
)
def test_a_merge_keeps_the_higher_votes(items: Items, ours: Popularity, theirs: Popularity, kept: Popularity) -> None:
    with items.database.write() as connection:
        older, younger = add(items, connection, "title:on kites"), add(items, connection, "arxiv:2608.00001")
        number = add_edition(items, connection, NOW.date(), older)
        items.sight(connection, older, source="a", is_curated=False, popularity=ours, now=NOW)
        items.sight(connection, younger, source="a", is_curated=False, popularity=theirs, now=NOW)
        merge(connection, older, younger)
        [announced] = items.announced(connection, number)
    assert announced.popularity == kept


@pytest.mark.parametrize(("ours", "theirs"), [(True, False), (False, True), (False, False)])
def test_what_was_taken_in_unannounced_stays_so_through_a_merge(items: Items, ours: bool, theirs: bool) -> None:
    with items.database.write() as connection:
        older, younger = add(items, connection, "title:on kites"), add(items, connection, "arxiv:2608.00001")
        for one, is_absorbed in ((older, ours), (younger, theirs)):
            connection.execute(sa.update(item).where(item.c.id == one).values(is_absorbed=is_absorbed))
        merge(connection, older, younger)
        found = items.known(connection, ["arxiv:2608.00001"])["arxiv:2608.00001"]
    assert found.is_absorbed is (ours or theirs)


def test_an_item_is_found_through_a_chain_of_merges(items: Items) -> None:
    with items.database.write() as connection:
        one, two, three, apart = (add(items, connection, f"title:{n}") for n in range(4))
        merge(connection, two, three)
        merge(connection, one, two)
        assert items.resolve(connection, [three, two, one, apart]) == {three: one, two: one, one: one, apart: apart}
        assert items.resolve(connection, []) == {}
        assert len(items.resolve(connection, range(3_000))) == 3_000
        assert items.find(connection, "title:2") == one


GONE = (State.SENDING, State.SENT, State.UNKNOWN)


def test_of_two_mentions_the_one_whose_letter_has_left_stays(database: Database) -> None:
    """Every pair of states at once, each with a reader of its own; and one reader who knows only the younger item."""
    world = World(database)
    pairs = {world.reader(f"{ours}-{theirs}").id: (ours, theirs) for ours in State for theirs in State}
    ben = world.reader("ben").id
    expected = {}
    with database.write() as connection:
        older = add(world.items, connection, "title:on kites")
        younger = add(world.items, connection, "arxiv:2608.00001")
        for person, (ours, theirs) in pairs.items():
            first = mentioned(connection, person, older, "2026-08-17", ours)
            second = mentioned(connection, person, younger, "2026-08-18", theirs)
            expected[person] = (older, second if theirs in GONE and ours not in GONE else first)
        expected[ben] = (older, mentioned(connection, ben, younger, "2026-08-17", State.PLANNED))
        merge(connection, older, younger)
        rows = connection.execute(sa.select(mention)).all()
    assert {row.subscriber: (row.item, row.delivery) for row in rows} == expected
    assert len(rows) == len(expected)


def mentioned(connection: sa.Connection, person: int, one: int, slot: str, state: State) -> int:
    """The id of a letter in this state that names an item."""
    values = {"subscriber": person, "kind": Kind.DIGEST, "slot": slot, "state": state, "transport": "smtp"}
    moments = dict.fromkeys(("created_at", "due_at", "deadline"), NOW)
    added = sa.insert(delivery).values(**values, **moments).returning(delivery.c.id)
    row_id = int(connection.execute(added).scalar_one())
    connection.execute(sa.insert(mention).values(subscriber=person, item=one, delivery=row_id))
    return row_id
