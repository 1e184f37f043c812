"""The stories of `tests/pipeline/test_scenarios.py` that need a worker who is slow, or a server whose word is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.model import Digest, Kind, SendResult, State, Status
from digest.store.aside import set_files_aside
from digest.store.connect import Database
from digest.store.ledger import Plan
from digest.store.outbox import Frozen
from tests.delivery.scripted_smtp import ScriptedServer
from tests.fakes import CUT_AFTER_DOT, NO_SUCH_USER, REFUSED
from tests.ledger.worker import SENT, Worker, settled
from tests.world import CURATED, PLAIN, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def in_doubt(world: World) -> Any:
    """A reader whose letter of Monday was cut after the dot."""
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one", source=PLAIN)
    world.at("2026-08-17 07:30").plan()
    worker = Worker(world)
    (letter,) = worker.claim()
    settled(worker, letter, CUT_AFTER_DOT)
    assert world.rows(ada) == {"2026-08-17": "unknown"}
    return ada


# --- 3: letters in doubt ---


@pytest.mark.parametrize("refusal", [REFUSED, NO_SUCH_USER])
def test_3a_what_was_in_doubt_ends_so_although_the_second_try_is_refused(world: World, refusal: SendResult) -> None:
    ada = in_doubt(world)
    worker = Worker(world)
    (again,) = worker.claim()
    settled(worker, again, refusal)
    assert world.rows(ada) == {"2026-08-17": "unknown"}
    assert world.mentions(ada) == 1


def test_3b_what_has_arrived_is_not_told_again_although_the_second_try_was_refused(world: World) -> None:
    ada = in_doubt(world)
    worker = Worker(world)
    (again,) = worker.claim()
    settled(worker, again, REFUSED)
    world.at("2026-08-18 07:00").list("one", source=CURATED)
    world.at("2026-08-18 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "unknown", "2026-08-18": "skipped: nothing-new"}
    assert world.letters(ada) == 0


def test_3c_a_second_try_whose_lease_ran_out_is_in_doubt_as_before(world: World) -> None:
    ada = in_doubt(world)
    Worker(world).claim()
    world.at("2026-08-17 07:50").courier.sweep()
    assert world.rows(ada) == {"2026-08-17": "unknown"}
    world.at("2026-08-18 07:00").list("one", source=CURATED)
    world.at("2026-08-18 07:30").plan()
    assert world.rows(ada) == {"2026-08-17": "unknown", "2026-08-18": "skipped: nothing-new"}


def test_3d_a_letter_in_doubt_is_not_folded(world: World) -> None:
    ada = in_doubt(world)
    world.at("2026-08-18 07:00").list("one", "two", source=CURATED)
    world.at("2026-08-18 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "unknown", "2026-08-18": "sent"}
    assert world.arrived(ada) == {"two": 1}


def test_3e_no_second_try_once_the_next_letter_is_planned(world: World) -> None:
    ada = in_doubt(world)
    world.at("2026-08-18 07:00").list("two")
    world.at("2026-08-18 07:30").plan()
    assert [one.row.slot for one in Worker(world).claim(9)] == ["2026-08-18"]
    assert world.rows(ada)["2026-08-17"] == "unknown"


def test_3f_a_second_try_that_never_began_is_not_the_last(world: World) -> None:
    ada = in_doubt(world)
    Worker(world).claim()  # and dies
    world.at("2026-08-17 07:50").courier.sweep()
    stopped = Worker(world)
    stopped.claim()
    world.courier.outbox.give_back(stopped.token, world.now)
    world.deliver()
    assert world.rows(ada) == {"2026-08-17": "sent"}
    assert world.arrived(ada) == {"one": 1}


def test_3g_there_is_no_third_try(world: World) -> None:
    ada = in_doubt(world)
    worker = Worker(world)
    (again,) = worker.claim()
    settled(worker, again, CUT_AFTER_DOT)
    assert Worker(world).claim() == []
    assert world.rows(ada) == {"2026-08-17": "unknown"}


# --- 12: a worker that was stopped ---


def test_12_who_left_while_a_worker_was_stopped_gets_no_letter_when_it_wakes(world: World) -> None:
    lease = timedelta(seconds=2)
    world.now = datetime.now(UTC)
    ada = world.reader()
    world.list("one")
    world.plan(is_forced=True)
    store = world.database.url.set(drivername=world.database.dialect).render_as_string(hide_password=False)
    with ScriptedServer() as server:
        command = [sys.executable, "-m", "tests.pipeline.stopped", store, str(server.port), str(lease.total_seconds())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            assert list(world.rows(ada).values()) == ["sending"]
            time.sleep(lease.total_seconds() + 0.5)
            world.now = datetime.now(UTC)
            world.courier.sweep()
            world.standing.unsubscribe(ada.email, world.now)
            while process.poll() is None:  # it stops once more before it learns that the second try is refused
                process.send_signal(signal.SIGCONT)
                time.sleep(0.1)
            assert process.returncode == 0
            process.communicate()
        server.settle()
        assert server.bodies == []
    assert list(world.rows(ada).values()) == ["unknown"]


# --- 16: files and mail by turns ---


def test_16_only_what_was_written_into_files_is_set_aside(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    world.at("2026-08-17 07:30").run()
    disk = World(world.database, transport="files").at("2026-08-18 07:00")
    disk.list("two")
    disk.at("2026-08-18 07:30").run()
    assert disk.arrived(ada) == {"two": 1}
    world.at("2026-08-18 20:00")
    with world.database.write() as connection:
        set_files_aside(connection, world.people, first_floor=world.items.first_floor(connection, 3), now=world.now)
    world.at("2026-08-19 07:30").run()
    assert world.arrived(ada) == {"one": 1, "two": 1}


# --- 20, 21: the last check and the last word ---


def test_20_what_is_refused_every_day_is_given_up_and_the_next_letter_goes(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("poison")
    for day in ("2026-08-17", "2026-08-18"):
        world.transport.answers = [REFUSED]
        world.at(f"{day} 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "failed: content", "2026-08-18": "failed: refused"}
    world.at("2026-08-19 07:00").list("two")
    world.at("2026-08-19 07:30").run()
    assert world.arrived(ada) == {"two": 1}


@pytest.mark.parametrize(
    ("kind", "values", "may_leave"),
    [
        (Kind.CONFIRM, {"status": Status.PENDING}, True),
        (Kind.CONFIRM, {"status": Status.ACTIVE}, False),
        (Kind.CONFIRM, {"status": Status.PENDING, "is_suppressed": True}, False),
        (Kind.GOODBYE, {"status": Status.UNSUBSCRIBED}, True),
        (Kind.GOODBYE, {"status": Status.UNSUBSCRIBED, "is_suppressed": True}, False),
        (Kind.REPLY, {"status": Status.PENDING}, True),
        (Kind.REPLY, {"status": Status.ACTIVE, "is_suppressed": True}, False),
        (Kind.DIGEST, {"status": Status.ACTIVE}, True),
        (Kind.DIGEST, {"status": Status.PENDING}, False),
        (Kind.DIGEST, {"status": Status.ACTIVE, "is_absent": True}, False),
        (Kind.TEST, {"status": Status.PAUSED}, False),
    ],
)
def test_21_the_last_check_asks_by_kind(world: World, kind: Kind, values: dict[str, Any], may_leave: bool) -> None:
    ada = world.reader()
    world.change(ada, **values)
    later = world.now + timedelta(hours=1)
    plan = Plan(window=(0, 0), due_at=world.now, deadline=later, transport="smtp", now=world.now)
    with world.database.write() as connection:
        world.ledger.add(connection, ada.id, kind, "its cause", plan)
    (row,) = world.courier.outbox.claim(token="a worker", now=world.now, limit=1)
    assert world.courier.outbox.begin(row, blank(world.now), now=world.now) is may_leave
    with world.database.read() as connection:
        assert world.ledger.get(connection, row.id).state is (State.SENDING if may_leave else State.CANCELLED)


def blank(now: datetime) -> Frozen:
    return Frozen(
        digest=Digest(), subject="", language="en", date_header=now, message_id="<a@example.org>", template_version=""
    )


def test_a_letter_is_sent_once_more_word_for_word_by_another_worker(world: World) -> None:
    ada = in_doubt(world)
    world.at("2026-08-17 08:00")
    worker = Worker(world)
    (again,) = worker.claim()
    settled(worker, again, SENT)
    assert world.rows(ada) == {"2026-08-17": "sent"}
    assert again.row.message_id == again.frozen.message_id
