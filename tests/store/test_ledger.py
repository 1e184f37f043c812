"""The planner's side of the ledger: one row a slot, moves that are legal, and what a reader has been told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from digest.model import Delivery, Digest, ItemText, Kind, Pick, SkipReason, State
from digest.store.connect import Database
from digest.store.ledger import Plan
from digest.store.moves import cancel, expire, forget_deliveries, move, raise_floors
from digest.store.picks import Packed
from digest.store.schema import LEGAL_MOVES, delivery
from tests.world import World

NOW = datetime(2026, 8, 17, 5, tzinfo=UTC)
DAY = date(2026, 8, 17)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def items(world: World, number: int) -> list[int]:
    with world.database.write() as connection:
        made = [world.items.add(connection, source="saved", now=NOW) for _ in range(number)]
        for one in made:
            world.items.add_text(connection, one, ItemText(item=0, revision=0, title="On Kites"), NOW)
    return made


def digest(*named: int) -> Digest:
    return Digest(picks=tuple(Pick(item=one, revision=1, score=10) for one in named), considered=len(named))


def plan(*named: int, **values: Any) -> Plan:
    """A letter that names these items, or what `values` say."""
    given = {"window": (0, 1), "due_at": NOW, "deadline": NOW + timedelta(hours=12), "transport": "smtp", "now": NOW}
    return Plan(**{**given, "letter": Packed.of(digest(*named)) if named else None, **values})


def put(world: World, person: int, slot: str, what: Plan, kind: Kind = Kind.DIGEST) -> Delivery | None:
    with world.database.write() as connection:
        one = world.ledger.add(connection, person, kind, slot, what)
        return None if one is None else world.ledger.get(connection, one)


def floor(world: World, person: int) -> int | None:
    with world.database.read() as connection:
        found = world.people.get(connection, person)
    assert found is not None
    return found.floor


def test_a_row_is_read_back_as_it_was_planned(world: World) -> None:
    ada, [one, two] = world.reader(), items(world, 2)
    row = put(world, ada.id, "2026-08-17", plan(one, two, window=(3, 7)))
    assert row is not None
    assert (row.state, row.from_edition, row.to_edition, row.digest) == (State.PLANNED, 3, 7, digest(one, two))
    assert (row.generation, row.attempts, row.message_id, row.lease_token) == (1, 0, None, None)
    with world.database.read() as connection:
        assert world.ledger.slot(connection, ada.id, DAY) == row
        assert world.ledger.slot(connection, ada.id, DAY + timedelta(days=1)) is None
        assert world.ledger.mentioned(connection, ada.id) == {one, two}
        assert world.ledger.mentioned(connection, ada.id, besides=[row.id]) == set()
        assert world.ledger.mention_of(connection, ada.id, one) == row
        assert world.ledger.mention_of(connection, ada.id + 1, one) is None


def test_a_slot_has_one_row_and_a_second_leaves_no_mention(world: World) -> None:
    ada, [one, two] = world.reader(), items(world, 2)
    assert put(world, ada.id, "2026-08-17", plan(one))
    assert put(world, ada.id, "2026-08-17", plan(two)) is None
    assert put(world, ada.id, "2026-08-17", plan(), Kind.ALERT)  # another kind has slots of its own
    with world.database.read() as connection:
        assert world.ledger.mentioned(connection, ada.id) == {one}


@pytest.mark.parametrize("reason", SkipReason)
def test_only_a_skip_that_has_looked_at_the_papers_moves_the_floor(world: World, reason: SkipReason) -> None:
    ada = world.reader()
    put(world, ada.id, "2026-08-17", plan(state=State.SKIPPED, reason=reason, window=(0, 5)))
    assert floor(world, ada.id) == (5 if reason in ("nothing-new", "nothing-matched") else None)
    put(world, ada.id, "2026-08-18", plan(state=State.SKIPPED, reason=reason, window=(0, 4)))
    assert floor(world, ada.id) == (5 if reason in ("nothing-new", "nothing-matched") else None)


def test_of_several_editions_served_at_once_the_highest_counts_and_no_floor_sinks(world: World) -> None:
    ada, bea = world.reader("ada"), world.reader("bea")
    for served, expected in (([(ada.id, 4), (ada.id, 6), (ada.id, 5), (bea.id, 3)], (6, 3)), ([(ada.id, 2)], (6, 3))):
        with world.database.write() as connection:
            raise_floors(connection, served)
        assert (floor(world, ada.id), floor(world, bea.id)) == expected


def test_planning_a_letter_moves_no_floor(world: World) -> None:
    ada = world.reader()
    put(world, ada.id, "2026-08-17", plan(*items(world, 1), window=(0, 5)))
    assert floor(world, ada.id) is None


@pytest.mark.parametrize("end", [cancel, expire])
@pytest.mark.parametrize("was_unknown", [False, True])
def test_a_row_that_ends_unsent_takes_its_mentions_back_unless_it_may_have_arrived(
    world: World, end: Any, was_unknown: bool
) -> None:
    ada, [one] = world.reader(), items(world, 1)
    row = put(world, ada.id, "2026-08-17", plan(one))
    assert row is not None
    with world.database.write() as connection:
        values = {"was_unknown": was_unknown, "state": State.CLAIMED, "lease_token": "mine"}
        connection.execute(sa.update(delivery).values(values))
        held = world.ledger.get(connection, row.id)
        assert end(connection, held, *(["folded"] if end is cancel else []), NOW)
        ended = world.ledger.get(connection, row.id)
        mentioned = world.ledger.mentioned(connection, ada.id)
    assert (ended.state is State.UNKNOWN, mentioned == {one}) == (was_unknown, was_unknown)
    assert (ended.lease_token, ended.state.is_open) == (None, False)


@pytest.mark.parametrize("stale", [{"state": State.DEFERRED}, {"lease_token": "another worker"}])
def test_a_row_that_has_changed_since_it_was_read_is_not_moved(world: World, stale: dict[str, Any]) -> None:
    ada, [one] = world.reader(), items(world, 1)
    row = put(world, ada.id, "2026-08-17", plan(one))
    assert row is not None
    with world.database.write() as connection:
        assert not move(connection, replace(row, **stale), {"state": State.CANCELLED})
        assert not cancel(connection, replace(row, **stale), "folded", NOW)
        assert world.ledger.get(connection, row.id) == row
        assert world.ledger.mentioned(connection, ada.id) == {one}


def test_a_row_opened_again_is_a_new_letter(world: World) -> None:
    ada, [one, two] = world.reader(), items(world, 2)
    row = put(world, ada.id, "2026-08-17", plan(one))
    assert row is not None
    with world.database.write() as connection:
        connection.execute(sa.update(delivery).values(message_id="<a@example.org>", subject="Kites", attempts=3))
        cancel(connection, row, "unsubscribed", NOW)
        cancelled = world.ledger.get(connection, row.id)
        assert world.ledger.reopen(connection, cancelled, plan(two))
        again = world.ledger.get(connection, row.id)
        assert world.ledger.mentioned(connection, ada.id) == {two}
        assert not world.ledger.reopen(connection, cancelled, plan(one))
    assert (again.state, again.generation, again.attempts) == (State.PLANNED, 2, 0)
    assert (again.message_id, again.subject, again.reason, again.digest) == (None, None, None, digest(two))


@pytest.mark.parametrize("after", State)
def test_no_state_is_left_but_by_a_legal_move(world: World, after: State) -> None:
    ada = world.reader()
    row = put(world, ada.id, "2026-08-17", plan(*items(world, 1)))
    assert row is not None

    def change() -> None:
        with world.database.write() as connection:
            connection.execute(sa.update(delivery).where(delivery.c.id == row.id).values(state=after))

    if after is State.PLANNED or after in LEGAL_MOVES[State.PLANNED]:
        change()
    else:
        with pytest.raises(DBAPIError, match="illegal move"):
            change()


def test_the_last_slot_and_the_open_letters_of_a_reader(world: World) -> None:
    ada, ben = world.reader(), world.reader("ben")
    rows = [put(world, ada.id, f"2026-08-{day}", plan(*items(world, 1))) for day in (17, 19, 18)]
    put(world, ben.id, "2026-08-30", plan(*items(world, 1)))
    put(world, ada.id, "2027-01-01", plan(), Kind.TEST)
    with world.database.write() as connection:
        assert world.ledger.last_slot(connection, ada.id) == date(2026, 8, 19)
        assert world.ledger.open_digests(connection, ada.id) == rows
        assert world.ledger.cancel_open(connection, ada.id, "paused", NOW) == 3
        assert world.ledger.open_digests(connection, ada.id) == []
        assert len(world.ledger.open_digests(connection, ben.id)) == 1
        assert world.ledger.totals(connection) == {"cancelled": {"paused": 3}, "planned": {"": 1}}
        assert [row.slot for row in world.ledger.history(connection, ada.id, limit=2)] == ["2027-01-01", "2026-08-18"]


def test_rows_are_written_together_or_not_at_all(world: World) -> None:
    ada, ben, [one, two] = world.reader(), world.reader("ben"), items(world, 2)
    plans = [(ben.id, "2026-08-18", plan(one)), (ada.id, "2026-08-17", plan(two, one)), (ada.id, "2026-08-18", plan())]
    with world.database.write() as connection:
        ids = world.ledger.add_all(connection, Kind.DIGEST, plans)
        assert ids is not None
        rows = [world.ledger.get(connection, row) for row in ids]
        assert [(row.subscriber, row.slot) for row in rows] == [(person, slot) for person, slot, _ in plans]
        assert world.ledger.mention_of(connection, ada.id, one) == rows[1]
        assert world.ledger.mention_of(connection, ben.id, one) == rows[0]
        again = [(ben.id, "2026-08-19", plan(two)), plans[0]]
        assert world.ledger.add_all(connection, Kind.DIGEST, again) is None
        assert world.ledger.mentioned(connection, ben.id) == {one}
        assert world.ledger.add_all(connection, Kind.DIGEST, []) == []


def test_the_rows_of_some_slots_and_the_open_letters_of_some_readers(world: World) -> None:
    ada, ben, eve = world.reader(), world.reader("ben"), world.reader("eve")
    ended = put(world, ada.id, "2026-08-14", plan(state=State.SKIPPED, reason=SkipReason.STALE))
    still_open = put(world, ada.id, "2026-08-15", plan(*items(world, 1)))
    taken = put(world, ada.id, "2026-08-17", plan(state=State.SKIPPED, reason=SkipReason.STALE))
    put(world, ada.id, "2026-08-17", plan(), Kind.TEST)
    theirs = put(world, ben.id, "2026-08-18", plan(*items(world, 1)))
    put(world, eve.id, "2026-08-17", plan(*items(world, 1)))
    assert ended is not None
    with world.database.read() as connection:
        found = world.ledger.digests_of(connection, [ada.id, ben.id], {DAY, DAY + timedelta(days=3)})
        assert found == {ada.id: [still_open, taken], ben.id: [theirs]}
        assert world.ledger.digests_of(connection, [ada.id], {DAY - timedelta(days=3)}) == {ada.id: [ended, still_open]}
        assert world.ledger.digests_of(connection, [ada.id], ()) == {}


def test_what_some_readers_were_told_of_some_works_however_old(world: World) -> None:
    ada, ben, eve = world.reader(), world.reader("ben"), world.reader("eve")
    works = items(world, 600)
    random = Random(5)
    told: set[tuple[int, int]] = set()
    for person in (ada.id, ben.id, eve.id):
        named = random.sample(works, 40)
        put(world, person, "2026-08-17", plan(*named))
        told |= {(person, item) for item in named}
    for number in (0, 1, 3, 60, 500, 600):
        wanted = {*random.sample(works, number), *works[595 : 595 + number]}
        with world.database.read() as connection:
            found = world.ledger.mentioned_among(connection, [ada.id, eve.id], wanted)
        assert len(found) == len({(person, item) for person, item, _ in found})
        assert {(person, item) for person, item, _ in found} == {
            (person, item) for person, item in told if person != ben.id and item in wanted
        }


def test_a_letter_repeated_by_hand_is_numbered_and_names_nothing_new(world: World) -> None:
    ada, [one] = world.reader(), items(world, 1)
    row = put(world, ada.id, "2026-08-17", plan(one))
    assert row is not None
    with world.database.write() as connection:
        for _ in range(2):
            world.ledger.repeat(connection, row, transport="smtp", now=NOW)
        tests = [each for each in world.ledger.history(connection, ada.id) if each.kind is Kind.TEST]
        assert [each.slot for each in tests] == ["2026-08-17#2", "2026-08-17#1"]
        assert all(each.digest == row.digest for each in tests)
        assert world.ledger.mention_of(connection, ada.id, one) == row


def test_the_account_of_old_letters_goes_with_what_they_named(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    ada = world.reader()
    world.list("old")
    world.run()
    world.at("2026-08-18 07:30").list("young")
    world.run()
    with database.write() as connection:
        forget_deliveries(connection, world.now - timedelta(hours=1))
    assert list(world.rows(ada)) == ["2026-08-18"]
    assert world.mentions(ada) == 1
