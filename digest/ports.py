"""Narrow protocols between the rooms, each with only the methods that its user calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from digest.model import Message, SendResult


class Transport(Protocol):
    """A way to hand messages over: letters on disk, or SMTP."""

    name: str  #: "files" or "smtp"

    def send(self, message: Message, begin: Callable[[], bool]) -> SendResult:
        """How handing over one message ended; never raises for a refusal or a broken network.

        `begin` is the last check. It is called exactly once, when everything before the body has been accepted and
        before its first octet leaves. False means: do not send, drop the connection, answer `cancelled`. A message
        for which `begin` was never called has certainly not been sent.

        Raises:
            SetupError: our own set-up forbids sending at all (TLS refused, login refused).
        """
        ...

    def close(self) -> None:
        """Let go of connections; a failing farewell after an accepted message is ignored."""
        ...
