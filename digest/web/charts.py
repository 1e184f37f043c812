"""Charts: a row of numbers as a small picture of bars, in SVG that a page's own stylesheet colours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

#: of the picture, in its own units; it is stretched to the width that a page has for it
HEIGHT, STEP, GAP = 64, 10, 2

#: what is not nothing is never too low to be seen
_LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One figure over some days, the last of which is today."""

    name: str
    days: Sequence[tuple[date, int]]  #: oldest first, none left out
    is_bad: bool = False  #: a day without any is a good one

    @property
    def today(self) -> int:
        """The last figure."""
        return self.days[-1][1]

    @property
    def peak(self) -> tuple[date, int]:
        """The day with the highest figure, the latest of several."""
        return max(self.days, key=lambda day: (day[1], day[0]))


def bars(series: Series, label: str) -> Markup:
    """The series as SVG, safe to be printed; `label` says in words what one sees."""
    width = len(series.days) * STEP
    highest = max(series.peak[1], 1)
    drawn = "".join(
        _bar(number * STEP, value, highest, _look(series, is_last=number == len(series.days) - 1))
        for number, (_, value) in enumerate(series.days)
        if value > 0
    )
    base = f'<rect class="base" x="0" y="{HEIGHT - 1}" width="{width}" height="1"/>'
    size = f'viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none"'
    # numbers and names of ours, but for the label
    return Markup(f'<svg class="chart" role="img" aria-label="{escape(label)}" {size}>{drawn}{base}</svg>')  # noqa: S704


def _bar(left: int, value: int, highest: int, look: str) -> str:
    tall = max(_LEAST, round(value / highest * (HEIGHT - 1)))
    return f'<rect class="{look}" x="{left}" y="{HEIGHT - 1 - tall}" width="{STEP - GAP}" height="{tall}"/>'


def _look(series: Series, *, is_last: bool) -> str:
    if series.is_bad:
        return "bad"
    return "last" if is_last else "day"
