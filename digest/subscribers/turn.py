"""A reader's turn: which slots have come, which of them still gets a letter, and when the next one is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile

from digest.model import Profile, Subscriber
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
    profile = person.profile
    hours = profile.timezone, profile.send_at, profile.days
    due = None if person.due_slot is None or person.due_at is None else Due(person.due_slot, person.due_at)
    turn = _turn(hours, due, now, max_lateness, is_forced)
    if turn is None:
        return None
    following = pushed(turn.next, person.last_digest_at)
    return turn if following is turn.next else replace(turn, next=following)


@lru_cache(maxsize=10_000)  # many readers have the same hours and are due at the same moment
def _turn(
    hours: tuple[str, time, frozenset[int]],
    due: Due | None,
    now: datetime,
    max_lateness: timedelta,
    is_forced: bool,  # noqa: FBT001  # a cache tells positions from names
) -> Turn | None:
    """The turn of everybody with these hours who is due then; the next is as if no letter had left yet."""
    profile = Profile(timezone=hours[0], send_at=hours[1], days=hours[2])
    come = _come(profile, due, now)
    if is_forced:
        day = today(profile.timezone, now)
        come = [*[due for due in come if due.slot < day], Due(day, now)]
    if not come:
        return None
    *missed, serve = come
    following = next_due(profile, after=max(now, serve.at), last_slot=serve.slot, last_digest_at=None)
    next_at = pushed(following, now).at if is_forced else following.at
    ends = deadline(serve.at, next_at=next_at, max_lateness=max_lateness)
    return Turn(missed=tuple(missed), serve=serve, deadline=ends, is_too_late=now >= ends, next=following)


def _come(profile: Profile, due: Due | None, now: datetime) -> list[Due]:
    """The slots that have come and have no row yet, oldest first."""
    if due is None or due.at > now:
        return []
    later = slots(profile, after=due.at, last_slot=due.slot)
    return [due, *takewhile(lambda one: one.at <= now, later)]
