"""How the parts of one read, pages or files, add up to the outcome of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from digest.model import Outcome, Parsed

_TOLD = 3  # how many troubles a reason lists
TOO_FEW = 0.3  # of what is usual for the weekday
FEWEST_USUAL = 4  # entries; where fewer are usual, a day with none means nothing
DOUBT = timedelta(days=1)  # how long a day is disbelieved; then it was a holiday, and nothing of it may be lost
STALE = timedelta(days=2)  # age of the day of a listing that is made anew every day

_NOTHING = (Outcome.FAILED, Outcome.SUSPICIOUS)  # nothing of such a part is recorded


def is_recorded(outcome: Outcome) -> bool:
    """Whether a part that ended so becomes a listing of the read."""
    return outcome not in (*_NOTHING, Outcome.UNCHANGED)


def add_up(parts: Sequence[tuple[str, Parsed]]) -> tuple[Outcome, str]:
    """The outcome and reason of a whole, given each part with its name for people ("" needs none)."""
    outcomes = {parsed.outcome for _, parsed in parts}
    troubles = _told_once([(name, parsed.reason) for name, parsed in parts if _is_trouble(parsed)])
    told = "; ".join(troubles[:_TOLD]) + (f"; and {len(troubles) - _TOLD} more" if len(troubles) > _TOLD else "")
    if parts and outcomes.issubset(_NOTHING):
        return (Outcome.FAILED if Outcome.FAILED in outcomes else Outcome.SUSPICIOUS), told
    if troubles:
        return Outcome.PARTIAL, told
    if Outcome.COMPLETE in outcomes:
        return Outcome.COMPLETE, ""
    if Outcome.EMPTY in outcomes:
        return Outcome.EMPTY, next(parsed.reason for _, parsed in parts if parsed.outcome is Outcome.EMPTY)
    return Outcome.UNCHANGED, "the same as last time"


def judge_age(parsed: Parsed, now: datetime) -> Parsed:
    """A listing that is made anew every day, as it is to be believed now: `suspicious` where it is of an old day."""
    if parsed.day is None or not parsed.outcome.is_read or now.date() - parsed.day <= STALE:
        return parsed
    return _suspicious(parsed, f"still the list of {parsed.day}, though a new one is made every day")


def judge_counts(
    parts: Sequence[Parsed],
    known: Sequence[int | None],
    usual: Mapping[int, int],
    now: datetime,
    *,
    at_once: bool,
) -> list[Parsed]:
    """The parts of a read as they are to be believed: those of a day with far less than is usual are `suspicious`.

    Only a day whose list should be whole is judged, and only if every part of it was read; after a day of doubt it is
    believed. `known` holds how many entries each part had at its last good read, which is what an `unchanged` one has.
    """
    counts = [
        count if part.outcome is Outcome.UNCHANGED else len(part.entries)
        for part, count in zip(parts, known, strict=True)
    ]
    unread = {part.day for part, count in zip(parts, counts, strict=True) if not part.outcome.is_read or count is None}
    totals: Counter[date] = Counter()
    for part, count in zip(parts, counts, strict=True):
        if part.day is not None and part.day not in unread:
            totals[part.day] += count or 0
    doubts = {day: _doubt(day, total, usual, now, at_once=at_once) for day, total in totals.items()}
    return [_suspicious(part, why) if part.day and (why := doubts.get(part.day)) else part for part in parts]


def _doubt(day: date, total: int, usual: Mapping[int, int], now: datetime, *, at_once: bool) -> str | None:
    """Why a day with so many entries is not believed now, or None."""
    whole_at = datetime.combine(day if at_once else day + timedelta(days=1), time(), UTC)
    expected = usual.get(day.weekday(), 0)
    if not whole_at <= now < whole_at + DOUBT or expected < FEWEST_USUAL or total >= TOO_FEW * expected:
        return None
    return f"{total} listed, where a {day:%A} has {expected} as a rule"


def _suspicious(parsed: Parsed, reason: str) -> Parsed:
    return replace(parsed, outcome=Outcome.SUSPICIOUS, reason=reason, entries=())


def _is_trouble(parsed: Parsed) -> bool:
    return parsed.outcome in (*_NOTHING, Outcome.PARTIAL)


def _told_once(troubles: Sequence[tuple[str, str]]) -> list[str]:
    """One sentence per trouble, after the names of the parts that have it: "file1, file2: not a listing"."""
    names: dict[str, list[str]] = {}
    for name, reason in troubles:
        names.setdefault(reason, []).extend([name] if name else [])
    return [f"{_listed(parts)}: {reason}" if parts else reason for reason, parts in names.items()]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more
