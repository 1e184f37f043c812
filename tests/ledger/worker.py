"""A worker in slow motion: it claims, begins and settles only when it is told to, and may die in between."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.model import Delivery, SendResult, State
from digest.store.group import Begin, Settle, write_group
from digest.store.outbox import SENDING_LEASE, Frozen
from tests.world import World

_tokens = itertools.count(1)


@dataclass(kw_only=True, eq=False)
class Held:
    """A letter in a worker's hands."""

    row: Delivery
    frozen: Frozen
    begun_at: datetime | None = None  #: when its row became `sending`

    @property
    def items(self) -> list[int]:
        """The works that it names."""
        return [pick.item for pick in self.frozen.digest.all_picks]

    def may_end(self, now: datetime) -> bool:
        """Whether the fence lets the final dot leave."""
        return self.begun_at is not None and now - self.begun_at < SENDING_LEASE


class Worker:
    """Moves rows as a courier does, one step at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.token = f"worker {next(_tokens)}"
        self.held: list[Held] = []

    def claim(self, limit: int = 1) -> list[Held]:
        """Claim and typeset; what has nothing left to say is dropped."""
        outbox, now = self.world.courier.outbox, self.world.now
        taken = []
        for row in outbox.claim(token=self.token, now=now, limit=limit):
            typeset = self.world.courier._typesetter.typeset(row, now)
            if typeset is None:
                outbox.drop_merged(row, now)
            else:
                taken.append(Held(row=row, frozen=typeset[1]))
        self.held += taken
        return taken

    def step(self, *, begin: Sequence[Held] = (), settle: Sequence[tuple[Held, SendResult]] = ()) -> list[Held]:
        """Write down in one transaction how letters ended, and that others begin; those that may leave now."""
        now = self.world.now
        settled = [Settle(one.row, result, now + timedelta(minutes=20)) for one, result in settle]
        steps = [*settled, *(Begin(one.row, one.frozen) for one in begin)]
        answers = write_group(self.world.courier.outbox, steps, now)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        begun = [one for one, answer in zip(begin, answers[len(settled) :], strict=True) if answer is True]
        for one in begun:
            one.begun_at = now
        gone = {*begin, *(one for one, _ in settle)} - {*begun}
        self.held = [one for one in self.held if one not in gone]
        return begun


def settled(worker: Worker, held: Held, result: SendResult) -> None:
    """Take one letter from claimed to its end."""
    assert worker.step(begin=[held]) == [held]
    worker.step(settle=[(held, result)])


SENT = SendResult(state=State.SENT, code=250, text="2.0.0 taken")
