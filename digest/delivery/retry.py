"""When a letter that was put off is tried again: a pure rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

#: greylisting servers take a second try after a quarter of an hour (reliability of RFC 5321, 4.5.4.1)
FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=4)


def next_try(attempts: int, now: datetime, random: Random) -> datetime:
    """The moment of the next try after so many; waits double, with up to as much again as jitter on the first.

    The jitter only ever adds, so that waits never shrink: attempt n waits in [d, 2d] with d doubling up to four hours.
    """
    wait = min(FIRST_WAIT * (1 << min(attempts - 1, 10)), LONGEST_WAIT)
    if wait == LONGEST_WAIT:
        return now + wait
    return now + min(wait * (1 + random.random()), LONGEST_WAIT)
