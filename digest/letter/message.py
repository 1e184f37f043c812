"""Complete message bytes: headers, then the text and the HTML of a letter, both quoted-printable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def multipart(headers: Iterable[bytes], *, text: bytes, html: bytes, message_id: str) -> bytes:
    """An RFC 5322 message of two alternatives, text first; the same bytes for the same input.

    `text` and `html` are encoded already.
    """
    return of_parts(headers, text=(text,), html=(html,), message_id=message_id)


def of_parts(headers: Iterable[bytes], *, text: Iterable[bytes], html: Iterable[bytes], message_id: str) -> bytes:
    """The same of a text and an HTML in parts, which are joined once, in their places.

    The boundary cannot occur in a body: in quoted-printable "=" is followed by a hexadecimal digit or a line end.
    """
    boundary = b"=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32].encode()
    content_type = b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="%b"\r\n\r\n' % boundary
    before, between = (b"--%b\r\n" % boundary + _HEAD % b"plain"), (b"\r\n--%b\r\n" % boundary + _HEAD % b"html")
    return b"".join((*headers, content_type, before, *text, between, *html, b"\r\n--%b--\r\n" % boundary))


_HEAD = b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
