"""The names of authors where a listing prints several in one text."""

from __future__ import annotations

import re

from digest.sources.text import collapse

_BETWEEN = re.compile(r"\s*,\s*(?:and\s|&\s)?\s*|\s+and\s+|\s+&\s+")
_CONTACT = re.compile(r"\S{1,64}@\S{1,255} \((.{1,200})\)")  # "ada@example.org (Ada Example)", as RSS 2.0 asks for

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def names_in(value: object) -> tuple[str, ...]:
    """Each name once, in order; a mail address is none.

    Semicolons part names. Commas and "and" do only where every part has two words or more, since "Example, Ada" and
    "Ada Example, PhD" are one person.
    """
    text = collapse(value)
    if contact := _CONTACT.fullmatch(text):
        text = contact[1]
    if ";" in text:
        return _once(text.split(";"))
    parts = [part for part in _BETWEEN.split(text) if part]
    return _once(parts if all(" " in part for part in parts) else [text])


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in names if (name := part.strip()) and not _ADDRESS.fullmatch(name)))
