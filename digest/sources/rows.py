"""What the rows of a listing come to: the outcome, and the entries that they give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from digest.model import Entry, Outcome


def judged(found: Sequence[Entry | None]) -> tuple[Outcome, str]:
    """The outcome of a listing that was read to its end, and the reason; None stands for a row that names no paper."""
    broken = [number for number, entry in enumerate(found, start=1) if entry is None]
    if not found:
        return Outcome.EMPTY, "no paper is listed"
    if len(broken) == len(found):
        return Outcome.SUSPICIOUS, f"none of {len(found)} rows names a paper"
    if broken:
        return Outcome.PARTIAL, f"{len(broken)} of {len(found)} rows name no paper, first row {broken[0]}"
    return Outcome.COMPLETE, ""


def each_once(entries: Iterable[Entry | None]) -> tuple[Entry, ...]:
    """The entries in their order, each id once, as it stands first; those without an id, each title once."""
    first: dict[tuple[str | None, str], Entry] = {}
    for entry in entries:
        if entry:
            first.setdefault((entry.id, "" if entry.id else entry.title), entry)
    return tuple(first.values())
