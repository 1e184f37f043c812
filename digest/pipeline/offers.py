"""Which phrases of a paper to offer to who wants more like it, or less: few, telling, and as its authors write them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from digest.matching.analysis import Word, groups, is_one_word, split
from digest.matching.grammar import canonical, understand
from digest.model import Interest, ItemText
from digest.pipeline.month import Month

#: phrases that are offered of one paper
MOST = 8
#: what fits a larger share of the month's papers hardly tells one from another
MOST_PAPERS = 0.1

_UNITS = 3  #: of a phrase; a hyphened word is one
_CANDIDATES = 24  #: that are counted in the papers of the month: only the first of them could be offered
_LONGEST = 60  #: characters
_REPEATED = 2  #: how often the abstract must say what the title does not
_DOMINANT = 4  #: and how often an ordinary word that is to stand alone

#: Words that papers are made of, whatever they are about: no phrase goes across them. Verbs, then what praises and
#: compares, then what every abstract talks of, then what joins sentences.
_EMPTY_WORDS = """
achieve achieves achieving address addresses addressing allow allows allowing apply applied applying based build
builds building built come comes compared comparing create creates creating demonstrate demonstrates demonstrating
develop develops enable enables enabling enhance enhances enhancing evaluate evaluated evaluates evaluating explore
explores exploring extend extends extending find finds found generate generates give gives given improve improves
improving improved including introduce introduces introducing investigate lead leads leading leave leaves leverage
leverages leveraging make makes making obtain outperform outperforms outperforming perform performs present
presented presents propose proposed proposes provide provides providing reduce reduces reducing rely relies remain
remains require required requires requiring resolve resolves reveal reveals revisiting rethinking scale scales
scaling show shows shown study studies studying suggest suggests surpass surpasses take takes tackle towards
understand unlock unlocking yield yields

able accurate advanced available best better broad central challenging common comparable complete complex
comprehensive conventional critical crucial current different diverse effective efficient end-to-end essential existing
expensive extensive fast fine-grained first flexible four full fully fundamental general good great hard high
high-quality higher important key large large-scale larger limited low lower main major many modern multiple natural
new next novel one open open-source overall particular poor popular possible practical previous primary principled
prior promising public real real-world recent reliable rich robust same second significant simple single small
specific standard state-of-the-art strong strongest substantial such superior third three top traditional true two
typical underexplored unified unlike various versatile wide widespread worst

ability abilities advance advances amount aspect aspects average baseline baselines case cases challenge challenges
code codes component components cost costs degree design designs effort efforts evidence example examples experiment
experiments extent factor factors feature features finding findings focus form forms fraction gain gains gap gaps
github goal goals http https idea impact improvement improvements insight insights issue issues kind level levels
limitation limitations number order paper papers part parts percent percentage performance pipeline pipelines point
points potential project properties property range rate rates real-time result results role score scores series set
sets setting settings size sizes source stage stages state sota step steps success term terms time times today
trade-off trade-offs type types use way ways work works year years

across against along alone already always among around away back behind beyond despite down even ever every far few
further furthermore hence however instead like mainly meanwhile moreover much nearly never often once out over per
rather respectively since still together toward under up via well whereas without
"""
#: words that mean something only with others before them: sparse models, but neither models nor models of anything
_CLOSING_WORDS = """
agent agents algorithm algorithms analysis approach approaches benchmark benchmarks capabilities capability context
count counts data dataset datasets evaluation evaluations framework frameworks generation group groups inference
knowledge learning method methodology methods model models network networks problem problems process processes quality
representation representations research signal signals space structure structures supervision system systems task
tasks technique techniques training understanding
"""
#: phrases end in a noun, and in none of these
_OPENING_WORDS = """
downstream global local multimodal neural online optimal semantic spatial temporal textual visual
"""
_EMPTY, _CLOSING, _OPENING = (frozenset(some.split()) for some in (_EMPTY_WORDS, _CLOSING_WORDS, _OPENING_WORDS))
#: words in -ing that name a subject; others that open a phrase are verbs: predicting states
_SUBJECTS = frozenset(("reasoning", "learning", "tracking", "routing", "streaming", "rendering"))
#: nor do they end so; speed and feed are nouns
_ADJECTIVE = re.compile(r"(?:[^e]ed|ous|[ai]ble|ive|ful|less|ly)$")
#: these endings are seldom a noun's that says something alone
_ADJECTIVE_ALONE = re.compile(r"(?:al|ic|ar|ary|ant|ent|ing)$")

_Unit = tuple[Word, ...]
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A phrase of a paper that can be followed, or less of it be asked for."""

    phrase: str
    month: int  #: papers of the month that fit it


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase as a paper has it."""

    key: _Key  #: its terms
    written: str
    size: int  #: in units
    is_in_title: bool
    count: int

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """Sorts, best first: phrases of the title, of several words, that the paper keeps to."""
        weight = self.count * self.size if self.count > 1 else -self.size
        return not self.is_in_title, self.size == 1, -weight, -self.size


def offers(text: ItemText, month: Month, interests: Iterable[Interest] = ()) -> tuple[Offer, ...]:
    """The phrases of a paper that tell it from most others, best first, without those that `interests` have already."""
    known = {canonical(Interest(phrase=each.phrase)) for each in interests if each.field is None}
    phrases = [each for each in _phrases(text) if _is_news(each, known)][:_CANDIDATES]
    fitting = month.fitting([Interest(phrase=each.written) for each in phrases])
    most = max(1, MOST_PAPERS * len(month.scores.items))
    found = [(each, len(some)) for each, some in zip(phrases, fitting, strict=True) if 1 <= len(some) <= most]
    return tuple(Offer(each.written, count) for each, count in _apart(found))


def _is_news(phrase: _Phrase, known: Container[object]) -> bool:
    """Whether a line of interests can say it, and none does."""
    said = understand(phrase.written).interests
    return said == (Interest(phrase=phrase.written, line=1),) and canonical(said[0]) not in known


def _apart(found: Iterable[tuple[_Phrase, int]]) -> list[tuple[_Phrase, int]]:
    """The first few of which none is a part of another."""
    chosen: list[tuple[_Phrase, int]] = []
    for each, count in found:
        words = set(each.key)
        if not any(words <= set(other.key) or words >= set(other.key) for other, _ in chosen):
            chosen.append((each, count))
    return chosen[:MOST]


# --- the phrases of a paper ---------------------------------------------------------------------------------------


def _phrases(text: ItemText) -> list[_Phrase]:
    """What a paper says in its title or says again, best first."""
    counts = Counter[_Key]()
    written: dict[_Key, tuple[str, int]] = {}
    for passage in (text.abstract, text.title):  # names that it writes small are spelled so
        for chunk in _chunks(passage):
            counts.update(map(_key, _within(chunk)))
            for units in _endings(chunk):
                start, end = units[0][0].start, units[-1][-1].end
                written.setdefault(_key(units), (passage[start:end], len(units)))
    titled = {_key(units) for chunk in _chunks(text.title) for units in _endings(chunk)}
    own = _own_name(text.title)
    found = [_Phrase(key, *said, key in titled, counts[key]) for key, said in written.items() if key != own]
    return sorted((each for each in found if _is_telling(each)), key=lambda each: each.rank)


def _own_name(title: str) -> _Key:
    """What a paper calls its own invention, which nobody else writes about: Kite, of "Kite: Flying for Everybody"."""
    name, colon, _ = title.partition(":")
    units = list(groups(tuple(split(name))))
    return _key(units) if colon and len(units) == 1 else ()


def _chunks(passage: str) -> Iterator[list[_Unit]]:
    """Words in a row that only spaces part, cut at those that say nothing."""
    chunk: list[_Unit] = []
    for unit in groups(tuple(split(passage))):
        is_apart = bool(chunk) and not _is_near(passage[chunk[-1][-1].end : unit[0].start])
        if chunk and (is_apart or _is_empty(unit)):
            yield chunk
            chunk = []
        if not _is_empty(unit):
            chunk.append(unit)
    if chunk:
        yield chunk


def _is_near(between: str) -> bool:
    return not between.strip() or is_one_word(between)


def _is_empty(unit: _Unit) -> bool:
    said = _said(unit)
    return said in _EMPTY or not any(word.term for word in unit) or (len(said) < 2 and said.isascii())


def _within(chunk: Sequence[_Unit]) -> Iterator[Sequence[_Unit]]:
    """Every row of a few units."""
    for first in range(len(chunk)):
        for end in range(first + 1, min(first + _UNITS, len(chunk)) + 1):
            yield chunk[first:end]


def _endings(chunk: Sequence[_Unit]) -> Iterator[Sequence[_Unit]]:
    """The last units of a chunk, where English has its nouns, as far as they may be a phrase."""
    for size in range(1, min(_UNITS, len(chunk)) + 1):
        units = chunk[-size:]
        first, last = _said(units[0]), _said(units[-1])
        if _may_open(first, size) and not _is_adjective(last) and not _is_number(first) and not _is_number(last):
            yield units


def _may_open(word: str, size: int) -> bool:
    """Whether a phrase of this size begins so: not in a verb, nor in what only closes one."""
    if word in _CLOSING:
        return False
    return size == 1 or word in _SUBJECTS or not word.endswith(("ing", "ly"))


def _is_adjective(word: str) -> bool:
    return word in _OPENING or bool(_ADJECTIVE.search(word))


def _is_number(word: str) -> bool:
    return word.replace(".", "").isdigit()


def _said(unit: _Unit) -> str:
    """A word as the lists above have it."""
    return "-".join(word.text for word in unit)


def _key(units: Iterable[_Unit]) -> _Key:
    return tuple(word.term for unit in units for word in unit if word.term)


def _is_telling(phrase: _Phrase) -> bool:
    """Whether the paper makes enough of it to be about it."""
    if not 1 < len(phrase.written) <= _LONGEST:
        return False
    if phrase.size > 1:
        return phrase.is_in_title or phrase.count >= _REPEATED
    if sum(letter.isupper() for letter in phrase.written) > 1:  # an acronym, or another name
        return phrase.count >= _REPEATED
    return phrase.count >= _DOMINANT and not _ADJECTIVE_ALONE.search(phrase.written)
