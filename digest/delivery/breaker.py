"""Stops a run that only fails: after a burst of failures one letter at a time is tried, and then none."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from digest.model import Fault, SendResult, State
from digest.ports import Tell

_log = logging.getLogger(__name__)

#: failures one after another that make a burst; our own fault needs no second
BURST = 5

#: seconds before each trial, after which the run is over; the next run tries again
WAITS = (1.0, 4.0, 10.0)

CLOSING = 421


class Breaker:
    """Shared by the connections of a run. While it is open, only one of them may send: a letter on trial.

    Every `enter` that is answered with yes is followed by one `leave`.
    """

    def __init__(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.given_up = ""  #: why no more letters are tried; "" while they are
        self.bursts: list[str] = []  #: what was said last, each time that it opened
        self._sleep = sleep
        self._failures = 0
        self._trials: int | None = None  # that have failed since it opened; None while closed
        self._on_trial: object = None
        self._waiting: list[tuple[object, Tell]] = []

    @property
    def is_closed(self) -> bool:
        """Whether everything goes its usual way."""
        return self._trials is None

    def enter(self, letter: object, tell: Tell) -> None:
        """Tell whether a letter may be tried; not before another one's trial has ended."""
        if self._trials is not None and not self.given_up:
            if self._on_trial is not None:
                self._waiting.append((letter, tell))
                return
            self._on_trial = letter
            self._sleep(WAITS[self._trials])
        tell(not self.given_up)

    def leave(self, letter: object, result: SendResult | None) -> None:
        """Learn how the letter fared; None where it was not tried after all."""
        was_trial = self._on_trial is letter
        if was_trial:
            self._on_trial = None
        if result is not None and result.state is State.SENT:
            self._failures, self._trials = 0, None
        elif result is not None and is_failure(result):
            self._fail(result, was_trial=was_trial)
        self._look_again()

    def give_up(self, reason: str) -> None:
        """Try no more letters."""
        self.given_up = self.given_up or reason
        self._look_again()

    def _look_again(self) -> None:
        waiting, self._waiting = self._waiting, []
        for letter, tell in waiting:
            self.enter(letter, tell)

    def _fail(self, result: SendResult, *, was_trial: bool) -> None:
        self._failures += 1
        if self._trials is None:
            if self._failures >= BURST or result.fault is Fault.OURS:
                self._trials = 0
                self.bursts.append(result.text)
                _log.error("sending pauses after %s failures in a row: %s", self._failures, result.text)
        elif was_trial:
            self._trials += 1
            if self._trials == len(WAITS):
                self.given_up = f"{self._failures} failures in a row, the last: {result.text}"
                _log.error("sending stops: %s", self.given_up)


def is_failure(result: SendResult) -> bool:
    """Whether more letters would likely fare the same: no connection, a cut, refused as a whole or for our sake."""
    if result.fault in (Fault.OURS, Fault.CONTENT):
        return True
    return result.fault is Fault.NETWORK and result.code in (None, CLOSING)
