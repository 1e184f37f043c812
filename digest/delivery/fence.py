"""Whether a lease still holds, by a clock that goes on while the machine sleeps and that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

Seconds = Callable[[], float]


def since_boot() -> float:
    """Seconds that go on while the process is stopped or the machine sleeps, where the system counts them."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Fence:
    """Holds from now until shortly before a lease ends: what has not left by then must not leave."""

    def __init__(self, lease: timedelta, clock: Seconds = since_boot) -> None:
        self._clock = clock
        self._end = clock() + lease.total_seconds() * 0.9  # the store counts by another clock

    def holds(self) -> bool:
        """Whether the lease is still ours."""
        return self._clock() < self._end
