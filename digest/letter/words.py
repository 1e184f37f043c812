"""The catalogue: every sentence of a letter comes from words.yaml and is filled in here."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from digest.errors import TemplateError

_WEEKDAYS, _WEEKEND, _EVERY_DAY = frozenset(range(5)), frozenset((5, 6)), frozenset(range(7))


class Words:
    """The sentences of one catalogue, ready to be filled in."""

    def __init__(self, catalogue: Mapping[str, Any]) -> None:
        self._catalogue = catalogue

    def say(self, key: str, n: int = 0, **values: object) -> str:
        """The sentence with its places filled; `n` decides between one and many."""
        entry = self._catalogue[key]
        sentence = entry["one" if n == 1 else "many"] if isinstance(entry, Mapping) else entry
        return str(sentence).format(n=self.figures(n), number=self.number(n), **values)

    def headline(self, key: str, n: int = 0, **values: object) -> str:
        """The same, beginning with a capital."""
        said = self.say(key, n, **values)
        return said[:1].upper() + said[1:]

    def number(self, n: int) -> str:
        """A count in words as far as the catalogue has them, then in figures."""
        words = self._catalogue["numbers"]
        return str(words[n]) if 0 <= n < len(words) else self.figures(n)

    def figures(self, n: int) -> str:
        """A count in figures, with a mark at the thousands."""
        return f"{n:,}".replace(",", str(self._catalogue["thousands"]))

    def weekday(self, day: date) -> str:
        """The name of the day of the week."""
        return str(self._catalogue["weekdays"][day.weekday()])

    def long_date(self, day: date) -> str:
        """Day of the week, day and month."""
        return self.say("long_date", weekday=self.weekday(day), date=self.date(day))

    def date(self, day: date) -> str:
        """Day and month, unbroken."""
        said = self.say("date", day=day.day, month=self._catalogue["months"][day.month - 1])
        return said.replace(" ", "\u00a0")

    def wall_time(self, at: time) -> str:
        """A time of day."""
        return f"{at:%H:%M}"

    def goes_to(self, email: str, days: frozenset[int], send_at: time) -> str:
        """Why the letter came: to whom, on which days, at what time."""
        return self.say("goes_to", email=email, days=self.days(days), time=self.wall_time(send_at))

    def listed(self, phrases: Sequence[str]) -> str:
        """Several phrases as people list them: a, b and c."""
        return ", ".join(phrases[:-1]) + self.say("and") + phrases[-1] if len(phrases) > 1 else "".join(phrases)

    def place(self, host: str | None, otherwise: str) -> str:
        """The name of the place with this host."""
        return str(self._catalogue["places"].get(host or "", otherwise))

    def days(self, days: frozenset[int]) -> str:
        """On which days of the week, 0 is Monday."""
        known = {_EVERY_DAY: "every_day", _WEEKDAYS: "on_weekdays", _WEEKEND: "at_weekends"}
        if days in known:
            return self.say(known[days])
        names = self._catalogue["days"]
        return self.say("on_days", days=self.listed([str(names[day]) for day in sorted(days)]))


def check_catalogue(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Refuse a catalogue that would fail in the middle of a letter.

    Raises:
        TemplateError: a line that no letter says, of another shape, or with a place that is not known.
    """
    for key, entry in own.items():
        if key not in shipped:
            raise TemplateError(f"{key}: no letter says this")
        if _shape(entry) != _shape(shipped[key]):
            raise TemplateError(f"{key}: expected {_shape(shipped[key])}, found {_shape(entry)}")
        unknown = _places(key, entry) - _places(key, shipped[key]) - {"n", "number"}
        if unknown:
            raise TemplateError(f"{key}: there is nothing to put into {{{min(unknown)}}}")


def _shape(entry: object) -> str:
    if isinstance(entry, Mapping):
        counts = [count for count in ("one", "many") if count in entry]
        return " and ".join(counts) or "names by host"
    return f"a list of {len(entry)}" if isinstance(entry, list) else "a sentence"


def _places(key: str, entry: object) -> set[str]:
    values = entry.values() if isinstance(entry, Mapping) else entry if isinstance(entry, list) else [entry]
    try:
        found = [
            place for value in values for _, *place in string.Formatter().parse(str(value)) if place[0] is not None
        ]
    except ValueError as error:
        raise TemplateError(f"{key}: {error}") from error
    for name, form, conversion in found:
        if form or conversion:
            raise TemplateError(f"{key}: {{{name}}} is filled in as it is, without : or !")
    return {name for name, _, _ in found if name is not None}
