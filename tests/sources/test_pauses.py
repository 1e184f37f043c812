"""How long a host is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.fetch.pauses import asked_pause, pause_after


@given(st.integers(1, 8), st.none() | st.floats(0, 1e6))
def test_a_pause_never_shrinks_and_never_undercuts_what_was_asked(attempt: int, asked: float | None) -> None:
    assert pause_after(attempt, asked) >= (asked or 0.0)
    assert pause_after(attempt + 1, asked) >= pause_after(attempt, asked)


NOW, LATER, EARLIER = (f"Sat, 21 Nov 2026 09:{minute}:00 GMT" for minute in ("30", "31", "29"))
EPOCH = "1795253460"  # LATER, as a Unix time


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 12 "}, 12.0),
        ({"Retry-After": "9" * 5000}, 999_999_999.0),
        ({"Retry-After": LATER, "Date": NOW}, 60.0),
        ({"Retry-After": EARLIER, "Date": NOW}, 0.0),
        ({"Retry-After": LATER}, None),
        ({"Retry-After": "soon", "Date": NOW}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "٣"}, None),
        # drafts 10, 7 and 3 of the rate limit fields, and what was there before them
        ({"RateLimit": '"api";r=0;t=30'}, 30.0),
        ({"RateLimit": '"api";r=5;t=30'}, None),
        ({"RateLimit": '"burst";r=0;t=9, "day";r=0;t=70, "week";r=3;t=800'}, 70.0),
        ({"RateLimit": '"a, r=0;t=99";r=1;t=5'}, None),
        ({"RateLimit": "limit=100, remaining=0, reset=50"}, 50.0),
        ({"RateLimit": "limit=100, remaining=2, reset=50"}, None),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "40"}, 40.0),
        ({"RateLimit-Remaining": "1", "RateLimit-Reset": "40"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7"}, 7.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": EPOCH, "Date": NOW}, 60.0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": EPOCH}, None),
        ({"X-RateLimit-Remaining": "none", "X-RateLimit-Reset": "later"}, None),
        ({"RateLimit": "r=;t=x"}, None),
        ({"Retry-After": "3", "RateLimit": '"api";r=0;t=30'}, 3.0),
    ],
)
def test_a_host_says_how_long_to_leave_it_alone(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_pause(headers, is_refusal=False) == seconds


@pytest.mark.parametrize("headers", [{"X-RateLimit-Reset": "20"}, {"RateLimit-Reset": "20"}, {"RateLimit": "d;t=20"}])
def test_only_a_refusal_says_by_itself_that_nothing_is_left(headers: dict[str, str]) -> None:
    assert asked_pause(headers, is_refusal=True) == 20.0
    assert asked_pause(headers, is_refusal=False) is None


@given(st.dictionaries(st.sampled_from(["Retry-After", "RateLimit", "X-RateLimit-Reset", "Date"]), st.text()))
def test_any_header_at_all_gives_a_pause_or_none(headers: dict[str, str]) -> None:
    assert (asked_pause(headers, is_refusal=True) or 0.0) >= 0.0
