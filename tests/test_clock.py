"""What time it is: the machine's, or what --clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.clock import pretended_clock, system_clock
from digest.errors import UsageError


def test_the_machines_clock_is_aware_and_goes_forward() -> None:
    first, second = system_clock(), system_clock()
    assert first.tzinfo is UTC
    assert timedelta(0) <= second - first


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("2026-08-17T07:30:00+02:00", datetime(2026, 8, 17, 5, 30, tzinfo=UTC)),
        ("2026-08-17T07:30Z", datetime(2026, 8, 17, 7, 30, tzinfo=UTC)),
        ("2026-08-17 07:30:00-09:30", datetime(2026, 8, 17, 17, tzinfo=UTC)),
        ("1970-01-01T00:00:00+00:00", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_pretended_clock_starts_where_it_is_told_and_goes_on(text: str, begins: datetime) -> None:
    clock = pretended_clock(text)
    first, second = clock(), clock()
    assert begins <= first <= second < begins + timedelta(hours=1)
    assert first.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-08-17", "2026-08-17T07:30:00", "2026-13-01T00:00Z", "0001-01-01T00:00+14:00", "9999-12-31T23-01"],
)
def test_a_moment_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="with its offset"):
        pretended_clock(text)
