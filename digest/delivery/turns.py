"""Talks that take turns in one thread: each goes on until it has to wait, for a socket or for somebody's answer.

Threads would hand the interpreter to and fro dozens of times for each letter, which takes longer than sending it.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread, get_ident
from typing import Any

from digest.ports import Ask, Talk, Tell, Wait

_Talk = Talk[None]


class Turns:
    """Runs talks, a step at a time."""

    def __init__(self) -> None:
        self.talks: set[_Talk] = set()  #: those that have not ended
        self._told: deque[tuple[_Talk, Any]] = deque()
        self._waiting: dict[int, tuple[_Talk, float]] = {}  # {socket: who waits for it, and until when}
        self._poll = select.poll()
        self._thread = get_ident()
        self._bell, self._ear = socket.socketpair()  # answers from other threads wake us
        self._ear.settimeout(0)
        self._poll.register(self._ear, select.POLLIN)

    def start(self, talk: _Talk) -> None:
        """Let a talk begin with the next turn."""
        self.talks.add(talk)
        self._told.append((talk, None))

    def turn(self, seconds: float) -> None:
        """Let everybody go on who can; where nobody can, wait so long for it at most.

        Raises what a talk raises, which has ended with that.
        """
        if not self._told:
            self._look(seconds)
        while self._told:
            self._go_on(*self._told.popleft())

    def close(self) -> None:
        """Leave the talks that have not ended where they are."""
        self._bell.close()
        self._ear.close()

    def _go_on(self, talk: _Talk, answer: Any) -> None:
        try:
            need = talk.throw(answer) if isinstance(answer, BaseException) else talk.send(answer)
        except BaseException as end:
            self.talks.discard(talk)
            if not isinstance(end, StopIteration):
                raise
        else:
            if isinstance(need, Wait):
                self._waiting[need.socket] = talk, time.monotonic() + need.seconds
                self._poll.register(need.socket, need.events)
            else:
                need(partial(self._tell, talk))

    def _tell(self, talk: _Talk, answer: Any) -> None:
        self._told.append((talk, answer))
        if get_ident() != self._thread:
            with suppress(OSError):  # closed: the answer comes too late for anybody
                self._bell.send(b"\0")

    def _look(self, seconds: float) -> None:
        """Wake those whose socket is ready or whose time is over."""
        if self._waiting:
            seconds = min(seconds, min(until for _, until in self._waiting.values()) - time.monotonic())
        for ready, _ in self._poll.poll(max(seconds, 0) * 1000):
            if ready == self._ear.fileno():
                self._ear.recv(1024)
            else:
                self._wake(ready, is_ready=True)
        now = time.monotonic()
        for late in [one for one, (_, until) in self._waiting.items() if until <= now]:
            self._wake(late, is_ready=False)

    def _wake(self, ready: int, *, is_ready: bool) -> None:
        self._poll.unregister(ready)
        self._told.append((self._waiting.pop(ready)[0], is_ready))


def aside(work: Callable[[], Any]) -> Ask:
    """What a function returns or raises that blocks, and so is called in a thread of its own."""

    def run(tell: Tell) -> None:
        try:
            answer = work()
        except BaseException as error:  # it is raised where it was asked for
            answer = error
        tell(answer)

    return lambda tell: Thread(target=run, args=(tell,), name="aside", daemon=True).start()
