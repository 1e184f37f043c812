"""How the parts of one read, pages or files, add up to the outcome of the whole."""

from __future__ import annotations

from collections.abc import Sequence

from digest.model import Outcome, Parsed

_TOLD = 3  # how many troubles a reason lists
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
