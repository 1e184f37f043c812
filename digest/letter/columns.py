"""Plain text in lines of 74 columns, for every script."""

from __future__ import annotations

import re
import unicodedata

COLUMNS = 74

# Chinese and Japanese are written without spaces: a line may end after any of their characters, though not before
# one that closes.
_UNSPACED = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_WORDS = re.compile(rf"[{_UNSPACED}][。、，．！？；：」』）】》]*|[^ {_UNSPACED}]+")


def wrapped(text: str, hang: int = 0) -> str:
    """The text in lines of 74 columns, all but the first set in by `hang`; a longer word stands alone, whole.

    Double spaces and those at the start stay, so that "1  Title" keeps its gap; none stays at the end of a line.
    """
    if text.isascii():
        return "\n".join(_ascii_lines(text.rstrip(" "), hang))
    lines, line, at = [], "", 0
    for word in _WORDS.finditer(text):
        gap = text[at : word.start()]
        at = word.end()
        if line.strip(" ") and width(line + gap + word[0]) > COLUMNS:
            lines.append(line)
            line = " " * hang + word[0]
        else:
            line += gap + word[0]
    return "\n".join([*lines, line])


def _ascii_lines(text: str, hang: int) -> list[str]:
    """The same for a text in which every character is one column wide and only spaces part words: much faster."""
    lines = []
    while len(text) > COLUMNS:
        start = len(text) - len(text.lstrip(" "))  # of its first word, which stays however long it is
        end = text.rfind(" ", start, COLUMNS + 1)
        if end < 0 and (end := text.find(" ", start)) < 0:
            break
        lines.append(text[:end].rstrip(" "))
        text = " " * hang + text[end:].lstrip(" ")
    return [*lines, text]


def width(text: str) -> int:
    """How many columns the text takes."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
