"""Random lives of a ledger, on both engines, held against a small model: whatever happens, in whatever order."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from datetime import time, timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from digest.model import Delivery, Fault, SendResult, State, Subscriber
from digest.store.connect import Database
from digest.store.moves import delivery_of
from digest.store.schema import announcement, delivery, item, mention, metadata
from tests.fakes import CUT_AFTER_DOT, DOWN, NO_SUCH_USER, REFUSED
from tests.ledger.model import Model, Person
from tests.ledger.worker import SENT, Worker
from tests.pipeline.test_scenarios import joined
from tests.world import CURATED, PLAIN, World

#: `make torture` takes its time
IS_LONG = os.environ.get("DIGEST_TORTURE") == "1"

#: nothing is forgotten within this time: two weeks is as far back as a letter looks
LONGEST = timedelta(days=11)

OURS = SendResult(state=State.DEFERRED, fault=Fault.OURS, code=550, text="5.7.1 who are you?")
BUSY = SendResult(state=State.DEFERRED, fault=Fault.NETWORK, code=451, text="4.3.0 later")

#: (how a letter ends, whether the server has it)
ENDS = [(SENT, True)] * 3
ENDS += [(CUT_AFTER_DOT, True), (CUT_AFTER_DOT, False), (DOWN, False), (BUSY, False)]
ENDS += [(REFUSED, False), (NO_SUCH_USER, False), (OURS, False)]

STEPS = [timedelta(minutes=minutes) for minutes in (1, 5, 11, 16, 60, 180, 720, 1440)]


class Lives(RuleBasedStateMachine):
    """Two readers, a worker or two, and what befalls them."""

    database: ClassVar[Database]

    @initialize()
    def begin_anew(self) -> None:
        with self.database.write() as connection:
            connection.execute(sa.update(item).values(merged_into=None))
            for table in reversed(metadata.sorted_tables):
                connection.execute(sa.delete(table))
        self.world = World(self.database)
        self.model = Model()
        self.workers = [Worker(self.world)]
        self.works: list[str] = []
        self.began = self.world.now
        self.readers: list[Subscriber] = []
        self.join()
        self.join()
        self.go_on(is_weak=False, source=CURATED)

    # --- what happens in the world ---

    @precondition(lambda self: len(self.readers) < 3)
    @rule()
    def join(self) -> None:
        reader = self.world.reader(f"reader{len(self.readers)}", max_items=50)
        self.readers.append(reader)
        self.model.people[reader.id] = Person()

    @precondition(lambda self: len(self.works) < 12)
    @rule(is_weak=st.booleans(), source=st.sampled_from([PLAIN, CURATED]))
    def announce(self, is_weak: bool, source: Any) -> None:
        name = f"{len(self.works)}{'weak' if is_weak else ''}"
        self.works.append(name)
        self._list(name, source)

    @precondition(lambda self: self.world.now - self.began < LONGEST and len(self.works) < 12)
    @rule(is_weak=st.booleans(), source=st.sampled_from([PLAIN, CURATED]))
    def go_on(self, is_weak: bool, source: Any) -> None:
        """There is news, and somebody's turn comes."""
        self.announce(is_weak, source)
        turns = [due for one in self.readers if (due := self.world.get(one).next_due_at) and due > self.world.now]
        self.world.now = min(turns, default=self.world.now)
        self.plan(is_forced=False, is_late=False)

    @precondition(lambda self: self.works)
    @rule(data=st.data(), source=st.sampled_from([PLAIN, CURATED]))
    def list_again(self, data: Any, source: Any) -> None:
        self._list(data.draw(st.sampled_from(self.works)), source=source)

    @precondition(
        lambda self: any("weak" in one for one in self.works) and any("weak" not in one for one in self.works)
    )
    @rule(data=st.data())
    def turn_out_to_be_one(self, data: Any) -> None:
        strong = data.draw(st.sampled_from([one for one in self.works if "weak" not in one]))
        weak = data.draw(st.sampled_from([one for one in self.works if "weak" in one]))
        joined(self.world, strong, weak)

    @precondition(lambda self: self.world.now - self.began < LONGEST and len(self.works) < 12)
    @rule(data=st.data())
    def go_on_with_a_twin(self, data: Any) -> None:
        """There is news, and it turns out to be an older work once it is planned."""
        strong = data.draw(st.sampled_from([one for one in self.works if "weak" not in one]))
        self.go_on(is_weak=True, source=PLAIN)
        joined(self.world, strong, self.works[-1])

    def _list(self, name: str, source: Any = PLAIN) -> None:
        self.world.list(self.world.untitled(name) if "weak" in name else self.world.paper(name), source=source)

    @precondition(lambda self: self.world.now - self.began < LONGEST)
    @rule(step=st.sampled_from(STEPS))
    def pass_time(self, step: timedelta) -> None:
        self.world.now += step

    # --- what the program does ---

    @rule(is_forced=st.booleans(), is_late=st.booleans())
    def plan(self, is_forced: bool, is_late: bool) -> None:
        self.world.plan(is_forced=is_forced, late_sources=("daily-papers",) if is_late else ())

    @rule()
    def sweep(self) -> None:
        self.world.courier.sweep()

    @rule()
    def tick(self) -> None:
        """A whole run in which all goes well."""
        self.world.courier.sweep()
        self.world.plan()
        self.claim(50)
        self._begin(self.workers[-1])
        self._end(self.workers[-1], [(SENT, True)])

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        self.workers[-1].claim(limit)

    @rule()
    def start_another_worker(self) -> None:
        self.workers = [*self.workers[-1:], Worker(self.world)]

    @rule()
    def begin(self) -> None:
        for worker in self.workers:
            self._begin(worker)

    @rule(ends=st.lists(st.sampled_from(ENDS), min_size=1, max_size=3))
    def send(self, ends: list[tuple[SendResult, bool]]) -> None:
        """All that may be sent, without a pause."""
        self.claim(50)
        self.begin()
        self.end(ends)

    @rule(ends=st.lists(st.sampled_from(ENDS), min_size=1, max_size=3))
    def end(self, ends: list[tuple[SendResult, bool]]) -> None:
        for worker in self.workers:
            self._end(worker, ends)

    @rule(has_it=st.booleans())
    def die(self, has_it: bool) -> None:
        """All workers are killed; what was on its way the server has, or not."""
        for worker in self.workers:
            for one in worker.held:
                if has_it and one.may_end(self.world.now):
                    self.model.accepted(one)
        self.workers = [Worker(self.world)]

    @rule()
    def stop(self) -> None:
        """A worker that is asked to stop gives back what it has only claimed."""
        for worker in self.workers:
            self.world.courier.outbox.give_back(worker.token, self.world.now)
            worker.held = [one for one in worker.held if one.begun_at]

    def _begin(self, worker: Worker) -> None:
        for one in worker.step(begin=[one for one in worker.held if not one.begun_at]):
            assert self.world.now < one.row.deadline
            self.model.begins(one, self._today())

    def _end(self, worker: Worker, ends: list[tuple[SendResult, bool]]) -> None:
        begun = [one for one in worker.held if one.begun_at]
        told = [(one, *ends[place % len(ends)]) for place, one in enumerate(begun)]
        fenced = [
            (one, *((result, has_it) if one.may_end(self.world.now) else (DOWN, False))) for one, result, has_it in told
        ]
        for one, _, has_it in fenced:
            if has_it:
                self.model.accepted(one)
        worker.step(settle=[(one, result) for one, result, _ in fenced])
        for one, result, _ in fenced:
            if result.fault is Fault.RECIPIENT:
                self._look_at_suppression(one.row.subscriber)

    def _look_at_suppression(self, person: int) -> None:
        """A refusal suppresses an address, unless its row was somebody else's by then."""
        reader = next(one for one in self.readers if one.id == person)
        self.model.people[person].is_suppressed = self.world.get(reader).is_suppressed

    # --- what people say ---

    @rule(data=st.data(), word=st.sampled_from(["unsubscribe", "pause"]))
    def leave(self, data: Any, word: str) -> None:
        reader = data.draw(st.sampled_from(self.readers))
        if word == "pause":
            self.world.standing.pause(reader.email, None, self.world.now)
        else:
            self.world.standing.unsubscribe(reader.email, self.world.now)
        self.model.people[reader.id].is_active = False

    @rule(data=st.data())
    def come_back(self, data: Any) -> None:
        reader = data.draw(st.sampled_from(self.readers))
        self.world.standing.resume(reader.email, self.world.now)
        self.model.people[reader.id].is_active = True

    @rule(data=st.data())
    def suppress_or_free(self, data: Any) -> None:
        reader = data.draw(st.sampled_from(self.readers))
        person = self.model.people[reader.id]
        if person.is_suppressed:
            self.world.standing.unsuppress(reader.email, why="asked", now=self.world.now)
        else:
            self.world.standing.suppress(reader.email, reason="complaint", evidence="", now=self.world.now)
        person.is_suppressed = not person.is_suppressed

    @rule(
        data=st.data(),
        hour=st.integers(0, 23),
        zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"]),
    )
    def change_hour(self, data: Any, hour: int, zone: str) -> None:
        reader = self.world.get(data.draw(st.sampled_from(self.readers)))
        profile = replace(reader.profile, send_at=time(hour), timezone=zone)
        with self.database.write() as connection:
            self.world.standing._change_profile(connection, reader, profile, self.world.now)

    # --- what must hold ---

    @invariant()
    def the_laws_hold(self) -> None:
        if not hasattr(self, "model"):
            return
        rows = self._rows()
        self.model.check(rows, {one.id: self.world.get(one).floor for one in self.readers})
        self.model.check_mentions(rows, self._mentions("delivery"))
        with self.database.read() as connection:
            totals = self.world.ledger.totals(connection)
        assert sum(sum(reasons.values()) for reasons in totals.values()) == len(rows)

    def teardown(self) -> None:
        """Let a few days pass in which all goes well: then nothing may be open, and nothing lost."""
        if not hasattr(self, "model"):
            return
        self.die(has_it=False)
        for _ in range(20):
            self.world.now += timedelta(hours=3)
            self.tick()
        self.the_laws_hold()
        mentioned = defaultdict(set)
        today = self._today()
        for person, works in self._mentions("subscriber").items():
            mentioned[person] = {today[work] for work in works}
        self.model.check_quiet(self._rows(), self._announced(), mentioned)
        with self.database.read() as connection:
            assert self.world.people.due(connection, self.world.now) == []

    # --- what the store says ---

    def _rows(self) -> list[Delivery]:
        with self.database.read() as connection:
            return [delivery_of(row) for row in connection.execute(sa.select(delivery))]

    def _mentions(self, by: str) -> dict[int, set[int]]:
        with self.database.read() as connection:
            found: dict[int, set[int]] = defaultdict(set)
            for one, work in connection.execute(sa.select(mention.c[by], mention.c.item)):
                found[one].add(work)
            return found

    def _today(self) -> dict[int, int]:
        """{item: the one that it has become}."""
        with self.database.read() as connection:
            return dict(self.world.items.resolve(connection, list(connection.execute(sa.select(item.c.id)).scalars())))

    def _announced(self) -> dict[int, set[int]]:
        with self.database.read() as connection:
            found: dict[int, set[int]] = defaultdict(set)
            for edition, work in connection.execute(sa.select(announcement.c.edition, announcement.c.item)):
                found[edition].add(work)
            return found


@pytest.mark.timeout(1800 if IS_LONG else 120)
def test_whatever_happens_the_ledger_keeps_its_laws(database: Database) -> None:
    class Here(Lives):
        pass

    Here.database = database
    examples, steps = (150, 50) if IS_LONG else (20, 30)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
