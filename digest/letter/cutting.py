"""Cutting texts to length where a reader would pause."""

from __future__ import annotations

import re

_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s+[^\sa-z])|[.!?][\"'”’)\]]*$|[。！？]")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs|al|etc|Fig|Eq|Sec|Dr|Prof|No|resp|approx)|\b[A-Z])\.$")
_SHORTEST = 80  # characters; an abstract cut to less says nothing


def excerpt(text: str, longest: int) -> str:
    """The text up to the last sentence end within `longest` characters; with "…" where none is in reach."""
    if len(text) <= longest:
        return text
    ends = [m.end() for m in _SENTENCE_END.finditer(text[: longest + 2]) if m.end() <= longest]
    whole = [end for end in ends if end >= _SHORTEST and not _ABBREVIATION.search(text[:end])]
    return text[: whole[-1]] if whole else at_word(text, longest)


def at_word(text: str, longest: int) -> str:
    """The text, or its words that fit into `longest` characters with "…"."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    at = head.rfind(" ", longest // 2)  # a text without spaces is cut where it must be
    return (head[:at] if at > 0 else head).rstrip(" ,;:–—-") + "…"


def short_title(title: str, longest: int = 80) -> str:
    """The title up to its first colon, or through its question mark: what people call the paper."""
    head = re.match(r"(.{4,}?\?)(?=\s|$)|(.{2,}?):(?=\s|\w)", title)
    return at_word((head[1] or head[2]) if head else title, longest)
