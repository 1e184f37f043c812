"""Phrases of a paper, what they would have made of a letter, and the lines that they become."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.matching.analysis import FUNCTION_WORDS
from digest.matching.grammar import understand
from digest.model import Delivery, Entry, Interest, ItemText, Sign, Subscriber
from digest.pipeline.feedback import Feedback, Missing, Move, Named, grown, has
from digest.pipeline.month import Month
from digest.pipeline.offers import MOST, MOST_PAPERS, offers
from digest.pipeline.shelf import Shelf
from digest.pipeline.trials import Trials
from digest.store.connect import Database
from digest.store.merge import merge
from digest.store.moves import forget_picks
from tests.world import CURATED, PLAIN, World

MONDAY = date(2026, 8, 17)
RECORDED = Path(__file__).parents[3] / "shared" / "listings" / "hf-api"
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def paper(name: str, *topics: str, title: str = "") -> Entry:
    """A paper that says nothing but its topics."""
    words = " and ".join(topics)
    return World.paper(
        name, title=title or f"On {words}: {name}", abstract=f"We look at {words}.", authors=("Ada Kite",)
    )


def feedback(world: World) -> Feedback:
    return Feedback(world.database, Trials(world.database), lambda: Shelf(world.items))


def row(world: World, person: Subscriber, day: date = MONDAY) -> Delivery:
    with world.database.read() as connection:
        found = world.ledger.slot(connection, person.id, day)
    assert found is not None
    return found


def named(moves: Sequence[Move], when: str) -> list[int]:
    """The items of a letter in its order."""
    numbered = [(getattr(move, when), move.text.item) for move in moves if getattr(move, when) is not None]
    assert sorted(number for number, _ in numbered) == list(range(1, len(numbered) + 1))
    return [item for _, item in sorted(numbered)]


def picked(world: World, person: Subscriber, day: date = MONDAY) -> list[int]:
    return [pick.item for pick in row(world, person, day).digest.picks]


# --- the papers of a letter ---------------------------------------------------------------------------------------


def test_papers_are_found_by_their_number(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    reader = world.reader(interests="kites\nboats ^3")
    world.list(paper("one", "kites"), paper("two", "boats"))
    world.run()
    found = [feedback(world).named(reader.id, MONDAY, number) for number in (1, 2)]
    assert [each.text.title for each in found if isinstance(each, Named)] == ["On boats: two", "On kites: one"]
    assert [feedback(world).named(reader.id, MONDAY, number) for number in (0, 3)] == [Missing.PAPER] * 2


def test_whoever_follows_nothing_has_the_popular_papers_numbered(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    reader = world.reader(interests="")
    world.list(paper("one", "kites"))
    world.run()
    found = feedback(world).named(reader.id, MONDAY, 1)
    assert isinstance(found, Named) and found.text.title == "On kites: one"


def test_only_a_letter_that_has_left_has_papers(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    reader = world.reader()
    world.list("kite 1")
    world.plan()
    assert feedback(world).named(reader.id, MONDAY, 1) is Missing.LETTER
    world.deliver()
    assert isinstance(feedback(world).named(reader.id, MONDAY, 1), Named)
    assert feedback(world).named(reader.id, MONDAY - timedelta(days=1), 1) is Missing.LETTER
    assert feedback(world).named(reader.id + 1, MONDAY, 1) is Missing.LETTER


def test_a_letter_whose_picks_were_dropped_says_so(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    reader = world.reader()
    world.list("kite 1")
    world.run()
    with database.write() as connection:
        forget_picks(connection, world.now + timedelta(days=91))
    assert feedback(world).named(reader.id, MONDAY, 1) is Missing.PICKS


def test_a_work_that_was_merged_is_shown_as_what_it_became(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    world.list(paper("older", "ropes"), source=PLAIN)
    reader = world.reader()
    world.list(paper("younger", "kites"))
    world.run()
    [younger] = picked(world, reader)
    with database.write() as connection:
        older = min(one.text.item for one in world.items.announced(connection, 1))
        merge(connection, older, younger)
    found = feedback(world).named(reader.id, MONDAY, 1)
    assert isinstance(found, Named) and found.text.title == "On ropes: older"


# --- what other interests would have made of it -------------------------------------------------------------------


def test_the_letter_that_would_have_been_is_the_one_that_another_reader_got(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    more = "Wind:\nkites\n-strings\nWater:\nboats ^2"
    ada, bo = (world.reader(name, interests=text, max_items=3) for name, text in (("ada", "kites"), ("bo", more)))
    world.list(
        paper("1", "kites"), paper("2", "boats", "kites"), paper("3", "boats"), paper("4", "kites", "strings"),
        paper("5", "ropes"),
    )  # fmt: skip
    world.run()
    moves = feedback(world).moves(row(world, ada), ada.profile, more)
    assert named(moves, "before") == picked(world, ada)
    assert named(moves, "after") == picked(world, bo)
    assert picked(world, ada) != picked(world, bo)
    assert [move.after for move in moves] == [*range(1, len(picked(world, bo)) + 1), *[None] * (len(moves) - 3)]


def test_what_other_letters_have_named_does_not_come_again(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    reader = world.reader()
    first, other = paper("one", "kites"), paper("two", "kites")
    world.list(first, source=PLAIN)
    world.run()
    world.at("2026-08-18 07:30").list(first, other, source=CURATED)
    world.run()
    tuesday = MONDAY + timedelta(days=1)
    moves = feedback(world).moves(row(world, reader, tuesday), reader.profile, "kites\nropes")
    assert named(moves, "before") == named(moves, "after") == picked(world, reader, tuesday)
    assert [move.text.title for move in moves] == ["On kites: two"]


def test_a_letter_that_would_have_been_empty_has_lost_everything(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    reader = world.reader(trending=3)
    world.list("kite 1", "kite 2")
    world.run()
    moves = feedback(world).moves(row(world, reader), reader.profile, "ropes")
    assert [(move.before, move.after) for move in moves] == [(1, None), (2, None)]


def test_nothing_is_written(database: Database) -> None:
    world = World(database).at("2026-08-17 07:30")
    reader = world.reader()
    world.list("kite 1")
    world.run()
    before = (world.rows(reader), world.mentions(reader), world.get(reader))
    ask = feedback(world)
    found = ask.named(reader.id, MONDAY, 1)
    assert isinstance(found, Named)
    ask.offers(found.text)
    ask.moves(found.row, reader.profile, "kites\nropes")
    assert (world.rows(reader), world.mentions(reader), world.get(reader)) == before


# --- phrases ------------------------------------------------------------------------------------------------------

GLIDER = World.paper(
    "glider",
    title="Kestrel: Improving Glider Towing with Twisted Ropes",
    abstract=(
        "We propose Kestrel. Twisted ropes are strong, and ropes that are twisted hold. Tow planes and tow planes "
        "alone pull gliders; Kestrel does better. A SAR beacon is a SAR beacon. See https://example.org/kestrel."
    ),
)
OTHERS = [paper(f"other {number}", f"subject{number}", "weather") for number in range(12)]


@pytest.fixture
def month(database: Database) -> Iterator[Month]:
    world = World(database).at("2026-08-17 07:30")
    world.list(GLIDER, *OTHERS, day=MONDAY)
    with Trials(database).at_hand() as found:
        yield found


def glider(month: Month) -> ItemText:
    return next(one.text for one in month.scores.announced.values() if "Glider" in one.text.title)


@only_sqlite
def test_phrases_are_what_the_paper_keeps_to(month: Month) -> None:
    found = [offer.phrase for offer in offers(glider(month), month)]
    assert found == ["Twisted ropes", "Glider Towing", "Tow planes", "SAR beacon"]


@only_sqlite
def test_what_nearly_every_paper_has_is_not_offered(month: Month) -> None:
    text = next(one.text for one in month.scores.announced.values() if "subject3" in one.text.title)
    assert [offer.phrase for offer in offers(text, month)] == []


@only_sqlite
def test_what_a_reader_has_already_is_not_offered(month: Month) -> None:
    interests = understand("twisted rope ^2\n-tow planes\ntitle: SAR beacon").interests
    assert [offer.phrase for offer in offers(glider(month), month, interests)] == ["Glider Towing", "SAR beacon"]


def recorded() -> list[Entry]:
    """The papers of a recorded week."""
    if not RECORDED.is_dir():
        pytest.skip("needs the recorded listings beside the project")
    days = [json.loads(file.read_text()) for file in sorted(RECORDED.glob("daily_papers_2026-08-*.json"))]
    return [
        World.paper(one["paper"]["id"], title=one["paper"]["title"], abstract=one["paper"]["summary"])
        for day in days
        for one in day
    ]


@only_sqlite
def test_recorded_papers_have_phrases_that_keep_every_promise(database: Database) -> None:
    World(database).at("2026-08-17 07:30").list(*recorded(), day=MONDAY)
    with Trials(database).at_hand() as month:
        texts = [one.text for one in month.scores.announced.values()]
        offered = [offers(text, month) for text in texts]
        for text, some in zip(texts, offered, strict=True):
            assert len(some) <= MOST
            for offer in some:
                words = offer.phrase.split()
                assert offer.phrase in text.title or offer.phrase in text.abstract
                assert len(words) <= 3 and not {words[0].lower(), words[-1].lower()} & FUNCTION_WORDS
                assert understand(offer.phrase).interests == (Interest(phrase=offer.phrase, line=1),)
                assert [len(few) for few in month.fitting([Interest(phrase=offer.phrase)])] == [offer.month]
                assert 1 <= offer.month <= MOST_PAPERS * len(texts)
                assert not any(set(words) <= set(other.phrase.split()) for other in some if other is not offer)
    assert sum(len(some) >= 2 for some in offered) > 0.9 * len(texts), "nearly every paper is about something"


# --- lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "topic", "after"),
    [
        ("", None, "glider towing\nropes\n"),
        ("kites\n", None, "kites\nglider towing\nropes\n"),
        ("kites\nboats", None, "kites\nboats\nglider towing\nropes\n"),
        ("kites, boats", None, "kites, boats, glider towing, ropes"),
        ("kites, boats, ", None, "kites, boats, glider towing, ropes"),
        ("Air:\nkites\n\nWater:\nboats", "Air", "Air:\nkites\nglider towing\nropes\n\nWater:\nboats"),
        ("Air:\nkites\n\nWater:\nboats", "Water", "Air:\nkites\n\nWater:\nboats\nglider towing\nropes\n"),
        ("sails\nAir:\nkites", None, "sails\nglider towing\nropes\nAir:\nkites"),
        ("Air:\nkites", None, "glider towing\nropes\nAir:\nkites"),
        ("sails\nAir:\nkites", "Gone", "sails\nglider towing\nropes\nAir:\nkites"),
    ],
)
def test_lines_stand_where_the_paper_stood(text: str, topic: str | None, after: str) -> None:
    assert grown(text, ["glider towing", "ropes"], Sign.MORE, topic) == after


LINES = st.lists(
    st.sampled_from(["kites", "Air:", "Water: ", "-boats", "", "# of my own", 'author: "Ada"', "tow^9", "!sails ^2"])
)


@given(
    lines=LINES,
    end=st.sampled_from(["\n", "", "\r\n"]),
    phrases=st.lists(st.sampled_from(["ropes", "n^2 gliders", "wind tunnels"]), min_size=1, unique=True),
    sign=st.sampled_from([Sign.MORE, Sign.LESS]),
    topic=st.sampled_from([None, "Air", "Water"]),
)
def test_what_was_said_before_is_said_still(
    lines: list[str], end: str, phrases: list[str], sign: Sign, topic: str | None
) -> None:
    text = "\n".join(lines) + end
    before, after = understand(text).interests, understand(grown(text, phrases, sign, topic)).interests
    new = [each for each in after if each.phrase in phrases]
    assert [(each.phrase, each.sign) for each in new] == [(phrase, sign) for phrase in phrases]
    assert all(has(after, phrase, sign) for phrase in phrases)
    kept = [(each.phrase, each.sign, each.topic, each.weight) for each in after if each not in new]
    assert kept == [(each.phrase, each.sign, each.topic, each.weight) for each in before]
    if any(each.topic == topic for each in before):
        assert {each.topic for each in new} == {topic}


def test_more_and_less_of_a_phrase_are_two_things() -> None:
    interests = understand("Kite\n-boats").interests
    assert has(interests, "kites", Sign.MORE) and not has(interests, "kites", Sign.LESS)
    assert has(interests, "boats", Sign.LESS) and not has(interests, "boats", Sign.MORE)
