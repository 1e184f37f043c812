"""Complete message bytes: headers, then the text and the HTML of a letter, both quoted-printable."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterable

_DOTS_IN_A_LINE = 24  # 72 characters
_LEADING_DOTS = re.compile(rb"^\.+", re.MULTILINE)


def multipart(headers: Iterable[bytes], *, text: str, html: str, message_id: str) -> bytes:
    """An RFC 5322 message of two alternatives, text first; CRLF line ends, the same bytes for the same input.

    The boundary cannot occur in a body: in quoted-printable "=" is followed by a hexadecimal digit or a line end.
    """
    boundary = "=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32]
    content_type = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'
    parts = (_part("text/plain", text), _part("text/html", html))
    body = "".join(f"--{boundary}\r\n{part}" for part in parts)
    return b"".join(headers) + f"MIME-Version: 1.0\r\n{content_type}\r\n{body}--{boundary}--\r\n".encode("ascii")


def quoted_printable(text: str) -> str:
    """The text in quoted-printable: CRLF line ends, lines of at most 76 characters, none starting with a dot.

    A dot at the start of a line is doubled in SMTP and undone by the receiver; where one of them forgets, a title
    loses a character or the letter ends early. Encoded, it is safe from both.
    """
    encoded = binascii.b2a_qp(text.encode(), istext=True, header=False)
    return _LEADING_DOTS.sub(_encoded_dots, encoded).replace(b"\n", b"\r\n").decode("ascii")


def _encoded_dots(dots: re.Match[bytes]) -> bytes:
    """The dots, encoded on lines of their own: three times as long, they may not fit where they were."""
    count = len(dots[0])
    return b"".join(b"=2E" * min(count - at, _DOTS_IN_A_LINE) + b"=\n" for at in range(0, count, _DOTS_IN_A_LINE))


def _part(content_type: str, content: str) -> str:
    head = f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return f"{head}{quoted_printable(content)}\r\n"
