"""Header lines as bytes, built from validated parts only, encoded and folded here.

The standard library's generator is not used: it has let an encoded word in a title become a header of its own
(CVE-2024-6923), has lost the quotes of a long display name while folding (python/cpython#80222), and encodes long
List-* addresses, which kills one-click unsubscribing.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from digest.letter.cutting import at_word
from digest.letter.plain import plain

_WIDTH = 78  # RFC 5322, section 2.1.1: what a line should not pass; 998 is what it must not
#: characters of an address that has room on a line with its brackets and a comma; it cannot be folded, and a program
#: that writes the header anew may encode what is longer, after which nobody finds an address in it
LONGEST_URI = 74
_ENCODED_BYTES = 39  # per encoded word: 64 characters with its frame, so that one fits beside any header name
_LONGEST_NAME = 60  # characters of a display name; short ones never fold inside their quotes
_LONGEST_TEXT = 250  # characters of a subject
_GUARDED = 2_000  # texts kept: a subject is asked for twice, and many readers have the same

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
_MESSAGE_ID = re.compile(rf"<{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*>")
_URI = re.compile(r"(?:https?|mailto):[!#-;=?-Z\[\]_a-z~]{1,900}")


@lru_cache(maxsize=_GUARDED)
def guard(text: str) -> str:
    """The text as a header may say it: on one line, visible, single-spaced, and holding no encoded word.

    "=?" opens an encoded word wherever a reader decodes once more than it should, so it is taken apart.
    """
    return " ".join(plain(text).split()).replace("=?", "= ?")


def text_header(name: str, text: str) -> bytes:
    """A header of free text, such as Subject; cut to 250 characters."""
    said = at_word(guard(text), _LONGEST_TEXT)
    return _folded(name, said.split(" ") if said.isascii() and _fits(said) else _encoded_words(said))


def address_header(name: str, address: str, display: str = "") -> bytes:
    """A header with exactly one address.

    Raises:
        ValueError: the address is not a plain ASCII one (after its domain's IDNA form).
    """
    spec = address_spec(address)
    if not display:
        return _folded(name, [spec])
    said = at_word(guard(display), _LONGEST_NAME)
    return _folded(name, [*_phrase(said), f"<{spec}>"] if said else [spec])


def address_spec(address: str) -> str:
    """The address as it stands on the wire: domain in its IDNA form.

    Raises:
        ValueError: it has a form that could be read as anything else than one mailbox.
    """
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"not a mail address: {address!r}") from error
    if len(address) > 254 or not _ADDRESS.fullmatch(f"{local}@{ascii_domain}"):
        raise ValueError(f"not a mail address: {address!r}")
    return f"{local}@{ascii_domain}"


def date_header(date: datetime) -> bytes:
    """The Date, with a numeric zone."""
    return _folded("Date", format_datetime(date).split(" "))


def message_id_header(message_id: str) -> bytes:
    """The Message-ID, given with its angle brackets.

    Raises:
        ValueError: it is none.
    """
    if len(message_id) > 250 or not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"not a message id: {message_id!r}")
    return f"Message-ID: {message_id}\r\n".encode("ascii")


def list_header(name: str, uris: Sequence[str]) -> bytes:
    """A List-* header (RFC 2369): addresses plain, each whole on its line, never encoded.

    Raises:
        ValueError: an address holds what a header or its brackets cannot.
    """
    for uri in uris:
        if not _URI.fullmatch(uri):
            raise ValueError(f"not an address for {name}: {uri!r}")
    return _folded(name, ", ".join(f"<{uri}>" for uri in uris).split(" "))


def list_id_header(address: str) -> bytes:
    """The List-Id (RFC 2919), stable as long as the sender's address is: digest@example.org is digest.example.org."""
    return f"List-Id: <{address_spec(address).replace('@', '.')}>\r\n".encode("ascii")


def _fits(said: str) -> bool:
    """Whether no word is too long to stay within a line; longer ones are encoded, which can be folded."""
    return all(len(word) < _WIDTH - len("Subject: ") for word in said.split(" "))


def _phrase(name: str) -> Iterable[str]:
    """A display name as atoms, as a quoted string, or encoded."""
    if not name.isascii() or not _fits(name):
        return _encoded_words(name)
    if re.fullmatch(rf"{_ATOM}(?: {_ATOM})*", name):
        return [name]
    return ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']


def _encoded_words(text: str) -> Iterator[str]:
    """The text as encoded words of RFC 2047, none longer than 64 characters, none ending inside a character."""
    chunk = b""
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > _ENCODED_BYTES:
            yield f"=?utf-8?b?{b64encode(chunk).decode('ascii')}?="
            chunk = b""
        chunk += octets
    yield f"=?utf-8?b?{b64encode(chunk).decode('ascii')}?="


def _folded(name: str, words: Iterable[str]) -> bytes:
    """The header with its words on lines of 78 characters; one word longer than that has a line to itself."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) <= _WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join([*lines, ""]).encode("ascii")
