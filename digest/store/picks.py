"""A letter's picks as a few hundred bytes: what a ledger row keeps, and reads back exactly.

First numbers and the texts that the letter names, each once, then its picks. A number is one character, and UTF-8 makes
one to three bytes of a small one: as little room as compressed JSON takes, in a fraction of the time. Ten picks take
less than 800 bytes (a test holds it), so that a year of a million readers stays small.

What is alike stands together, so that a letter is joined of few pieces: the numbers of all picks, then for each of
their reasons which text it names, then what else it says, the same for all readers who share an interest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate, islice, pairwise

from digest.model import Digest, Field, Mark, Match, Pick

_FIELDS = list(Field)

#: No character lies above 0x10FFFF. A number that may be larger is written as two: how often this, and what is left.
LARGE = 0x8000

#: numbers of a letter before its texts, and of a pick
_HEAD, PICK = 11, 8

#: reasons that are kept unpacked, since readers who share interests share them; about 10 MB
_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Packed:
    """A letter as a ledger row keeps it, with what must be known of it besides."""

    items: Sequence[int]  #: everything that it names
    data: bytes
    considered: int = 0  #: how many papers were read for it

    @classmethod
    def of(cls, digest: Digest) -> Packed:
        """A digest, packed."""
        return cls([pick.item for pick in digest.all_picks], pack(digest), digest.considered)


# --- packing ------------------------------------------------------------------------------------------------------


def pack(digest: Digest) -> bytes:
    """The picks of a digest, for `unpack`."""
    matches = [match for pick in digest.all_picks for match in pick.matches]
    topics = [pick.topic for pick in digest.all_picks if pick.topic is not None]
    texts = list(dict.fromkeys([*digest.unread, *(match.interest for match in matches), *topics]))
    places = {text: place for place, text in enumerate(texts)}
    sizes = len(digest.picks), len(digest.misses), len(digest.trending), len(texts)
    return joined(
        characters(*frame(digest.considered, digest.line, digest.since), *sizes, len(digest.unread)),
        characters(*(places[name] for name in digest.unread)),
        characters(*map(len, texts)),
        texts,
        "".join(packed_pick(pick, places) for pick in digest.all_picks),
        characters(*(places[match.interest] for match in matches)),
        map(piece, matches),
    )


def joined(
    head: str, unread: str, lengths: str, texts: Iterable[str], picks: str, named: str, pieces: Iterable[str]
) -> bytes:
    """A letter of its parts: 11 numbers, which texts are the sources not read, the texts, then the picks.

    The numbers are those of `frame`, then how many picks, misses and trending ones there are, texts, and sources.
    """
    whole = "".join([head, unread, lengths, *texts, picks, named, *pieces])
    return whole.encode("utf-8", "surrogatepass")


def frame(considered: int, line: int, since: date | None) -> tuple[int, ...]:
    """A letter's first six numbers."""
    return *divmod(considered, LARGE), *divmod(line, LARGE), *divmod(since.toordinal() if since else 0, LARGE)


def piece(match: Match) -> str:
    """All of a match but its phrase, with its length before it."""
    own = match.interest.split()
    parts = [characters(_FIELDS.index(match.field), unsigned(match.points))]
    if match.words == tuple(own):  # mostly all words of an interest occur
        parts.append(characters(0))
    else:
        parts += (characters(1 + len(match.words)), *(_packed_word(word, own) for word in match.words))
    parts += (characters(len(match.related)), *map(_packed_text, match.related))
    if match.mark is not None:
        start, length = match.mark.start, match.mark.end - match.mark.start
        parts.append(characters(_FIELDS.index(match.mark.field), *divmod(start, LARGE), unsigned(length)))
    return _packed_text("".join(parts))


def packed_pick(pick: Pick, places: Mapping[str, int]) -> str:
    """A pick's numbers; `places` has that of its topic among the letter's texts."""
    topic = 0 if pick.topic is None else 1 + places[pick.topic]
    votes = divmod(pick.votes, LARGE)
    return characters(*divmod(pick.item, LARGE), *votes, pick.revision, unsigned(pick.score), topic, len(pick.matches))


def _packed_word(word: str, own: list[str]) -> str:
    return characters(own.index(word)) if word in own else characters(len(own)) + _packed_text(word)


def _packed_text(text: str) -> str:
    return chr(len(text)) + text


def characters(*numbers: int) -> str:
    """Numbers as letters hold them."""
    return "".join(map(chr, numbers))


# --- unpacking ----------------------------------------------------------------------------------------------------


def unpack(data: bytes | None) -> Digest:
    """The digest that was packed; an empty one where the picks of an old row were dropped."""
    if data is None:
        return Digest()
    packed = data.decode("utf-8", "surrogatepass")
    considered, rest, line, more, years, days, *sizes, count, unread = map(ord, packed[:_HEAD])
    start = _HEAD + unread
    *ends, at = accumulate(map(ord, packed[start : start + count]), initial=start + count)
    texts = [packed[first:last] for first, last in pairwise((*ends, at))]
    found = _picks(packed, at, texts, sum(sizes))
    picks, misses, trending = (tuple(islice(found, size)) for size in sizes)
    return Digest(
        picks=picks,
        misses=misses,
        trending=trending,
        considered=considered * LARGE + rest,
        line=line * LARGE + more,
        unread=tuple(texts[ord(name)] for name in packed[_HEAD:start]),
        since=date.fromordinal(years * LARGE + days) if years or days else None,
    )


def _picks(packed: str, at: int, texts: Sequence[str], count: int) -> Iterator[Pick]:
    """So many picks, which begin at a place."""
    end = at + PICK * count
    numbers = map(ord, packed[at:end])
    rows = list(zip(*[numbers] * PICK, strict=True))
    named = packed[end : end + sum(row[-1] for row in rows)]
    matches = map(_match, (texts[ord(place)] for place in named), _pieces(packed, end + len(named), len(named)))
    for item, rest, votes, more, revision, score, topic, size in rows:
        yield Pick(
            item=item * LARGE + rest,
            revision=revision,
            score=_signed(score),
            matches=tuple(islice(matches, size)),
            topic=texts[topic - 1] if topic else None,
            votes=votes * LARGE + more,
        )


def _pieces(packed: str, at: int, count: int) -> Iterator[str]:
    for _ in range(count):
        end = at + 1 + ord(packed[at])
        yield packed[at + 1 : end]
        at = end


@lru_cache(maxsize=_KEPT)
def _match(phrase: str, piece: str) -> Match:
    letters, own = iter(piece[3:]), phrase.split()
    field, points, count = map(ord, piece[:3])
    words = [_word(letters, own) for _ in range(count - 1)] if count else own
    related = [_text(letters) for _ in range(_number(letters))]
    mark = tuple(map(ord, letters))
    return Match(
        interest=phrase,
        field=_FIELDS[field],
        points=_signed(points),
        words=tuple(words),
        related=tuple(related),
        mark=_mark(*mark) if mark else None,
    )


def _mark(field: int, start: int, more: int, length: int) -> Mark:
    start = start * LARGE + more
    return Mark(field=_FIELDS[field], start=start, end=start + _signed(length))


def _word(letters: Iterator[str], own: list[str]) -> str:
    place = _number(letters)
    return own[place] if place < len(own) else _text(letters)


def _text(letters: Iterator[str]) -> str:
    return "".join(islice(letters, _number(letters)))


def _number(letters: Iterator[str]) -> int:
    return ord(next(letters))


# --- numbers ------------------------------------------------------------------------------------------------------


def unsigned(number: int) -> int:
    """The place of a number in 0, -1, 1, -2, 2 …, counted from 0."""
    return 2 * number if number >= 0 else -2 * number - 1


def _signed(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2
