"""A letter's picks as a few hundred bytes: what a ledger row keeps, and reads back exactly.

First numbers and the texts that the letter names, each once, then its picks. A number is one character, and UTF-8 makes
one to three bytes of a small one: as little room as compressed JSON takes, in a fraction of the time. Ten picks take
less than 800 bytes (a test holds it), so that a year of a million readers stays small.

A match stands in one piece, since readers who share an interest share its matches: most pieces are known already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice

from digest.model import Digest, Field, Mark, Match, Pick

_FIELDS = list(Field)

#: No character lies above 0x10FFFF. A number that may be larger is written as two: how often this, and what is left.
_LARGE = 0x8000

#: numbers of a digest before its texts, and of a pick before its matches
_HEAD = 8

#: pieces that are kept, about 10 MB of them
_KEPT = 20_000

#: {id of a match: that match, which so keeps its id, and its piece}; to hash a match takes longer than all the rest
_PIECES: dict[int, tuple[Match, str]] = {}


# --- packing ------------------------------------------------------------------------------------------------------


def pack(digest: Digest) -> bytes:
    """The picks of a digest, for `unpack`."""
    texts: dict[str, int] = {}
    body = [_packed_picks(some, texts) for some in (digest.picks, digest.trending, digest.misses)]
    unread = [texts.setdefault(name, len(texts)) for name in digest.unread]
    since = digest.since.toordinal() if digest.since else 0
    head = [*divmod(digest.considered, _LARGE), *divmod(digest.line, _LARGE), *divmod(since, _LARGE)]
    head += (len(unread), len(texts), *unread, *map(len, texts))
    return "".join([_characters(*head), *texts, *body]).encode("utf-8", "surrogatepass")


def _packed_picks(picks: Sequence[Pick], texts: dict[str, int]) -> str:
    parts = [chr(len(picks))]
    for pick in picks:
        topic = 0 if pick.topic is None else 1 + texts.setdefault(pick.topic, len(texts))
        item, votes = divmod(pick.item, _LARGE), divmod(pick.votes, _LARGE)
        parts.append(_characters(*item, *votes, pick.revision, _unsigned(pick.score), topic, len(pick.matches)))
        for match in pick.matches:
            parts += (chr(texts.setdefault(match.interest, len(texts))), _piece(match))
    return "".join(parts)


def _piece(match: Match) -> str:
    """All of a match but its phrase, with its length before it."""
    kept = _PIECES.get(id(match))
    if kept is None:
        if len(_PIECES) >= _KEPT:
            _PIECES.clear()
        kept = _PIECES[id(match)] = match, _packed_text(_packed_match(match))
    return kept[1]


def _packed_match(match: Match) -> str:
    own = match.interest.split()
    parts = [_characters(_FIELDS.index(match.field), _unsigned(match.points))]
    if match.words == tuple(own):  # mostly all words of an interest occur
        parts.append(_characters(0))
    else:
        parts += (_characters(1 + len(match.words)), *(_packed_word(word, own) for word in match.words))
    parts += (_characters(len(match.related)), *map(_packed_text, match.related))
    if match.mark is not None:
        start, length = match.mark.start, match.mark.end - match.mark.start
        parts.append(_characters(_FIELDS.index(match.mark.field), *divmod(start, _LARGE), _unsigned(length)))
    return "".join(parts)


def _packed_word(word: str, own: list[str]) -> str:
    return _characters(own.index(word)) if word in own else _characters(len(own)) + _packed_text(word)


def _packed_text(text: str) -> str:
    return chr(len(text)) + text


def _characters(*numbers: int) -> str:
    return "".join(map(chr, numbers))


# --- unpacking ----------------------------------------------------------------------------------------------------


def unpack(data: bytes | None) -> Digest:
    """The digest that was packed; an empty one where the picks of an old row were dropped."""
    if data is None:
        return Digest()
    packed = data.decode("utf-8", "surrogatepass")
    considered, rest, line, more, years, days, unread, count = map(ord, packed[:_HEAD])
    at = _HEAD + unread + count
    texts = []
    for length in map(ord, packed[_HEAD + unread : at]):
        texts.append(packed[at : at + length])
        at += length
    picks, at = _picks(packed, at, texts)
    trending, at = _picks(packed, at, texts)
    misses, at = _picks(packed, at, texts)
    return Digest(
        picks=picks,
        trending=trending,
        misses=misses,
        considered=considered * _LARGE + rest,
        line=line * _LARGE + more,
        unread=tuple(texts[ord(name)] for name in packed[_HEAD : _HEAD + unread]),
        since=date.fromordinal(years * _LARGE + days) if years or days else None,
    )


def _picks(packed: str, at: int, texts: list[str]) -> tuple[tuple[Pick, ...], int]:
    """Picks that begin at a place, and the place where they end."""
    picks = []
    count, at = ord(packed[at]), at + 1
    for _ in range(count):
        item, rest, votes, more, revision, score, topic, reasons = map(ord, packed[at : at + _HEAD])
        at += _HEAD
        matches = []
        for _ in range(reasons):
            end = at + 2 + ord(packed[at + 1])
            matches.append(_match(texts[ord(packed[at])], packed[at + 2 : end]))
            at = end
        picks.append(
            Pick(
                item=item * _LARGE + rest,
                revision=revision,
                score=_signed(score),
                matches=tuple(matches),
                topic=texts[topic - 1] if topic else None,
                votes=votes * _LARGE + more,
            )
        )
    return tuple(picks), at


@lru_cache(maxsize=_KEPT)
def _match(phrase: str, piece: str) -> Match:
    letters, own = iter(piece), phrase.split()
    field, points, count = _FIELDS[_number(letters)], _signed(_number(letters)), _number(letters)
    words = [_word(letters, own) for _ in range(count - 1)] if count else own
    related = [_text(letters) for _ in range(_number(letters))]
    marked = next(letters, None)
    return Match(
        interest=phrase,
        field=field,
        points=points,
        words=tuple(words),
        related=tuple(related),
        mark=None if marked is None else _mark(_FIELDS[ord(marked)], letters),
    )


def _mark(field: Field, letters: Iterator[str]) -> Mark:
    start = _number(letters) * _LARGE + _number(letters)
    return Mark(field=field, start=start, end=start + _signed(_number(letters)))


def _word(letters: Iterator[str], own: list[str]) -> str:
    place = _number(letters)
    return own[place] if place < len(own) else _text(letters)


def _text(letters: Iterator[str]) -> str:
    return "".join(islice(letters, _number(letters)))


def _number(letters: Iterator[str]) -> int:
    return ord(next(letters))


# --- numbers ------------------------------------------------------------------------------------------------------


def _unsigned(number: int) -> int:
    """The place of a number in 0, -1, 1, -2, 2 …, counted from 0."""
    return 2 * number if number >= 0 else -2 * number - 1


def _signed(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2
