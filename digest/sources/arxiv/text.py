"""What all forms of arXiv's listings share: how it writes ids, authors and categories, and what makes one complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from digest.model import Entry, Outcome, Parsed
from digest.sources.rows import judged
from digest.sources.text import collapse

NAME = "arxiv"

#: https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN(N), before April 2007 archive(.CLASS)/YYMMNNN
_ID = r"(?:\d{4}\.\d{4,5}|[a-z][a-z-]{1,15}(?:\.[A-Za-z-]{2,16})?/\d{7})"
_WRITTEN = re.compile(
    r"(?:oai:arXiv\.org:|arXiv:\s*|Paper:\s*|(?:https?://(?:\w+\.){0,2}arxiv\.org)?/abs/)?"
    rf"(?P<id>{_ID})(?:v(?P<version>\d{{1,4}}))?",
    re.ASCII | re.IGNORECASE,
)
#: "cs.LG", "hep-th"; classes of other schemes (MSC, ACM) stand among them in the answers of the API
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[A-Za-z]+)*)?", re.ASCII)
_DOI = re.compile(r"10\.\d{4,9}/\S+", re.ASCII)
_SUFFIXES = frozenset(("Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV"))


class Named(NamedTuple):
    """The paper that an id means."""

    id: str  #: without version
    version: int | None

    @property
    def url(self) -> str:
        """The page of its abstract."""
        return f"https://arxiv.org/abs/{self.id}"

    @property
    def written(self) -> str:
        """The id, with the version where it is known."""
        return self.id + (f"v{self.version}" if self.version else "")


def named(written: object) -> Named | None:
    """The paper that a guid, an address of an abstract or a bare id names, or None."""
    found = _WRITTEN.fullmatch(collapse(written))
    return Named(found["id"], int(found["version"]) if found["version"] else None) if found else None


def identifiers(paper: Named, dois: object) -> tuple[str, ...]:
    """The id, and the DOI of the published version where the authors gave one, or several with spaces between."""
    return (f"arxiv:{paper.written}", *(f"doi:{word}" for word in collapse(dois).split() if _DOI.fullmatch(word)))


def categories(terms: Iterable[object]) -> tuple[str, ...]:
    """Those of arXiv, each once, in their order: the primary one is listed first."""
    return tuple(dict.fromkeys(term for term in map(collapse, terms) if _CATEGORY.fullmatch(term)))


def names(line: object) -> tuple[str, ...]:
    """Authors that one line lists with commas between; "Jr." and the like stay with the name before.

    "et al." is nobody: it stands where the mailing shortens a long list.
    """
    found: list[str] = []
    for name in map(str.strip, collapse(line).split(",")):
        if name in ("", "et al."):
            continue
        if name in _SUFFIXES and found:
            found[-1] += f", {name}"
        else:
            found.append(name)
    return tuple(found)


def listed(
    found: Sequence[Entry | None], *, troubles: Sequence[str] = (), day: date | None = None, has_more: bool = False
) -> Parsed:
    """What a listing says.

    Args:
        found: its rows in order, None for one that names no paper.
        troubles: what else shows that something is missing.
        day: the UTC day it is for.
        has_more: whether another page follows.
    """
    entries = tuple(entry for entry in found if entry)
    outcome, reason = judged(found)
    if troubles:
        reason = "; ".join([*([reason] if found and reason else []), *troubles])
        outcome = Outcome.PARTIAL if entries else Outcome.SUSPICIOUS
    return Parsed(kind=NAME, outcome=outcome, reason=reason, entries=entries, day=day, has_more=has_more)
