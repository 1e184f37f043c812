"""Narrow protocols between the rooms, each with only the methods that its user calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Protocol

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


class Transport(Protocol):
    """A way to hand messages over: letters on disk, or SMTP."""

    name: str  #: "files" or "smtp"

    def send(
        self,
        message: Message,
        begin: Callable[[], bool],
        *,
        is_held: Callable[[], bool] = always,
        upcoming: Callable[[], Message | None] = nothing,
    ) -> SendResult:
        """How handing over one message ended; never raises for a refusal or a broken network.

        `begin` is the last check. It is called at most once, when everything before the body has been accepted and
        before its first octet leaves. False means: do not send, drop the connection, answer `cancelled`. A message
        for which `begin` was never called has certainly not been sent.

        `is_held` is asked when all but the end of the letter has left. False means: the row is not ours any more; drop
        the connection, answer `deferred`.

        `upcoming` may be asked once, after that, for the message that will be sent next over this transport, so that
        its envelope can travel with the end of this one.

        Raises:
            SetupError: our own set-up forbids sending at all (TLS refused, login refused).
        """
        ...

    def abort(self) -> None:
        """Cut what is under way; another thread calls this, when stopping takes too long."""
        ...

    def close(self) -> None:
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
