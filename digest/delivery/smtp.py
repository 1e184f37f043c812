"""Letters by SMTP, phase by phase, so that "before the final dot" and "after it" never look the same.

connect, TLS, login    once per connection
MAIL, RCPT, DATA       one recipient; in one packet where the server takes that (RFC 2920)
begin()                the caller's last check, after the 354 and before the first octet of the body
body                   a cut here means: certainly not accepted
is_held()              whether the row is still ours: the process may have been stopped since
final dot              a cut from here on means: nobody can say

Where the server takes commands without waiting, the envelope of the next message leaves with the dot: one round trip
for each letter instead of four.
"""

from __future__ import annotations

import select
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR

from digest.delivery.connection import Server, connect
from digest.delivery.envelope import envelope, stuffed, unsendable
from digest.delivery.replies import Phase, Reply, one_line, outcome
from digest.model import Fault, Message, SendResult, State
from digest.ports import always, nothing

PER_CONNECTION = 100  # many servers ask for a fresh connection after about this many messages
FAREWELL = 5.0  # seconds that a server has to answer QUIT

DONE, GO_AHEAD, CLOSING = 250, 354, 421


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait in each phase. A short wait after the final dot makes duplicates (RFC 5321, 4.5.3.2.6)."""

    command: float = 60  #: banner, TLS, login, MAIL, RCPT
    data: float = 120  #: the answer to DATA, and the writing of the body
    dot: float = 600


PATIENT = Timeouts()


class SmtpTransport:
    """Hands messages to one server over a connection that is kept open. Each thread needs a transport of its own.

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
        self._smtp: smtplib.SMTP | None = None
        self._used = 0  # messages offered over the open connection
        self._offered: Message | None = None  # whose envelope has left with the end of the last letter

    def send(
        self,
        message: Message,
        begin: Callable[[], bool],
        *,
        is_held: Callable[[], bool] = always,
        upcoming: Callable[[], Message | None] = nothing,
    ) -> SendResult:
        """How handing over one message ended; see `digest.ports.Transport`.

        Raises:
            SetupError: TLS, login or greeting is refused; no message can be sent.
        """
        try:
            refused = self._offer(message)
        except smtplib.SMTPResponseException as error:
            return outcome(Phase.CONNECT, _reply(error.smtp_code, error.smtp_error))
        except OSError as error:
            self._drop()
            return _cut(State.DEFERRED, f"no connection, or lost before the letter: {error}")
        return refused or self._hand_over(message, begin, is_held, upcoming)

    def close(self) -> None:
        """Take leave of the server, if there is a connection."""
        if self._smtp is not None and self._offered is None:  # else it waits for a letter, and would take QUIT for one
            with suppress(OSError):
                _wait(self._smtp, FAREWELL)
                self._smtp.quit()
        self._drop()

    def abort(self) -> None:
        """Cut the connection under the letter that is being sent; another thread calls this."""
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with suppress(OSError):
                smtp.sock.shutdown(SHUT_RDWR)

    # --- the envelope ---------------------------------------------------------------------------------------------

    def _offer(self, message: Message) -> SendResult | None:
        """Why the server does not take the envelope; None when it waits for the body."""
        if self._offered is not message and (self._offered is not None or self._used >= self.per_connection):
            self.close()
        if self._smtp is not None:
            with suppress(OSError):
                refused = self._ask(self._smtp, message)
                if refused is None or refused.code != CLOSING:
                    return refused
            self._drop()
        self._smtp = connect(self.server, self.timeouts.command)
        return self._ask(self._smtp, message)

    def _ask(self, smtp: smtplib.SMTP, message: Message) -> SendResult | None:
        was_offered, self._offered = self._offered is not None, None
        if refused := unsendable(message, smtp.esmtp_features):
            return refused
        if was_offered:
            replies = self._replies(smtp, tuple(envelope(message)))
        else:
            self._used += 1
            replies = self._exchange(smtp, envelope(message))
        if refusal := _refusal(replies):
            self._recover(smtp, replies[-1][1])
            return outcome(*refusal)
        return None

    def _exchange(self, smtp: smtplib.SMTP, commands: dict[Phase, str]) -> list[tuple[Phase, Reply]]:
        """The replies to the commands, up to the first refusal or, where all went out at once, to all of them."""
        if _is_pipelining(smtp):
            smtp.send(_lines(commands))
            return self._replies(smtp, tuple(commands))
        replies: list[tuple[Phase, Reply]] = []
        for phase, command in commands.items():
            smtp.putcmd(command)
            replies.append((phase, self._read(smtp, phase)))
            if _refusal(replies):
                break
        return replies

    def _replies(self, smtp: smtplib.SMTP, phases: tuple[Phase, ...]) -> list[tuple[Phase, Reply]]:
        """The replies to commands that have all gone out."""
        replies: list[tuple[Phase, Reply]] = []
        for phase in phases:
            try:
                replies.append((phase, self._read(smtp, phase)))
            except OSError:
                if not _refusal(replies):
                    raise
                break  # the server refused and hung up: the refusal is what counts
        return replies

    def _recover(self, smtp: smtplib.SMTP, last: Reply) -> None:
        """Make the connection fit for the next message after a refusal, or give it up."""
        # 354 after a refused recipient: the server now waits for a letter, and a lone dot would be an empty one
        if last.code not in (CLOSING, GO_AHEAD):
            with suppress(OSError):
                if smtp.rset()[0] == DONE:
                    return
        self._drop()

    # --- the letter -----------------------------------------------------------------------------------------------

    def _hand_over(
        self,
        message: Message,
        begin: Callable[[], bool],
        is_held: Callable[[], bool],
        upcoming: Callable[[], Message | None],
    ) -> SendResult:
        may_begin = False
        try:
            may_begin = begin()
        finally:
            if not may_begin:
                self._drop()
        if not may_begin:
            return SendResult(state=State.CANCELLED, text="stopped by the last check")
        return self._write(message, is_held, upcoming)

    def _write(
        self, message: Message, is_held: Callable[[], bool], upcoming: Callable[[], Message | None]
    ) -> SendResult:
        smtp = self._smtp
        assert smtp is not None  # noqa: S101 - it has just said 354
        try:
            _wait(smtp, self.timeouts.data)
            smtp.send(stuffed(message.data))
            following = self._envelope_of(upcoming, smtp)
            _require_silence(smtp)
            if not is_held():
                raise TimeoutError("stopped for so long that the letter is not ours any more")
        except OSError as error:
            self._drop()
            return _cut(State.DEFERRED, f"cut inside the letter: {error}")
        try:
            smtp.send(b".\r\n" + following)
            reply = self._read(smtp, Phase.DOT)
        except OSError as error:
            self._drop()
            return _cut(State.UNKNOWN, f"cut after the end of the letter: {error}")
        return self._settled(smtp, reply)

    def _envelope_of(self, upcoming: Callable[[], Message | None], smtp: smtplib.SMTP) -> bytes:
        """The envelope that may leave with the end of this letter; nothing where it has to wait its turn."""
        if not _is_pipelining(smtp) or self._used >= self.per_connection:
            return b""
        message = upcoming()
        if message is None or unsendable(message, smtp.esmtp_features):
            return b""
        self._offered = message
        self._used += 1
        return _lines(envelope(message)).encode()

    def _settled(self, smtp: smtplib.SMTP, reply: Reply) -> SendResult:
        result = outcome(Phase.DOT, reply)
        if result.state is State.UNKNOWN:
            self._drop()
        elif result.state is not State.SENT and (self._offered is None or reply.code == CLOSING):
            self._recover(smtp, reply)
        return result

    # --- the connection -------------------------------------------------------------------------------------------

    def _read(self, smtp: smtplib.SMTP, phase: Phase) -> Reply:
        waits = {Phase.DATA: self.timeouts.data, Phase.DOT: self.timeouts.dot}
        _wait(smtp, waits.get(phase, self.timeouts.command))
        try:
            return _reply(*smtp.getreply())
        except smtplib.SMTPResponseException as error:  # a line without end is no reply
            raise smtplib.SMTPServerDisconnected(str(error.smtp_error)) from error

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None
        self._used = 0
        self._offered = None


def _is_pipelining(smtp: smtplib.SMTP) -> bool:
    return "pipelining" in smtp.esmtp_features


def _lines(commands: dict[Phase, str]) -> str:
    return "".join(f"{command}\r\n" for command in commands.values())


def _refusal(replies: list[tuple[Phase, Reply]]) -> tuple[Phase, Reply] | None:
    return next(((phase, reply) for phase, reply in replies if not reply.agrees(phase)), None)


def _reply(code: int, text: bytes | str) -> Reply:
    return Reply(code, text.decode(errors="replace") if isinstance(text, bytes) else text)


def _cut(state: State, text: str) -> SendResult:
    return SendResult(state=state, fault=Fault.NETWORK, text=one_line(text))


def _wait(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _require_silence(smtp: smtplib.SMTP) -> None:
    """Make sure that the server has neither spoken nor hung up before the dot: then it has not taken the letter."""
    assert smtp.sock is not None  # noqa: S101 - something was just written to it
    poller = select.poll()
    poller.register(smtp.sock, select.POLLIN)
    if poller.poll(0):
        raise ConnectionError("the server broke in")
