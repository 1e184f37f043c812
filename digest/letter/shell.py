"""MJML shells as HTML, compiled once at start, after a look for what the compiler gets wrong in silence.

The compiler (mrml) reports little and checks nothing: unknown tags pass through into letters, some attributes vanish,
and ten thousand nested tags end the process. It also holds Python's lock for as long as it works. So it only ever
sees our own templates, at start, and what it would get wrong is refused before, by file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mjml import mjml2html

from digest.errors import TemplateError

_DEEPEST = 60  # tags; a letter needs about ten

#: tags that hold text and HTML of their own, which the compiler leaves alone
_FREE = frozenset(("mj-text", "mj-raw", "mj-button", "mj-style", "mj-title", "mj-preview", "mj-table"))
_KNOWN = _FREE | frozenset(
    (
        "mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-include",
        "mj-section", "mj-column", "mj-group", "mj-wrapper", "mj-divider", "mj-spacer", "mj-image", "mj-hero",
    )
)  # fmt: skip
_VOID = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))

_TAG = re.compile(r"<!--.*?-->|<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)(?P<rest>(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)>", re.S)
_NUMBER_WITH_PLACE = re.compile(r"\b(width|height|padding[\w-]*|border-width)=[\"'][^\"']*\{[{%]")

#: what an attribute would do, or its absence: (tag, pattern of its attributes, whether it must stand, what is wrong)
_ATTRIBUTES = (
    ("mj-style", r"\binline\s*=", False, "styles are not inlined here: write style=… on the tags themselves"),
    ("mj-table", r"\brole\s*=", False, "the role of an mj-table is lost: write the table into mj-raw"),
    ("mj-wrapper", r"\bgap\s*=", False, "the gap of an mj-wrapper is lost: give its sections a padding"),
    ("mj-image", r"\balt\s*=", True, "an mj-image needs an alt, even an empty one"),
)


class Source(NamedTuple):
    """A template as it was found."""

    path: Path
    text: str


class _Tag(NamedTuple):
    name: str
    attributes: str
    parents: tuple[str, ...]
    line: int


def compiled(shell: Source, fragments: Mapping[str, Source]) -> str:
    """The shell as HTML with its Jinja places; `fragments` are what its mj-include can name.

    Raises:
        TemplateError: file, line, and what is wrong there.
    """
    _check(shell)
    for fragment in fragments.values():
        _check(fragment)
        _html(fragment._replace(text=f"<mjml><mj-head>{fragment.text}</mj-head><mj-body></mj-body></mjml>"), {})
    html = _html(shell, fragments)
    if left := re.search(r"<mj-[a-z]+|fonts\.googleapis", html):
        raise _mistake(shell, _line_of(left[0], shell.text), f"{left[0]} was not understood")
    return re.sub(r"\n\s+", "\n", html)  # a tenth of a short letter is indentation


def _html(source: Source, fragments: Mapping[str, Source]) -> str:
    """What the compiler makes of it; `fonts={}`, or the name of a font in a list would load it from a third party."""
    try:
        return mjml2html(source.text, fonts={}, include_loader=lambda name: fragments[name].text)
    except ValueError as error:
        raise _mistake(source, _line_at(str(error), source.text), str(error)) from error


def _check(source: Source) -> None:
    for tag in _tags(source.text):
        if problem := _problem(tag):
            raise _mistake(source, tag.line, problem)


def _problem(tag: _Tag) -> str:
    """What the compiler would get wrong with a tag; "" if nothing."""
    if len(tag.parents) >= _DEEPEST:
        return f"nested more than {_DEEPEST} tags deep, which can crash the compiler"
    if tag.name.startswith("mj") and tag.name not in _KNOWN:
        return f"<{tag.name} was not understood"
    if tag.name == "mj-raw" and "mj-wrapper" in tag.parents and "mj-column" not in tag.parents:
        return "mj-raw in an mj-wrapper is seen by Outlook only"
    if not tag.name.startswith("mj") and tag.parents and not _FREE & set(tag.parents):
        return f"<{tag.name}> stands bare: put it into mj-text or mj-raw"
    if tag.name.startswith("mj") and (found := _NUMBER_WITH_PLACE.search(tag.attributes)):
        return f"{found[1]} is reckoned with when this is compiled, and cannot hold a place"
    for name, pattern, must_stand, problem in _ATTRIBUTES:
        if tag.name == name and bool(re.search(pattern, tag.attributes)) is not must_stand:
            return problem
    return ""


def _tags(source: str) -> Iterator[_Tag]:
    """Every tag that opens, with those around it; what does not close is the compiler's to tell."""
    open_tags: list[str] = []
    for found in _TAG.finditer(source):
        name = found["name"]
        if name is None:  # a comment
            continue
        if found["close"]:
            while open_tags and name in open_tags and open_tags.pop() != name:
                pass
            continue
        yield _Tag(name, found["rest"], tuple(open_tags), source.count("\n", 0, found.start()) + 1)
        if not found["rest"].endswith("/") and name not in _VOID:
            open_tags.append(name)


def _mistake(source: Source, line: int, problem: str) -> TemplateError:
    return TemplateError(f"{source.path}:{line}: {problem}")


def _line_of(words: str, text: str) -> int:
    return text.count("\n", 0, max(text.find(words), 0)) + 1


def _line_at(message: str, text: str) -> int:
    """The line of the byte that mrml's message names ("… at position 16:34"); without one it read to the end."""
    found = re.search(r"position (\d+)", message)
    before = text.encode()[: int(found[1])] if found else text.rstrip().encode()
    return before.count(b"\n") + 1
