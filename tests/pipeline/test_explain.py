"""Why a paper was sent or not, as the ledger and the rules tell it."""

from __future__ import annotations

from digest.items.keys import title_key
from digest.model import QuietDays, Strictness, Subscriber
from digest.pipeline.explain import Answer, answer, find_item
from digest.pipeline.shelf import Shelf
from digest.store.connect import Database
from tests.world import World


def why(world: World, person: Subscriber, title: str) -> Answer:
    with world.database.read() as connection:
        item = find_item(connection, world.items, title_key(title))
        return answer(connection, world.items, world.ledger, Shelf(world.items), world.get(person), item)


def name(paper: str) -> str:
    return f"Kites and more kites: {paper}"


def test_what_was_sent_is_read_from_the_letter(database: Database) -> None:
    world = World(database)
    ada = world.reader()
    world.list("kite 1")
    world.at("2026-08-17 07:30").run()
    told = why(world, ada, name("kite 1"))
    assert told.sent
    assert told.reason == "sent in the letter of 2026-08-17"
    assert told.score == sum(each.points for each in told.reasons) >= told.threshold


def test_a_near_miss_is_told_with_its_letter_and_line(database: Database) -> None:
    world = World(database)
    ada = world.reader(interests="kites ^0.2", quiet_days=QuietDays.LETTER, strictness=Strictness.STRICT)
    world.list("kite 1")
    world.at("2026-08-17 07:30").run()
    told = why(world, ada, name("kite 1"))
    assert told.reason == "sent in the letter of 2026-08-17, as a near miss"
    assert 0 < told.score < told.threshold == 60


def test_a_turn_without_a_letter_says_why(database: Database) -> None:
    world = World(database)
    ada = world.reader(interests="stones")
    world.list("kite 1")
    world.at("2026-08-17 07:30").run()
    told = why(world, ada, name("kite 1"))
    assert not told.sent
    assert told.reason == "the turn of 2026-08-17, which has no letter (nothing-matched): no interest fits it"


def test_what_is_new_waits_for_the_next_letter(database: Database) -> None:
    world = World(database)
    ada = world.reader(max_items=1)
    world.list("kite 1", "kite 2")
    assert why(world, ada, name("kite 1")).reason == "the next letter: ranked 1 of 2 that fit"
    assert why(world, ada, name("kite 2")).reason == "the next letter: ranked 2 of 2 that fit; the letter holds 1"
    world.list(world.replacement("kite 3"))
    assert why(world, ada, name("kite 3")).reason.startswith("never announced")
