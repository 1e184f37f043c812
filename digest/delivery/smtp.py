"""Letters by SMTP, phase by phase, so that "before the final dot" and "after it" never look the same.

connect, TLS, login    once per connection
MAIL, RCPT, DATA       one recipient; in one packet where the server takes that (RFC 2920)
begin                  the caller's last check, after the 354 and before the first octet of the body
is_held()              whether the row is still ours: the process may have been stopped since
body                   a cut here means: certainly not accepted
final dot              a cut from here on means: nobody can say

A body goes out together with its dot, as far as the kernel takes both; each piece that may hold the dot is preceded by
`is_held`. Where the server takes commands without waiting, the envelope of the next message leaves with them, as RFC
2920, 3.1 allows: one packet out and one reply back for each letter, and one round trip instead of four.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from digest.delivery.connection import Server, connect
from digest.delivery.envelope import ENVELOPE, envelope, stuffed, unsendable
from digest.delivery.replies import Phase, Reply, one_line, outcome
from digest.delivery.turns import aside
from digest.delivery.wire import Wire
from digest.model import Fault, Message, SendResult, State
from digest.ports import Ask, Talk, always, nothing

PER_CONNECTION = 100  # many servers ask for a fresh connection after about this many messages
FAREWELL = 5.0  # seconds that a server has to answer QUIT

DONE, GO_AHEAD, CLOSING = 250, 354, 421
_END = b".\r\n"  # of a letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait in each phase. A short wait after the final dot makes duplicates (RFC 5321, 4.5.3.2.6)."""

    command: float = 60  #: banner, TLS, login, MAIL, RCPT
    data: float = 120  #: the answer to DATA, and the writing of the body
    dot: float = 600


PATIENT = Timeouts()


class SmtpTransport:
    """Hands messages to one server over a connection that is kept open, one after the other.

    A connection that was closed while it lay idle shows at the next MAIL; it is replaced once, unseen.
    """

    name = "smtp"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: str,
        username: str | None = None,
        password: str | None = None,
        hello: str | None = None,
        timeouts: Timeouts = PATIENT,
        per_connection: int = PER_CONNECTION,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.server = Server(
            host=host, port=port, tls=tls, username=username, password=password, hello=hello, context=context
        )
        self.timeouts = timeouts
        self.per_connection = per_connection
        self._wire: Wire | None = None
        self._used = 0  # messages offered over the open connection
        self._offered: Message | None = None  # whose envelope has left with the end of the last letter

    def send(
        self,
        message: Message,
        begin: Ask,
        *,
        is_held: Callable[[], bool] = always,
        upcoming: Callable[[], Message | None] = nothing,
    ) -> Talk[SendResult]:
        """How handing over one message ended; see `digest.ports.Transport`.

        Raises:
            SetupError: TLS, login or greeting is refused; no message can be sent.
        """
        try:
            refused = yield from self._offer(message)
        except smtplib.SMTPResponseException as error:
            return outcome(Phase.CONNECT, _reply(error))
        except OSError as error:
            self._drop()
            return _cut(State.DEFERRED, f"no connection, or lost before the letter: {error}")
        return refused or (yield from self._hand_over(message, begin, is_held, upcoming))

    def close(self) -> Talk[None]:
        """Take leave of the server, if there is a connection."""
        if self._wire is not None and self._offered is None:  # else it waits for a letter, and would take QUIT for one
            with suppress(OSError):
                yield from self._answer(self._wire, "QUIT", FAREWELL)
        self._drop()

    def abort(self) -> None:
        """Cut the connection under the letter that is being sent."""
        if self._wire is not None:
            self._wire.abort()

    # --- the envelope ---------------------------------------------------------------------------------------------

    def _offer(self, message: Message) -> Talk[SendResult | None]:
        """Why the server does not take the envelope; None when it waits for the body."""
        if self._offered is not message and (self._offered is not None or self._used >= self.per_connection):
            yield from self.close()
        if self._wire is not None:
            with suppress(OSError):
                refused = yield from self._ask(self._wire, message)
                if refused is None or refused.code != CLOSING:
                    return refused
            self._drop()
        self._wire = Wire((yield aside(lambda: connect(self.server, self.timeouts.command))))
        return (yield from self._ask(self._wire, message))

    def _ask(self, wire: Wire, message: Message) -> Talk[SendResult | None]:
        was_offered, self._offered = self._offered is not None, None
        if was_offered:
            replies = yield from self._replies(wire, ENVELOPE)
        elif refused := unsendable(message, wire.extensions):
            return refused
        else:
            self._used += 1
            replies = yield from self._exchange(wire, envelope(message))
        if refusal := _refusal(replies):
            yield from self._recover(wire, replies[-1][1])
            return outcome(*refusal)
        return None

    def _exchange(self, wire: Wire, commands: dict[Phase, str]) -> Talk[list[tuple[Phase, Reply]]]:
        """The replies to the commands, up to the first refusal or, where all went out at once, to all of them."""
        if wire.is_pipelining:
            yield from wire.write(_lines(commands), self.timeouts.command)
            return (yield from self._replies(wire, tuple(commands)))
        replies: list[tuple[Phase, Reply]] = []
        for phase, command in commands.items():
            replies.append((phase, (yield from self._answer(wire, command, self._patience(phase)))))
            if _refusal(replies):
                break
        return replies

    def _replies(self, wire: Wire, phases: tuple[Phase, ...]) -> Talk[list[tuple[Phase, Reply]]]:
        """The replies to commands that have all gone out."""
        replies: list[tuple[Phase, Reply]] = []
        for phase in phases:
            try:
                replies.append((phase, (yield from wire.read(self._patience(phase)))))
            except OSError:
                if not _refusal(replies):
                    raise
                break  # the server refused and hung up: the refusal is what counts
        return replies

    def _recover(self, wire: Wire, last: Reply) -> Talk[None]:
        """Make the connection fit for the next message after a refusal, or give it up."""
        # 354 after a refused recipient: the server now waits for a letter, and a lone dot would be an empty one
        if last.code not in (CLOSING, GO_AHEAD):
            with suppress(OSError):
                if (yield from self._answer(wire, "RSET", self.timeouts.command)).code == DONE:
                    return
        self._drop()

    # --- the letter -----------------------------------------------------------------------------------------------

    def _hand_over(
        self, message: Message, begin: Ask, is_held: Callable[[], bool], upcoming: Callable[[], Message | None]
    ) -> Talk[SendResult]:
        may_begin = False
        try:
            may_begin = yield begin
        finally:
            if not may_begin:
                self._drop()
        if not may_begin:
            return SendResult(state=State.CANCELLED, text="stopped by the last check")
        return (yield from self._write(message, is_held, upcoming))

    def _write(
        self, message: Message, is_held: Callable[[], bool], upcoming: Callable[[], Message | None]
    ) -> Talk[SendResult]:
        wire = self._wire
        assert wire is not None  # noqa: S101 - it has just said 354

        def check() -> None:
            if not wire.is_silent():  # then it has not taken the letter
                raise ConnectionError("the server broke in")
            if not is_held():
                raise TimeoutError("stopped for so long that the letter is not ours any more")

        try:
            body = stuffed(message.data)
            whole = b"".join((body, _END, self._envelope_of(upcoming, wire)))
            rest = yield from wire.write_past(len(body) + len(_END), whole, self.timeouts.data, check)
        except OSError as error:
            self._drop()
            return _cut(State.DEFERRED, f"cut inside the letter: {error}")
        try:
            yield from wire.write(rest, self.timeouts.data)
            reply = yield from wire.read(self.timeouts.dot)
        except OSError as error:
            self._drop()
            return _cut(State.UNKNOWN, f"cut after the end of the letter: {error}")
        return (yield from self._settled(wire, reply))

    def _envelope_of(self, upcoming: Callable[[], Message | None], wire: Wire) -> bytes:
        """The envelope that may leave with the end of this letter; nothing where it has to wait its turn."""
        if not wire.is_pipelining or self._used >= self.per_connection:
            return b""
        message = upcoming()
        if message is None or unsendable(message, wire.extensions):
            return b""
        self._offered = message
        self._used += 1
        return _lines(envelope(message))

    def _settled(self, wire: Wire, reply: Reply) -> Talk[SendResult]:
        result = outcome(Phase.DOT, reply)
        if result.state is State.UNKNOWN:
            self._drop()
        elif result.state is not State.SENT and (self._offered is None or reply.code == CLOSING):
            yield from self._recover(wire, reply)
        return result

    # --- the connection -------------------------------------------------------------------------------------------

    def _answer(self, wire: Wire, command: str, seconds: float) -> Talk[Reply]:
        yield from wire.write(f"{command}\r\n".encode(), seconds)
        return (yield from wire.read(seconds))

    def _patience(self, phase: Phase) -> float:
        return self.timeouts.data if phase is Phase.DATA else self.timeouts.command

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = None
        self._used = 0
        self._offered = None


def _lines(commands: dict[Phase, str]) -> bytes:
    return "".join(f"{command}\r\n" for command in commands.values()).encode()


def _refusal(replies: list[tuple[Phase, Reply]]) -> tuple[Phase, Reply] | None:
    return next(((phase, reply) for phase, reply in replies if not reply.agrees(phase)), None)


def _reply(error: smtplib.SMTPResponseException) -> Reply:
    text = error.smtp_error
    return Reply(error.smtp_code, text.decode(errors="replace") if isinstance(text, bytes) else text)


def _cut(state: State, text: str) -> SendResult:
    return SendResult(state=state, fault=Fault.NETWORK, text=one_line(text))
