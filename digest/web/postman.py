"""Sends at once what a page has promised: the letter with the link, and the first one after a yes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from digest.errors import DigestError
from digest.pipeline import Line
from digest.pipeline.joining import Joining

_log = logging.getLogger(__name__)

#: seconds after which errands that a limit held back are looked at again
_LOOK_AGAIN = 60.0

#: for more people than this at a time, the outbox is drained as a whole
_FEW = 8


class Postman:
    """A thread that works whenever it is rung for. What it leaves undone, the next run of the line does."""

    def __init__(
        self, joining: Joining, line: Callable[[], Line], *, warm: Callable[[], object] = lambda: None
    ) -> None:
        """`warm` is called between letters: it reads what pages would otherwise have to wait for."""
        self._joining = joining
        self._line = line
        self._warm = warm
        self._calls: SimpleQueue[int | None] = SimpleQueue()  # a person whose turn it is, or None for errands
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="postman", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End after the letter in hand."""
        self._is_stopping.set()
        self._calls.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def ring(self, person: int | None = None) -> None:
        """Have errands seen to, or one person written to whose letter is due."""
        self._calls.put(person)

    def work(self, due: set[int]) -> None:
        """See to the errands, and write to these people and to those whom the errands concern."""
        line = self._line()
        seen = self._joining.see_to(line.clock())
        for person in due:
            line.planner.run(line.clock(), only=person)
        people = due | set(seen.people)
        for only in people if len(people) <= _FEW else [None]:
            line.courier.run(only=only)

    def _work(self) -> None:
        self._calls.put(None)  # once at the start
        while not self._is_stopping.is_set():
            due = self._rung()
            try:
                self.work(due)
                self._warm()
            except DigestError as error:
                _log.error("%s", error)  # the sentence says it all
            except Exception:
                _log.exception("a mistake in this program; the next letter goes on")

    def _rung(self) -> set[int]:
        """Wait for a call, and take those that came with it."""
        due: set[int] = set()
        try:
            call = self._calls.get(timeout=_LOOK_AGAIN)
            while True:
                due |= {call} if call is not None else set()
                call = self._calls.get_nowait()
        except Empty:
            return due
