"""A letter's picks as a few hundred bytes: what a ledger row keeps, and reads back exactly.

First the texts that it names, each once, then numbers. A number is one character, and UTF-8 makes one to three bytes of
a small one: as little room as compressed JSON takes, in a fraction of the time. Ten picks take less than 800 bytes (a
test holds it), so that a year of a million readers stays small.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from digest.model import Digest, Field, Mark, Match, Pick

_FIELDS = list(Field)

#: No character lies above 0x10FFFF. A number that may be larger is written as two: how often this, and what is left.
_LARGE = 0x8000


def pack(digest: Digest) -> bytes:
    """The picks of a digest, for `unpack`."""
    texts: dict[str, int] = {}
    numbers: list[int] = []
    for some in (digest.picks, digest.trending, digest.misses):
        numbers.append(len(some))
        for pick in some:
            _pack_pick(pick, texts, numbers)
    numbers += (*divmod(digest.considered, _LARGE), *divmod(digest.line, _LARGE))
    numbers += divmod(digest.since.toordinal() if digest.since else 0, _LARGE)
    numbers += (len(digest.unread), *(texts.setdefault(name, len(texts)) for name in digest.unread))
    head = [len(texts), *map(len, texts)]
    return "".join([*map(chr, head), *texts, *map(chr, numbers)]).encode("utf-8", "surrogatepass")


def _pack_pick(pick: Pick, texts: dict[str, int], numbers: list[int]) -> None:
    topic = 0 if pick.topic is None else 1 + texts.setdefault(pick.topic, len(texts))
    item, votes = divmod(pick.item, _LARGE), divmod(pick.votes, _LARGE)
    numbers += (*item, *votes, pick.revision, _unsigned(pick.score), topic, len(pick.matches))
    for match in pick.matches:
        phrase = texts.setdefault(match.interest, len(texts))
        numbers += (phrase, _FIELDS.index(match.field), _unsigned(match.points))
        _pack_words(match, texts, numbers)
        mark = match.mark
        if mark is None:
            numbers.append(0)
        else:
            start = divmod(mark.start, _LARGE)
            numbers += (1 + _FIELDS.index(mark.field), *start, _unsigned(mark.end - mark.start))


def _pack_words(match: Match, texts: dict[str, int], numbers: list[int]) -> None:
    """Mostly an interest's words occur all, and no others: then two zeros say so."""
    own = match.interest.split()
    if match.words == tuple(own):
        numbers.append(0)
    else:
        places = [
            own.index(word) if word in own else len(own) + texts.setdefault(word, len(texts)) for word in match.words
        ]
        numbers += (len(places) + 1, *places)
    numbers += (len(match.related), *(texts.setdefault(word, len(texts)) for word in match.related))


def unpack(data: bytes | None) -> Digest:
    """The digest that was packed; an empty one where the picks of an old row were dropped."""
    if data is None:
        return Digest()
    packed = data.decode("utf-8", "surrogatepass")
    texts, end = [], 1 + ord(packed[0])
    for length in map(ord, packed[1:end]):
        texts.append(packed[end : end + length])
        end += length
    number = map(ord, packed[end:]).__next__
    picks, trending, misses = [tuple(_pick(number, texts) for _ in range(number())) for _ in range(3)]
    considered, line, since = _large(number), _large(number), _large(number)
    return Digest(
        picks=picks,
        trending=trending,
        misses=misses,
        considered=considered,
        line=line,
        unread=tuple(texts[number()] for _ in range(number())),
        since=date.fromordinal(since) if since else None,
    )


def _pick(number: Callable[[], int], texts: list[str]) -> Pick:
    item, votes, revision = _large(number), _large(number), number()
    score, topic = _signed(number()), number()
    return Pick(
        item=item,
        revision=revision,
        score=score,
        matches=tuple(_match(number, texts) for _ in range(number())),
        topic=texts[topic - 1] if topic else None,
        votes=votes,
    )


def _match(number: Callable[[], int], texts: list[str]) -> Match:
    phrase, field, points = texts[number()], _FIELDS[number()], _signed(number())
    own = phrase.split()
    count = number()
    words = [number() for _ in range(count - 1)]
    return Match(
        interest=phrase,
        field=field,
        points=points,
        words=tuple(own[at] if at < len(own) else texts[at - len(own)] for at in words) if count else tuple(own),
        related=tuple(texts[number()] for _ in range(number())),
        mark=_mark(number, number()),
    )


def _mark(number: Callable[[], int], field: int) -> Mark | None:
    if field == 0:
        return None
    start = _large(number)
    return Mark(field=_FIELDS[field - 1], start=start, end=start + _signed(number()))


def _large(number: Callable[[], int]) -> int:
    return number() * _LARGE + number()


def _unsigned(number: int) -> int:
    """The place of a number in 0, -1, 1, -2, 2 …, counted from 0."""
    return 2 * number if number >= 0 else -2 * number - 1


def _signed(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2
