"""What stands around the papers of a letter: headline, lead, notices, preheader and footer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from digest.letter.cutting import at_word
from digest.letter.links import mailto_unsubscribe, page, unsubscribe_address
from digest.letter.paper import phrase_of
from digest.letter.plain import plain
from digest.letter.view import Link
from digest.letter.words import Words
from digest.model import Letter, LetterPick, Site

_SENTENCE = 400  # characters
_NAME = 80
_UNREAD = 10
_ATTRIBUTIONS = 20
_BECAUSE = 3  # phrases in the preheader


def main_picks(letter: Letter) -> tuple[LetterPick, ...]:
    """The numbered papers: the picks, or for a reader without interests what others read."""
    return letter.picks if letter.has_interests else letter.picks + letter.trending


def headline(letter: Letter, words: Words, count: int) -> str:
    """The first line: how many papers, for which day."""
    weekday = words.weekday(letter.day)
    if not count:
        return words.headline("headline_quiet", weekday=weekday)
    if letter.is_first:
        return words.headline("headline_first", count)
    if not letter.has_interests:
        return words.headline("headline_trending", count)
    return words.headline("headline", count, weekday=weekday)


def lead(letter: Letter, words: Words) -> str:
    """From how much they were picked, and when."""
    date = words.date(letter.day)
    if letter.since is not None and letter.since < letter.day - timedelta(days=1):  # yesterday's is today's news
        date = words.say("dates", since=words.date(letter.since), date=date)
    if not letter.considered:
        return words.say("lead_dated", date=date)
    if not main_picks(letter):
        return words.say("lead_quiet", letter.considered, date=date)
    return words.say("lead" if letter.has_interests else "lead_trending", letter.considered, date=date)


def preheader(letter: Letter, words: Words) -> str:
    """Why the letter came, in one line; never the subject again."""
    return because(phrases(letter), others(letter), words) or lead(letter, words)


def because(phrases: Sequence[str], others: int, words: Words) -> str:
    """That these phrases were found, and how many papers are not in the letter; "" without phrases."""
    if not phrases:
        return ""
    said = words.say("because", phrases=words.listed(phrases))
    return f"{said} {words.say('others', others)}" if others > 0 else said


def others(letter: Letter) -> int:
    """How many papers were looked at and not picked."""
    return letter.considered - len(letter.picks)


def phrases(letter: Letter) -> tuple[str, ...]:
    """The first few phrases that were found."""
    found: dict[str, None] = {}
    for pick in letter.picks:
        for match in pick.pick.matches:
            if match.points > 0:
                found[phrase_of(match)] = None
        if len(found) >= _BECAUSE:
            break
    return tuple(found)[:_BECAUSE]


def notices(letter: Letter, words: Words) -> tuple[str, ...]:
    """What the reader should know before the papers, one sentence each."""
    own = [words.say("sample")] * letter.is_sample + [words.say("test")] * letter.is_test
    if letter.is_first and letter.vouched_by is None:
        own.append(words.say("first"))
    if letter.unread:
        names = words.listed([at_word(plain(name), _NAME) for name in letter.unread[:_UNREAD]])
        own.append(words.say("unread", len(letter.unread), names=names))
    elif letter.considered and not main_picks(letter):
        own.append(words.say("all_read"))
    return tuple(own)


def vouched(letter: Letter, words: Words) -> str:
    """Who added a reader that did not ask; "" for all others."""
    if not letter.is_first or letter.vouched_by is None:
        return ""
    return words.say("first_vouched", email=letter.recipient, who=at_word(plain(letter.vouched_by), _NAME))


def leave(letter: Letter, site: Site, words: Words) -> Link | None:
    """The way out, for the top of the letter; None in previews."""
    url = unsubscribe_address(site, letter.token)
    return Link(words.say("unsubscribe"), url, is_quiet=True) if url else None


def footer_links(letter: Letter, site: Site, words: Words) -> tuple[Link, ...]:
    """The pages that exist for this reader."""
    if letter.token is None:
        return ()
    if not site.is_public:
        return (Link(words.say("unsubscribe"), mailto_unsubscribe(site, letter.token)),)
    return (
        Link(words.say("change"), page(site, "preferences", letter.token)),
        Link(words.say("unsubscribe"), page(site, "unsubscribe", letter.token)),
        Link(words.say("archive"), page(site, "archive")),
    )


def footer(letter: Letter, site: Site, words: Words) -> tuple[str, ...]:
    """Thanks to the sources, and who sends it: a paragraph each."""
    thanks = " ".join(at_word(plain(each), _SENTENCE) for each in letter.attributions[:_ATTRIBUTIONS])
    return (thanks, imprint(site, words)) if thanks else (imprint(site, words),)


def imprint(site: Site, words: Words) -> str:
    """Who sends it, from where."""
    address = f"{site.name}, {site.postal_address.strip().rstrip('.')}" if site.postal_address.strip() else site.name
    return f"{at_word(address, _SENTENCE)}. {words.say('no_trackers')}"
