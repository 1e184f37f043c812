"""What a listing changes: a pure decision that does not depend on the order of the entries.

entries --clean, group--> works --against what is known--> new, listed, revised, unchanged, joined
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce

from digest.items.keys import is_title_key
from digest.items.works import Work, by_title, connected, filled, have_one_author, nearest, united
from digest.model import ItemText, Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be recorded for one work that the listing names."""

    work: Work
    item: int | None  #: None for a work first seen
    absorbs: tuple[int, ...] = ()  #: younger items that turn out to be the same work
    new_keys: tuple[str, ...] = ()
    new_text: ItemText | None = None  #: the next revision, or the first
    announce: bool = False
    is_absorbed: bool = False  #: first seen behind a restore barrier: it may have been announced before
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


def diff(
    works: Sequence[Work],
    known: Mapping[str, Known],
    *,
    is_curated: bool,
    recent: datetime | None = None,
    barrier: date | None = None,
    day: date | None = None,
) -> Changes:
    """What a listing's works change, given every known item under any of their keys.

    A work first seen is new; a known one that a curated source lists for the first time is listed, unless it was
    taken in behind a restore barrier; a known one with better words is revised. Replacements of unknown works are
    recorded without being announced, and so is what was published before `recent`, or nobody knows when: the history
    that a source's first read brings along.

    Behind a `barrier` nothing is announced: it may have been, before the store was restored. A work lies behind it by
    the listing's `day`, by its own date where the listing has none, or where nobody knows.
    """
    by_id = {one.item: one for one in known.values()}
    namesakes = by_title(works)
    held = [_held(work, known, namesakes) for work in works]
    new, listed, revised, unchanged = [], [], [], []
    for places in connected(held):
        work = united([works[place] for place in places])
        same = [by_id[item] for item in sorted({item for place in places for item in held[place]})]
        is_behind = _is_behind(work, day, barrier)
        if not same:
            new.append(_addition(work, known, recent, is_behind=is_behind))
            continue
        change = _change(work, same, known, is_curated=is_curated, is_behind=is_behind)
        if change.announce:
            listed.append(change)
        elif change.new_text is not None:
            revised.append(change)
        else:
            unchanged.append(change)
    return Changes(new=tuple(new), listed=tuple(listed), revised=tuple(revised), unchanged=tuple(unchanged))


def _held(work: Work, known: Mapping[str, Known], namesakes: Mapping[str, Sequence[Work]]) -> set[int]:
    """The known items that a work is."""
    held = {known[key].item for key in work.strong_keys if key in known}
    for title in work.titles:
        other = known.get(title)
        if other is not None and _is_same(work, title, other, namesakes):
            held.add(other.item)
    return held


def _is_same(work: Work, title: str, other: Known, namesakes: Mapping[str, Sequence[Work]]) -> bool:
    """Whether a title alone says so.

    It does where the work has nothing stronger or the first author agrees. Where the item has nothing stronger, it is
    one work of the listing, and not every one that has this title.
    """
    if not work.strong_keys or have_one_author(work.text, other.text):
        return True
    return all(map(is_title_key, other.keys)) and nearest(namesakes[title], other.text) is work


def _is_behind(work: Work, day: date | None, barrier: date | None) -> bool:
    if barrier is None:
        return False
    published = work.text.published
    dated = day or (published.date() if published else None)
    return dated is None or dated <= barrier


def _addition(work: Work, known: Mapping[str, Known], recent: datetime | None, *, is_behind: bool) -> Change:
    new_keys = tuple(key for key in work.keys if key not in known)
    published = work.text.published
    is_news = recent is None or (published is not None and published >= recent)
    announce = is_news and not work.is_replacement and not is_behind
    return Change(work=work, item=None, new_keys=new_keys, new_text=work.text, announce=announce, is_absorbed=is_behind)


def _change(
    work: Work, same: Sequence[Known], known: Mapping[str, Known], *, is_curated: bool, is_behind: bool
) -> Change:
    """What is to be recorded of a work that the store holds, the oldest item first."""
    oldest, *younger = same
    text = reduce(_better, [one.text for one in same])
    text = replace(_better(text, work.text), item=oldest.item, revision=oldest.text.revision)
    is_first_listing = is_curated and not any(one.is_listed for one in same)
    return Change(
        work=work,
        item=oldest.item,
        absorbs=tuple(one.item for one in younger),
        new_keys=tuple(key for key in work.keys if key not in known),
        new_text=None if text == oldest.text else replace(text, revision=text.revision + 1),
        announce=is_first_listing and not is_behind and not any(one.is_absorbed for one in same),
        is_first_listing=is_first_listing,
    )


def _better(old: ItemText, new: ItemText) -> ItemText:
    """The words to keep of a work: the old ones, unless the new have a higher version or the only abstract.

    Words change hands for nothing less, so that two sources that spell one abstract differently do not take turns
    for ever. Whichever stays is filled up from the other.
    """
    old_version, new_version = old.version or 1, new.version or 1
    is_better = new.source == old.source or new_version > old_version or (new.abstract != "" and old.abstract == "")
    return filled(new, old) if is_better and new_version >= old_version else filled(old, new)
