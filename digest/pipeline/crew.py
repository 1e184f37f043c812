"""The connections of a run: each in a thread with a transport of its own, fed from one short queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from threading import Condition, Thread

from digest.delivery.breaker import Breaker
from digest.delivery.fence import Fence
from digest.errors import SetupError
from digest.model import Delivery, Fault, Message, SendResult, State
from digest.pipeline.commit import Committer
from digest.ports import Transport
from digest.store.outbox import Frozen

_log = logging.getLogger(__name__)

#: Seconds that a letter may wait for a connection. What waits longer is given back, so that no claim outlives its
#: lease, and the rates know well when a letter has left.
_PATIENCE = 20.0

#: seconds between two looks at whether the run is to stop
_GLANCE = 0.25

#: seconds that letters in flight have to end once the program is asked to stop
FAREWELL = 25.0

#: seconds that a connection has to notice that it was cut; one that is just being opened does not
_NOTICE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """A letter that only needs to be sent."""

    row: Delivery
    message: Message
    frozen: Frozen
    made_at: float = field(default_factory=time.monotonic)

    @property
    def is_fresh(self) -> bool:
        """Whether it has not waited for too long."""
        return time.monotonic() - self.made_at < _PATIENCE


class Crew:
    """Sends what it is given over up to so many connections, opened as they are needed."""

    def __init__(
        self,
        transport: Callable[[], Transport],
        committer: Committer,
        breaker: Breaker,
        *,
        connections: int,
        settle: Callable[[Ready, SendResult], None],
        fence: Callable[[], Fence],
        is_stopping: Callable[[], bool],
    ) -> None:
        """`settle` has it written down how a try ended, and calls `done`; `fence` starts one for a letter."""
        self.error: BaseException | None = None  #: what no run survives
        self._transport = transport
        self._committer = committer
        self._breaker = breaker
        self._settle = settle
        self._fence = fence
        self._is_stopping = is_stopping
        self._is_closing = False
        self._letters: Queue[Ready] = Queue(maxsize=2 * connections)
        self._changed = Condition()
        self._open = 0  # letters that were handed in and not settled yet
        self._transports: list[Transport] = []
        self._threads: list[Thread] = []
        self._connections = connections

    # --- for whoever feeds it ---

    def hand_in(self, letter: Ready) -> bool:
        """Wait for room, and take a letter; whether it was taken."""
        while not self.is_over:
            with suppress(Full):
                self._count(1)
                self._letters.put(letter, timeout=_GLANCE)
                self._grow()
                return True
            self._count(-1)
        return False

    def wait_until_idle(self) -> None:
        """Return when everything that was handed in is settled, or nothing more will be."""
        with self._changed:
            while self._open and not self.is_over:
                self._changed.wait(_GLANCE)

    def done(self) -> None:
        """Learn that a letter needs nothing more."""
        self._count(-1)

    @property
    def is_over(self) -> bool:
        """Whether no more letters are to be sent."""
        return bool(self.error or self._breaker.given_up or self._is_closing or self._is_stopping())

    def close(self) -> None:
        """Let letters in flight end, and every connection take leave; what takes too long is cut."""
        self._is_closing = True
        asked_at: float | None = None
        while any(thread.is_alive() for thread in self._threads):
            if asked_at is None and self._is_stopping():
                asked_at = time.monotonic()
            if asked_at is not None and time.monotonic() > asked_at + FAREWELL:
                break
            self._threads[0].join(_GLANCE)
            self._threads = self._threads[1:] + self._threads[:1]
        for transport in self._transports:
            transport.abort()
        for thread in self._threads:
            thread.join(_NOTICE)

    def _count(self, letters: int) -> None:
        with self._changed:
            self._open += letters
            if not self._open:
                self._changed.notify_all()

    def _grow(self) -> None:
        """Start one more connection, up to what is allowed, where a letter waits."""
        if len(self._threads) < self._connections and not self._letters.empty():
            self._threads.append(Thread(target=self._work, name=f"connection {len(self._threads) + 1}", daemon=True))
            self._threads[-1].start()

    # --- one connection ---

    def _work(self) -> None:
        try:
            transport = self._transport()
            self._transports.append(transport)
            try:
                letter = self._next()
                while letter is not None:
                    letter = self._serve(letter, transport) or self._next()
            finally:
                transport.close()
        except SetupError as error:
            self._breaker.give_up(str(error))
        except BaseException as error:  # raised again by whoever feeds the crew
            self.error = error

    def _next(self) -> Ready | None:
        """The next letter; None when there will be none."""
        while not self.is_over:
            with suppress(Empty):
                return self._letters.get(timeout=_GLANCE)
        return None

    def _at_once(self) -> Ready | None:
        """The next letter, where one waits and everything goes its usual way."""
        if self._breaker.is_closed and not self.is_over:
            with suppress(Empty):
                return self._letters.get_nowait()
        return None

    def _serve(self, letter: Ready, transport: Transport) -> Ready | None:
        """Send one letter; the next one, if its envelope has left already."""
        if not self._breaker.is_closed:
            transport.close()  # an envelope that was offered must not wait for the end of a pause
        if not self._breaker.enter():
            return None
        result: SendResult | None = None
        try:
            if self.is_over or not letter.is_fresh:
                self._count(-1)
                return None
            result, following = self._send(letter, transport)
        finally:
            self._breaker.leave(result)
        self._settle(letter, _waiting_for_us(result))
        return following

    def _send(self, letter: Ready, transport: Transport) -> tuple[SendResult, Ready | None]:
        following: Ready | None = None
        fence: Fence | None = None

        def begin() -> bool:
            nonlocal fence
            fence = self._fence()  # from before the lease begins
            return self._committer.begin(letter.row, letter.frozen)

        def is_held() -> bool:
            return fence is not None and fence.holds()

        def upcoming() -> Message | None:
            nonlocal following
            following = self._at_once()
            return None if following is None else following.message

        result = transport.send(letter.message, begin, is_held=is_held, upcoming=upcoming)
        return result, following


def _waiting_for_us(result: SendResult) -> SendResult:
    """A refusal that is our own fault puts the letter off: its reader is to have it once we have mended ours."""
    if result.state is not State.FAILED or result.fault is not Fault.OURS:
        return result
    return SendResult(state=State.DEFERRED, fault=result.fault, code=result.code, text=result.text)
