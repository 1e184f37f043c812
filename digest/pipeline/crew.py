"""The connections of a run: each a talk with a transport of its own, fed from one short queue, all in one thread."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from digest.delivery.breaker import Breaker
from digest.delivery.fence import Fence
from digest.delivery.turns import Turns
from digest.errors import SetupError
from digest.model import Delivery, Fault, Message, SendResult, State
from digest.pipeline.commit import Committer
from digest.ports import Talk, Tell, Transport
from digest.store.outbox import Frozen

#: Seconds that a letter may wait for a connection. What waits longer is given back, so that no claim outlives its
#: lease, and the rates know well when a letter has left.
_PATIENCE = 20.0

#: Seconds for which what is to be written down waits for company, which makes it cheaper; while letters are typeset,
#: that takes nothing from anybody.
_LINGER, _BUSY_LINGER = 0.002, 0.05

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
        self.error: Exception | None = None  #: what no run survives
        self._transport = transport
        self._committer = committer
        self._breaker = breaker
        self._settle = settle
        self._fence = fence
        self._is_stopping = is_stopping
        self._is_closing = False
        self._turns = Turns()
        self._letters: deque[Ready] = deque()
        self._idle: list[Tell] = []  # connections that wait for a letter
        self._open = 0  # letters that were handed in and not settled yet
        self._transports: list[Transport] = []
        self._connections = connections

    # --- for whoever feeds it ---

    def hand_in(self, letter: Ready) -> bool:
        """Wait for room, and take a letter; whether it was taken."""
        while not self.is_over:
            if len(self._letters) < 2 * self._connections:
                self._open += 1
                self._letters.append(letter)
                self._rouse()
                self._attend(0, more=True)
                return True
            self._attend(_GLANCE)
        return False

    def wait_until_idle(self) -> None:
        """Return when everything that was handed in is settled, or nothing more will be."""
        while self._open and not self.is_over:
            self._attend(_GLANCE)

    def done(self) -> None:
        """Learn that a letter needs nothing more."""
        self._open -= 1

    @property
    def is_over(self) -> bool:
        """Whether no more letters are to be sent."""
        return bool(self.error or self._breaker.given_up or self._is_closing or self._is_stopping())

    def close(self) -> None:
        """Let letters in flight end, and every connection take leave; what takes too long is cut."""
        self._is_closing = True
        self._dismiss()
        asked_at: float | None = None
        while self._turns.talks:
            self._attend(_GLANCE)
            if asked_at is None and self._is_stopping():
                asked_at = time.monotonic()
            if asked_at is not None and time.monotonic() > asked_at + FAREWELL:
                break
        for transport in self._transports:
            transport.abort()
        end = time.monotonic() + _NOTICE
        while self._turns.talks and time.monotonic() < end:
            self._attend(_GLANCE)
        self._committer.write()
        self._turns.close()

    # --- everybody's turn ---

    def _rouse(self) -> None:
        """Have a waiting letter taken, by a connection that is idle or by one more, up to what is allowed."""
        if self._idle:
            self._idle.pop()(self._letters.popleft())
        elif len(self._turns.talks) < self._connections:
            self._turns.start(self._work())

    def _attend(self, seconds: float, *, more: bool = False) -> None:
        """Let everybody go on who can, wait so long for it at most, and write down what they ask for together.

        Where `more` letters are about to come, idle connections will ask for something too, and are waited for; and so
        are the letters that follow those in hand.
        """
        self._turns.turn(min(seconds, self._due_in(more=more)))
        if not self._due_in(more=more):
            self._committer.write()
            self._turns.turn(0)

    def _due_in(self, *, more: bool) -> float:
        if more:
            are_ready = len(self._letters) >= len(self._turns.talks)  # whose envelopes can leave with the bodies
            return self._committer.due_in(len(self._turns.talks) if are_ready else math.inf, _BUSY_LINGER)
        return self._committer.due_in(len(self._turns.talks) - len(self._idle), _LINGER)

    def _dismiss(self) -> None:
        """Tell idle connections that there is nothing more to do."""
        while self._idle:
            self._idle.pop()(None)

    # --- one connection ---

    def _work(self) -> Talk[None]:
        try:
            transport = self._transport()
            self._transports.append(transport)
            letter = yield self._next
            while letter is not None:
                letter = (yield from self._serve(letter, transport)) or (yield self._next)
            yield from transport.close()
        except SetupError as error:
            self._breaker.give_up(str(error))
        except Exception as error:  # raised again by whoever feeds the crew
            self.error = error

    def _next(self, tell: Tell) -> None:
        """Tell of the next letter, as soon as there is one; None when there will be none."""
        if self.is_over:
            tell(None)
        elif self._letters:
            tell(self._letters.popleft())
        else:
            self._idle.append(tell)

    def _at_once(self) -> Ready | None:
        """The next letter, where one waits and everything goes its usual way."""
        if self._letters and self._breaker.is_closed and not self.is_over:
            return self._letters.popleft()
        return None

    def _serve(self, letter: Ready, transport: Transport) -> Talk[Ready | None]:
        """Send one letter; the next one, if its envelope has left already."""
        if not self._breaker.is_closed:
            yield from transport.close()  # an envelope that was offered must not wait for the end of a pause
        if not (yield partial(self._breaker.enter, letter)):
            return None
        result: SendResult | None = None
        try:
            if self.is_over or not letter.is_fresh:
                self.done()
                return None
            result, following = yield from self._send(letter, transport)
        finally:
            self._breaker.leave(letter, result)
        self._settle(letter, _waiting_for_us(result))
        return following

    def _send(self, letter: Ready, transport: Transport) -> Talk[tuple[SendResult, Ready | None]]:
        following: Ready | None = None
        fence: Fence | None = None

        def begin(tell: Tell) -> None:
            nonlocal fence
            fence = self._fence()  # from before the lease begins
            self._committer.begin(letter.row, letter.frozen, tell)

        def is_held() -> bool:
            return fence is not None and fence.holds()

        def upcoming() -> Message | None:
            nonlocal following
            following = self._at_once()
            return None if following is None else following.message

        result = yield from transport.send(letter.message, begin, is_held=is_held, upcoming=upcoming)
        return result, following


def _waiting_for_us(result: SendResult) -> SendResult:
    """A refusal that is our own fault puts the letter off: its reader is to have it once we have mended ours."""
    if result.state is not State.FAILED or result.fault is not Fault.OURS:
        return result
    return SendResult(state=State.DEFERRED, fault=result.fault, code=result.code, text=result.text)
