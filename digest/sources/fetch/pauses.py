"""How long to leave a host alone: what it asks for, and what is decent between two tries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from random import SystemRandom

_random = SystemRandom()

_QUOTED = re.compile(r'"[^"]*"')
_PARAMETER = re.compile(r"([a-z]+)=([0-9]{1,10})(?![0-9])")
_NUMBER = re.compile(r"[0-9]{1,10}")
_EPOCH = 1_000_000_000  # a larger X-RateLimit-Reset is a Unix time: GitHub's habit, others count seconds


def pause_after(attempt: int, asked: float | None) -> float:
    """Seconds to wait after so many failed tries: at least what the host asked, and longer each time.

    The jitter keeps many machines from coming back at the same moment; it never makes a pause shorter than the last.
    """
    return max(asked or 0.0, 2.0 ** (attempt - 1) * _random.uniform(0.5, 1.0))


def asked_pause(headers: Mapping[str, str], *, is_refusal: bool) -> float | None:
    """Seconds for which a host asks to be left alone, or None.

    It says so by Retry-After (RFC 9110, 10.2.3), else by a rate limit with nothing left of it, in the fields of
    draft-ietf-httpapi-ratelimit-headers or the older ones with an X-. In an answer that refuses, a limit that does not
    say what is left has nothing left.
    """
    pause = _retry_after(headers)
    if pause is not None:
        return pause
    resets = [reset for left, reset in _limits(headers) if left == 0 or (left is None and is_refusal)]
    return float(max(resets)) if resets else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """A moment is compared with the host's own Date, so that a wrong clock on either side does no harm."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked[:9])
    try:
        pause = parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(pause.total_seconds(), 0.0)


def _limits(headers: Mapping[str, str]) -> Iterator[tuple[int | None, int]]:
    """(requests left, seconds until there are more) of every limit that is told."""
    written = _QUOTED.sub("", headers.get("RateLimit", ""))
    for part in [written] if "remaining" in written else written.split(","):  # the fields of draft 7, else of draft 10
        said = {name: int(value) for name, value in _PARAMETER.findall(part)}
        reset = said.get("t", said.get("reset"))
        if reset is not None:
            yield said.get("r", said.get("remaining")), reset
    for prefix in ("RateLimit", "X-RateLimit"):
        reset = _seconds(headers, f"{prefix}-Reset")
        if reset is not None:
            yield _number(headers.get(f"{prefix}-Remaining")), reset


def _seconds(headers: Mapping[str, str], name: str) -> int | None:
    found = _number(headers.get(name))
    if found is None or found < _EPOCH:
        return found
    try:
        return max(found - int(parsedate_to_datetime(headers.get("Date", "")).timestamp()), 0)
    except (TypeError, ValueError):
        return None


def _number(written: str | None) -> int | None:
    found = _NUMBER.fullmatch((written or "").strip())
    return int(found[0]) if found else None
