"""Why a paper is in one reader's letter: the sentence, the sum and the marks, joined of phrases that were set once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import escape

from digest.letter.cache import Cache
from digest.letter.paper import REASONS, phrase_in, reason_of, sum_of
from digest.letter.plain import plain
from digest.letter.quoted import Spans, encoded
from digest.letter.slots import Pattern, Sentence, slot
from digest.letter.templates import Templates
from digest.model import Field, Match

_SENTENCES = 20_000
_SUMS = 20_000
_PHRASES = 20_000
_SHAPES = 1_000

_TITLE, _ABSTRACT = Field.TITLE, Field.ABSTRACT


class Said(NamedTuple):
    """The same in both parts of a letter: encoded, and as plain text that is still to be wrapped."""

    html: bytes
    text: str


NOTHING = Said(b"", "")


class Reasons:
    """Reasons in one language."""

    def __init__(self, templates: Templates, *, is_miss: bool = False) -> None:
        """`is_miss`: for papers that were not near enough."""
        self._templates = templates
        self._is_miss = is_miss
        self._sentences: Cache[tuple[object, ...], Said] = Cache(_SENTENCES)
        self._sums: Cache[tuple[int, ...], Said] = Cache(_SUMS)
        self._shapes: Cache[tuple[int, int], tuple[Pattern, Sentence]] = Cache(_SHAPES)
        self._phrases: Cache[tuple[object, ...], Said] = Cache(_PHRASES)

    def sentence(self, matches: Sequence[Match]) -> Said:
        """What the reader follows, and less of what."""
        key = tuple([(match.interest, match.words, match.related, match.points < 0) for match in matches])
        return self._sentences.get(key) or self._sentences.keep(key, self._sentence(matches))

    def sum(self, score: int, matches: Sequence[Match]) -> Said:
        """The score and its addends; nothing in them is escaped in HTML."""
        key = (score, *[match.points for match in matches])
        return self._sums.get(key) or self._sums.keep(key, _summed(key))

    def _sentence(self, matches: Sequence[Match]) -> Said:
        follows = [self._phrase(match) for match in matches if match.points >= 0]
        less = [self._phrase(match) for match in matches if match.points < 0]
        shape = (len(follows), len(less))
        html, text = self._shapes.get(shape) or self._shapes.keep(shape, self._shape(*shape))
        phrases = follows[:REASONS] + less[:REASONS]
        return Said(html.filled(*[each.html for each in phrases]), text.filled(*[each.text for each in phrases]))

    def _shape(self, follows: int, less: int) -> tuple[Pattern, Sentence]:
        """The sentence about so many phrases, for those that it names."""
        speak_for, against = [f"follows{at}" for at in range(follows)], [f"less{at}" for at in range(less)]
        named = [*map(slot, speak_for)], [*map(slot, against)]
        reason = reason_of(*named, self._templates.words, is_miss=self._is_miss)
        names = [*speak_for[:REASONS], *against[:REASONS]]
        return (
            Pattern(self._templates.html_part("reason", reason), names),
            Sentence(self._templates.text_part("reason", reason), names),
        )

    def _phrase(self, match: Match) -> Said:
        key = (match.interest, match.words, match.related)
        return self._phrases.get(key) or self._phrases.keep(key, self._printed(plain(match)))

    def _printed(self, match: Match) -> Said:
        phrase = phrase_in(match, self._templates.words)
        return Said(encoded(self._templates.html_part("phrase", phrase)), self._templates.text_part("phrase", phrase))


def said(text: str) -> Said:
    """A text of ours, escaped and encoded for HTML, and as it is."""
    return Said(encoded(str(escape(text))), text)


def _summed(points: Sequence[int]) -> Said:
    text = sum_of(points[0], points[1:])
    return Said(encoded(text), text)


def marks(matches: Sequence[Match]) -> tuple[Spans, Spans, tuple[Match, ...]]:
    """The marks in the title, those in the abstract, and the matches in names and categories."""
    title: Spans = ()
    abstract: Spans = ()
    listed: tuple[Match, ...] = ()
    for match in matches:
        mark = match.mark
        if mark is None:
            continue
        if mark.field is _TITLE:
            title += ((mark.start, mark.end),)
        elif mark.field is _ABSTRACT:
            abstract += ((mark.start, mark.end),)
        else:
            listed += (match,)
    return title, abstract, listed
