"""The scores of one edition: each distinct interest is looked for once, whoever has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from digest.collector import no_collection
from digest.matching.acronyms import Acronyms
from digest.matching.analysis import Analysed, Form, analyse, split
from digest.matching.evidence import Evidence, Found
from digest.matching.forms import forms_of
from digest.matching.grammar import Sought, canonical
from digest.matching.history import History
from digest.matching.index import Index
from digest.matching.learned import Lessons
from digest.matching.names import AUTHOR_SHARE, CATEGORY_SHARE, Names, mark_author, mark_category
from digest.matching.numbering import Numbers
from digest.matching.papers import Papers
from digest.matching.phrase import Phrase, typed_words
from digest.matching.shares import Cells, Shares
from digest.model import Announced, Field, Interest, ItemText, Mark, Match, Sign

#: points of a share of 1, at weight 1
WHOLE = 100
#: a paper with a smaller share of a phrase than this does not fit it
LEAST_SHARE = 0.3
#: how many learned words a reason names
_NAMED = 2
#: the forms of so many phrases are kept, and what words they were typed in
_MANY = 1 << 12


@dataclass(frozen=True, slots=True)
class Table:
    """Which papers have something of which interest: row by row, as in scipy's CSR; papers by their position."""

    starts: NDArray[np.int64]  #: row r lies in starts[r]:starts[r + 1] of the others
    papers: NDArray[np.int32]  #: positions in `EditionScores.items`, growing within a row
    shares: NDArray[np.float32]  #: what counts for or against a paper; 0 where it only keeps one out
    is_whole: NDArray[np.bool_]  #: whether an interest with "!" keeps this paper out; False in the rows of others


class EditionScores:
    """The papers of one edition, and one row of shares for each distinct interest that was asked for."""

    def __init__(
        self,
        announced: Sequence[Announced],
        history: History,
        *,
        index: Index | None = None,
        lessons: Lessons | None = None,
        least_share: float = LEAST_SHARE,
    ) -> None:
        """Keep what an edition announces, the counts of the days up to it, and what can be learned from the past.

        A work that several sources announce counts once, in its best-known form. An `index` saves reading again the
        texts that it has; a row keeps the papers that have `least_share` of its phrase.
        """
        newest = {each.text.item: each for each in sorted(announced, key=precedence)}
        self.announced: Mapping[int, Announced] = {item: newest[item] for item in sorted(newest)}
        self.items: NDArray[np.int64] = np.array(list(self.announced), dtype=np.int64)
        self._texts = [each.text for each in self.announced.values()]
        self._place = {item: place for place, item in enumerate(self.announced)}
        self._history = history
        self._index = index
        self._lessons = lessons
        self._least_share = least_share
        self._numbers = Numbers[Sought]()
        self._row_of: NDArray[np.int32] = np.empty(0, np.int32)  #: by number
        self._cells: list[Cells] = []

    def rows(self, interests: Sequence[Interest]) -> NDArray[np.int32]:
        """The row of each interest in `table`; interests not asked for before are looked for now, all at once."""
        with no_collection():
            numbers = self._numbers.of(map(canonical, interests))
            if new := self._numbers.since(len(self._row_of)):
                self._row_of = np.concatenate([self._row_of, self._find_all(new)])
                self.__dict__.pop("table", None)
            return self._row_of[numbers]

    @cached_property
    def table(self) -> Table:
        """The rows of every interest that was asked for so far."""
        self._cells = [Cells.join(self._cells)]
        [cells] = self._cells
        return Table(np.concatenate([[0], np.cumsum(cells.sizes)]), cells.papers, cells.shares, cells.is_whole)

    def evidence(self, interests: Sequence[Interest], items: Sequence[int]) -> list[Evidence]:
        """What was found of interests in papers that their rows name: for the reasons and the marks of picks.

        The nth paper is that of the nth interest.
        """
        places = [self._place[item] for item in items]
        shares = self._shares_in(self.rows(interests), places)
        sought = list(map(canonical, interests))
        return list(map(self._evidence, sought, places, shares, self._related(sought)))

    def _shares_in(self, rows: NDArray[np.int32], places: Sequence[int]) -> list[float]:
        """The share of each row in the paper of equal place."""
        table = self.table
        bounds = zip(table.starts[rows].tolist(), table.starts[rows + 1].tolist(), places, strict=True)
        cells = [start + int(table.papers[start:end].searchsorted(place)) for start, end, place in bounds]
        shares: list[float] = table.shares[cells].tolist()
        return shares

    def _evidence(self, sought: Sought, place: int, share: float, related: Sequence[str]) -> Evidence:
        if sought.field in (Field.AUTHOR, Field.CATEGORY):
            mark = _mark_name(sought, self._texts[place])
            return Evidence(share=share, is_whole=True, field=mark.field, mark=mark)
        found = Found.of(self._forms(sought.phrase), self._analysed(place), _fields(sought))
        mark = found.mark
        return Evidence(
            share=share,
            is_whole=found.is_whole,
            found=found.words,
            field=mark.field,
            mark=mark,
            related=self._named(sought, place, related) if related else (),
        )

    @cached_property
    def _papers(self) -> Papers:
        index = Index.of(self._texts) if self._index is None else self._index.updated(self._texts)
        return Papers(index, self._history, Acronyms.of(self._history), self._analysed)

    @cached_property
    def _forms(self) -> Callable[[Phrase], list[list[Form]]]:
        """How papers may write the words of a phrase; many papers of a day are marked with the same ones."""
        papers = self._papers
        return lru_cache(maxsize=_MANY)(lambda phrase: forms_of(phrase, papers.acronyms, papers.number))

    @cached_property
    def _names(self) -> Names:
        return Names(self._texts)

    @cached_property
    def _shares(self) -> Shares:
        return Shares(self._papers, self._lessons, self._least_share)

    def _analysed(self, place: int) -> Analysed:
        return analyse(self._texts[place])

    def _find_all(self, sought: Sequence[Sought]) -> NDArray[np.int32]:
        """Find what was not asked for before, kind by kind; the number of the row of each."""
        alike: dict[tuple[Field | None, bool], list[int]] = defaultdict(list)
        for at, each in enumerate(sought):
            alike[each.field, each.is_never].append(at)
        rows = np.empty(len(sought), np.int32)
        rows[list(chain.from_iterable(alike.values()))] = np.arange(len(self._row_of), len(self._row_of) + len(sought))
        self._cells += [self._find([sought[at] for at in some]) for some in alike.values()]
        return rows

    def _find(self, sought: Sequence[Sought]) -> Cells:
        """The rows of interests of one kind."""
        field, is_never = sought[0].field, sought[0].is_never
        if field is Field.AUTHOR:
            found = [self._names.by_author(each.author) for each in sought]
            return Cells.of(found, 0 if is_never else AUTHOR_SHARE, is_whole=is_never)
        if field is Field.CATEGORY:
            found = [self._names.in_category(each.category) for each in sought]
            return Cells.of(found, 0 if is_never else CATEGORY_SHARE, is_whole=is_never)
        if is_never:
            whole = [self._papers.whole(each.phrase, titles_only=field is Field.TITLE) for each in sought]
            return Cells.of(whole, 0, is_whole=True)
        return self._shares.of(sought)

    def _related(self, sought: Sequence[Sought]) -> list[Sequence[str]]:
        """The learned words that may be named with each."""
        if self._lessons is None:
            return [()] * len(sought)
        related = iter(self._lessons.related([each.phrase for each in sought if each.field is None]))
        return [next(related) if each.field is None else () for each in sought]

    def _named(self, sought: Sought, place: int, related: Sequence[str]) -> tuple[str, ...]:
        """The related words to name: the best ones that the paper has, in its own spelling."""
        text, paper = self._texts[place], self._analysed(place)
        spelled: dict[str, None] = {}
        own = {"", *sought.phrase.terms}
        terms = _terms_of(text)
        for term in (term for term in related if term in terms and term not in sought.unrelated):
            for written, passage in ((text.title, paper.title), (text.abstract, paper.abstract)):
                places = passage.places(Form((term,)))
                words = written[places[0].start : places[0].end] if places else ""
                # mixture-of-experts tells a reader of "mixture of experts" nothing new
                if words and not {word.term for word in split(words)} <= own:
                    spelled[words] = None
                    break
        return tuple(spelled)[:_NAMED]


def precedence(announced: Announced) -> tuple[int, int, int, int, str]:
    """Which of two announcements of one work stands: the greater, that is the newer."""
    popularity = announced.popularity
    return announced.edition, announced.text.revision, popularity.upvotes, popularity.comments, announced.source


def match(interest: Interest, evidence: Evidence) -> Match:
    """What this evidence earns a paper with a reader who has this interest; below 0 for less-of."""
    points = round(WHOLE * interest.weight * evidence.share)
    return Match(
        interest=interest.phrase,
        field=evidence.field,
        points=-points if interest.sign is Sign.LESS else points,
        words=_words(interest, evidence),
        mark=evidence.mark,
        related=evidence.related,
    )


def _words(interest: Interest, evidence: Evidence) -> tuple[str, ...]:
    if evidence.field in (Field.AUTHOR, Field.CATEGORY):
        return (interest.phrase,)
    return _typed_words(interest.phrase, is_exact=interest.exact, found=() if interest.exact else evidence.found)


#: readers who weigh a phrase differently are told the same words
_typed_words = lru_cache(maxsize=_MANY)(typed_words)


@lru_cache(maxsize=512)  # the papers of a day, as with their analysis
def _terms_of(text: ItemText) -> set[str]:
    paper = analyse(text)
    return paper.title.terms | paper.abstract.terms


def _fields(sought: Sought) -> tuple[Field, ...]:
    return (Field.TITLE,) if sought.field is Field.TITLE else (Field.TITLE, Field.ABSTRACT)


def _mark_name(sought: Sought, text: ItemText) -> Mark:
    if sought.field is Field.AUTHOR:
        return mark_author(sought.author, text.authors)
    return mark_category(sought.category, text.categories)
