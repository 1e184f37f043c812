"""Writes down what the connections ask for: one thread, and one transaction for all that waits at that moment.

The move to `sending` is committed before the first octet of a letter leaves; a letter that was taken is settled at
once. The settling of one letter and the beginning of the next over the same connection travel together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread

from digest.errors import StoreError
from digest.model import Delivery, SendResult
from digest.store.group import Answer, Begin, Settle, Step, write_group
from digest.store.outbox import Frozen, Outbox

#: seconds for which what can wait waits for company
_LINGER = 0.002

#: A busy store is asked so often, and waits ten seconds itself each time: an accepted letter that is not written down
#: would be sent once more.
_TRIES = 6


@dataclass(frozen=True, slots=True)
class _Slip:
    """A step, and who is told what came of it."""

    step: Step
    tell: Callable[[Answer], None]


class Committer:
    """The one writer of a run; `begin` may be called from every connection at once."""

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime], *, connections: int) -> None:
        self._connections = connections
        self._outbox = outbox
        self._clock = clock
        self._waiting: SimpleQueue[_Slip | None] = SimpleQueue()
        self._error: Exception | None = None  # why the end of a letter could not be written down
        self._thread = Thread(target=self._work, name="committer", daemon=True)
        self._thread.start()

    def begin(self, row: Delivery, frozen: Frozen) -> bool:
        """Whether the body of a letter may leave; waits for the commit.

        Raises:
            StoreError: it could not be written down, or how another letter ended could not.
        """
        told: SimpleQueue[Answer] = SimpleQueue()
        self._waiting.put(_Slip(Begin(row, frozen), told.put))
        answer = told.get()
        if isinstance(answer, Exception):
            raise answer
        return answer is True

    def settle(
        self, row: Delivery, result: SendResult, *, next_try_at: datetime, tell: Callable[[Answer], None]
    ) -> None:
        """Have it written down how a try ended; returns at once, and `tell` learns the row's state."""
        self._waiting.put(_Slip(Settle(row, result, next_try_at), tell))

    def close(self) -> None:
        """Write down what still waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        is_open = True
        while is_open:
            slips = self._gathered()
            is_open = None not in slips
            self._write([slip for slip in slips if slip is not None])

    def _gathered(self) -> list[_Slip | None]:
        """All that waits, and what comes within a moment, until every connection waits for an answer."""
        slips = [self._waiting.get()]
        end = time.monotonic() + _LINGER
        with suppress(Empty):
            while slips[-1] is not None and self._begins(slips) < self._connections:
                slips.append(self._waiting.get(timeout=max(end - time.monotonic(), 0)))
        return slips

    @staticmethod
    def _begins(slips: list[_Slip | None]) -> int:
        return sum(slip is not None and isinstance(slip.step, Begin) for slip in slips)

    def _write(self, slips: list[_Slip]) -> None:
        """Write the steps down, and tell everybody what came of theirs."""
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
