"""The line that a paper must reach to be sent: the one rule that says what is near enough."""

from __future__ import annotations

from collections.abc import Iterable

from digest.model import Field, Interest, Profile, Sign, Strictness

#: the points that a paper needs to be picked
LINES = {Strictness.STRICT: 60, Strictness.NORMAL: 42, Strictness.BROAD: 33}


def threshold(profile: Profile, interests: Iterable[Interest]) -> int:
    """The points a paper needs from a reader's interests."""
    fields = {each.field for each in interests if each.sign is Sign.MORE}
    return line_of(profile.strictness, looks_for_categories=fields == {Field.CATEGORY})


def line_of(strictness: Strictness, *, looks_for_categories: bool) -> int:
    """The same; none beyond a hit for a reader of whole categories alone, whose hits are small on purpose."""
    return 0 if looks_for_categories else LINES[strictness]
