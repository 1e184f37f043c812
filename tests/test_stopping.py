"""Being asked to stop: `digest send` ends what is in flight, gives the rest back, and the next run sends it."""

from __future__ import annotations

import signal
import threading
import time
from threading import Event

import pytest

from digest.app import build
from digest.clock import pretended_clock
from digest.model import Verdict
from digest.run import rehearse
from digest.stopping import stops_on_signals
from tests.cli.place import FRIDAY, Place, ended
from tests.cli.sink import Sink

SIGNALS = [signal.SIGTERM, signal.SIGINT]
READERS = [f"reader{number}" for number in range(20)]


@pytest.fixture
def mailing(place: Place, sink: Sink) -> Place:
    """A place with many readers, whose letters go to the sink."""
    place.readers(*READERS)
    place.list("2026-11-20", "one")
    place.mail_to(sink.port)
    return place


@pytest.mark.parametrize("number", SIGNALS)
def test_a_send_ends_the_letters_in_flight_and_the_next_one_sends_the_rest(mailing, store, sink, number):
    mailing.configure(store=store)
    sink.may_answer.clear()
    process = mailing.start("--clock", FRIDAY, "send", "--json")
    assert sink.reached.wait(60)
    process.send_signal(number)
    sink.may_answer.set()
    done = ended(process)
    in_flight = len(sink.taken)
    assert 1 <= in_flight <= 4  # one for each connection at most
    assert (done.status, done.err) == (1, "")
    assert (done.json["verdict"], done.json["sent"], done.json["unknown"]) == ("sent", in_flight, 0)
    assert "waits for the next run" in done.json["warnings"][-1]
    assert mailing.at(FRIDAY, "status", "--json").json["ledger"] == {"planned": 20 - in_flight, "sent": in_flight}
    again = mailing.at(FRIDAY, "send", "--json")
    assert (again.status, again.json["sent"], again.json["warnings"]) == (0, 20 - in_flight, [])
    assert sink.letters() == dict.fromkeys((f"{name}@example.org" for name in READERS), 1)


def test_a_send_that_is_asked_twice_ends_at_once_and_nothing_is_forgotten(mailing, sink):
    sink.may_answer.clear()
    process = mailing.start("--clock", FRIDAY, "send")
    assert sink.reached.wait(60)
    process.send_signal(signal.SIGINT)
    while process.poll() is None:  # two that come together are heard as one
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    assert process.returncode == -signal.SIGTERM
    process.communicate()
    ledger = mailing.at(FRIDAY, "status", "--json").json["ledger"]
    assert sum(ledger.values()) == 20
    assert ledger["sending"] >= 1


def test_a_rehearsal_stops_too(place):
    place.list("2026-11-20", "one")
    app = build(place.folder / "config.yaml", pretended_clock(FRIDAY), is_pretended=True)
    app.stopping.set()
    result = rehearse(app)
    assert (result.report.verdict, result.report.sent) == (Verdict.PARTIAL, 0)
    assert result.delivered.was_interrupted


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_heard_in_the_block_and_does_what_it_did_before_afterwards(number):
    heard, asked = [], Event()
    former = signal.signal(number, lambda *_: heard.append(number))
    try:
        with stops_on_signals(asked):
            signal.raise_signal(number)
            assert asked.is_set()
        assert heard == []
        signal.raise_signal(number)
        assert heard == [number]
    finally:
        signal.signal(number, former)


def test_a_thread_beside_the_main_one_leaves_signals_alone():
    before = [signal.getsignal(number) for number in SIGNALS]
    seen = []

    def work() -> None:
        with stops_on_signals(Event()):
            seen.extend(signal.getsignal(number) for number in SIGNALS)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == before
