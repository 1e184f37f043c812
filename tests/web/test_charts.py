"""Charts: what is drawn is what was counted, and nothing in it is anybody's markup."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from lxml import etree

from digest.web.charts import HEIGHT, STEP, Series, bars

FIRST = date(2026, 11, 1)


def series(*values: int, **more: bool) -> Series:
    days = [(FIRST + timedelta(days=number), value) for number, value in enumerate(values)]
    return Series(name="Sent", days=days, **more)


def drawn(one: Series, label: str = "") -> list[dict[str, str]]:
    """The attributes of every bar, from left to right; the base line left out."""
    *found, base = etree.fromstring(bars(one, label))
    assert base.get("class") == "base"
    return [dict(bar.attrib) for bar in found]


@given(some.lists(some.integers(0, 10**6), min_size=1, max_size=30))
def test_bars_stand_in_the_order_of_the_days_and_a_higher_figure_is_never_lower(values: list[int]) -> None:
    found = drawn(series(*values))
    places = [number for number, value in enumerate(values) if value]
    assert [int(bar["x"]) for bar in found] == [place * STEP for place in places]
    heights = {values[place]: int(bar["height"]) for place, bar in zip(places, found, strict=True)}
    assert [heights[value] for value in sorted(heights)] == sorted(heights.values())
    assert all(int(bar["y"]) >= 0 and int(bar["y"]) + int(bar["height"]) == HEIGHT - 1 for bar in found)


def test_the_highest_bar_fills_the_picture_and_half_of_it_is_half_as_high() -> None:
    half, whole = drawn(series(50, 100))
    assert int(whole["height"]) == HEIGHT - 1
    assert int(half["height"]) == pytest.approx((HEIGHT - 1) / 2, abs=1)


def test_one_among_many_can_still_be_seen() -> None:
    assert int(drawn(series(1, 100_000))[0]["height"]) > 1


def test_only_today_stands_out_and_what_is_bad_is_bad_on_every_day() -> None:
    assert [bar["class"] for bar in drawn(series(3, 4, 5))] == ["day", "day", "last"]
    assert [bar["class"] for bar in drawn(series(3, 4, is_bad=True))] == ["bad", "bad"]
    assert [bar["class"] for bar in drawn(series(3, 4, 0))] == ["day", "day"]


def test_the_peak_is_the_latest_of_the_highest_days() -> None:
    assert series(5, 9, 9, 1).peak == (FIRST + timedelta(days=2), 9)
    assert series(5, 9, 9, 1).today == 1


def test_the_label_is_text_and_nothing_else() -> None:
    label = """"><script>alert(1)</script>' onload='x"""
    picture = etree.fromstring(bars(series(1), label))
    assert picture.get("aria-label") == label and picture.get("role") == "img"
    assert not [each for each in picture.iter() if each.tag == "script"]


def test_nothing_is_styled_in_place_since_pages_forbid_it() -> None:
    assert "style" not in bars(series(1, 2, 3), "three days")
