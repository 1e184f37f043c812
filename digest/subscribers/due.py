"""When a reader is due: a pure function of zone, hour, chosen days and what was served before.

A slot is a local calendar date. Its time is the reader's hour on that date; in a gap of the clocks the next valid
minute, in a fold the first of the two. Slots of one reader only grow, so that no change of zone or hour ever gives two
letters for one date, and letters stand at least eight hours apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from digest.model import Profile

#: between two letters to one reader; pushes a due time, never drops a slot
DISTANCE = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Due:
    """A slot and the moment it is due (UTC, aware)."""

    slot: date
    at: datetime


def local_time(day: date, at: time, zone: str) -> datetime | None:
    """The UTC moment of a local time on a date; None where the zone leaves that whole date out.

    A date whose last hour is cut off exists: its time may be the first minute of the next one.

    >>> local_time(date(2026, 3, 29), time(2, 30), "Europe/Berlin").isoformat()  # clocks jump from 2 to 3
    '2026-03-29T01:00:00+00:00'
    """
    tz = _zone(zone)
    moment = _moment(datetime.combine(day, at), tz)
    is_on_day = moment.astimezone(tz).date() == day
    exists = is_on_day or _moment(datetime.combine(day, time.min), tz).astimezone(tz).date() == day
    return moment if exists else None


def next_due(profile: Profile, *, after: datetime, last_slot: date | None, last_digest_at: datetime | None) -> Due:
    """The first slot whose time lies after a moment, on a chosen day later than the last slot."""
    due = next(slots(profile, after=after, last_slot=last_slot))
    return pushed(due, last_digest_at)


def pushed(due: Due, last_digest_at: datetime | None) -> Due:
    """The same slot, not before eight hours have passed since the last letter."""
    if last_digest_at is None or last_digest_at > due.at:  # the latter only after a clock went wrong
        return due
    earliest = last_digest_at + DISTANCE
    return due if due.at >= earliest else Due(due.slot, earliest)


def slots(profile: Profile, *, after: datetime, last_slot: date | None) -> Iterator[Due]:
    """Every slot from a moment on, in order, without end."""
    day = after.astimezone(_zone(profile.timezone)).date() - timedelta(days=1)
    if last_slot is not None:
        day = max(day, last_slot + timedelta(days=1))
    while True:
        if day.weekday() in profile.days:
            at = local_time(day, profile.send_at, profile.timezone)
            if at is not None and at > after:
                yield Due(day, at)
        day += timedelta(days=1)


def deadline(due_at: datetime, *, next_at: datetime, max_lateness: timedelta) -> datetime:
    """After this moment a letter is no longer news: lateness allowed, but clear of the next one by half an hour."""
    return min(due_at + max_lateness, next_at - timedelta(minutes=30))


def today(zone: str, now: datetime) -> date:
    """The reader's calendar date."""
    return now.astimezone(_zone(zone)).date()


def _moment(wall: datetime, tz: ZoneInfo) -> datetime:
    """When a clock on the wall shows this, for the first time; in a gap, when it shows the next full minute."""
    moment = wall.replace(tzinfo=tz).astimezone(UTC)  # fold 0: the first of two
    if moment.astimezone(tz).replace(tzinfo=None) == wall:
        return moment
    end = _end_of_gap(moment, tz)
    seconds = end.astimezone(tz).second  # before 1972 Monrovia's clocks were 44 minutes and 30 seconds behind
    return end + timedelta(seconds=-seconds % 60)


def _end_of_gap(after: datetime, tz: ZoneInfo) -> datetime:
    """The moment at which the clocks jumped, given a moment less than a day after it."""
    low, high = 0, int(timedelta(days=1, hours=2).total_seconds())  # seconds before `after`: at 0 they have jumped
    offset = after.astimezone(tz).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if (after - timedelta(seconds=middle)).astimezone(tz).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return after - timedelta(seconds=low)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
