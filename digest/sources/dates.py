"""Moments as feeds and pages print them: ISO 8601, RFC 822, and the usual English and numeric dates."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from digest.sources.text import collapse, moment

_LONGEST = 100  # characters: no date is longer, and the work must not grow with what a stranger writes
_PRINTED = ("%B %d %Y", "%b %d %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d", "%d.%m.%Y", "%Y-%m", "%B %Y", "%b %Y")


def printed_moment(value: object) -> datetime | None:
    """The moment that a text states, in UTC, or None. Without a zone it is UTC; a month is its first day.

    Dates like 3/4/2026 are None: half of the world reads them the other way round.
    """
    text = collapse(value)
    if not text or len(text) > _LONGEST:
        return None
    return moment(text) or moment(text.replace(" ", "T", 1).replace(" ", "")) or _of_mail(text) or _of_print(text)


def _of_mail(text: str) -> datetime | None:
    """RFC 822, section 5, as RSS writes its dates."""
    if ":" not in text:  # a date alone is read more strictly below
        return None
    with suppress(ValueError, OverflowError, TypeError, IndexError):
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def _of_print(text: str) -> datetime | None:
    words = text.replace(",", " ").replace(". ", " ").split()
    if words and words[0].lower()[:3] in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        words = words[1:]
    for form in _PRINTED:
        with suppress(ValueError):
            return datetime.strptime(" ".join(words), form).replace(tzinfo=UTC)
    return None
