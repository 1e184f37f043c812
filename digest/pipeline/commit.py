"""Writes down what the connections ask for: one transaction for all that waits at that moment.

The move to `sending` is committed before the first octet of a letter leaves; a letter that was taken is settled at
once. The settling of one letter and the beginning of the next over the same connection travel together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from digest.errors import StoreError
from digest.model import Delivery, SendResult
from digest.ports import Tell
from digest.store.group import Answer, Begin, Settle, Step, write_group
from digest.store.outbox import Frozen, Outbox

#: A busy store is asked so often, and waits ten seconds itself each time: an accepted letter that is not written down
#: would be sent once more.
_TRIES = 6


@dataclass(frozen=True, slots=True)
class _Slip:
    """A step, and who is told what came of it."""

    step: Step
    tell: Callable[[Answer], None]


class Committer:
    """The one writer of a run."""

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._clock = clock
        self._waiting: list[_Slip] = []
        self._begins = 0  # among them
        self._since = 0.0  # when the first of them came
        self._error: Exception | None = None  # why the end of a letter could not be written down

    def begin(self, row: Delivery, frozen: Frozen, tell: Tell) -> None:
        """Have a letter begun; `tell` learns whether its body may leave, after the commit.

        It learns of a StoreError where that, or how another letter ended, could not be written down.
        """
        self._begins += 1
        self._add(_Slip(Begin(row, frozen), tell))

    def settle(
        self, row: Delivery, result: SendResult, *, next_try_at: datetime, tell: Callable[[Answer], None]
    ) -> None:
        """Have it written down how a try ended; `tell` learns the row's state."""
        self._add(_Slip(Settle(row, result, next_try_at), tell))

    def due_in(self, connections: float, patience: float) -> float:
        """Seconds for which what waits may wait for company; 0 once so many connections wait for an answer."""
        if not self._waiting:
            return math.inf
        if self._begins >= connections:
            return 0.0
        return max(self._since + patience - time.monotonic(), 0.0)

    def write(self) -> None:
        """Write down all that waits, and tell everybody what came of theirs."""
        slips, self._waiting, self._begins = self._waiting, [], 0
        self._write(slips)

    def _add(self, slip: _Slip) -> None:
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(slip)

    def _write(self, slips: list[_Slip]) -> None:
        if self._error is not None:
            slips = self._refused(slips, self._error)
        for slip, answer in zip(slips, self._answers([slip.step for slip in slips]), strict=True):
            if isinstance(answer, Exception) and isinstance(slip.step, Settle):
                self._error = answer
            slip.tell(answer)

    @staticmethod
    def _refused(slips: list[_Slip], error: Exception) -> list[_Slip]:
        """Tell letters that would begin that they may not: how they end could not be written down either. The rest."""
        for slip in slips:
            if isinstance(slip.step, Begin):
                slip.tell(error)
        return [slip for slip in slips if isinstance(slip.step, Settle)]

    def _answers(self, steps: list[Step]) -> list[Answer]:
        """The answers to steps; what a busy store keeps from being written is tried again, and nothing else."""
        answers: dict[Step, Answer] = {}
        waiting = steps
        for attempt in range(_TRIES):
            answers |= zip(waiting, self._tried(waiting), strict=True)
            waiting = [step for step in waiting if isinstance(answers[step], StoreError)]
            if not waiting:
                break
            time.sleep(attempt)
        return [answers[step] for step in steps]

    def _tried(self, steps: list[Step]) -> list[Answer]:
        try:
            return write_group(self._outbox, steps, self._clock())
        except Exception as error:  # it is the answer to each of them
            return [error] * len(steps)
