"""Formulas in MathML as a line of text that reads like the formula on paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from lxml import etree

from digest.sources.text import collapse

_ANY = -1  # number of children
_DEEPEST = 40  # levels of a formula that are looked into; below that its text stands as it is
_SILENT = frozenset(("annotation", "annotation-xml", "mphantom", "none", "mprescripts"))  # the same again, or nothing
#: presentation elements that only hold others together; any other unknown name is content markup, read with spaces
_HOLDERS = frozenset(
    ("math", "mrow", "mstyle", "mpadded", "semantics", "menclose", "maction", "mtd", "mi", "mn", "mo", "mtext", "ms")
)
_ACCENTS = {"^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "˜": "\u0303", "¯": "\u0304", "‾": "\u0304", "˙": "\u0307"}
_ACCENTS |= {"→": "\u20d7", "¨": "\u0308"}


def formula(element: etree._Element) -> str:
    """What a `math` element says: "ηₚ²", "(a+b)/2", "∑ᵢ₌₁ⁿaᵢ"."""
    return collapse(_read(element, 0))


def raised(text: str) -> str:
    """The text as a superscript: in raised characters where each has one, else as "^{text}"."""
    return _script(text, _RAISED, "^")


def lowered(text: str) -> str:
    """The text as a subscript: in lowered characters where each has one, else as "_{text}"."""
    return _script(text, _LOWERED, "_")


def _script(text: str, table: Mapping[str, str], mark: str) -> str:
    if all(character in table for character in text):
        return "".join(table[character] for character in text)
    return mark + (text if len(text) == 1 else f"{{{text}}}")


def _table(form: str) -> dict[str, str]:
    """{letter, digit or sign: its raised or lowered form}, from Unicode's own decompositions."""
    found = {}
    for code in (*range(0xAA, 0xBB), *range(0x2B0, 0x2E5), *range(0x1D2C, 0x1D6B), *range(0x2070, 0x209D), 0x2C7C):
        kind, *plain = unicodedata.decomposition(chr(code)).split() or [""]
        if kind == form and len(plain) == 1:
            found[chr(int(plain[0], 16))] = chr(code)
    return found | dict.fromkeys("-–", found["−"]) | {"′": "′", "*": "*"}


_RAISED, _LOWERED = _table("<super>") | {"∘": "°"}, _table("<sub>")


def _read(element: etree._Element, level: int) -> str:
    name = etree.QName(element).localname
    if name in _SILENT:
        return ""
    if level == _DEEPEST:
        return "".join(map(str, element.itertext()))
    parts = [collapse(_read(child, level + 1)) for child in element.iterchildren(etree.Element)]
    layout = _LAYOUTS.get(name)
    if layout is not None and layout[0] in (len(parts), _ANY):
        return layout[1](parts)
    if name == "mfenced":
        return _fenced(element, parts)
    own = [collapse(element.text), *parts]
    return _joined([part for part in own if part]) if name in _HOLDERS else " ".join(own)


def _joined(parts: Sequence[str]) -> str:
    """The parts in a row, with a space where two words or a number and a word would run together: "sin x"."""
    if not parts:
        return ""
    gaps = [" " if _touch(left, right) else "" for left, right in pairwise(parts)]
    return parts[0] + "".join(gap + part for gap, part in zip(gaps, parts[1:], strict=True))


def _touch(left: str, right: str) -> bool:
    is_wordy = (left.isalpha() and len(left) > 1) or (right.isalpha() and len(right) > 1)
    return is_wordy and left[-1].isalnum() and right[0].isalnum()


def _fenced(element: etree._Element, parts: Sequence[str]) -> str:
    """The parts between brackets, parted by signs of which the last goes on (MathML 3, 3.3.8)."""
    signs = "".join(str(element.get("separators", ",")).split())
    between = [signs[min(index, len(signs) - 1)] if signs else "" for index in range(len(parts))]
    inside = "".join(part + sign for part, sign in zip(parts, between, strict=True))
    inside = inside[:-1] if signs else inside
    return f"{element.get('open', '(')}{inside}{element.get('close', ')')}"


def _grouped(part: str) -> str:
    """The part as one operand: in brackets unless it is a single word, number or sign."""
    return part if part.isalnum() or len(part) <= 1 else f"({part})"


def _over(parts: Sequence[str]) -> str:
    base, above = parts[:2]
    if above in _ACCENTS and base:
        return unicodedata.normalize("NFC", base[:1] + _ACCENTS[above] + base[1:])
    return base + raised(above)


#: {element: (how many children it must have, how they read)}
_LAYOUTS: dict[str, tuple[int, Callable[[Sequence[str]], str]]] = {
    "msup": (2, lambda parts: parts[0] + raised(parts[1])),
    "msub": (2, lambda parts: parts[0] + lowered(parts[1])),
    "msubsup": (3, lambda parts: parts[0] + lowered(parts[1]) + raised(parts[2])),
    "munder": (2, lambda parts: parts[0] + lowered(parts[1])),
    "mover": (2, _over),
    "munderover": (3, lambda parts: parts[0] + lowered(parts[1]) + raised(parts[2])),
    "mfrac": (2, lambda parts: f"{_grouped(parts[0])}/{_grouped(parts[1])}"),
    "msqrt": (_ANY, lambda parts: f"√({_joined(parts)})"),
    "mroot": (2, lambda parts: f"{raised(parts[1])}√({parts[0]})"),
    "mtable": (_ANY, lambda parts: f"[{'; '.join(parts)}]"),
    "mtr": (_ANY, " ".join),
}
