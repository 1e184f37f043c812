"""What a burst of failures does: one letter at a time is tried, after longer and longer pauses, and then none."""

from __future__ import annotations

import pytest

from digest.delivery.breaker import BURST, WAITS, Breaker, is_failure
from digest.model import Fault, SendResult, State
from tests.fakes import CUT_AFTER_DOT, DOWN, NO_SUCH_USER, REFUSED

SENT = SendResult(state=State.SENT, code=250)
OURS = SendResult(state=State.FAILED, fault=Fault.OURS, code=550, text="5.7.1 relay access denied")


class Run:
    """A run of one connection, and how long it has paused."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.breaker = Breaker(sleep=self.pauses.append)

    def fare(self, *results: SendResult) -> int:
        """Let letters fare like this; how many were tried."""
        for tried, result in enumerate(results):
            answers: list[bool] = []
            self.breaker.enter(tried, answers.append)
            if answers == [False]:
                return tried
            self.breaker.leave(tried, result)
        return len(results)


@pytest.mark.parametrize("failure", [DOWN, REFUSED, CUT_AFTER_DOT])
def test_a_burst_of_failures_is_probed_and_then_ends_the_run(failure: SendResult) -> None:
    run = Run()
    assert run.fare(*[failure] * 50) == BURST + len(WAITS)
    assert run.pauses == list(WAITS)
    assert failure.text in run.breaker.given_up


def test_our_own_fault_needs_no_second_to_pause() -> None:
    run = Run()
    assert run.fare(OURS) == 1
    assert not run.breaker.is_closed
    assert run.fare(SENT, SENT) == 2
    assert (run.breaker.is_closed, run.pauses, run.breaker.given_up) == (True, [WAITS[0]], "")
    assert run.breaker.bursts == [OURS.text]


def test_failures_far_between_are_none() -> None:
    run = Run()
    run.fare(*([DOWN] * (BURST - 1) + [SENT]) * 10)
    assert (run.pauses, run.breaker.bursts) == ([], [])


@pytest.mark.parametrize(
    ("result", "is_one"),
    [
        (SENT, False),
        (NO_SUCH_USER, False),
        (SendResult(state=State.FAILED, code=552, text="5.2.2 mailbox full"), False),
        (SendResult(state=State.DEFERRED, fault=Fault.NETWORK, code=450, text="greylisted"), False),
        (SendResult(state=State.CANCELLED), False),
        (SendResult(state=State.DEFERRED, fault=Fault.NETWORK, code=421, text="closing"), True),
        (DOWN, True),
        (CUT_AFTER_DOT, True),
        (REFUSED, True),
        (OURS, True),
    ],
)
def test_what_counts_as_a_failure_of_more_than_one_letter(result: SendResult, is_one: bool) -> None:
    assert is_failure(result) is is_one


def test_while_one_is_on_trial_all_others_wait() -> None:
    run = Run()
    run.fare(*[DOWN] * BURST)
    answers: list[bool] = []
    for letter in ("on trial", "second", "third"):
        run.breaker.enter(letter, answers.append)
    assert answers == [True]
    run.breaker.leave("on trial", SENT)
    assert answers == [True] * 3
    assert run.pauses == [WAITS[0]]


def test_a_trial_that_was_not_made_leaves_its_turn_to_the_next() -> None:
    run = Run()
    run.fare(*[DOWN] * BURST)
    answers: list[bool] = []
    for letter in ("on trial", "second", "third"):
        run.breaker.enter(letter, answers.append)
    run.breaker.leave("on trial", None)
    assert answers == [True, True]


def test_giving_up_tells_everybody() -> None:
    run = Run()
    run.fare(*[DOWN] * BURST)
    answers: list[bool] = []
    for letter in ("on trial", "second"):
        run.breaker.enter(letter, answers.append)
    run.breaker.give_up("no login")
    assert answers == [True, False]
