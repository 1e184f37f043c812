"""Opens a connection to an SMTP server: TLS verified, login only behind it, never anything less than was asked for."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address

from digest.delivery.replies import one_line
from digest.errors import SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect and how."""

    host: str
    port: int
    tls: str  #: "implicit", "starttls", or "none", which only addresses of this machine may have
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    hello: str | None = None  #: the name to greet with; None greets with this machine's own
    context: ssl.SSLContext | None = None  #: for a private certificate authority; None trusts the system's


def connect(server: Server, timeout: float) -> smtplib.SMTP:
    """A connection that is ready for MAIL; `timeout` is in seconds, for each answer.

    Raises:
        SetupError: certificate, TLS, login or greeting refused for good, or clear text asked for beyond this machine.
        OSError: no connection now (smtplib's errors are among them); another try may have more luck.
    """
    if server.tls == "none":
        _require_loopback(server)
    try:
        return _introduced(server, _opened(server, timeout))
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 500:
            raise
        reply = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise SetupError(_said(server, f"refuses us: {error.smtp_code} {reply}")) from error
    except smtplib.SMTPException as error:
        raise SetupError(_said(server, str(error))) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError):
        raise
    except ssl.SSLError as error:
        raise SetupError(_said(server, f"TLS failed, nothing was sent: {error}")) from error


def _opened(server: Server, timeout: float) -> smtplib.SMTP:
    if server.tls == "implicit":
        context = server.context or ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=server.hello, timeout=timeout, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, local_hostname=server.hello, timeout=timeout)
    smtp.command_encoding = "utf-8"  # for SMTPUTF8; the same as ASCII for everything else
    return smtp


def _introduced(server: Server, smtp: smtplib.SMTP) -> smtplib.SMTP:
    try:
        # the end of a letter is a small packet of its own, which must not wait for an acknowledgement
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
        _greet(smtp)
        if server.tls == "starttls":
            smtp.starttls(context=server.context or ssl.create_default_context())
            _greet(smtp)
        if server.username is not None:
            _log_in(server.username, server.password or "", smtp)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _greet(smtp: smtplib.SMTP) -> None:
    code, text = smtp.ehlo()
    if code != 250:
        raise smtplib.SMTPHeloError(code, text)


def _log_in(username: str, password: str, smtp: smtplib.SMTP) -> None:
    try:
        smtp.login(username, password)
    except UnicodeEncodeError:  # its text would show the password
        raise SetupError("the SMTP user name and password must be ASCII") from None


def _require_loopback(server: Server) -> None:
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    if not all(ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found):
        raise SetupError(
            _said(server, "is not this machine, and clear text may not leave it; use starttls or implicit")
        )


def _said(server: Server, text: str) -> str:
    return one_line(f"SMTP server {server.host}:{server.port}: {text}")
