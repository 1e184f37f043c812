"""The subject of a letter: the news first, in at most sixty characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from digest.letter.cutting import short_title
from digest.letter.frame import headline, main_picks
from digest.letter.words import Words
from digest.model import Field, Letter, LetterPick, Match

_LONGEST = 60  # characters; a phone shows about the first 35
_LONGEST_TITLE = 42
_TITLES = 1_000  # kept
_LONGEST_AUTHOR = 30
_AUTHOR = Field.AUTHOR


def subject_of(letter: Letter, words: Words) -> str:
    """The subject; a sample and a repeat by hand say what they are."""
    said = next(each for each in _candidates(letter, words) if len(each) <= _LONGEST)
    if letter.is_sample:
        said = words.say("subject_sample", subject=said)
    return words.say("subject_test", subject=said) if letter.is_test else said


def _candidates(letter: Letter, words: Words) -> Iterator[str]:
    """What could be said, the best first; the headline always fits."""
    picks = main_picks(letter)
    if not picks:
        yield words.say("subject_quiet", letter.considered, weekday=words.weekday(letter.day))
    elif letter.is_first:
        yield words.say("subject_first", len(picks))
    elif letter.has_interests:
        yield from _personal(letter, picks, words)
    else:
        yield from _trending(picks, words)
    yield headline(letter, words, len(picks))


def _personal(letter: Letter, picks: tuple[LetterPick, ...], words: Words) -> Iterator[str]:
    weekday, others = words.weekday(letter.day), len(picks) - 1
    author = next(filter(None, _followed_authors(picks)), None)
    if author and len(author) <= _LONGEST_AUTHOR:
        key = "subject_author" if others else "subject_author_only"
        yield words.say(key, others, author=author, weekday=weekday)
    title = _called(picks[0].text.title)
    if len(title) <= _LONGEST_TITLE and title.strip():
        yield words.say("subject_title" if others else "subject_single", others, title=title, weekday=weekday)
    topics = Counter(pick.pick.topic for pick in picks if pick.pick.topic)
    if len(topics) > 1:
        yield _topics(list(topics.items())[:2], words)


@lru_cache(maxsize=_TITLES)
def _called(title: str) -> str:
    """The first paper by its short name; the same one is the first of many readers."""
    return short_title(title)


def _topics(topics: list[tuple[str, int]], words: Words) -> str:
    first, *others = topics
    said = words.headline("subject_topic", first[1], topic=_inside(first[0]))
    return said + "".join(words.say("subject_topic_next", count, topic=_inside(topic)) for topic, count in others)


def _inside(topic: str) -> str:
    """The name of a topic inside a sentence: "Graph learning" goes small, "BERT" and "LaTeX" stay."""
    first, _, rest = topic.partition(" ")
    return f"{first.lower()} {rest}".strip() if first.istitle() else topic


def _trending(picks: tuple[LetterPick, ...], words: Words) -> Iterator[str]:
    title = _called(picks[0].text.title)
    if len(picks) > 1 and len(title) <= _LONGEST_TITLE and title.strip():
        yield words.say("subject_trending", len(picks) - 1, title=title)


def _followed_authors(picks: tuple[LetterPick, ...]) -> Iterator[str]:
    """The names, as the papers have them, of authors the reader follows; one of each paper."""
    for pick in picks:
        for match in pick.pick.matches:
            if match.field is _AUTHOR and match.points > 0:
                yield _name(match, pick)
                break


def _name(match: Match, pick: LetterPick) -> str:
    at = 0
    for name in pick.text.authors:
        if match.mark is not None and at <= match.mark.start < at + len(name):
            return name
        at += len(name) + len(", ")
    return match.interest
