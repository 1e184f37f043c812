"""Narrow protocols between the rooms, each with only the methods that its user calls."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Protocol, TypeVar

from digest.model import Message, SendResult


class Limit(NamedTuple):
    """A rate: so many letters at most in any span of this length, wherever it begins."""

    letters: int
    span: timedelta


def always() -> bool:
    """Yes."""
    return True


def nothing() -> None:
    """There is no next message."""


class Wait(NamedTuple):
    """To go on once a socket can be read from or written to. Answered with whether it can; False is: not in time."""

    socket: int  #: its file descriptor
    events: int  #: select.POLLIN or select.POLLOUT
    seconds: float


#: Takes an answer, or an exception that is the answer; may be called from any thread, once.
Tell = Callable[[Any], None]

#: Something that is asked for. The answer comes through the function that it is called with, at once or later.
Ask = Callable[[Tell], None]

_T = TypeVar("_T")

#: What goes on in steps, so that many of them share one thread. It yields what it has to wait for, is sent the answer
#: when there is one, or has it raised where it is an exception, and returns what came of it all.
Talk = Generator[Wait | Ask, Any, _T]


class Transport(Protocol):
    """A way to hand messages over: letters on disk, or SMTP."""

    name: str  #: "files" or "smtp"

    def send(
        self,
        message: Message,
        begin: Ask,
        *,
        is_held: Callable[[], bool] = always,
        upcoming: Callable[[], Message | None] = nothing,
    ) -> Talk[SendResult]:
        """How handing over one message ended; never raises for a refusal or a broken network.

        `begin` is the last check. It is asked at most once, when everything before the body has been accepted and
        before its first octet leaves. False means: do not send, drop the connection, answer `cancelled`. A message
        for which `begin` was never asked has certainly not been sent.

        `is_held` is asked before each piece that may hold the end of the letter. False means: the row is not ours any
        more; drop the connection, answer `deferred`.

        `upcoming` may be asked once, after `begin`, for the message that will be sent next over this transport, so that
        its envelope can travel with the end of this one.

        Raises:
            SetupError: our own set-up forbids sending at all (TLS refused, login refused).
        """
        ...

    def abort(self) -> None:
        """Cut what is under way, when stopping takes too long: the talk that waits for it goes on, and ends."""
        ...

    def close(self) -> Talk[None]:
        """Let go of connections; a failing farewell after an accepted message is ignored."""
        ...


#: seconds; a site that asks to be left alone for longer is asked again after these
LONGEST_REST = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn at asking a site, or how long to wait for one."""

    site: str
    token: str | None = None  #: None: the turn is not ours
    rest: float = 0.0  #: seconds that the site is still to be left alone; 0 and no token: another request is under way


class HostTurns(Protocol):
    """Turns at asking a site: one request at a time, and a pause between two, for all who share them."""

    def take(self, site: str, *, gap: float, lease: float) -> Turn:
        """Our turn, where it is free; the next may start when it has ended, and `gap` seconds after its own start.

        It ends by itself after `lease` seconds, so that a worker that dies does not keep it.
        """
        ...

    def end(self, turn: Turn, *, rest: float) -> None:
        """Give our turn back; the site is then left alone for `rest` seconds, of which an hour counts at most.

        A turn that has ended by itself stays ended.
        """
        ...
