"""When letters are due: every chosen date that exists, once, in every zone and whatever a reader changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.model import Profile
from digest.subscribers.due import DISTANCE, Due, deadline, local_time, next_due, pushed, slots, today

EVERY_DAY = frozenset(range(7))
ZONES = st.sampled_from(sorted(available_timezones()))
#: zones whose clocks do something unusual
CURIOUS = [
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/Havana",
    "America/Nuuk",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Kwajalein",
]
HOURS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.integers(2 * 86_400, 2_143_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # to 2037
DAYS = st.frozensets(st.integers(0, 6), min_size=1)


def wall(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def scanned(day: date, at: time, zone: str) -> datetime | None:
    """The same as `local_time`, from looking at a clock every half minute of three days."""
    tz = ZoneInfo(zone)
    start = datetime.combine(day, time(), UTC) - timedelta(days=1)
    shown = [(start + timedelta(seconds=30 * n)) for n in range(3 * 24 * 120)]
    clock = [(moment, moment.astimezone(tz).replace(tzinfo=None)) for moment in shown]
    if not any(face.date() == day for _, face in clock):
        return None
    return next(moment for moment, face in clock if face >= datetime.combine(day, at) and face.second == 0)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Berlin", date(2026, 8, 17), time(7, 30), "2026-08-17 05:30"),
        ("Asia/Kathmandu", date(2026, 8, 17), time(7, 30), "2026-08-17 01:45"),
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29 01:00"),  # no such time: the clocks jump
        ("Europe/Berlin", date(2026, 3, 29), time(2, 0), "2026-03-29 01:00"),
        ("Europe/Berlin", date(2026, 3, 29), time(1, 59), "2026-03-29 00:59"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25 00:30"),  # twice: the first
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03 15:30"),  # a gap of half an hour
        ("America/Havana", date(2026, 3, 8), time(0, 30), "2026-03-08 05:00"),  # a day without a midnight
        ("America/Havana", date(2026, 11, 1), time(0, 30), "2026-11-01 04:30"),
        ("America/Nuuk", date(2026, 3, 28), time(23, 30), "2026-03-29 01:00"),  # a day without its last hour
        ("Asia/Pyongyang", date(2018, 5, 4), time(23, 45), "2018-05-04 15:00"),
        ("Antarctica/Troll", date(2026, 3, 29), time(1, 30), "2026-03-29 01:00"),  # two hours at once
        ("Africa/Monrovia", date(1972, 1, 7), time(0, 10), "1972-01-07 00:45"),  # 44 minutes and 30 seconds
        ("Pacific/Apia", date(2011, 12, 29), time(7, 30), "2011-12-29 17:30"),
        ("Pacific/Apia", date(2011, 12, 30), time(7, 30), None),  # a day that was left out
        ("Pacific/Apia", date(2011, 12, 31), time(7, 30), "2011-12-30 17:30"),
        ("Pacific/Kwajalein", date(1993, 8, 21), time(12, 0), None),
    ],
)
def test_a_local_time_is_this_moment(zone: str, day: date, at: time, expected: str | None) -> None:
    moment = local_time(day, at, zone)
    assert (f"{moment:%Y-%m-%d %H:%M}" if moment else None) == expected
    assert moment == scanned(day, at, zone)


def changes_of_clocks(zone: str) -> list[date]:
    """Dates on which or before which a zone's clocks jump, 1970 to 2037."""
    tz = ZoneInfo(zone)
    noons = [datetime(1970, 1, 2, 12, tzinfo=UTC) + timedelta(days=n) for n in range(68 * 365)]
    pairs = pairwise(noons)
    return [one.date() for one, other in pairs if one.astimezone(tz).utcoffset() != other.astimezone(tz).utcoffset()]


@pytest.mark.parametrize("zone", CURIOUS)
def test_a_local_time_near_a_jump_is_what_a_clock_shows(zone: str) -> None:
    random = Random(zone)
    jumps = changes_of_clocks(zone)
    for jump in random.sample(jumps, min(len(jumps), 4)):
        for day in (jump, jump + timedelta(days=1)):
            at = random.choice([time(0, 0), time(0, 30), time(1, 45), time(2, 15), time(23, 30), time(23, 59)])
            assert local_time(day, at, zone) == scanned(day, at, zone), (day, at)


@given(ZONES, st.dates(date(1970, 1, 3), date(2037, 12, 1)), HOURS)
@example("America/Nuuk", date(2026, 3, 28), time(23, 30))
def test_a_local_time_is_on_its_date_or_the_first_minute_after_it(zone: str, day: date, at: time) -> None:
    moment = local_time(day, at, zone)
    if moment is None:
        return
    face = wall(moment, zone)
    assert face >= datetime.combine(day, at)
    assert face.second == 0
    assert face.date() == day or face.time() == time(0, 0)


@given(ZONES, HOURS, DAYS, MOMENTS)
def test_the_next_slot_lies_ahead_on_a_chosen_day(zone: str, at: time, days: frozenset[int], after: datetime) -> None:
    profile = Profile(timezone=zone, send_at=at, days=days)
    due = next_due(profile, after=after, last_slot=None, last_digest_at=None)
    assert due.at > after
    assert due.slot.weekday() in days
    assert due.at == local_time(due.slot, at, zone)
    earlier = (due.slot - timedelta(days=back) for back in range(1, 12))
    missed = [local_time(day, at, zone) for day in earlier if day.weekday() in days]
    assert not any(moment and moment > after for moment in missed)


@pytest.mark.parametrize("zone", CURIOUS)
@pytest.mark.parametrize("at", [time(0, 0), time(2, 30), time(7, 30), time(23, 45)])
def test_every_date_that_exists_has_one_slot(zone: str, at: time) -> None:
    start = {"Pacific/Apia": 2010, "Pacific/Kwajalein": 1992, "Asia/Pyongyang": 2017, "Africa/Monrovia": 1971}
    first = date(start.get(zone, 2025), 1, 1)
    tz = ZoneInfo(zone)
    begin = datetime.combine(first, time(), UTC)
    hours = (begin + timedelta(hours=n) for n in range(3 * 366 * 24))
    dates = sorted({moment.astimezone(tz).date() for moment in hours})[2:-2]
    found = list(islice(slots(Profile(timezone=zone, send_at=at, days=EVERY_DAY), after=begin, last_slot=None), 1_110))
    assert [due.slot for due in found if dates[0] <= due.slot <= dates[-1]] == dates
    assert all(one.at < other.at for one, other in pairwise(found))


@given(ZONES, HOURS, DAYS, MOMENTS, st.integers(0, 20))
def test_slots_grow_beyond_the_last_one(zone: str, at: time, days: frozenset[int], after: datetime, ahead: int) -> None:
    last = after.date() + timedelta(days=ahead - 10)
    due = next_due(Profile(timezone=zone, send_at=at, days=days), after=after, last_slot=last, last_digest_at=None)
    assert due.slot > last


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_eight_hours_push_a_letter_and_keep_its_slot(last: datetime, later: timedelta) -> None:
    due = pushed(Due(date(2026, 8, 17), last + later), last)
    assert due == Due(date(2026, 8, 17), max(last + later, last + DISTANCE))


def test_a_letter_that_seems_to_come_from_the_future_pushes_nothing() -> None:
    due = Due(date(2026, 8, 17), datetime(2026, 8, 17, 5, 30, tzinfo=UTC))
    assert pushed(due, datetime(2031, 1, 1, tzinfo=UTC)) == due
    assert pushed(due, None) == due


@pytest.mark.parametrize(
    ("hours_to_next", "lateness", "expected"),
    [(24, 12, timedelta(hours=12)), (10, 12, timedelta(hours=9, minutes=30)), (168, 36, timedelta(hours=36))],
)
def test_a_letter_ends_with_its_news_and_clear_of_the_next(
    hours_to_next: int, lateness: int, expected: timedelta
) -> None:
    due = datetime(2026, 8, 17, 5, 30, tzinfo=UTC)
    following = due + timedelta(hours=hours_to_next)
    assert deadline(due, next_at=following, max_lateness=timedelta(hours=lateness)) == due + expected


def test_today_is_the_readers_date() -> None:
    now = datetime(2026, 8, 17, 11, tzinfo=UTC)
    assert [today(zone, now).day for zone in ("Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago")] == [18, 17, 17]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_two_years_of_changing_zones_and_hours_give_each_date_at_most_one_slot(seed: int) -> None:
    """A reader changes zone and hour between letters; each change looks forward, as every change does."""
    random = Random(seed)
    zones = sorted(available_timezones())
    now = datetime(2026, 1, 1, tzinfo=UTC)
    served: list[Due] = []
    last_at: datetime | None = None
    profile = Profile(days=EVERY_DAY)
    while now < datetime(2028, 1, 1, tzinfo=UTC):
        last_slot = served[-1].slot if served else None
        due = next_due(profile, after=now, last_slot=last_slot, last_digest_at=last_at)
        if random.random() < 0.2:  # moves before the letter comes
            now += (due.at - now) * random.random()
            at = time(random.randrange(24), random.randrange(60))
            profile = Profile(timezone=random.choice(zones), send_at=at, days=EVERY_DAY)
            continue
        now = last_at = due.at
        served.append(due)
    assert all(one.slot < other.slot for one, other in pairwise(served))
    assert all(other.at - one.at >= DISTANCE for one, other in pairwise(served))


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(CURIOUS), st.integers(0, 2**32), DAYS)
def test_two_years_at_home_give_each_chosen_date_exactly_one_slot(zone: str, seed: int, days: frozenset[int]) -> None:
    """Only the hour changes, and only right after a letter: then no chosen date is left out."""
    random = Random(seed)
    now, last_slot = datetime(2026, 1, 1, 12, tzinfo=UTC), None
    found = []
    while now < datetime(2028, 1, 1, tzinfo=UTC):
        profile = Profile(timezone=zone, send_at=time(random.randrange(24), random.randrange(60)), days=days)
        due = next_due(profile, after=now, last_slot=last_slot, last_digest_at=now if last_slot else None)
        now, last_slot = due.at, due.slot
        found.append(due.slot)
    span = (found[0] + timedelta(days=n) for n in range((found[-1] - found[0]).days + 1))
    assert found == [day for day in span if day.weekday() in days]
