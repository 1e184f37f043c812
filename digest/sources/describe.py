"""What a body that is no listing looks like, in a few words for people."""

from __future__ import annotations

import re

from digest.errors import SourceError
from digest.sources.text import collapse, decode

_HEAD = 100_000  # characters looked at
_PAGE = re.compile(r"<(?:!doctype html|html|head|body|h1)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{1,300})", re.IGNORECASE)


def describe(body: bytes) -> str:
    """A noun phrase: "an HTML page titled “Down for maintenance”", "an empty file", "plain text"."""
    try:
        text = decode(body[:_HEAD])[0].lstrip()
    except SourceError as error:
        return str(error)
    if text.startswith(("{", "[")):
        return "JSON"
    if not text.startswith("<"):
        return "plain text"
    return _describe_page(text) if _PAGE.search(text) else "XML or the like"


def _describe_page(text: str) -> str:
    title = _TITLE.search(text)
    return f"an HTML page titled “{collapse(title[1])}”" if title else "an HTML page"
