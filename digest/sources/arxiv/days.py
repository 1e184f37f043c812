"""When arXiv announces papers, and which of them: https://info.arxiv.org/help/availability.html.

Everything happens in New York. On the evening before each weekday, what was submitted until 14:00 of the weekday before
is announced; the feeds of the day show it from midnight on. So Tuesday has what came in from Friday 14:00 to Monday
14:00. Nothing is announced at weekends, nor on holidays, when it is put off to the next announcement.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
DEADLINE = time(14)  # of submissions
SETTLING = timedelta(hours=1)  # after midnight; feeds are rebuilt in the first minute, a late one in the first hour

_DAY = timedelta(days=1)
_SATURDAY = 5


def midnight(day: date) -> datetime:
    """The moment, in UTC, at which a day starts in New York."""
    return _moment(day, time(0))


def settled(now: datetime) -> date:
    """The newest weekday whose announcement is out for certain."""
    return _weekday_until((now.astimezone(UTC) - SETTLING).astimezone(NEW_YORK).date())


def weekdays(first: date, last: date) -> list[date]:
    """The days from one to another, both included, on which something may be announced; oldest first."""
    days = (first + number * _DAY for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < _SATURDAY]


def submissions(day: date, *, back: int = 0) -> tuple[datetime, datetime]:
    """From when, and until before when, the papers that are announced on a weekday were submitted, in UTC.

    `back` more announcements before it are taken in.
    """
    last = first = _weekday_until(day - _DAY)
    for _ in range(back + 1):
        first = _weekday_until(first - _DAY)
    return _moment(first, DEADLINE), _moment(last, DEADLINE)


def _weekday_until(day: date) -> date:
    """The day itself if it is a weekday, else the Friday before."""
    return day - max(day.weekday() - _SATURDAY + 1, 0) * _DAY


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)
