"""Papers, ready to be searched: every word, every two neighbours and every way to write them, as a row of postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import TITLE_WEIGHT, Analysed, Form
from digest.matching.forms import forms_of, is_written_apart, runs, word_forms
from digest.matching.history import History
from digest.matching.index import Index
from digest.matching.numbering import Numbers
from digest.matching.phrase import Phrase
from digest.matching.postings import Postings

_K1 = 1.2  #: how soon more of the same word stops counting
_B = 0.5  #: how much long papers pay; less than the usual .75, since papers without abstract share a day with long ones
MOST = _K1 + 1  #: what a word repeated without end would earn, in units of its mass
NEAR = 2  #: how many other words may stand among those of a phrase that counts as whole


class Papers:
    """Papers by position in an index, weighed against a history."""

    def __init__(self, index: Index, history: History, acronyms: Acronyms, analysed: Callable[[int], Analysed]) -> None:
        """`analysed` gives the text of a paper by position; few forms need it."""
        self.index = index
        self.history = history
        self.acronyms = acronyms
        self.number = {term: number for number, term in enumerate(index.terms)}
        self._analysed = analysed
        self._ids = Numbers[str]()
        self._facts: NDArray[np.float64] = np.empty((4, 0))  #: by id: number, row, mass and rate
        self._made: dict[tuple[Form, ...], int] = {}  #: rows beyond those of terms and pairs
        self._counted = index.count(np.empty(0, np.int32), np.empty(0, np.int64), 0)
        self._uncounted: list[NDArray[np.int64]] = []  #: places of the newest of these rows

    def impacts(self, postings: Postings, *, titles_only: bool = False) -> sparse.csr_array:
        """What each row earns a paper, in units of its mass: the saturated count of BM25."""
        counts = TITLE_WEIGHT * postings.titles + (0 if titles_only else postings.abstracts)
        data = (MOST * counts / (counts + self._slowness[postings.papers])).astype(np.float32)
        shape = len(postings.starts) - 1, len(self.index.items)
        impacts = sparse.csr_array((data, postings.papers, postings.starts.astype(np.int32)), shape=shape)
        if titles_only:  # what only the abstract has earns nothing
            impacts.eliminate_zeros()
        return impacts

    @cached_property
    def _slowness(self) -> NDArray[np.float32]:
        """By paper: how often a word must stand in it to earn half of the most."""
        average = self.history.average_length
        lengths = self.index.lengths / average if average else np.ones(len(self.index.items))
        return (_K1 * (1 - _B + _B * lengths)).astype(np.float32)

    # --- rows: first those of terms, then those of pairs, then those made of several forms ---

    def words(self, terms: Iterable[str]) -> Words:
        """What is known of words, each looked up once."""
        ids = self._ids.of(terms)
        if new := self._ids.since(self._facts.shape[1]):
            self._facts = np.concatenate([self._facts, self._facts_of(new)], axis=1)
        numbers, rows, masses, rates = self._facts[:, ids]
        return Words(ids, numbers.astype(np.int64), rows.astype(np.int64), masses, rates)

    def _facts_of(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """The number, row, mass and rate of terms, each a row."""
        numbers = [self.number.get(term, 0) for term in terms]
        rows = [self._row(term, number) for term, number in zip(terms, numbers, strict=True)]
        counts = np.array([self.history.document_counts.get(term, 0) for term in terms])
        masses = [self.history.mass(term) for term in terms]
        return np.array([numbers, rows, masses, counts / max(self.history.papers, 1)])

    def _row(self, term: str, number: int) -> int:
        """The row of all forms of a term that has this number."""
        if term in self.acronyms.long_of or is_written_apart(term, self.number):
            return self._make(word_forms(term, self.acronyms, self.number))
        return number

    def adapt(
        self, phrases: Sequence[Phrase], starts: NDArray[np.int64], words: NDArray[np.int64], pairs: NDArray[np.int64]
    ) -> None:
        """Where papers write a phrase in more ways than word by word, put other rows in place of its plain ones.

        The rows of phrase p begin at starts[p] of both.
        """
        for at in self._adaptable(phrases):
            special, special_pairs = self._special_rows(phrases[at])
            words[starts[at] : starts[at] + len(special)] = special
            for first, row in special_pairs.items():
                pairs[starts[at] + first] = row

    def _adaptable(self, phrases: Sequence[Phrase]) -> list[int]:
        """The places of phrases that papers may write in another way than word by word."""
        is_no_term, starts_none = self.number.keys().isdisjoint, self.acronyms.starts.isdisjoint
        return [
            at
            for at, phrase in enumerate(phrases)
            if not is_no_term(phrase.together)
            or phrase.parts
            or phrase.exact
            or (not starts_none(phrase.terms) and runs(phrase, self.acronyms, self.number))
        ]

    def _special_rows(self, phrase: Phrase) -> tuple[list[int], dict[int, int]]:
        """The rows of its words, and {first word: the row of it and the next} where one word may stand for both."""
        words = [self._make(forms) for forms in forms_of(phrase, self.acronyms, self.number)]
        one_word: dict[int, list[Form]] = defaultdict(list)
        for first, last, term in runs(phrase, self.acronyms, self.number):
            for which in range(first, last):
                one_word[which].append(Form((term,), is_unbound=True))
        terms = phrase.terms
        pairs = {at: [Form(terms[at : at + 2]), *forms] for at, forms in one_word.items() if terms[at] != terms[at + 1]}
        return words, {at: self._make(forms) for at, forms in pairs.items()}

    def pair_rows(self, firsts: NDArray[np.int64], seconds: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row of each two terms, by number, where the one directly follows the other; 0 where it never does."""
        keys, _ = self._pairs
        sought = firsts * len(self.index.terms) + seconds
        at = np.searchsorted(keys, sought)
        found = np.flatnonzero((firsts > 0) & (seconds > 0) & (at < len(keys)))
        found = found[keys[at[found]] == sought[found]]
        rows = np.zeros(len(sought), np.int64)
        rows[found] = len(self.index.terms) + at[found]
        return rows

    def _make(self, forms: Iterable[Form]) -> int:
        """The row of all places of several forms, 0 where there are none; a place found in two ways counts once."""
        key = tuple(forms)
        if len(key) == 1 and key[0] == Form(key[0].terms[:1]):
            return self.number.get(key[0].terms[0], 0)
        if key not in self._made:
            self._made[key] = self._new_row(key)
        return self._made[key]

    def _new_row(self, forms: tuple[Form, ...]) -> int:
        places = np.unique(np.concatenate([*map(self.places, forms)]))
        if not len(places):
            return 0
        self._uncounted.append(places)
        made = len(self._counted.sizes) + len(self._uncounted) - 1
        return len(self.index.terms) + len(self._pairs[0]) + made

    def places(self, form: Form) -> NDArray[np.int64]:
        """Where a form begins, as places in the tokens of the index."""
        if form.texts:
            return self._places_of_texts(form)
        numbers = [self.number.get(term, 0) for term in form.terms]
        if not all(numbers):
            return np.empty(0, np.int64)
        order, starts = self._inverted
        places = order[starts[numbers[0]] : starts[numbers[0] + 1]]
        if len(numbers) == 1 and not form.is_unbound:
            return np.concatenate([places, self.index.joined_at[self.index.joined == numbers[0]]])
        for after, number in enumerate(numbers[1:], 1):
            places = places[self.index.tokens[places + after] == number]
        return places

    def holding(self, terms: Iterable[str]) -> NDArray[np.int64]:
        """The papers that have all of these terms; every paper where there is none to ask for."""
        among = np.ones(len(self.index.items), bool)
        postings = self.index.postings
        for term in terms:
            number = self.number.get(term, 0)
            has = np.zeros(len(among), bool)
            has[postings.papers[postings.starts[number] : postings.starts[number + 1]]] = number > 0
            among &= has
        return np.flatnonzero(among)

    def whole(self, phrase: Phrase, *, titles_only: bool = False) -> NDArray[np.int64]:
        """The papers that have all words of a phrase near together in one field."""
        places = [
            np.unique(np.concatenate([*map(self.places, forms)]))
            for forms in forms_of(phrase, self.acronyms, self.number)
        ]
        ends = np.unique(np.concatenate(places))
        first = ends
        for some in places:
            before = np.searchsorted(some, ends, side="right") - 1
            last_seen = np.where(before >= 0, some[before] if len(some) else -1, -1)
            first = np.minimum(first, last_seen)
        fields = self.index.fields
        near = (first >= 0) & (ends - first < len(places) + NEAR)
        near[near] = fields[first[near]] == fields[ends[near]]
        found = fields[ends[near]]
        return np.unique(found[(found & 1 == 0) | (not titles_only)] >> 1).astype(np.int64)

    def _places_of_texts(self, form: Form) -> NDArray[np.int64]:
        found: list[int] = []
        for paper in self._candidates(form):
            text = self._analysed(paper)
            for field, passage in enumerate((text.title, text.abstract)):
                found += [int(self.index.starts[2 * paper + field]) + place.first for place in passage.places(form)]
        return np.array(found, np.int64)

    def _candidates(self, form: Form) -> list[int]:
        """The papers that may have these texts in a row: they have the terms, and where no sentence ends, in a row."""
        if "" in form.texts or not form.terms:
            return list(self.holding(form.terms))
        return list(np.unique(self.index.fields[self.places(Form(form.terms))] >> 1))

    def postings(self, rows: NDArray[np.int64]) -> Postings:
        """These rows, which must grow."""
        if self._uncounted:
            places = np.concatenate(self._uncounted)
            owner = np.repeat(np.arange(len(self._uncounted)), [len(some) for some in self._uncounted])
            new = self.index.count(owner.astype(np.int32), places, len(self._uncounted))
            self._counted, self._uncounted = Postings.join([self._counted, new]), []
        terms, pairs = len(self.index.terms), len(self._pairs[0])
        kinds = np.split(rows, np.searchsorted(rows, [terms, terms + pairs]))
        sources = (self.index.postings, self._pairs[1], self._counted)
        bases = (0, terms, terms + pairs)
        some = [source.take(kind - base) for source, kind, base in zip(sources, kinds, bases, strict=True)]
        return Postings.join(some)

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.int64], Postings]:
        """Of each two neighbouring terms, first times all terms plus second, growing; and where they stand."""
        tokens = self.index.tokens.astype(np.int64)
        places = np.flatnonzero((tokens[:-1] > 0) & (tokens[1:] > 0))
        keys, rows = np.unique(tokens[places] * len(self.index.terms) + tokens[places + 1], return_inverse=True)
        return keys, self.index.count(rows.astype(np.int32), places, len(keys))

    @cached_property
    def _inverted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places by the number of their term, and where those of each term begin."""
        order = np.argsort(self.index.tokens, kind="stable")
        return order, np.searchsorted(self.index.tokens[order], np.arange(len(self.index.terms) + 1))


@dataclass(frozen=True, slots=True)
class Words:
    """Words in a row, and what is known of each."""

    ids: NDArray[np.int64]  #: equal ones are one word
    numbers: NDArray[np.int64]  #: of their terms in the index, 0 where no paper has them
    rows: NDArray[np.int64]
    masses: NDArray[np.float64]  #: how much they say
    rates: NDArray[np.float64]  #: the part of the history's papers that have it
