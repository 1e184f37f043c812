"""A letter as the templates print it: names and types of what they may use; docs/letter.md lists them for operators.

Nothing in here is escaped: that is the business of the HTML templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from digest.letter.marks import Piece


class Extent(IntEnum):
    """How much of a paper is printed."""

    TITLE = 0  #: no abstract
    EXCERPT = 1  #: the beginning of it
    WHOLE = 2


@dataclass(frozen=True, slots=True)
class Form:
    """How much of a letter is printed; counts of papers, best first."""

    full: int  #: with their whole abstract
    excerpts: int  #: the next ones, with the beginning of it
    shown: int  #: of all papers; the rest is only counted
    trending: int  #: titles of what others read


@dataclass(frozen=True, slots=True)
class Phrase:
    """A reader's phrase in a reason line."""

    text: str
    is_unbroken: bool  #: short enough to stay on one line
    aside: str = ""  #: "with molecule, atom": other words of the paper that spoke for the phrase


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper is in the letter, as a sentence in parts."""

    opening: str  #: "You follow", or "A little of" where that was not enough
    follows: tuple[Phrase | str, ...]  #: a str is a phrase that has been printed already
    follows_more: str
    less: tuple[Phrase | str, ...]
    less_more: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its text; `label` says it in full where the text alone could mean any paper."""

    text: str
    url: str
    label: str = ""
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of the letter."""

    rank: int | str  #: 1 is the best; the same number in contents, links and replies
    short_title: str
    title: tuple[Piece, ...]
    url: str | None
    reason: Reason | None
    authors: tuple[tuple[Piece, ...], ...]
    authors_more: str
    place: str
    categories: tuple[tuple[Piece, ...], ...]
    notes: tuple[str, ...]  #: "revised", "score 9.2 = 5.6 + 3.6"
    votes: str
    abstract: tuple[Piece, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The papers of one topic; no name where the letter has only one."""

    name: str
    count: str
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that a letter shows; what stands around its rows, and then these, in its order."""

    site_name: str
    leave: Link | None
    headline: str
    lead: str
    preheader: str
    vouched: str  #: who added a reader that did not ask, above everything else; "" for all others
    footer_links: tuple[Link, ...]
    footer: tuple[str, ...]  #: paragraphs
    notices: tuple[str, ...] = ()
    contents: tuple[Paper, ...] = ()
    contents_more: str = ""
    sections: tuple[Section, ...] = ()
    misses: Section | None = None  #: the nearest papers below the line, where none has reached it
    left_out: str = ""
    trending: tuple[Paper, ...] = ()
