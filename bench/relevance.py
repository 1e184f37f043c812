"""How well the right papers come first, and are sent: judged collections through the product's own matching.

    python bench/relevance.py DIR… [--run FILE] [--rejected N] [--quick]

A DIR holds `items.jsonl` (id, title, abstract, and keywords where there are any), `interests.jsonl` (id, and `text` or
`phrases`) and `judgements.tsv` (interest, item, grade; a pair not listed is not relevant). Prints a table, and as its
last line one JSON object: {DIR: {"ndcg10", "recall20", "map", "send_f1"}}, of the phrases where a collection has them,
else of the texts. `--run` writes the ranking of the same in TREC's format, a thousand papers for each interest.

- pool: all items are ranked, and are the history as well. day: the same, in shuffled days of a hundred
- half: words are learned from one half of the items, drawn by chance, and the other half is ranked
- send: a reader's days of a hundred papers from one half, the other half being the past; what `compose` picks of
  them at the setting `normal`, against what is relevant: F1 over papers
- plain: the same from shares that are not measured against chance, at the one line that suits them best on all

`--rejected` keeps of each collection what is relevant to any interest, and so many papers for each that were judged and
rejected: a past in which an interest finds a lot.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
import Stemmer
import tantivy
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi
from sklearn.feature_extraction.text import TfidfVectorizer

from digest.matching.acronyms import Acronyms
from digest.matching.analysis import analyse
from digest.matching.compose import Reader, compose_all
from digest.matching.grammar import canonical
from digest.matching.history import History
from digest.matching.index import Index
from digest.matching.learned import Lessons
from digest.matching.papers import Papers
from digest.matching.query import Query
from digest.matching.scores import EditionScores
from digest.matching.window import Window
from digest.model import Announced, AnnounceReason, Interest, ItemText, Profile, QuietDays

SEEDS = 3
DAY = 100  #: papers
STRONGEST = 3  #: as in the product, the best three phrases count
EVERYTHING = 0.0
#: where shares that are not measured against chance send best, on all four collections together
PLAIN_LINE = 0.36
MOST_PICKS = 10
RUN_DEPTH = 1000
MEASURES = ("ndcg10", "recall20", "map")

Scores = NDArray[np.float64]  #: by item
Search = Callable[[str], Scores]


@dataclass(frozen=True)
class Collection:
    """What was judged."""

    name: str
    ids: list[str]
    texts: list[ItemText]
    interests: list[dict[str, object]]
    grades: dict[str, dict[int, int]]  #: {interest: {place of an item: grade above 0}}
    rejected: dict[str, list[int]]  #: {interest: places of items that were judged not to be relevant}

    @classmethod
    def read(cls, folder: str) -> Collection:
        """The collection of a folder; interests without a relevant item are left out."""
        items = _lines(folder, "items.jsonl")
        place = {item["id"]: at for at, item in enumerate(items)}
        grades: dict[str, dict[int, int]] = defaultdict(dict)
        rejected: dict[str, list[int]] = defaultdict(list)
        for line in Path(folder, "judgements.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            interest, item, grade = line.split("\t")
            if int(grade) > 0:
                grades[interest][place[item]] = int(grade)
            else:
                rejected[interest].append(place[item])
        interests = [each for each in _lines(folder, "interests.jsonl") if each["id"] in grades]
        texts = [_text(at, item) for at, item in enumerate(items)]
        return cls(folder, list(place), texts, interests, dict(grades), dict(rejected))

    def with_few_rejected(self, count: int) -> Collection:
        """What is relevant to any interest, and so many that were rejected for each, drawn by chance."""
        random = np.random.default_rng(0)
        kept = set(chain.from_iterable(self.grades.values()))
        for some in self.rejected.values():
            kept.update(random.permutation(some)[:count].tolist())
        place = {item: at for at, item in enumerate(sorted(kept))}
        return Collection(
            self.name,
            [self.ids[item] for item in place],
            [replace(self.texts[item], item=at) for item, at in place.items()],
            self.interests,
            {name: {place[item]: grade for item, grade in some.items()} for name, some in self.grades.items()},
            {name: [place[item] for item in some if item in place] for name, some in self.rejected.items()},
        )

    @cached_property
    def index(self) -> Index:
        """Of its items, in their order."""
        return Index.of(self.texts)

    @property
    def forms(self) -> list[str]:
        """In which forms the interests are given."""
        return [form for form in ("phrases", "text") if form in self.interests[0]]

    def wishes(self, interest: dict[str, object], form: str) -> list[Interest]:
        """An interest as a reader would give it."""
        phrases = interest["phrases"] if form == "phrases" else [interest["text"]]
        return [Interest(phrase=str(phrase)) for phrase in phrases]  # type: ignore[attr-defined]


def _lines(folder: str, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(folder, name).read_text(encoding="utf-8").splitlines()]


def _text(at: int, item: dict[str, object]) -> ItemText:
    """A paper; keywords stand under the abstract, as in print."""
    abstract = " ".join(filter(None, (str(item["abstract"]), str(item.get("keywords") or ""))))
    return ItemText(item=at, revision=1, title=str(item["title"]), abstract=abstract)


# --- measures -----------------------------------------------------------------------------------------------------


def measure(ranked: Sequence[int], grades: dict[int, int]) -> tuple[float, float, float]:
    """The nDCG@10, Recall@20 and average precision of a ranking, as trec_eval has them."""
    gains = [grades.get(item, 0) for item in ranked]
    best = _discounted(sorted(grades.values(), reverse=True)[:10])
    hits = [rank for rank, gain in enumerate(gains, 1) if gain]
    precision = sum(count / rank for count, rank in enumerate(hits, 1)) / len(grades)
    return _discounted(gains[:10]) / best, sum(rank <= 20 for rank in hits) / len(grades), precision


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def ranking(scores: Scores, among: NDArray[np.int64] | None = None) -> list[int]:
    """The items that have any score, best first; of equals the one stored first."""
    items = np.arange(len(scores)) if among is None else among
    order = items[np.argsort(-scores[items], kind="stable")]
    return order[scores[order] > 0].tolist()


def mean(rows: Iterable[Sequence[float]]) -> list[float]:
    return [statistics.fmean(column) for column in zip(*rows, strict=True)]


# --- ours ---------------------------------------------------------------------------------------------------------


def announced(texts: Iterable[ItemText]) -> list[Announced]:
    return [Announced(edition=1, reason=AnnounceReason.NEW, source="judged", text=text) for text in texts]


def our_scores(
    collection: Collection, form: str, lessons: Lessons, *, history: History | None = None, is_plain: bool = False
) -> dict[str, Scores]:
    """{interest: the sum of its strongest shares, by item}, of all items; the history is that of all if not given.

    Plain shares are not measured against chance.
    """
    history = history or collection.index.history
    edition = EditionScores(
        announced(collection.texts), history, index=collection.index, lessons=lessons, least_share=EVERYTHING
    )
    wishes = {str(each["id"]): collection.wishes(each, form) for each in collection.interests}
    factors = _factors(collection, history, wishes) if is_plain else {}
    return {name: _sum(edition, some, factors.get(name, np.ones(len(some)))) for name, some in wishes.items()}


def _factors(
    collection: Collection, history: History, wishes: dict[str, list[Interest]]
) -> dict[str, NDArray[np.float64]]:
    """By interest and phrase: what its shares were multiplied with."""
    papers = Papers(collection.index, history, Acronyms.of(history), lambda item: analyse(collection.texts[item]))
    return {name: Query.of([canonical(wish).phrase for wish in some], papers).factors for name, some in wishes.items()}


def _sum(edition: EditionScores, wishes: Sequence[Interest], divisors: NDArray[np.float64]) -> Scores:
    shares = np.zeros((len(wishes), len(edition.items)))
    for which, row in enumerate(edition.rows(wishes)):
        start, end = edition.table.starts[row : row + 2]
        shares[which, edition.table.papers[start:end]] = edition.table.shares[start:end] / divisors[which]
    return -np.sort(-shares, axis=0)[:STRONGEST].sum(axis=0)


def measured(collection: Collection, scores: dict[str, Scores]) -> list[float]:
    """Means over the interests."""
    return mean(measure(ranking(scores[name]), grades) for name, grades in collection.grades.items())


def by_day(collection: Collection, scores: dict[str, Scores], seed: int) -> float:
    """The mean nDCG@10 of the days that have anything relevant."""
    days = list(_days(np.random.default_rng(seed).permutation(len(collection.ids))))
    found = []
    for name, grades in collection.grades.items():
        for day in days:
            todays = {item: grades[item] for item in day.tolist() if item in grades}
            if todays:
                found.append(measure(ranking(scores[name], day), todays)[0])
    return statistics.fmean(found)


def by_half(collection: Collection, form: str, seed: int) -> list[float]:
    """Measures where words are learned from one half and the other is ranked, both ways."""
    found = []
    for past, rest in _halves(collection, seed):
        scores = our_scores(collection, form, Lessons(collection.index.take(past)))
        for name, grades in collection.grades.items():
            left = {item: grade for item, grade in grades.items() if item in set(rest.tolist())}
            if left:
                found.append(measure(ranking(scores[name], rest), left))
    return mean(found)


def sent(collection: Collection, form: str, seed: int) -> float:
    """The F1 of what would be sent, over papers and readers."""
    past, rest = next(_halves(collection, seed))
    history, lessons = collection.index.take(past).history, Lessons(collection.index.take(past))
    profile = Profile(max_items=MOST_PICKS, trending=0, quiet_days=QuietDays.SKIP)
    readers = [Reader(profile=profile, interests=collection.wishes(each, form)) for each in collection.interests]
    relevant = [set(collection.grades[str(each["id"])]) for each in collection.interests]
    picked = hits = 0
    for day in _days(rest):
        texts = [collection.texts[item] for item in day]
        edition = EditionScores(announced(texts), history, index=collection.index, lessons=lessons)
        for digest, wanted in zip(compose_all(readers, Window([edition])), relevant, strict=True):
            picked += len(digest.picks)
            hits += sum(pick.item in wanted for pick in digest.picks)
    there = sum(len(wanted & set(rest.tolist())) for wanted in relevant)
    return 2 * hits / (picked + there)


def plainly_sent(collection: Collection, form: str, seed: int) -> float:
    """The F1 of what `sent` would be if a share were worth the same in every phrase."""
    past, rest = next(_halves(collection, seed))
    index = collection.index.take(past)
    scores = our_scores(collection, form, Lessons(index), history=index.history, is_plain=True)
    picked = hits = there = 0
    for name, grades in collection.grades.items():
        for day in _days(rest):
            picks = [item for item in ranking(scores[name], day)[:MOST_PICKS] if scores[name][item] >= PLAIN_LINE]
            picked += len(picks)
            hits += sum(item in grades for item in picks)
        there += len(grades.keys() & set(rest.tolist()))
    return 2 * hits / (picked + there)


def _halves(collection: Collection, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(the past, the rest), and the other way round."""
    order = np.random.default_rng(seed).permutation(len(collection.ids))
    one, other = order[: len(order) // 2], order[len(order) // 2 :]
    yield one, other
    yield other, one


def _days(items: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(items), DAY):
        yield items[start : start + DAY]


# --- peers, as their own pages show them --------------------------------------------------------------------------


def peers(collection: Collection) -> dict[str, Search]:
    """{name: search} of what one would take instead."""
    texts = [f"{text.title} {text.abstract}" for text in collection.texts]
    vectorizer = TfidfVectorizer()
    vectors = vectorizer.fit_transform(texts)
    return {
        "rank_bm25": _rank_bm25(texts, lambda text: text.lower().split()),
        "rank_bm25, stemmed": _rank_bm25(texts, _stems),
        "scikit-learn TF-IDF": lambda text: (vectors @ vectorizer.transform([text]).T).toarray().ravel(),
        "tantivy": _tantivy(collection, "default"),
        "tantivy, stemmed": _tantivy(collection, "en_stem"),
    }


def _stems(text: str) -> list[str]:
    return list(Stemmer.Stemmer("english").stemWords(re.findall(r"\w+", text.lower())))


def _rank_bm25(texts: Iterable[str], tokenise: Callable[[str], list[str]]) -> Search:
    engine = BM25Okapi([tokenise(text) for text in texts])
    return lambda text: np.asarray(engine.get_scores(tokenise(text)))


def _tantivy(collection: Collection, tokenizer: str) -> Search:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("item", stored=True)
    for name in ("title", "abstract"):
        builder.add_text_field(name, tokenizer_name=tokenizer)
    index = tantivy.Index(builder.build())
    writer = index.writer(num_threads=1)
    for text in collection.texts:
        writer.add_document(tantivy.Document(item=text.item, title=text.title, abstract=text.abstract))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> Scores:
        query = index.parse_query(" ".join(re.findall(r"\w+", text.lower())), ["title", "abstract"])
        scores = np.zeros(len(collection.ids))
        for score, address in searcher.search(query, RUN_DEPTH).hits:
            scores[searcher.doc(address)["item"][0]] = score
        return scores

    return search


# --- the table ----------------------------------------------------------------------------------------------------


def report(collection: Collection, *, is_quick: bool) -> tuple[dict[str, float], dict[str, Scores]]:
    """Print what was measured; the figures and the scores of the collection's first form."""
    seeds = range(1 if is_quick else SEEDS)
    figures: dict[str, float] = {}
    first: dict[str, Scores] = {}
    for form in collection.forms:
        scores = our_scores(collection, form, Lessons(collection.index))
        pool, half = measured(collection, scores), mean(by_half(collection, form, seed) for seed in seeds)
        day = statistics.fmean(by_day(collection, scores, seed) for seed in seeds)
        send = statistics.fmean(sent(collection, form, seed) for seed in seeds)
        plain = statistics.fmean(plainly_sent(collection, form, seed) for seed in seeds)
        _row(f"digest, {form}", pool, (*half, day, send, plain))
        first = first or scores
        figures = figures or dict(zip((*MEASURES, "send_f1"), (*pool, send), strict=True))
    if not is_quick and "text" in collection.forms:
        for name, search in peers(collection).items():
            scores = {str(each["id"]): search(str(each["text"])) for each in collection.interests}
            _row(f"{name}, text", measured(collection, scores), ())
    return figures, first


def _row(name: str, *columns: Sequence[float]) -> None:
    print(f"  {name:28}" + "".join(f"{value:9.3f}" for column in columns for value in column))


def write_run(path: str, collections: Iterable[tuple[Collection, dict[str, Scores]]]) -> None:
    """A ranking that trec_eval reads: interest Q0 item rank score tag."""
    with Path(path).open("w", encoding="utf-8") as file:
        for collection, scores in collections:
            for interest, some in scores.items():
                for rank, item in enumerate(ranking(some)[:RUN_DEPTH], 1):
                    file.write(f"{interest} Q0 {collection.ids[item]} {rank} {some[item]:.6f} digest\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR")
    parser.add_argument("--run", metavar="FILE")
    parser.add_argument("--rejected", type=int, metavar="N")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    figures, runs = {}, []
    heads = [
        *(f"pool {name}" for name in MEASURES),
        *(f"half {name}" for name in MEASURES),
        "day ndcg10",
        "send_f1",
        "plain_f1",
    ]
    print(" " * 30 + "".join(f"{head.split()[0]:>9}" for head in heads))
    print(" " * 30 + "".join(f"{head.split()[-1]:>9}" for head in heads))
    for folder in asked.folders:
        collection = Collection.read(folder)
        if asked.rejected is not None:
            collection = collection.with_few_rejected(asked.rejected)
        print(f"{folder}: {len(collection.ids)} items, {len(collection.interests)} interests")
        figures[folder], scores = report(collection, is_quick=asked.quick)
        runs.append((collection, scores))
    if asked.run:
        write_run(asked.run, runs)
    print(
        json.dumps(
            {folder: {name: round(value, 4) for name, value in each.items()} for folder, each in figures.items()}
        )
    )


if __name__ == "__main__":
    main()
