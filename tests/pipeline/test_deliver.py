"""Sending over several connections: each letter once, whatever becomes of a connection, a process or one row."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event, Thread
from types import CodeType
from typing import Any

import pytest
import sqlalchemy as sa

from digest.delivery.breaker import BURST, WAITS
from digest.delivery.smtp import SmtpTransport, Timeouts
from digest.delivery.turns import aside
from digest.errors import SetupError, StoreError
from digest.model import Fault, Message, SendResult, State, Subscriber
from digest.pipeline.books import Books
from digest.pipeline.commit import Committer
from digest.pipeline.deliver import Courier, Delivered
from digest.pipeline.typeset import Imprint
from digest.ports import Ask, Limit, Talk
from digest.store.connect import Database
from digest.store.group import Answer
from digest.store.outbox import Frozen, Outbox
from digest.subscribers.tokens import Keyring
from tests.delivery.scripted_smtp import CUT, ScriptedServer
from tests.fakes import DOWN, NO_SUCH_USER, REFUSED, FakeTransport
from tests.pipeline.stopped import courier as courier_in_real_time
from tests.world import NOTICES, PRESS, SENDER, World

PIPELINING = {"EHLO": b"250-scripted.test\r\n250 PIPELINING\r\n"}
OURS = SendResult(state=State.FAILED, fault=Fault.OURS, code=550, text="MAIL: 550 5.1.8 who are you?")


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def planned(world: World, readers: int) -> list[Subscriber]:
    """So many readers, each with a letter to be sent."""
    people = [world.reader(f"reader{number}") for number in range(readers)]
    world.at("2026-08-17 07:00").list("one", "two")
    world.at("2026-08-17 07:30").plan()
    return people


def courier(world: World, transport: Callable[[], Any], **options: Any) -> Courier:
    values: dict[str, Any] = {"connections": 4, "sleep": lambda _: None}
    return Courier(
        world.database,
        imprint=Imprint(
            press=PRESS,
            notices=NOTICES,
            domain="example.org",
            envelope_from=SENDER.address,
            attributions={},
            sample_sources=frozenset(),
        ),
        keyring=Keyring(b"a key for tests"),
        transport=transport,
        clock=lambda: world.now,
        resend_unknown=True,
        random=Random(1),
        **values | options,
    )


def to(server: ScriptedServer) -> Callable[[], SmtpTransport]:
    return lambda: SmtpTransport(
        "127.0.0.1", server.port, tls="none", hello="me", timeouts=Timeouts(command=10, dot=10)
    )


def recipients(server: ScriptedServer) -> Counter[bytes]:
    """{recipient: letters taken whole}."""
    heads = [body.split(b"\r\n\r\n")[0] for body in server.bodies]
    return Counter(line for head in heads for line in head.split(b"\r\n") if line.startswith(b"To:"))


def address_of(database: Database) -> str:
    return database.url.set(drivername=database.dialect).render_as_string(hide_password=False)


def states(world: World, people: list[Subscriber]) -> Counter[str]:
    return Counter(world.rows(person)["2026-08-17"] for person in people)


# --- several connections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [{}, PIPELINING], ids=["one by one", "pipelined"])
def test_each_letter_leaves_once_over_four_connections(world: World, extensions: dict[str, bytes]) -> None:
    people = planned(world, 40)
    with ScriptedServer(extensions) as server:
        delivered = courier(world, to(server)).run()
        server.settle()
        assert (delivered.states, delivered.balances) == ({State.SENT: 40}, True)
        assert set(recipients(server).values()) == {1}
        assert len(server.bodies) == 40
        assert 1 < server.connections <= 4
    assert states(world, people) == {"sent": 40}
    assert all(world.get(person).floor == 1 for person in people)


def test_two_runs_at_once_share_the_letters(world: World) -> None:
    people = planned(world, 40)
    with ScriptedServer(PIPELINING) as server:
        done: list[Delivered] = []
        runs = [Thread(target=lambda: done.append(courier(world, to(server)).run())) for _ in range(2)]
        for run in runs:
            run.start()
        for run in runs:
            run.join(60)
        server.settle()
        assert sum(delivered.states[State.SENT] for delivered in done) == 40
        assert all(delivered.balances for delivered in done)
        assert set(recipients(server).values()) == {1}
    assert states(world, people) == {"sent": 40}


def test_letters_that_are_refused_or_cut_spoil_no_other(world: World) -> None:
    people = planned(world, 24)
    fine = b"250 2.0.0 taken\r\n"
    script = PIPELINING | {
        "RCPT": [
            b"250 ok\r\n",
            b"550 5.1.1 no such user\r\n",
            *[b"250 ok\r\n"] * 6,
            b"450 4.2.0 later\r\n",
            b"250 ok\r\n",
        ],
        "DOT": [fine, b"554 5.6.0 not like this\r\n", fine, fine, b"451 4.3.0 later\r\n", fine, CUT, fine],
    }
    with ScriptedServer(script) as server:
        delivered = courier(world, to(server)).run()
        server.settle()
    # the letter that was cut after the dot is sent once more, with the same Message-ID
    assert delivered.balances
    assert delivered.states == {State.SENT: 20, State.FAILED: 2, State.DEFERRED: 2}
    with world.database.read() as connection:
        books = Books.of(world.ledger.totals(connection), world.ledger.count(connection))
    assert str(books) == (
        "24 due = 24 planned + 0 skipped; 24 planned = 20 sent + 2 failed + 0 cancelled + 0 unknown + 2 open"
    )
    assert states(world, people) == {"sent": 20, "failed: content": 1, "failed: recipient": 1, "deferred: network": 2}
    assert sum(world.get(person).is_suppressed for person in people) == 1
    ids = [line for body in server.bodies for line in body.split(b"\r\n") if line.startswith(b"Message-ID:")]
    assert len(ids) - len(set(ids)) == 1


def test_one_bad_row_never_spoils_the_group(world: World) -> None:
    people = planned(world, 12)
    leaving, broken = people[3], people[7]

    def while_they_are_claimed(message: Message) -> None:
        if message.recipient == people[0].email:
            world.standing.unsubscribe(leaving.email, world.now)
            world.change(broken, is_suppressed=True)

    class Watched(FakeTransport):
        def send(self, message: Message, begin: Ask, **more: Any) -> Talk[SendResult]:
            while_they_are_claimed(message)
            return super().send(message, begin, **more)

    post = Watched()
    delivered = courier(world, lambda: post, connections=1).run()
    assert delivered.states == {State.SENT: 10, State.CANCELLED: 2}
    assert delivered.balances
    assert world.rows(leaving) == {"2026-08-17": "cancelled: unsubscribed"}
    assert world.rows(broken) == {"2026-08-17": "cancelled: suppressed"}


def is_below(function: Callable[..., Any]) -> bool:
    """Whether this is called by a function, or by what that has called."""
    return any(frame is function.__code__ for frame in callers())


def callers() -> Iterator[CodeType]:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        yield frame.f_code


class Shaky(Database):
    """A store that cannot be written to for a moment, once a letter is ready to begin."""

    failures = 0

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        if self.failures and is_below(Committer.write):
            self.failures -= 1
            raise StoreError("locked")
        with super().write() as connection:
            yield connection


def test_a_store_that_fails_for_a_moment_loses_and_doubles_nothing(world: World) -> None:
    people = planned(world, 5)
    world.database, post = Shaky(address_of(world.database)), FakeTransport()
    world.database.failures = 2
    try:
        assert courier(world, lambda: post).run().states == {State.SENT: 5}
        assert states(world, people) == {"sent": 5}
    finally:
        world.database.close()
    assert len(post.taken) == 5


class FullOnce(Database):
    """A store whose disk is full when the second step is written, and never again."""

    writes = 0

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        self.writes += is_below(Committer.write)
        if self.writes == 2:
            raise OSError("no space left on device")
        with super().write() as connection:
            yield connection


def test_nothing_begins_after_an_end_that_could_not_be_written_down(world: World) -> None:
    planned(world, 2)
    database = FullOnce(address_of(world.database))
    outbox = Outbox(database)
    first, second = outbox.claim(token="mine", now=world.now, limit=2)
    frozen = Frozen(
        digest=first.digest,
        subject="Papers",
        language="en",
        date_header=world.now,
        message_id="<1@example.org>",
        template_version="1",
    )
    told: list[Answer] = []
    committer = Committer(outbox, lambda: world.now)
    try:
        committer.begin(first, frozen, told.append)
        committer.write()
        committer.settle(first, SendResult(state=State.SENT), next_try_at=world.now, tell=told.append)
        committer.write()
        committer.begin(second, frozen, told.append)
        committer.write()
    finally:
        database.close()
    assert told[0] is True
    assert all(isinstance(answer, OSError) and "no space" in str(answer) for answer in told[1:])


# --- failures of more than one letter -----------------------------------------------------------------------------


def test_no_server_costs_a_handful_of_letters_and_no_more(world: World) -> None:
    people = planned(world, 40)
    post, pauses = FakeTransport(), list[float]()
    post.answers = [DOWN] * 100
    delivered = courier(world, lambda: post, connections=1, sleep=pauses.append).run()
    assert pauses == list(WAITS)
    assert "connection refused" in delivered.stopped_by
    assert delivered.states == {State.DEFERRED: BURST + len(WAITS)}
    assert states(world, people) == {"deferred: network": BURST + len(WAITS), "planned": 40 - BURST - len(WAITS)}
    assert delivered.balances


def test_a_server_that_comes_back_is_found_by_a_probe(world: World) -> None:
    planned(world, 20)
    post = FakeTransport()
    post.answers = [DOWN] * (BURST + 1)
    delivered = courier(world, lambda: post, connections=1).run()
    assert delivered.stopped_by == ""
    assert delivered.pauses == ("connection refused",)
    assert delivered.states == {State.DEFERRED: BURST + 1, State.SENT: 20 - BURST - 1}


def test_our_own_fault_suppresses_nobody_and_keeps_their_letters(world: World) -> None:
    people = planned(world, 20)
    post = FakeTransport()
    post.answers = [OURS] * 100
    delivered = courier(world, lambda: post, connections=1).run()
    assert "5.1.8" in delivered.stopped_by
    assert delivered.states == {State.DEFERRED: 1 + len(WAITS)}
    assert not any(world.get(person).is_suppressed for person in people)
    assert all(world.mentions(person) == 2 for person in people)
    world.at("2026-08-17 09:00")
    post.answers = []
    assert courier(world, lambda: post).run().states == {State.SENT: 20}


def test_a_set_up_that_forbids_sending_stops_at_once(world: World) -> None:
    people = planned(world, 20)
    post = FakeTransport()
    post.answers = [SetupError("TLS failed")] * 4
    delivered = courier(world, lambda: post).run()
    assert (delivered.stopped_by, delivered.states, delivered.balances) == ("TLS failed", {}, True)
    assert states(world, people) == {"planned": 20}


def test_a_domain_that_asks_for_patience_rests_and_the_others_go_on(world: World) -> None:
    people = planned(world, 40)
    for person in people[1::2]:
        world.change(person, email=f"other{person.id}@busy.example")
    throttled = SendResult(state=State.DEFERRED, fault=Fault.NETWORK, code=450, text="RCPT: 450 4.7.1 too much")

    class Busy(FakeTransport):
        offered = 0

        def send(self, message: Message, begin: Ask, **more: Any) -> Talk[SendResult]:
            if message.recipient.endswith("@busy.example"):
                self.offered += 1
                return throttled
            return (yield from super().send(message, begin, **more))

    post = Busy()
    delivered = courier(world, lambda: post, connections=1).run()
    assert delivered.states == {State.SENT: 20, State.DEFERRED: 20}
    assert post.offered < 20
    assert "its destination has asked for patience" in delivered.texts
    assert delivered.balances


def test_one_reply_in_twenty_that_asks_for_later_is_served_before_the_deadline(world: World) -> None:
    """Every command may be put off, a second try too: nobody's letter is lost, late or doubled by it."""
    people = planned(world, 40)
    deadline, chance, put_off = world.now + timedelta(hours=12), Random(1), Counter[State]()
    with ScriptedServer(PIPELINING | {phase: _mostly(chance, polite) for phase, polite in _POLITE}) as server:
        while world.now < deadline and states(world, people) != {"sent": 40}:
            put_off += courier(world, to(server)).run().states
            world.now += timedelta(minutes=40)
        server.settle()
        assert put_off[State.DEFERRED] > 0
        assert set(recipients(server).values()) == {1}
    assert states(world, people) == {"sent": 40}


_POLITE = (("MAIL", b"250 fine\r\n"), ("RCPT", b"250 fine\r\n"), ("DATA", b"354 go ahead\r\n"))


def _mostly(chance: Random, polite: bytes) -> list[bytes]:
    """Replies of which one in twenty asks for patience, and the last one does not."""
    return [chance.choices([polite, b"450 4.2.0 come back later\r\n"], [19, 1])[0] for _ in range(200)] + [polite]


def test_content_refused_two_slots_running_is_not_offered_a_third_time(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    for day in ("2026-08-17", "2026-08-18"):
        world.transport.answers = [REFUSED]
        world.at(f"{day} 07:30").run()
    assert world.rows(ada) == {"2026-08-17": "failed: content", "2026-08-18": "failed: refused"}
    assert world.mentions(ada) == 1
    world.at("2026-08-19 07:00").list("two")
    world.at("2026-08-19 07:30").run()
    assert world.arrived(ada) == {"two": 1}


def test_a_refusal_long_ago_does_not_count(world: World) -> None:
    ada = world.reader()
    world.at("2026-08-17 07:00").list("one")
    for answers, day in (([REFUSED], "2026-08-17"), ([], "2026-08-18")):
        world.transport.answers = list(answers)
        world.at(f"{day} 07:30").run()
    world.at("2026-08-19 07:00").list("two")
    world.transport.answers = [REFUSED]
    world.at("2026-08-19 07:30").run()
    assert world.rows(ada)["2026-08-19"] == "failed: content"
    assert world.mentions(ada) == 1  # of what was sent on the 18th


def test_an_unknown_address_is_suppressed_and_an_unknown_sender_is_not(world: World) -> None:
    people = planned(world, 2)
    world.transport.answers = [NO_SUCH_USER, OURS]
    courier(world, lambda: world.transport, connections=1).run()
    assert sorted(world.get(person).is_suppressed for person in people) == [False, True]


# --- rates --------------------------------------------------------------------------------------------------------


def test_a_rate_holds_at_the_server_for_every_minute(world: World) -> None:
    planned(world, 30)
    left: list[datetime] = []

    class Timed(FakeTransport):
        def send(self, message: Message, begin: Ask, **more: Any) -> Talk[SendResult]:
            left.append(world.now)
            return super().send(message, begin, **more)

    def sleep(seconds: float) -> None:
        world.now += timedelta(seconds=seconds)

    post, minute = Timed(), timedelta(minutes=1)
    delivered = courier(world, lambda: post, limits=[Limit(7, minute)], sleep=sleep).run()
    assert delivered.states == {State.SENT: 30}
    assert max(sum(one <= other < one + minute for other in left) for one in left) == 7


# --- stopping -----------------------------------------------------------------------------------------------------


def test_stopping_ends_what_is_in_flight_and_gives_the_rest_back(world: World) -> None:
    people = planned(world, 30)
    stopping, reached, may_answer = Event(), Event(), Event()

    class Slow(FakeTransport):
        def send(self, message: Message, begin: Ask, **more: Any) -> Talk[SendResult]:
            reached.set()
            yield aside(lambda: may_answer.wait(20))
            return (yield from super().send(message, begin, **more))

    post = Slow()
    done: list[Delivered] = []
    run = Thread(target=lambda: done.append(courier(world, lambda: post, is_stopping=stopping.is_set).run()))
    run.start()
    assert reached.wait(20)
    stopping.set()
    may_answer.set()
    run.join(30)
    assert 1 <= len(post.taken) <= 4
    assert done[0].states == {State.SENT: len(post.taken)}
    assert done[0].balances
    assert states(world, people) == {"sent": len(post.taken), "planned": 30 - len(post.taken)}


def test_a_process_stopped_for_longer_than_its_lease_doubles_nothing(world: World) -> None:
    lease = timedelta(seconds=2)
    world.now = datetime.now(UTC)
    ada = world.reader()
    world.list("one")
    world.plan(is_forced=True)
    store = address_of(world.database)
    with ScriptedServer(PIPELINING) as server:
        command = [sys.executable, "-m", "tests.pipeline.stopped", store, str(server.port), str(lease.total_seconds())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)  # the row says that it is being sent, and no octet has left
            assert list(world.rows(ada).values()) == ["sending"]
            time.sleep(lease.total_seconds() + 0.5)
            mine = courier_in_real_time(world.database, to(server), lease)
            assert mine.run().states == {State.SENT: 1}  # swept to unknown, and sent once more
            process.send_signal(signal.SIGCONT)
            out, _ = process.communicate(timeout=30)
        server.settle()
        assert len(server.bodies) == 1  # the one that woke has dropped its connection before the dot
        assert len(server.fragments) == 1
    assert process.returncode == 0
    assert out.strip() == "{}"
    assert list(world.rows(ada).values()) == ["sent"]
