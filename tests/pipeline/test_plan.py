"""Planning many readers at once: the same as one by one, whoever leaves, races or dies in between."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import time, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import QuietDays, Status, Subscriber
from digest.pipeline.plan import Planned, Planner
from digest.pipeline.shelf import Shelf
from digest.store.connect import Database
from digest.store.ledger import Plan
from digest.store.moves import delivery_of
from digest.store.schema import delivery, mention, subscriber
from tests.fakes import CUT_AFTER_DOT, DOWN, REFUSED
from tests.pipeline.elsewhere import plan_elsewhere
from tests.world import PLAIN, World

MORNING = "2026-08-17 07:30"


def planner(world: World, **values: Any) -> Planner:
    """A planner of this world that takes two readers at a time."""
    given: dict[str, Any] = {"rules": world.planner.rules, "shelf": lambda: Shelf(world.items), "batch": 2}
    return Planner(world.database, **{**given, **values})


def readers(world: World, count: int, **profile: Any) -> list[Subscriber]:
    return [world.reader(f"reader{number}", **profile) for number in range(count)]


def due(world: World) -> list[int]:
    with world.database.read() as connection:
        return world.people.due(connection, world.now)


# --- together as alone ---

TOPICS = st.sampled_from(["kites", "ropes", "kites\n-ropes", "kites\n!ropes", "", "boats"])
PROFILES = st.fixed_dictionaries(
    {
        "interests": TOPICS,
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"]),
        "send_at": st.sampled_from([time(7, 30), time(6, 0), time(23, 45)]),
        "days": st.sampled_from([frozenset(range(7)), frozenset(range(5)), frozenset({0})]),
        "quiet_days": st.sampled_from(QuietDays),
        "max_items": st.integers(1, 3),
        "trending": st.integers(0, 2),
    }
)


@st.composite
def stories(draw: st.DrawFn) -> list[Callable[[World, list[Subscriber]], object]]:
    """Some days in a small world: papers, letters that leave or do not, and people who come and go."""
    names = st.sampled_from(["one", "two", "three", "ropes", "old ropes", "boats"])
    answers = st.lists(st.sampled_from([DOWN, REFUSED, CUT_AFTER_DOT]), max_size=2)
    who = st.integers(0, 4)

    def listing(some: Sequence[str]) -> Callable[[World, list[Subscriber]], object]:
        return lambda world, _: world.list(*some)

    def waiting(hours: int) -> Callable[[World, list[Subscriber]], object]:
        return lambda world, _: setattr(world, "now", world.now + timedelta(hours=hours))

    def planning(is_forced: bool) -> Callable[[World, list[Subscriber]], object]:
        return lambda world, _: world.plan(is_forced=is_forced)

    def sending(some: Sequence[Any]) -> Callable[[World, list[Subscriber]], object]:
        def send(world: World, _: list[Subscriber]) -> None:
            world.transport.answers = list(some)
            world.run()

        return send

    def changing(one: int, values: dict[str, Any]) -> Callable[[World, list[Subscriber]], object]:
        return lambda world, people: world.change(people[one % len(people)], **values)

    def claiming(world: World, _: list[Subscriber]) -> None:
        world.courier.outbox.claim(token="a worker", now=world.now, limit=1)

    def pausing(one: int) -> Callable[[World, list[Subscriber]], object]:
        def pause(world: World, people: list[Subscriber]) -> None:
            values = {"status": Status.PAUSED, "paused_until": world.now + timedelta(hours=20)}
            world.change(people[one % len(people)], **values)

        return pause

    steps = st.one_of(
        st.builds(listing, st.lists(names, min_size=1, max_size=3, unique=True)),
        st.builds(waiting, st.sampled_from([1, 9, 24, 60])),
        st.builds(planning, st.booleans()),
        st.builds(sending, answers),
        st.builds(changing, who, st.sampled_from([{"is_absent": True}, {"is_suppressed": True}, {"floor": None}])),
        st.builds(pausing, who),
        st.just(claiming),
    )
    return draw(st.lists(steps, min_size=2, max_size=6))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_batch_is_planned_as_its_readers_would_be_alone(
    data: st.DataObject, sqlite_pattern: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(sqlite_pattern, folder / "together.db")
    with closing(Database(f"sqlite:///{folder}/together.db")) as database:
        together = World(database)
        profiles = data.draw(st.lists(PROFILES, min_size=2, max_size=5))
        people = [together.reader(f"reader{number}", **profile) for number, profile in enumerate(profiles)]
        for step in data.draw(stories()):
            step(together, people)
        values = {"late_sources": data.draw(st.sampled_from([(), ("saved",)])), "is_forced": data.draw(st.booleans())}
        database.close()  # which brings the log into the file
        shutil.copy(folder / "together.db", folder / "alone.db")
        with closing(Database(f"sqlite:///{folder}/alone.db")) as copy:
            alone = World(copy).at(together.now.strftime("%Y-%m-%d %H:%M"))
            found = [planner(world, batch=size).run(world.now, **values) for world, size in ((together, 9), (alone, 1))]
            assert found[0] == found[1]
            assert everything(together) == everything(alone)


def everything(world: World) -> dict[str, Any]:
    """What the store says about readers and their letters, apart from the numbers of rows."""
    with world.database.read() as connection:
        rows = {row.id: row for row in connection.execute(sa.select(delivery))}
        slots = {one: (row.subscriber, row.slot) for one, row in rows.items()}
        letters = {slots[one]: (delivery_of(row), row.settled_at, row.created_at) for one, row in rows.items()}
        return {
            "letters": {slot: repr(letter).replace(f"id={letter[0].id},", "") for slot, letter in letters.items()},
            "mentions": {
                (row.subscriber, row.item): slots[row.delivery] for row in connection.execute(sa.select(mention))
            },
            "people": connection.execute(sa.select(subscriber).order_by(subscriber.c.id)).all(),
        }


# --- one who changes does not stop the others ---


class StallingShelf(Shelf):
    """Lets something happen once between a look and a write."""

    def __init__(self, world: World, happening: Callable[[], object]) -> None:
        super().__init__(world.items)
        self._happenings = [happening]

    def window(self, *arguments: Any) -> Any:
        found = super().window(*arguments)
        while self._happenings:
            self._happenings.pop()()
        return found


def plan_while(world: World, happening: Callable[[], object]) -> Planned:
    return planner(world, batch=99, shelf=lambda: StallingShelf(world, happening)).run(world.now)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_who_leaves_meanwhile_is_left_out_and_all_others_are_planned(world: World) -> None:
    people = readers(world, 7)
    world.at("2026-08-17 07:00").list("one")
    world.at(MORNING)
    planned = plan_while(world, lambda: world.change(people[3], status=Status.UNSUBSCRIBED))
    assert [world.rows(one) for one in people] == [
        {} if one is people[3] else {"2026-08-17": "planned"} for one in people
    ]
    assert (planned.letters, world.mentions(people[3])) == (6, 0)


def test_whose_wishes_change_meanwhile_gets_what_is_wished_now(world: World) -> None:
    people = readers(world, 3)
    world.at("2026-08-17 07:00").list("one")
    world.at(MORNING)
    plan_while(world, lambda: world.change(people[1], interests="nothing of the kind"))
    assert [list(world.rows(one).values()) for one in people] == [
        ["planned"],
        ["skipped: nothing-matched"],
        ["planned"],
    ]


def test_a_slot_that_is_taken_meanwhile_stays_as_it_is(world: World) -> None:
    people = readers(world, 5)
    world.at("2026-08-17 07:00").list("one")
    world.at(MORNING)
    row = Plan(window=(0, 0), due_at=world.now, deadline=world.now, transport="smtp", now=world.now)

    def take() -> None:
        with world.database.write() as connection:
            world.ledger.add(connection, people[2].id, "digest", "2026-08-17", row)

    planned = plan_while(world, take)
    assert planned.letters == 4
    assert [world.mentions(one) for one in people] == [1, 1, 0, 1, 1]
    assert due(world) == []


def test_works_that_become_one_meanwhile_keep_only_their_readers_waiting(world: World) -> None:
    ada, ben = world.reader(), world.reader("ben", interests="ropes")
    world.at("2026-08-17 07:00").list("one", world.paper("knots", title="Ropes and knots", abstract="Ropes of hemp."))
    world.list(world.untitled("two"), source=PLAIN)
    world.at(MORNING)
    one = world.paper("one")
    both = world.paper("one", title=world.paper("two").title, identifiers=one.identifiers)
    planned = plan_while(world, lambda: world.list(both))
    assert (planned.letters, world.rows(ben)) == (1, {"2026-08-17": "planned"})
    assert (world.rows(ada), due(world)) == ({}, [ada.id])
    world.run()
    assert world.letters(ada) == 1


def test_a_floor_that_rises_meanwhile_is_never_put_back(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.change(ada, floor=0)
    world.at(MORNING)
    plan_while(world, lambda: world.change(ada, floor=1))
    assert (world.get(ada).floor, world.rows(ada)) == (1, {})
    world.plan()
    assert (world.get(ada).floor, world.rows(ada)) == (1, {"2026-08-17": "skipped: nothing-new"})


# --- planners that die, and planners side by side ---


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_a_planner_that_dies_between_batches_loses_and_doubles_nothing(world: World, batches: int) -> None:
    people = readers(world, 7)
    world.at("2026-08-17 07:00").list("one", "two")
    world.at(MORNING)

    def die(looked_at: int) -> None:
        if looked_at >= 2 * batches:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        planner(world).run(world.now, report=die)
    assert len(due(world)) == 7 - 2 * batches
    planned = planner(world).run(world.now)
    assert planned.letters == 7 - 2 * batches
    assert [(world.rows(one), world.mentions(one)) for one in people] == [({"2026-08-17": "planned"}, 2)] * 7


def test_a_planner_that_is_asked_to_stop_leaves_whole_batches(world: World) -> None:
    readers(world, 5)
    world.at("2026-08-17 07:00").list("one")
    looked_at: list[int] = []
    stopping = planner(world, is_stopping=lambda: sum(looked_at) >= 2)
    assert stopping.run(world.at(MORNING).now, report=looked_at.append).letters == 2


def test_shards_share_the_readers_out(world: World) -> None:
    people = readers(world, 6)
    world.at("2026-08-17 07:00").list("one")
    world.at(MORNING)
    for number in range(3):
        assert planner(world).run(world.now, shard=(number, 3)).letters == 2
        assert {one for one in due(world) if one % 3 <= number and one % 3 != 0} <= {one.id for one in people}
    assert due(world) == []


def test_one_reader_may_be_planned_alone(world: World) -> None:
    people = readers(world, 4)
    world.at("2026-08-17 07:00").list("one")
    world.at(MORNING)
    for is_forced in (False, True):
        planned = planner(world).run(world.now, only=people[2].id, is_forced=is_forced)
        assert (planned.letters, len(planned.served)) == ((0, 1) if is_forced else (1, 0))
    assert [len(world.rows(one)) for one in people] == [0, 0, 1, 0]


def test_of_many_who_were_asked_for_by_hand_in_vain_only_the_first_are_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.pipeline.plan._NAMED", 2)
    people = readers(world, 5)
    world.at("2026-08-17 07:00").list("one")
    world.at(MORNING)
    planner(world).run(world.now)
    planned = planner(world).run(world.now, is_forced=True)
    assert [email for email, _ in planned.served] == [one.email for one in people[:2]]
    assert planned.more_served == 3


@pytest.mark.parametrize("shards", [2, 1])
def test_two_processes_plan_each_reader_once(world: World, shards: int) -> None:
    """With shards each has its own readers; without, both want all of them."""
    people = readers(world, 240)
    world.at("2026-08-17 07:00").list("one", "two", "three")
    world.at(MORNING)
    address = world.database.url.render_as_string(hide_password=False)
    context = get_context("spawn")
    letters = context.Queue()
    both = [
        context.Process(
            target=plan_elsewhere, args=(address, world.planner.rules, world.now, (number % shards, shards), letters)
        )
        for number in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    assert sum(letters.get(timeout=10) for _ in both) == 240
    assert Counter(str(world.rows(one)) for one in people) == {"{'2026-08-17': 'planned'}": 240}
    assert {world.mentions(one) for one in people} == {3}
