"""The scores of one edition: each distinct interest is looked for once, whoever has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import Analysed, Form, analyse, split
from digest.matching.evidence import Evidence, Found
from digest.matching.forms import forms_of
from digest.matching.grammar import Sought, canonical
from digest.matching.history import History
from digest.matching.index import Index
from digest.matching.learned import STRENGTH, Lessons
from digest.matching.names import AUTHOR_SHARE, CATEGORY_SHARE, Names, mark_author, mark_category
from digest.matching.papers import MOST, Papers, distinct
from digest.matching.phrase import typed_words
from digest.model import Announced, Field, Interest, ItemText, Mark, Match, Sign

#: points of a share of 1, at weight 1
WHOLE = 100
#: a paper with a smaller share of a phrase than this does not fit it
LEAST_SHARE = 0.3
#: phrases of so many words are meant as one thing; of a longer text some words may be missing
_SHORT = 3
#: how many learned words a reason names
_NAMED = 2
_BLOCK = 1 << 21  # phrases times papers at a time


@dataclass(frozen=True, slots=True)
class Table:
    """Which papers have something of which interest: row by row, as in scipy's CSR; papers by their position."""

    starts: NDArray[np.int64]  #: row r lies in starts[r]:starts[r + 1] of the others
    papers: NDArray[np.int32]  #: positions in `EditionScores.items`, growing within a row
    shares: NDArray[np.float32]  #: what counts for or against a paper; 0 where it only keeps one out
    is_whole: NDArray[np.bool_]  #: whether an interest with "!" keeps this paper out; False in the rows of others


@dataclass(frozen=True, slots=True)
class _Cells:
    """Some rows of the table."""

    sizes: NDArray[np.int64]  #: by row
    papers: NDArray[np.int32]
    shares: NDArray[np.float32]
    is_whole: NDArray[np.bool_]

    @classmethod
    def of(cls, papers: Sequence[Sequence[int] | NDArray[np.int64]], share: float, *, is_whole: bool) -> _Cells:
        """Rows whose papers all have one share."""
        sizes = np.array([len(some) for some in papers], np.int64)
        flat = np.concatenate([np.empty(0, np.int32), *papers]).astype(np.int32)
        return cls(sizes, flat, np.full(len(flat), share, np.float32), np.full(len(flat), is_whole))

    @classmethod
    def join(cls, several: Sequence[_Cells]) -> _Cells:
        """The rows of several, one after the other."""
        if len(several) == 1:
            return several[0]
        nothing = cls.of([], 0, is_whole=False)
        columns = ([getattr(each, name) for each in (nothing, *several)] for name in cls.__slots__)
        return cls(*map(np.concatenate, columns))


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
        self._rows: dict[Sought, int] = {}
        self._cells: list[_Cells] = []

    def rows(self, interests: Sequence[Interest]) -> NDArray[np.int32]:
        """The row of each interest in `table`; interests not asked for before are looked for now, all at once."""
        sought = [canonical(interest) for interest in interests]
        alike: dict[tuple[Field | None, bool], list[Sought]] = defaultdict(list)
        for each in dict.fromkeys(sought):
            if each not in self._rows:
                alike[each.field, each.is_never].append(each)
        for some in alike.values():
            self._rows.update((each, row) for row, each in enumerate(some, len(self._rows)))
            self._cells.append(self._find(some))
            self.__dict__.pop("table", None)
        return np.array([self._rows[each] for each in sought], dtype=np.int32)

    @cached_property
    def table(self) -> Table:
        """The rows of every interest that was asked for so far."""
        self._cells = [_Cells.join(self._cells)]
        [cells] = self._cells
        return Table(np.concatenate([[0], np.cumsum(cells.sizes)]), cells.papers, cells.shares, cells.is_whole)

    def evidence(self, interest: Interest, item: int) -> Evidence:
        """What was found of an interest in a paper that its row names: for the reason and the mark of a pick."""
        [row] = self.rows([interest])
        sought, place = canonical(interest), self._place[item]
        start, end = self.table.starts[row : row + 2]
        share = float(self.table.shares[start + np.searchsorted(self.table.papers[start:end], place)])
        if sought.field in (Field.AUTHOR, Field.CATEGORY):
            mark = _mark_name(sought, self._texts[place])
            return Evidence(share=share, is_whole=True, field=mark.field, mark=mark)
        forms = forms_of(sought.phrase, self._papers.acronyms, self._papers.number)
        found = Found.of(forms, self._analysed(place), _fields(sought))
        return Evidence(
            share=share,
            is_whole=found.is_whole,
            found=found.words,
            field=found.mark.field,
            mark=found.mark,
            related=self._related(sought, place),
        )

    @cached_property
    def _papers(self) -> Papers:
        index = Index.of(self._texts) if self._index is None else self._index.updated(self._texts)
        return Papers(index, self._history, Acronyms.of(self._history), self._analysed)

    @cached_property
    def _names(self) -> Names:
        return Names(self._texts)

    @cached_property
    def _renumbered(self) -> NDArray[np.int64]:
        """By number of a term in the lessons: its number in the index, 0 where no paper has it."""
        terms = self._lessons.terms if self._lessons else ()
        return np.array([self._papers.number.get(term, 0) for term in terms], np.int64)

    @cached_property
    def _impacts(self) -> sparse.csr_array:
        return self._papers.impacts(self._papers.index.postings)

    def _analysed(self, place: int) -> Analysed:
        return analyse(self._texts[place])

    def _find(self, sought: Sequence[Sought]) -> _Cells:
        """The rows of interests of one kind."""
        field, is_never = sought[0].field, sought[0].is_never
        if field is Field.AUTHOR:
            found = [self._names.by_author(each.author) for each in sought]
            return _Cells.of(found, 0 if is_never else AUTHOR_SHARE, is_whole=is_never)
        if field is Field.CATEGORY:
            found = [self._names.in_category(each.category) for each in sought]
            return _Cells.of(found, 0 if is_never else CATEGORY_SHARE, is_whole=is_never)
        if is_never:
            whole = [self._papers.whole(each.phrase, titles_only=field is Field.TITLE) for each in sought]
            return _Cells.of(whole, 0, is_whole=True)
        size = max(_BLOCK // max(len(self._texts), 1), 1)
        return _Cells.join([self._score(sought[start : start + size]) for start in range(0, len(sought), size)])

    def _score(self, sought: Sequence[Sought]) -> _Cells:
        """The rows of phrases: what papers have of them, what learned words add to that, and what it is worth."""
        phrases = [each.phrase for each in sought]
        earned = self._papers.earned(phrases, titles_only=sought[0].field is Field.TITLE)
        shares = earned.shares
        # nothing is learned for what is looked for in titles alone
        if self._lessons is not None and not sought[0].field:
            learned = self._learned(sought, self._lessons)[earned.phrases, earned.papers]
            # the promise: related words never count for more than a reader's own
            shares = shares + np.minimum(STRENGTH * learned, shares)
        lengths = np.array([len(phrase.terms) or 1 for phrase in phrases])
        worth = _as_one_thing(earned.covered, lengths[earned.phrases]) * self._papers.factors(phrases)[earned.phrases]
        shares = shares * worth.astype(np.float32)
        fits = np.flatnonzero(shares >= self._least_share)
        fits = fits[np.argsort(earned.phrases[fits] * len(self._texts) + earned.papers[fits])]
        sizes = np.bincount(earned.phrases[fits], minlength=len(sought))
        return _Cells(sizes, earned.papers[fits], shares[fits], np.zeros(len(fits), bool))

    def _learned(self, sought: Sequence[Sought], taught_by: Lessons) -> NDArray[np.float32]:
        """Phrases by papers: what the learned words earn, as a share of the most that there can be."""
        lessons = taught_by.of([each.phrase for each in sought])
        for at, each in enumerate(sought):
            if each.unrelated:
                lessons[at] = lessons[at].without({taught_by.number.get(term, 0) for term in each.unrelated})
        sizes = [len(lesson.words) for lesson in lessons]
        words = self._renumbered[np.concatenate([lesson.words for lesson in lessons])]
        rows, columns = distinct(words)
        weights = np.concatenate([lesson.weights for lesson in lessons]) / MOST
        starts = np.concatenate([[0], np.cumsum(sizes)])
        taught = sparse.csr_array((weights.astype(np.float32), columns, starts), shape=(len(lessons), len(rows)))
        learned: NDArray[np.float32] = (taught @ self._impacts[rows]).toarray()
        return learned

    def _related(self, sought: Sought, place: int) -> tuple[str, ...]:
        """The learned words to name: the best ones that the paper has, in its own spelling."""
        if self._lessons is None or sought.field is not None:
            return ()
        text, paper = self._texts[place], self._analysed(place)
        spelled: dict[str, None] = {}
        own = {"", *sought.phrase.terms}
        for term in self._lessons.related(sought.phrase):
            for written, passage in ((text.title, paper.title), (text.abstract, paper.abstract)):
                places = passage.places(Form((term,)))
                words = written[places[0].start : places[0].end] if places else ""
                # mixture-of-experts tells a reader of "mixture of experts" nothing new
                if words and term not in sought.unrelated and not {word.term for word in split(words)} <= own:
                    spelled[words] = None
                    break
        return tuple(spelled)[:_NAMED]


def _as_one_thing(covered: NDArray[np.float32], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """What a share is to be multiplied with where words of its phrase are missing.

    A short phrase counts as far as the paper covers it: neural networks alone are no graph neural networks. This is
    the coordination factor of early search engines; long texts do not need it.
    """
    return np.minimum(covered, 1) ** np.minimum(1, (_SHORT / lengths) ** 3)


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
    return typed_words(interest.phrase, is_exact=interest.exact, found=() if interest.exact else evidence.found)


def _fields(sought: Sought) -> tuple[Field, ...]:
    return (Field.TITLE,) if sought.field is Field.TITLE else (Field.TITLE, Field.ABSTRACT)


def _mark_name(sought: Sought, text: ItemText) -> Mark:
    if sought.field is Field.AUTHOR:
        return mark_author(sought.author, text.authors)
    return mark_category(sought.category, text.categories)
