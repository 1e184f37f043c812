"""What is said to an SMTP server about a message, and whether that server can take it at all: pure."""

from __future__ import annotations

import re
from collections.abc import Container

import numpy as np

from digest.delivery.replies import Phase, one_line
from digest.model import Fault, Message, SendResult, State

#: what the commands before the body ask for, in their order
ENVELOPE = Phase.MAIL, Phase.RCPT, Phase.DATA

_LF, _CR, _DOT = b"\n\r."

_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")


def envelope(message: Message) -> dict[Phase, str]:
    """The three commands before the body."""
    sender, recipient = _on_the_wire(message.envelope_from), _on_the_wire(message.recipient)
    options = "" if (sender + recipient).isascii() else " SMTPUTF8"
    options += "" if message.data.isascii() else " BODY=8BITMIME"
    commands = f"MAIL FROM:<{sender}>{options}", f"RCPT TO:<{recipient}>", "DATA"
    return dict(zip(ENVELOPE, commands, strict=True))


def unsendable(message: Message, features: Container[str]) -> SendResult | None:
    """Why a server with these extensions (RFC 6531, RFC 6152) cannot take the message; None where it can."""
    for address, fault in ((message.recipient, Fault.RECIPIENT), (message.envelope_from, Fault.OURS)):
        if not _is_address(address):
            return SendResult(state=State.FAILED, fault=fault, text=f"{one_line(address)}: not a mail address")
        if not _on_the_wire(address).isascii() and "smtputf8" not in features:
            text = f"{one_line(address)}: the SMTP server takes only ASCII before the @ (no SMTPUTF8)"
            return SendResult(state=State.FAILED, fault=fault, text=text)
    if "8bitmime" not in features and not message.data.isascii():
        text = "the SMTP server takes only ASCII letters (no 8BITMIME)"
        return SendResult(state=State.FAILED, fault=Fault.CONTENT, text=text)
    return None


def stuffed(data: bytes) -> bytes:
    """A body for DATA: lines end in CRLF and nothing else, none is a lone dot, the last one is complete (RFC 5321)."""
    if _is_plain(data):
        return data
    # bare CR and LF: some servers end the letter at them, and what follows would be commands
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    complete = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return (b"." if complete.startswith(b".") else b"") + complete.replace(b"\r\n.", b"\r\n..")


def _is_plain(data: bytes) -> bool:
    """Whether a body can go out as it is, as most do: looked at as numbers, a tenth of what searching it takes."""
    octets = np.frombuffer(data, np.uint8)
    if not data.endswith(b"\r\n") or octets[0] in (_LF, _DOT):
        return False
    returns, feeds, dots = octets == _CR, octets == _LF, octets == _DOT
    return bool((returns[:-1] == feeds[1:]).all()) and not (feeds[:-1] & dots[1:]).any()


def _is_address(address: str) -> bool:
    try:
        _on_the_wire(address)
    except UnicodeError:
        return False
    return not _UNSAFE.search(address)


def _on_the_wire(address: str) -> str:
    """An address with its domain in ASCII; only a part before the @ may need SMTPUTF8."""
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    return local + at + domain.encode("idna").decode()
