"""When arXiv announces: New York's weekdays, through the change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.arxiv.days import SETTLING, midnight, settled, submissions, weekdays

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
WORKDAYS = DAYS.filter(lambda day: day.weekday() < 5)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-11-17", "2026-11-13T19:00Z", "2026-11-16T19:00Z"),  # Tuesday: from Friday to Monday
        ("2026-11-18", "2026-11-16T19:00Z", "2026-11-17T19:00Z"),
        ("2026-11-20", "2026-11-18T19:00Z", "2026-11-19T19:00Z"),
        ("2026-11-23", "2026-11-19T19:00Z", "2026-11-20T19:00Z"),  # Monday: from Thursday to Friday
        ("2026-07-07", "2026-07-03T18:00Z", "2026-07-06T18:00Z"),  # summer time
        ("2026-11-03", "2026-10-30T18:00Z", "2026-11-02T19:00Z"),  # the clocks go back in between
    ],
)
def test_a_weekday_announces_what_came_in_before_two_in_the_afternoon(day: str, first: str, last: str) -> None:
    assert submissions(date.fromisoformat(day)) == (datetime.fromisoformat(first), datetime.fromisoformat(last))


@given(WORKDAYS)
def test_the_submissions_of_one_announcement_end_where_those_of_the_next_begin(day: date) -> None:
    following = weekdays(day + timedelta(days=1), day + timedelta(days=5))[0]
    assert submissions(day)[1] == submissions(following)[0]


@given(WORKDAYS, st.integers(0, 5))
def test_going_back_takes_in_whole_announcements(day: date, back: int) -> None:
    earlier = weekdays(day - timedelta(days=14), day)[-1 - back]
    assert submissions(day, back=back) == (submissions(earlier)[0], submissions(day)[1])


@given(WORKDAYS)
def test_a_day_is_settled_an_hour_after_its_midnight_and_until_the_next_one(day: date) -> None:
    following = weekdays(day + timedelta(days=1), day + timedelta(days=5))[0]
    assert settled(midnight(day) + SETTLING) == day
    assert settled(midnight(following) + SETTLING - timedelta(seconds=1)) == day


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_time_never_unsettles_a_day(moment: datetime, passed: timedelta) -> None:
    assert settled(moment) <= settled(moment + passed)
    assert settled(moment).weekday() < 5


@given(DAYS, st.integers(-3, 30))
def test_weekdays_are_all_days_but_saturdays_and_sundays(first: date, count: int) -> None:
    days = [first + timedelta(days=number) for number in range(count)]
    kept = [day for day in days if f"{day:%a}" not in ("Sat", "Sun")]
    assert weekdays(first, first + timedelta(days=count - 1)) == kept
