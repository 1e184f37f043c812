"""The works that a listing names: entries made ready to be kept, and those of one work made one.

Nothing here depends on the order of the entries but the order of what comes back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import reduce

from digest.items.clean import clean_abstract, clean_name, clean_title, clean_word
from digest.items.keys import folded, is_address_key, is_title_key, keys_of
from digest.model import Entry, ItemText, Popularity, key_strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The entries of one listing that are one work, made ready to be kept."""

    keys: tuple[str, ...]  #: strongest first
    text: ItemText  #: item and revision are 0 until it is recorded
    popularity: Popularity = field(default_factory=Popularity)
    is_replacement: bool = False

    @property
    def strong_keys(self) -> tuple[str, ...]:
        """Those that say which work it is without a second opinion."""
        return tuple(key for key in self.keys if not is_title_key(key))

    @property
    def titles(self) -> tuple[str, ...]:
        """Its title keys: several where entries of one work spell its title differently."""
        return tuple(key for key in self.keys if is_title_key(key))


def works_of(entries: Iterable[Entry], source: str) -> tuple[Work, ...]:
    """The works that a listing names, cleaned, each once, in the order of their first entry."""
    works = _told_apart([_work_of(entry, source) for entry in entries])
    while True:
        namesakes = by_title(work for work in works if work.strong_keys)
        groups = connected([_joints(work, namesakes) for work in works])
        if len(groups) == len(works):
            return tuple(works)
        works = [united([works[place] for place in places]) for places in groups]  # one may know its author only now


def _told_apart(works: Sequence[Work]) -> list[Work]:
    """The works, without the addresses that entries of different titles share: such a page is none of them."""
    titles_at: dict[str, set[str]] = defaultdict(set)
    for work in works:
        for key in filter(is_address_key, work.keys):
            titles_at[key].update(work.titles)
    shared = {key for key, titles in titles_at.items() if len(titles) > 1}
    return [replace(work, keys=tuple(key for key in work.keys if key not in shared) or work.keys) for work in works]


def by_title(works: Iterable[Work]) -> dict[str, list[Work]]:
    """{title key: works that have it}."""
    found = defaultdict(list)
    for work in works:
        for title in work.titles:
            found[title].append(work)
    return found


def nearest(works: Iterable[Work], text: ItemText) -> Work:
    """Of works with one title the one by a text's first author, else the one whose keys sort first."""
    return min(works, key=lambda work: (not have_one_author(work.text, text), work.keys))


def have_one_author(text: ItemText, other: ItemText) -> bool:
    """Whether both name a first author, and the same."""
    return _first_author(text) == _first_author(other) != ""


def connected(sets: Sequence[AbstractSet[Hashable]]) -> list[list[int]]:
    """Places of the sets that share a member, directly or through others; one list each, in the order of its first."""
    root_of = list(range(len(sets)))

    def root(place: int) -> int:
        while root_of[place] != place:
            root_of[place] = root_of[root_of[place]]  # halves the way for the next time
            place = root_of[place]
        return place

    holder: dict[Hashable, int] = {}
    for place, members in enumerate(sets):
        for member in members:
            one, other = sorted((root(place), root(holder.setdefault(member, place))))
            root_of[other] = one
    groups = defaultdict(list)
    for place in range(len(sets)):
        groups[root(place)].append(place)
    return list(groups.values())


def united(group: Sequence[Work]) -> Work:
    """One work of several entries: the newest and fullest words, all keys, the highest votes."""
    best_first = sorted(group, key=lambda work: _fullness(work.text), reverse=True)
    return Work(
        keys=tuple(sorted({key for work in group for key in work.keys}, key=key_strength)),
        text=reduce(filled, [work.text for work in best_first]),
        popularity=Popularity(
            upvotes=max(work.popularity.upvotes for work in group),
            comments=max(work.popularity.comments for work in group),
        ),
        is_replacement=all(work.is_replacement for work in group),
    )


def filled(text: ItemText, other: ItemText) -> ItemText:
    """A text whose gaps are filled from another's."""
    return replace(
        text,
        abstract=text.abstract or other.abstract,
        authors=text.authors or other.authors,
        categories=text.categories or other.categories,
        url=text.url or other.url,
        code_url=text.code_url or other.code_url,
        published=text.published or other.published,
        version=text.version or other.version,
    )


def _work_of(entry: Entry, source: str) -> Work:
    title = clean_title(entry.title)
    text = ItemText(
        item=0,
        revision=0,
        title=title,
        abstract=clean_abstract(entry.abstract),
        authors=tuple(name for name in map(clean_name, entry.authors) if name),
        categories=tuple(word for word in map(clean_word, entry.categories) if word),
        url=clean_word(entry.url or "") or None,
        code_url=clean_word(entry.code_url or "") or None,
        published=entry.published,
        version=entry.version,
        source=source,
    )
    return Work(
        keys=keys_of(replace(entry, title=title, url=text.url)),
        text=text,
        popularity=entry.popularity,
        is_replacement=entry.announce_type is not None and entry.announce_type.is_replacement,
    )


def _joints(work: Work, namesakes: Mapping[str, Sequence[Work]]) -> set[Hashable]:
    """What makes one work of two entries of a listing: a strong key, or a title with its first author.

    An entry with nothing but its title joins the namesake that its author speaks for, else whichever sorts first:
    where a title stands for two works, it must not make them one.
    """
    author = _first_author(work.text)
    if work.strong_keys:
        return {*work.strong_keys, *((title, author) for title in work.titles if author)}
    [title] = work.titles
    return {nearest(namesakes[title], work.text).keys[0] if title in namesakes else title}


def _first_author(text: ItemText) -> str:
    """Surname and initial, "" without authors: one source writes "Ada Kite", another "Kite, A."."""
    family, _, given = text.authors[0].partition(",") if text.authors else ("", "", "")
    words = folded(f"{given} {family}").split()
    return f"{words[-1]} {words[0][0]}" if words else ""


def _fullness(text: ItemText) -> tuple[int, int, str]:
    return text.version or 1, len(text.abstract), repr(text)  # the last decides nothing but ties
