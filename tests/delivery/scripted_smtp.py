"""An SMTP server on loopback that does at every phase what a test tells it, and remembers all it heard."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Thread

CUT = b""  # as a reply: hang up instead of answering
NEVER = b"\0"  # as a reply: keep the connection and say nothing

POLITE = {
    "BANNER": b"220 scripted.test\r\n",
    "EHLO": b"250 scripted.test\r\n",
    "MAIL": b"250 2.1.0 fine\r\n",
    "RCPT": b"250 2.1.5 fine\r\n",
    "DATA": b"354 go ahead\r\n",
    "DOT": b"250 2.0.0 taken\r\n",
    "RSET": b"250 2.0.0 forgotten\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}


class ScriptedServer:
    """Each phase answers its replies one after the other, the last one for ever.

    "BODY": CUT hangs up in the body, "TLS": CUT in the handshake. "BREAK-IN" is said once `break_in` is called, before
    any of the body is read.
    """

    def __init__(self, script: Mapping[str, bytes | list[bytes]] | None = None) -> None:
        script = POLITE | dict(script or {})
        self.script = {phase: list(said) if isinstance(said, list) else [said] for phase, said in script.items()}
        self.heard: list[str] = []  #: commands of all connections, in order
        self.bodies: list[bytes] = []  #: what stood before a final dot, still stuffed
        self.fragments: list[bytes] = []  #: what came in place of a body that never ended
        self.connections = 0
        self._may_break_in, self._has_broken_in = Event(), Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(5)  # nothing is accepted from here on
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(5)

    def break_in(self) -> bool:
        """Let the server speak, and wait until it has."""
        self._may_break_in.set()
        return self._has_broken_in.wait(10)

    def settle(self) -> None:
        """Wait until the connections that clients have closed are read to their ends."""
        for thread in self._threads[1:]:
            thread.join(30)
            if thread.is_alive():
                raise TimeoutError("a client keeps its connection open")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is said is heard at once
            self.connections += 1
            self._open.append(connection)
            self._threads.append(Thread(target=self._talk, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            said = self._say(connection, "BANNER")
            while said:
                line = lines.readline()
                if not line:
                    return
                verb = line[:4].decode("latin-1").upper().strip()
                self.heard.append(line.decode("utf-8", "replace").strip())
                said = self._say(connection, verb)
                if said.startswith(b"354"):
                    said = self._body(connection, lines)
                if verb == "QUIT":
                    return
                if verb == "STAR" and self.script.get("TLS") == [CUT]:
                    connection.recv(1)
                    return

    def _body(self, connection: socket.socket, lines: object) -> bytes:
        if "BREAK-IN" in self.script:
            self._may_break_in.wait(10)
            if self._say(connection, "BREAK-IN") == CUT:
                connection.shutdown(socket.SHUT_RDWR)
            self._has_broken_in.set()
        body = []
        with suppress(ConnectionResetError):  # how a client hangs up that has not read all of our replies
            for line in lines:
                if self.script.get("BODY") == [CUT]:
                    return CUT
                if line == b".\r\n":
                    self.bodies.append(b"".join(body))
                    return self._say(connection, "DOT")
                body.append(line)
        self.fragments.append(b"".join(body))
        return CUT

    def _say(self, connection: socket.socket, phase: str) -> bytes:
        replies = self.script.get(phase, [b"500 what?\r\n"])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply not in (CUT, NEVER):
            connection.sendall(reply)
        return reply
