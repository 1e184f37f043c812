"""Profiles as forms: what the fields of a page say, with a sentence for each that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from digest.config.values import email as checked_email
from digest.matching.grammar import Problem, understand
from digest.model import Profile, QuietDays, Strictness
from digest.web.forms import Posted

LONGEST_INTERESTS = 10_000  # characters

#: {what a form says: (days of the week, 0 is Monday; what people read)}
DAYS: Mapping[str, tuple[frozenset[int], str]] = {
    "weekdays": (frozenset(range(5)), "Weekdays"),
    "daily": (frozenset(range(7)), "Every day"),
    "mondays": (frozenset((0,)), "Mondays only"),
    "saturdays": (frozenset((5,)), "Saturdays only"),
}

_CHOOSE = "Choose one of these."


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in; it can be used where there are no errors."""

    profile: Profile
    email: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)  #: {field: what is wrong with it}
    problems: tuple[Problem, ...] = ()  #: lines of the interests that were not understood; the others count


def filled(posted: Posted, profile: Profile) -> Filled:
    """The profile with what the fields of a page say; a field that is not there changes nothing."""
    errors: dict[str, str] = {}
    changes: dict[str, object] = {}
    for name, read in _READERS.items():
        if name in posted.values:
            try:
                changes[name] = read(posted[name], profile)
            except ValueError as error:
                errors[name] = str(error)
    changed = replace(profile, **changes)  # type: ignore[arg-type]
    return Filled(changed, errors=errors, problems=tuple(understand(changed.interests).problems))


def with_address(form: Filled, posted: Posted) -> Filled:
    """The same with the address that letters are to go to."""
    try:
        return replace(form, email=checked_email(posted["email"].strip()))
    except ValueError:
        sentence = "This is no address that mail could go to, such as you@example.org."
        return replace(form, email=posted["email"], errors={"email": sentence, **form.errors})


def days_name(days: frozenset[int]) -> str:
    """What a form calls these days; "other" for those that only config.yaml or a mail can say."""
    return next((name for name, (chosen, _) in DAYS.items() if chosen == days), "other")


def _interests(text: str, _profile: Profile) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_INTERESTS:
        raise ValueError(f"These are {len(text):,} characters; {LONGEST_INTERESTS:,} fit.")
    return text


def _timezone(name: str, profile: Profile) -> str:
    name = name.strip()
    if not name:
        return profile.timezone
    if name not in available_timezones():
        raise ValueError("There is no such time zone; one is called Europe/Dublin, for instance.")
    return ZoneInfo(name).key


def _time(text: str, _profile: Profile) -> time:
    try:
        return time.fromisoformat(text.strip()).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise ValueError("This is no time of day, such as 06:45.") from None


def _days(name: str, profile: Profile) -> frozenset[int]:
    if name == "other":
        return profile.days
    if name not in DAYS:
        raise ValueError(_CHOOSE)
    return DAYS[name][0]


def _strictness(name: str, _profile: Profile) -> Strictness:
    if name not in list(Strictness):
        raise ValueError(_CHOOSE)
    return Strictness(name)


def _quiet_days(name: str, _profile: Profile) -> QuietDays:
    if name not in list(QuietDays):
        raise ValueError(_CHOOSE)
    return QuietDays(name)


_READERS = {
    "interests": _interests,
    "timezone": _timezone,
    "send_at": _time,
    "days": _days,
    "strictness": _strictness,
    "quiet_days": _quiet_days,
}
