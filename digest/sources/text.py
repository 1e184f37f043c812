"""Bytes and strings from outside, made safe to keep: decoding, white space, addresses, moments, counts."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from digest.errors import SourceError

# PostgreSQL refuses NUL, UTF-8 refuses lone surrogates, and a terminal obeys the other control characters.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
_MOST = 2**31 - 1  # what an integer column holds


def decode(body: bytes) -> tuple[str, bool]:
    """The text of a UTF-8 body, and whether it is cut off within its last character.

    Raises:
        SourceError: the body is empty, or not text.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        text = decoder.decode(body)
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 text: byte {error.start + 1} fits no character") from error
    if "\0" in text:
        raise SourceError("not text: a binary file")
    if not text.strip():
        raise SourceError("an empty file" if not body else "nothing but white space")
    return text, bool(decoder.getstate()[0])


def collapse(value: object) -> str:
    """A string with its white space collapsed and what cannot be stored or shown left out; "" for anything else."""
    return " ".join(_UNPRINTABLE.sub("", value).split()) if isinstance(value, str) else ""


def web_address(value: object) -> str | None:
    """The string if it is a plain http(s) address with a host, else None."""
    if not isinstance(value, str) or _UNPRINTABLE.search(value) or len(value.split()) != 1:
        return None
    try:
        parts = urlsplit(value.strip())
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return value.strip() if is_good else None


def moment(value: object) -> datetime | None:
    """An ISO 8601 string as an aware UTC datetime (UTC where it names no zone), or None."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def count(value: object) -> int:
    """A number of people as a listing states it; 0 for anything that is not one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST else 0


def labelled(label: str, text: str) -> str:
    """A part of an abstract behind its label, which is not shouted: "Results: We find …"."""
    label = label.strip()
    return f"{label.capitalize() if label.isupper() else label}: {text}"
