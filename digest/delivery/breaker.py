"""Stops a run that only fails: after a burst of failures one letter at a time is tried, and then none."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Condition, get_ident

from digest.model import Fault, SendResult, State

_log = logging.getLogger(__name__)

#: failures one after another that make a burst; our own fault needs no second
BURST = 5

#: seconds before each trial, after which the run is over; the next run tries again
WAITS = (1.0, 4.0, 10.0)

CLOSING = 421


class Breaker:
    """Shared by the connections of a run. While it is open, only one of them may send: a letter on trial.

    Every `enter` that says yes is followed by one `leave`.
    """

    def __init__(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.given_up = ""  #: why no more letters are tried; "" while they are
        self.bursts: list[str] = []  #: what was said last, each time that it opened
        self._sleep = sleep
        self._changed = Condition()
        self._failures = 0
        self._trials: int | None = None  # that have failed since it opened; None while closed
        self._on_trial: int | None = None  # the thread whose letter is

    @property
    def is_closed(self) -> bool:
        """Whether everything goes its usual way."""
        return self._trials is None

    def enter(self) -> bool:
        """Whether a letter may be tried; waits while another one is on trial."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closed or self.given_up or self._on_trial is None)
            if self.given_up:
                return False
            if self._trials is None:
                return True
            self._on_trial, wait = get_ident(), WAITS[self._trials]
        self._sleep(wait)
        return True

    def leave(self, result: SendResult | None) -> None:
        """Learn how the letter fared; None where it was not tried after all."""
        with self._changed:
            was_trial = self._on_trial == get_ident()
            if was_trial:
                self._on_trial = None
            if result is not None and result.state is State.SENT:
                self._failures, self._trials = 0, None
            elif result is not None and is_failure(result):
                self._fail(result, was_trial=was_trial)
            self._changed.notify_all()

    def give_up(self, reason: str) -> None:
        """Try no more letters."""
        with self._changed:
            self.given_up = self.given_up or reason
            self._changed.notify_all()

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
