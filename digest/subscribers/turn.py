"""A reader's turn: which slots have come, which of them still gets a letter, and when the next one is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from digest.model import Subscriber
from digest.subscribers.due import Due, deadline, next_due, pushed, slots, today


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What planning a reader has to decide on."""

    missed: tuple[Due, ...]  #: slots whose time went by while nobody planned; each gets a `too-late` row
    serve: Due  #: the slot that is served now
    deadline: datetime  #: for its letter
    is_too_late: bool  #: its letter would not be news any more
    next: Due  #: the one after, as far as it is known before a letter is planned


def turn_of(person: Subscriber, now: datetime, *, max_lateness: timedelta, is_forced: bool = False) -> Turn | None:
    """A reader's turn; None where no slot has come. `is_forced` serves today's slot, due or not.

    The next letter keeps its distance from one that is sent by force, so that its deadline is counted from there.
    """
    come = _come(person, now)
    if is_forced:
        day = today(person.profile.timezone, now)
        come = [*[due for due in come if due.slot < day], Due(day, now)]
    if not come:
        return None
    *missed, serve = come
    following = next_due(person.profile, after=max(now, serve.at), last_slot=serve.slot, last_digest_at=None)
    next_at = pushed(following, now).at if is_forced else following.at
    ends = deadline(serve.at, next_at=next_at, max_lateness=max_lateness)
    return Turn(
        missed=tuple(missed),
        serve=serve,
        deadline=ends,
        is_too_late=now >= ends,
        next=pushed(following, person.last_digest_at),
    )


def _come(person: Subscriber, now: datetime) -> list[Due]:
    """The slots that have come and have no row yet, oldest first."""
    if person.due_slot is None or person.due_at is None or person.due_at > now:
        return []
    later = slots(person.profile, after=person.due_at, last_slot=person.due_slot)
    return [Due(person.due_slot, person.due_at), *takewhile(lambda due: due.at <= now, later)]
