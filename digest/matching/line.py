"""The line that a paper must reach to be sent: the one rule that says what is near enough."""

from __future__ import annotations

from collections.abc import Iterable

from digest.model import Field, Interest, Profile, Sign, Strictness

#: the points that a paper needs to be picked
LINES = {Strictness.STRICT: 60, Strictness.NORMAL: 42, Strictness.BROAD: 33}


def threshold(profile: Profile, interests: Iterable[Interest]) -> int:
    """The points a paper needs; none beyond a hit for a reader of whole categories, whose hits are small on purpose."""
    fields = {each.field for each in interests if each.sign is Sign.MORE}
    return 0 if fields == {Field.CATEGORY} else LINES[profile.strictness]
