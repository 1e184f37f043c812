"""An open SMTP connection that never blocks: commands out, replies in, and a wait for the socket where it has to be."""

from __future__ import annotations

import select
import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress

from digest.delivery.replies import Reply
from digest.ports import Talk, Wait

#: octets of a line after which it is taken for none
_LONGEST_LINE = 8192

_PIECE = 65_536

#: octets that the kernel takes for us at once, where it may: most letters whole
_ROOM = 262_144


class Wire:
    """What is said over a connection once it is open, and behind TLS where that was asked for."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        """Take a connection over that smtplib has opened and has introduced us on."""
        assert smtp.sock is not None  # noqa: S101 - it is open
        if smtp.file is not None:
            smtp.file.close()  # what smtplib reads through; it would keep the socket open
        self.extensions: Mapping[str, str] = smtp.esmtp_features
        self.is_pipelining = "pipelining" in self.extensions
        self._socket = smtp.sock
        self._socket.settimeout(0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)
        self._heard = bytearray()

    def write(self, data: bytes | memoryview, seconds: float) -> Talk[None]:
        """Send all of this; no piece of it waits for longer.

        Raises:
            OSError: it could not be sent. `read` raises it too.
        """
        yield from self.write_past(len(data), data, seconds)

    def write_past(
        self, end: int, data: bytes | memoryview, seconds: float, check: Callable[[], None] = lambda: None
    ) -> Talk[memoryview]:
        """Send this up to an end, with as much behind it as goes in the same piece; what has not left then.

        Each piece may hold the end: before it `check` is called, and raises an OSError where the end must not leave.

        Raises:
            OSError: not all of it could be sent, and the end has not left. Of a piece that fails nothing has left,
                or a part of a TLS record, which is nothing to who gets it.
        """
        rest, after = memoryview(data), len(data) - end
        while len(rest) > after:
            check()
            try:
                rest = rest[self._socket.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                yield from self._until(select.POLLOUT, seconds)
            except ssl.SSLWantReadError:
                yield from self._until(select.POLLIN, seconds)
        return rest

    def read(self, seconds: float) -> Talk[Reply]:
        """The next reply, all of its lines."""
        said = []
        while True:
            while (end := self._heard.find(b"\n")) < 0:
                yield from self._hear(seconds)
            line = bytes(self._heard[:end])
            del self._heard[: end + 1]
            said.append(line[4:].strip())
            code = int(line[:3]) if line[:3].isdigit() else -1
            if line[3:4] != b"-" or code < 0:
                return Reply(code, b"\n".join(said).decode(errors="replace"))

    def is_silent(self) -> bool:
        """Whether the other side has neither spoken nor hung up since its last reply."""
        if self._heard:
            return False
        try:
            self._heard += self._socket.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        return False

    def abort(self) -> None:
        """Cut the connection under whoever waits for it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    def _hear(self, seconds: float) -> Talk[None]:
        """Take in what comes next."""
        if len(self._heard) > _LONGEST_LINE:
            raise ConnectionError("a line without end is no reply")
        try:
            heard = self._socket.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            yield from self._until(select.POLLIN, seconds)
        except ssl.SSLWantWriteError:
            yield from self._until(select.POLLOUT, seconds)
        else:
            if not heard:
                raise ConnectionError("the server has hung up")
            self._heard += heard

    def _until(self, events: int, seconds: float) -> Talk[None]:
        if not (yield Wait(self._socket.fileno(), events, seconds)):
            raise TimeoutError("timed out")
