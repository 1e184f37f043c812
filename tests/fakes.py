"""Stand-ins that behave: a transport that remembers, sources that say what they are told. Contract tests hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from digest.model import Fault, Listing, Message, Outcome, Past, Read, SendResult, Source, State
from digest.ports import Ask, Talk, always, nothing


class FakeTransport:
    """Takes every message, unless the next of `answers` says otherwise; keeps what it has taken."""

    name = "smtp"

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.answers: list[SendResult | Exception] = []

    def send(
        self,
        message: Message,
        begin: Ask,
        *,
        is_held: Callable[[], bool] = always,
        upcoming: Callable[[], Message | None] = nothing,
    ) -> Talk[SendResult]:
        """As `digest.ports.Transport` asks."""
        answer = self.answers.pop(0) if self.answers else SendResult(state=State.SENT, code=250, text="2.0.0 taken")
        if isinstance(answer, Exception):
            raise answer
        if answer.state is State.DEFERRED and answer.code is None:  # nothing got as far as DATA
            return answer
        if not (yield begin):
            return SendResult(state=State.CANCELLED)
        if not is_held():
            return DOWN
        if answer.state is State.SENT:
            self.taken.append(message)
        return answer

    def close(self) -> Talk[None]:
        """Nothing is open."""
        yield from ()

    def abort(self) -> None:
        """Nothing takes long."""


DOWN = SendResult(state=State.DEFERRED, fault=Fault.NETWORK, text="connection refused")
REFUSED = SendResult(state=State.FAILED, fault=Fault.CONTENT, code=554, text="5.6.0 not like this")
NO_SUCH_USER = SendResult(state=State.FAILED, fault=Fault.RECIPIENT, code=550, text="5.1.1 no such user")
CUT_AFTER_DOT = SendResult(state=State.UNKNOWN, fault=Fault.NETWORK, text="cut after the final dot")


class FakeSources:
    """Sources that give the listings they are told to give, once."""

    def __init__(self) -> None:
        self.listings: dict[str, list[Listing]] = {}
        self.outcomes: dict[str, Outcome] = {}

    def __call__(
        self, sources: Sequence[Source], past_of: Callable[[Source], Past], now: datetime, *, is_quick: bool
    ) -> list[Read]:
        """As `digest.pipeline.ingest.ReadSources` asks."""
        return [
            Read(
                source=source.name,
                outcome=self.outcomes.get(source.name, Outcome.COMPLETE),
                listings=tuple(self.listings.pop(source.name, ())),
            )
            for source in sources
        ]
