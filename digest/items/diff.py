"""What a listing changes: a pure decision that does not depend on the order of the entries.

entries --clean, group--> works --against what is known--> new, listed, revised, unchanged, joined
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from digest.items.clean import clean_abstract, clean_name, clean_title, clean_word
from digest.items.keys import is_title_key, keys_of, title_key
from digest.model import Entry, ItemText, Known, Popularity, key_strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The entries of one listing that are one work, made ready to be kept."""

    keys: tuple[str, ...]  #: strongest first
    text: ItemText  #: item and revision are 0 until it is recorded
    popularity: Popularity = field(default_factory=Popularity)
    is_replacement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be recorded for one work that the listing names."""

    work: Work
    item: int | None  #: None for a work first seen
    absorbs: tuple[int, ...] = ()  #: younger items that turn out to be the same work
    new_keys: tuple[str, ...] = ()
    new_text: ItemText | None = None  #: the next revision, or the first
    announce: bool = False
    is_first_listing: bool = False  #: known, and curated for the first time


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The result of a diff; `unchanged` counts the works that brought nothing."""

    new: tuple[Change, ...] = ()
    listed: tuple[Change, ...] = ()
    revised: tuple[Change, ...] = ()
    unchanged: tuple[Change, ...] = ()

    def __iter__(self) -> Iterator[Change]:
        """Every change, whatever its kind."""
        yield from self.new + self.listed + self.revised + self.unchanged


def works_of(entries: Iterable[Entry], source: str) -> tuple[Work, ...]:
    """The works that a listing names, cleaned, each once, in the order of their first entry."""
    groups: list[list[Work]] = []
    by_key: dict[str, int] = {}
    for work in (_work_of(entry, source) for entry in entries):
        homes = {by_key[key] for key in work.keys if key in by_key and _agree(work, key, groups[by_key[key]][0])}
        home = min(homes, default=len(groups))
        if home == len(groups):
            groups.append([])
        groups[home].append(work)
        for other in homes - {home}:  # this entry says that two works so far are one
            groups[home] += groups[other]
            groups[other] = []
        for member in groups[home]:
            for key in member.keys:
                if key not in by_key or by_key[key] in homes:
                    by_key[key] = home
    return tuple(_united(group) for group in groups if group)


def diff(works: Sequence[Work], known: Mapping[str, Known], *, is_curated: bool) -> Changes:
    """What a listing's works change, given every known item under any of their keys.

    A work first seen is new; a known one that a curated source lists for the first time is listed, unless it was
    taken in behind a restore barrier; a known one with better words is revised. Replacements of unknown works are
    recorded without being announced.
    """
    new, listed, revised, unchanged = [], [], [], []
    for work in works:
        same = _same_works(work, known)
        if not same:
            new.append(
                Change(work=work, item=None, new_keys=work.keys, new_text=work.text, announce=not work.is_replacement)
            )
            continue
        oldest, *younger = sorted(same, key=lambda one: one.item)
        held = frozenset().union(*(one.keys for one in same))
        text = _revision(oldest.text, work)
        change = Change(
            work=work,
            item=oldest.item,
            absorbs=tuple(one.item for one in younger),
            new_keys=tuple(key for key in work.keys if key not in held and key not in known),
            new_text=text,
            is_first_listing=is_curated and not any(one.is_listed for one in same),
        )
        if change.is_first_listing and not any(one.is_absorbed for one in same):
            listed.append(replace(change, announce=True))
        elif text is not None:
            revised.append(change)
        else:
            unchanged.append(change)
    return Changes(new=tuple(new), listed=tuple(listed), revised=tuple(revised), unchanged=tuple(unchanged))


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


def _same_works(work: Work, known: Mapping[str, Known]) -> list[Known]:
    found = {
        known[key].item: known[key]
        for key in work.keys
        if key in known and (not is_title_key(key) or _title_agrees(work.keys, work.text, known[key]))
    }
    return list(found.values())


def _title_agrees(keys: Iterable[str], text: ItemText, other: Known) -> bool:
    """A title alone joins only where one side has nothing stronger, or where the first author agrees."""
    mine_is_weak = all(map(is_title_key, keys))
    other_is_weak = all(map(is_title_key, other.keys))
    return mine_is_weak or other_is_weak or _first_author(text) == _first_author(other.text) != ""


def _agree(work: Work, key: str, other: Work) -> bool:
    if not is_title_key(key):
        return True
    return _title_agrees(work.keys, work.text, Known(item=0, keys=frozenset(other.keys), text=other.text))


def _first_author(text: ItemText) -> str:
    return title_key(text.authors[0]) if text.authors else ""


def _united(group: Sequence[Work]) -> Work:
    """One work of several entries: the fullest words, all keys, the highest votes."""
    if len(group) == 1:
        return group[0]
    best = max(group, key=lambda work: (work.text.version or 1, len(work.text.abstract), work.text.title))
    text = best.text
    for other in group:
        text = _filled(text, other.text)
    keys = {key for work in group for key in work.keys}
    return Work(
        keys=tuple(sorted(keys, key=key_strength)),
        text=text,
        popularity=Popularity(
            upvotes=max(work.popularity.upvotes for work in group),
            comments=max(work.popularity.comments for work in group),
        ),
        is_replacement=all(work.is_replacement for work in group),
    )


def _revision(old: ItemText, work: Work) -> ItemText | None:
    """The next revision's words, or None where the listing has nothing better than what is kept.

    Words change hands only for a higher version or a missing abstract, so that two sources that spell one abstract
    differently do not take turns for ever.
    """
    new = work.text
    is_better = (
        new.source == old.source
        or (new.version or 1) > (old.version or 1)
        or (new.abstract != "" and old.abstract == "")
    )
    is_older = (new.version or 1) < (old.version or 1)
    merged = _filled(new, old) if is_better and not is_older else _filled(old, new)
    if replace(merged, item=0, revision=0) == replace(old, item=0, revision=0):
        return None
    return replace(merged, item=old.item, revision=old.revision + 1)


def _filled(text: ItemText, other: ItemText) -> ItemText:
    """A text whose gaps are filled from another's."""
    return replace(
        text,
        abstract=text.abstract or other.abstract,
        authors=text.authors or other.authors,
        categories=text.categories or other.categories,
        url=text.url or other.url,
        code_url=text.code_url or other.code_url,
        published=text.published or other.published,
    )
