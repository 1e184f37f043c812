"""Deliver: claim rows, typeset, send, settle. The ledger is asked before the first octet of every letter leaves.

    claim --typeset--> a short queue --> connections --begin, settle--> one committer --> the ledger

All of it takes turns in one thread: while servers answer, the next letters are typeset, and what the connections ask
for is written down together. What is not sent in the end, whatever the reason, is given back.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from digest.collector import rare_collection
from digest.delivery.breaker import Breaker
from digest.delivery.domains import Domains
from digest.delivery.fence import Fence, Seconds, since_boot
from digest.delivery.retry import FIRST_WAIT, next_try
from digest.model import Delivery, SendResult, State
from digest.pipeline.commit import Committer
from digest.pipeline.crew import Crew, Ready
from digest.pipeline.typeset import Copy, Imprint, Typesetter
from digest.ports import Limit, Transport
from digest.store.connect import Database
from digest.store.group import Answer
from digest.store.outbox import SENDING_LEASE, Outbox
from digest.subscribers.tokens import Keyring

_log = logging.getLogger(__name__)

#: Rows claimed at a time: as many as leave within seconds, so that a confirmation never waits for long behind digests,
#: and that no claim outlives its lease.
_FIRST_BATCH, _LARGEST_BATCH = 16, 512
_BRISK, _SLOW = 1.0, 5.0

#: different things that servers have said, kept for the report
_TEXTS = 100

#: seconds between two looks at whether there is room under the rates again
_LONGEST_NAP = 30.0


@dataclass(slots=True)
class Delivered:
    """What a delivery run did, and what stopped it, if anything did."""

    states: Counter[State] = field(default_factory=Counter)  #: {where its last try left it: rows}
    texts: Counter[str] = field(default_factory=Counter)  #: {what a server or a disk said: times}, for what failed
    stopped_by: str = ""  #: our own set-up or a burst of failures, in one sentence
    was_interrupted: bool = False  #: the program was asked to stop before everything had been tried
    pauses: tuple[str, ...] = ()  #: what was said last, each time that a burst of failures made the run pause
    claimed: int = 0  #: rows taken up, counting again those that were taken up twice
    given_back: int = 0
    lost: int = 0  #: rows that somebody else had taken over by the time they were to be settled
    _again: dict[int, State] = field(default_factory=dict)  # {row that may be tried once more: where it stands}
    _tries: int = 0

    @property
    def tried(self) -> int:
        """Rows of which a try has ended; one that was tried twice counts once."""
        return self.states.total()

    @property
    def balances(self) -> bool:
        """Whether everything that was taken up has either ended or been given back."""
        return self.claimed == self._tries + self.given_back + self.lost

    def note(self, row: Delivery, state: State, text: str = "") -> None:
        """Count where a try has left a row."""
        self._tries += 1
        before = self._again.pop(row.id, None)
        if before is not None:
            self.states[before] -= 1
            self.states = +self.states
        self.states[state] += 1
        if state not in (State.SENT, State.FAILED):
            self._again[row.id] = state
        if state not in (State.SENT, State.CANCELLED) and (text in self.texts or len(self.texts) < _TEXTS):
            self.texts[text] += 1


class Courier:
    """Drains the outbox through transports."""

    def __init__(
        self,
        database: Database,
        *,
        imprint: Imprint,
        keyring: Keyring,
        transport: Callable[[], Transport],
        clock: Callable[[], datetime],
        resend_unknown: bool,
        random: Random,
        connections: int = 1,
        limits: Sequence[Limit] = (),
        sending_lease: timedelta = SENDING_LEASE,
        boot_clock: Seconds = since_boot,
        sleep: Callable[[float], None] = time.sleep,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`transport` opens one, in each of so many `connections`; no span of any of the `limits` sees more letters.

        `resend_unknown` sends a row once more that may have arrived. Once `is_stopping`, letters in flight are finished
        and the others are given back; `sleep` may end early then.
        """
        self.outbox = Outbox(database, limits=limits, sending_lease=sending_lease)
        self._typesetter = Typesetter(database, imprint, keyring)
        self._transport = transport
        self._clock = clock
        self._resend_unknown = resend_unknown
        self._random = random
        self._connections = connections
        self._fence = partial(Fence, sending_lease, boot_clock)
        self._sleep = sleep
        self._is_stopping = is_stopping

    def run(self, *, only: int | None = None, report: Callable[[int], None] = lambda _: None) -> Delivered:
        """Send everything that may be sent now, to one reader with `only`; `report` is told how many were tried."""
        self.sweep()
        with rare_collection(), self.outbox.database.kept():
            return _Run(self, only, report).run()

    def sweep(self) -> None:
        """End what time has ended: leases that ran out, letters that are no longer news."""
        self.outbox.sweep(self._clock())


class _Run:
    """One draining of the outbox."""

    def __init__(self, courier: Courier, only: int | None, report: Callable[[int], None]) -> None:
        self.delivered = Delivered()
        self._courier = courier
        self._only = only
        self._report = report
        self._token = secrets.token_hex(8)
        self._limit = _FIRST_BATCH
        self._domains = Domains()
        self._breaker = Breaker(sleep=courier._sleep)
        self._committer = Committer(courier.outbox, courier._clock)
        self._crew = Crew(
            courier._transport,
            self._committer,
            self._breaker,
            connections=courier._connections,
            settle=self._settle,
            fence=courier._fence,
            is_stopping=courier._is_stopping,
        )

    def run(self) -> Delivered:
        """Drain, and give back what is left; what any thread could not survive is raised."""
        try:
            self._drain()
        finally:
            self._crew.close()
            self._give_back()
        if self._crew.error is not None:
            raise self._crew.error
        self._report(self.delivered.tried)
        self.delivered.stopped_by = self._breaker.given_up
        self.delivered.pauses = tuple(self._breaker.bursts)
        return self.delivered

    # --- claiming and typesetting ---

    def _drain(self) -> None:
        while not self._crew.is_over:
            rows = self._claim()
            if rows:
                self._hand_in(rows)
                continue
            self._crew.wait_until_idle()
            self._give_back()  # what has waited for too long may be claimed anew
            rows = self._claim()  # and so may what was cut
            if rows:
                self._hand_in(rows)
            elif not self._wait_for_room():
                return
        self.delivered.was_interrupted = self._courier._is_stopping()

    def _claim(self) -> list[Delivery]:
        courier = self._courier
        rows = courier.outbox.claim(
            token=self._token,
            now=courier._clock(),
            limit=self._limit,
            only=self._only,
            resend_unknown=courier._resend_unknown,
        )
        self.delivered.claimed += len(rows)
        return rows

    def _hand_in(self, rows: Sequence[Delivery]) -> None:
        started = time.monotonic()
        copy = self._courier._typesetter.read(rows)
        for row in rows:
            letter = self._typeset(row, copy)
            if letter is not None and not self._crew.hand_in(letter):
                return
            self._report(self.delivered.tried)
        took = time.monotonic() - started
        if took < _BRISK and len(rows) == self._limit:
            self._limit = min(2 * self._limit, _LARGEST_BATCH)
        elif took > _SLOW:
            self._limit = max(self._limit // 2, self._courier._connections)

    def _typeset(self, row: Delivery, copy: Copy) -> Ready | None:
        """A row's letter; None where there is nothing to be sent now, which is written down."""
        now = self._courier._clock()
        try:
            typeset = self._courier._typesetter.typeset(row, now, copy)
        except Exception as error:  # one letter that cannot be made stops no other
            _log.exception("letter %s cannot be typeset", row.id)
            self._put_off(row, f"cannot be typeset: {error!r}", self._next_try(row))
            return None
        if typeset is None:
            self._courier.outbox.drop_merged(row, now)
            self.delivered.note(row, State.CANCELLED)
            return None
        ready = Ready(row=row, message=typeset[0], frozen=typeset[1])
        until = self._domains.rests_until(ready.message.recipient, now)
        if until is None:
            return ready
        later = until + FIRST_WAIT * self._courier._random.random()
        self._put_off(row, "its destination has asked for patience", later)
        return None

    def _wait_for_room(self) -> bool:
        """Whether a letter is ready that only the rates hold back; waits for them, and wakes now and then."""
        courier = self._courier
        now = courier._clock()
        opens_at = courier.outbox.opens_at(now, only=self._only, resend_unknown=courier._resend_unknown)
        if opens_at is None:
            return False
        courier._sleep(min(max((opens_at - now).total_seconds(), 0.001), _LONGEST_NAP))
        return True

    # --- settling ---

    def _settle(self, letter: Ready, result: SendResult) -> None:
        """Have it written down how a try ended."""
        row = letter.row
        if result.state is State.CANCELLED:  # the last check has said no, and has written why
            self.delivered.note(row, State.CANCELLED)
            self._crew.done()
            return
        later = self._next_try(row)
        self._domains.note(letter.message.recipient, result, later)
        self._committer.settle(row, result, next_try_at=later, tell=partial(self._settled, row, result))

    def _settled(self, row: Delivery, result: SendResult, answer: Answer) -> None:
        if isinstance(answer, Exception):
            self._crew.error = answer
        self._note(row, result, answer)
        self._crew.done()

    def _put_off(self, row: Delivery, text: str, until: datetime) -> None:
        """Write down that a letter could not be offered."""
        result = SendResult(state=State.DEFERRED, text=text)
        answer = self._courier.outbox.settle(row, result, now=self._courier._clock(), next_try_at=until)
        self._note(row, result, answer)

    def _note(self, row: Delivery, result: SendResult, answer: Answer) -> None:
        if isinstance(answer, State):
            self.delivered.note(row, answer, result.text)
        else:  # its lease ran out, and somebody else has it now
            self.delivered.lost += 1

    def _next_try(self, row: Delivery) -> datetime:
        return next_try(row.attempts, self._courier._clock(), self._courier._random)

    def _give_back(self) -> None:
        self.delivered.given_back += self._courier.outbox.give_back(self._token, self._courier._clock())
