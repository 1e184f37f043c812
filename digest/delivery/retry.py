"""When a letter that was put off is tried again: a pure rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

#: greylisting servers take a second try after a quarter of an hour; RFC 5321, 4.5.4.1, leaves the figures to us
FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=4)


def next_try(attempts: int, now: datetime, random: Random) -> datetime:
    """The moment of the next try after so many; waits double up to four hours.

    Each waits up to as much again, by chance, but never longer than four hours: so no wait is shorter than the last.
    """
    wait = min(FIRST_WAIT * (1 << min(attempts - 1, 10)), LONGEST_WAIT)
    if wait == LONGEST_WAIT:
        return now + wait
    return now + min(wait * (1 + random.random()), LONGEST_WAIT)
