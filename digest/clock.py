"""The only place that knows what time it is: the machine's clock, or a pretended one that starts where it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from digest.errors import UsageError

Clock = Callable[[], datetime]

_EXPECTED = "expected a moment with its offset, such as 2026-08-17T07:30:00+02:00"


def system_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def pretended_clock(text: str) -> Clock:
    """A clock that shows this moment now, and goes on from there.

    Raises:
        UsageError: not an ISO 8601 moment with an offset.
    """
    start = _moment(text)
    if start is None:
        raise UsageError(f"--clock {text}: {_EXPECTED}")
    begun = time.monotonic()
    return partial(_later, start, begun)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # the latter where it lies before the year 1 in UTC
        return None


def _later(start: datetime, begun: float) -> datetime:
    return start + timedelta(seconds=time.monotonic() - begun)
