"""`digest run`: it serves who is due, keeps a second one out, lets `digest send` work beside it, stops when asked."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cli.place import FRIDAY, Done, Place, ended

STOPS = 20  # seconds, generous for a machine that has other things to do; a silent source may take 120
EARLY = "2026-11-20T06:00:00+00:00"  # nobody is due yet


@pytest.fixture
def running(place: Place) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `digest run`, and ends it with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*before: str) -> subprocess.Popen[str]:
        started.append(place.start(*before, "run"))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def silent_source() -> Iterator[tuple[int, threading.Event]]:
    """A host that takes connections and says nothing: its port, and whether somebody has come."""
    reached, done = threading.Event(), threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            reached.set()
            done.wait(60)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], reached
        if not reached.is_set():  # nobody came: the thread still waits
            socket.create_connection(listener.getsockname()).close()
        done.set()
        thread.join()


def told(process: subprocess.Popen[str], words: str) -> str:
    """What a process says on standard error, up to a line with these words."""
    assert process.stderr is not None
    said = ""
    while line := process.stderr.readline():
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended without saying {words!r}: {said}")


def stopped(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> Done:
    process.send_signal(number)
    return ended(process, STOPS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_a_reader_who_is_due_and_stops_when_asked(place, running, number):
    place.list("2026-11-20", "one")
    process = running("--clock", FRIDAY)
    told(process, "sent: 1 letter sent")
    assert stopped(process, number).status == 0
    assert len(place.letters()) == 1
    assert place.at(FRIDAY, "status", "--json").json["runs"][0]["verdict"] == "sent"


def test_a_second_one_is_refused_and_a_send_beside_it_works(place, running):
    process = running("--clock", EARLY)
    told(process, "running")
    second = ended(running("--clock", EARLY))
    assert (second.status, second.out) == (1, "")
    assert "another `digest run`" in second.err
    place.list("2026-11-20", "one")
    beside = place.command("--clock", EARLY, "send", "--now", "--json")
    assert (beside.status, beside.json["sent"]) == (0, 1)
    assert stopped(process).status == 0
    third = running("--clock", EARLY)  # the lock went with its holder
    told(third, "running")
    assert stopped(third).status == 0


def test_a_second_one_is_refused_on_a_server_too(place, store, running):
    place.configure(store=store)
    process = running("--clock", FRIDAY)
    told(process, "running")
    second = ended(running("--clock", FRIDAY))
    assert second.status == 1
    assert "another `digest run`" in second.err
    assert stopped(process).status == 0


def test_it_stops_while_a_source_keeps_it_waiting(place, running, silent_source):
    port, reached = silent_source
    place.configure(
        sources=[{"name": "slow", "kind": "huggingface", "url": f"http://127.0.0.1:{port}/"}],
        fetch={"allow_private": ["127.0.0.1"]},
    )
    process = running("--clock", FRIDAY)
    assert reached.wait(60)
    assert stopped(process).status == 0


def test_it_finishes_the_letter_in_flight_and_leaves_the_others_for_the_next(place, running, sink):
    readers = [f"reader{number}" for number in range(20)]
    place.readers(*readers)
    place.list("2026-11-20", "one")
    place.mail_to(sink.port)
    sink.may_answer.clear()
    process = running("--clock", FRIDAY)
    assert sink.reached.wait(60)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)  # for the signal to be heard
    sink.may_answer.set()
    assert ended(process, STOPS).status == 0
    in_flight = len(sink.taken)
    assert 1 <= in_flight <= 4  # one for each connection at most
    assert place.at(FRIDAY, "status", "--json").json["ledger"] == {"planned": 20 - in_flight, "sent": in_flight}
    assert place.at(FRIDAY, "send").status == 0
    assert sink.letters() == dict.fromkeys((f"{name}@example.org" for name in readers), 1)


def test_what_cannot_run_does_not_start(place, running):
    place.configure(delivery={"transport": "smtp", "smtp": {"host": "127.0.0.1"}})
    done = ended(running())
    assert (done.status, done.out) == (1, "")
    assert "postal_address" in done.err
    assert not any(place.contents().values())


def test_a_store_of_another_clock_is_left_alone(place, running):
    assert place.at(FRIDAY, "subscribers", "list").status == 0
    before = place.contents()
    done = ended(running())
    assert done.status == 1
    assert "simulation" in done.err
    assert place.contents() == before | {"meta": place.contents()["meta"]}  # a key may have been made


def test_a_source_that_fails_does_not_end_it(place, running):
    process = running("--clock", FRIDAY)  # there is no listing
    told(process, "failed")
    assert process.poll() is None
    assert stopped(process).status == 0
