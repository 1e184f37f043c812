"""Titles, abstracts and names as people read them: one line, no invisible characters, LaTeX readable, bounded."""

from __future__ import annotations

import re
import unicodedata

from digest.items.latex import plain_letters, readable

_LONGEST_TITLE = 2_000  # characters, as are the next three
_LONGEST_ABSTRACT = 20_000
_LONGEST_NAME = 200
_LONGEST_WORD = 2_000

# What no reader sees and what could make a line say something else: controls, marks of direction (bidi), zero-width
# characters, soft hyphens, tags. The joiners U+200C and U+200D stay where a script needs them to spell.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    "|(?<![\u0600-\u0dff\u1000-\u109f])[\u200c\u200d]"
)
_CONTROLS = re.compile("[\u0000-\u001f\u007f-\u009f]")
_GREEK_NAMES = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi
omega
"""
_GREEK = dict(zip(_GREEK_NAMES.split(), "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
#: signs that sources without Unicode spell out in braces, as bioRxiv does: "TGF-{beta}", "{+/-}5 {micro}m"
_SIGNS = {
    **_GREEK,
    **{name.capitalize(): letter.upper() for name, letter in _GREEK.items()},
    "micro": "µ", "degrees": "°", "+/-": "±", "approx": "≈", "times": "×", "le": "≤", "ge": "≥", "infty": "∞",
    "prime": "′", "middle dot": "·", "permil": "‰",
}  # fmt: skip
#: The braces of a LaTeX macro, or of a script, hold arguments and not names.
_SPELT = re.compile(
    r"(?:\\[A-Za-z]+(?: ?\{[^{}]*\})+|[_^\\]\{[^{}]*\})"
    rf"|\{{({'|'.join(map(re.escape, _SIGNS))})\}}"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean_title(raw: str) -> str:
    """The title on one line, at most 2,000 characters; a longer one ends at a word with "…"."""
    return _cleaned(raw, _LONGEST_TITLE)


def clean_abstract(raw: str) -> str:
    """The abstract as one paragraph, at most 20,000 characters; a longer one ends at a word with "…"."""
    return _cleaned(raw, _LONGEST_ABSTRACT)


def clean_name(raw: str) -> str:
    """A person's name on one line, at most 200 characters."""
    return _cleaned(raw, _LONGEST_NAME)


def clean_word(raw: str) -> str:
    """A category or an address: its visible characters, at most 2,000, otherwise untouched."""
    return _visible(raw[:_LONGEST_WORD])


def _cleaned(raw: str, longest: int) -> str:
    """Never empty where something was visible, and the same again when cleaned again if it holds no LaTeX."""
    visible = _visible(raw[: 4 * longest])  # LaTeX source is longer than what it says, but not by more
    return _cut(_visible(_spelt_out(readable(plain_letters(visible)))), longest)


def _spelt_out(text: str) -> str:
    return _SPELT.sub(lambda match: _SIGNS[match[1]] if match[1] else match[0], text)


def _visible(text: str) -> str:
    text = _SURROGATES.sub("\ufffd", _INVISIBLE.sub("", _CONTROLS.sub(" ", text)))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    at = head.rfind(" ", longest // 2)  # a text without spaces is cut where it must be
    return (head[:at] if at > 0 else head).rstrip() + "…"
