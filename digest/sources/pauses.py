"""How long to leave a busy host alone before the next try."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from random import SystemRandom

_random = SystemRandom()


def pause_after(attempt: int, asked: float | None) -> float:
    """Seconds to wait after so many failed tries: at least what the host asked, and longer each time.

    The jitter keeps many machines from coming back at the same moment; it never makes a pause shorter than the last.
    """
    return max(asked or 0.0, 2.0 ** (attempt - 1) * _random.uniform(0.5, 1.0))


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), or None.

    A moment is compared with the host's own Date, so that a wrong clock on either side does no harm.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked[:9])
    try:
        pause = parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(pause.total_seconds(), 0.0)
