"""A letter's picks as a few hundred bytes: what a ledger row keeps, and reads back exactly.

Phrases stand once and are named by their place; words are places in the phrase. Ten picks take less than 800 bytes
(a test holds it), so that a year of a million readers stays small.
"""

from __future__ import annotations

import json
import zlib
from datetime import date
from typing import Any

from digest.model import Digest, Field, Mark, Match, Pick

_FIELDS = list(Field)


def pack(digest: Digest) -> bytes:
    """The picks of a digest, for `unpack`."""
    phrases: dict[str, int] = {}
    topics: dict[str, int] = {}

    def packed_match(match: Match) -> list[Any]:
        own = match.interest.split()
        words = [own.index(word) if word in own else word for word in match.words]
        mark = match.mark
        return [
            phrases.setdefault(match.interest, len(phrases)),
            _FIELDS.index(match.field),
            match.points,
            0 if words == list(range(len(own))) else words,
            [_FIELDS.index(mark.field), mark.start, mark.end - mark.start] if mark else 0,
            *match.related,
        ]

    def packed_pick(pick: Pick) -> list[Any]:
        topic = -1 if pick.topic is None else topics.setdefault(pick.topic, len(topics))
        return [pick.item, pick.revision, pick.score, topic, pick.votes, *map(packed_match, pick.matches)]

    picks, trending, misses = [list(map(packed_pick, some)) for some in (digest.picks, digest.trending, digest.misses)]
    since = digest.since.isoformat() if digest.since else ""
    numbers = [digest.considered, digest.line]
    rows = [numbers, list(phrases), list(topics), picks, trending, misses, list(digest.unread), since]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 9)


def unpack(data: bytes | None) -> Digest:
    """The digest that was packed; an empty one where the picks of an old row were dropped."""
    if data is None:
        return Digest()
    (considered, line), phrases, topics, picks, trending, misses, unread, since = json.loads(zlib.decompress(data))

    def match_of(row: list[Any]) -> Match:
        phrase, field, points, words, mark, *related = row
        own = phrases[phrase].split()
        return Match(
            interest=phrases[phrase],
            field=_FIELDS[field],
            points=points,
            words=tuple(own) if words == 0 else tuple(own[word] if isinstance(word, int) else word for word in words),
            mark=Mark(field=_FIELDS[mark[0]], start=mark[1], end=mark[1] + mark[2]) if mark else None,
            related=tuple(related),
        )

    def pick_of(row: list[Any]) -> Pick:
        item, revision, score, topic, votes, *matches = row
        return Pick(
            item=item,
            revision=revision,
            score=score,
            topic=None if topic < 0 else topics[topic],
            votes=votes,
            matches=tuple(map(match_of, matches)),
        )

    return Digest(
        picks=tuple(map(pick_of, picks)),
        trending=tuple(map(pick_of, trending)),
        misses=tuple(map(pick_of, misses)),
        considered=considered,
        line=line,
        unread=tuple(unread),
        since=date.fromisoformat(since) if since else None,
    )
