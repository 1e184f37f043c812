"""What matching costs: the day's papers for many readers at once, beside one search per reader.

    python bench/match.py [--quick] [--subscribers N]

Prints a table, and as its last line one JSON object. Readers follow ten phrases each, by Zipf's law out of 100,000,
with weights 1 to 3, one in twenty of them negative; the day has 500 papers of about 200 words, made up from a seed.
Ours runs in a process of its own that reads the profiles from a SQLite file, some at a time, so that its peak of memory
is that of scores, profiles and results; where numba is installed another one runs the compiled loops. All figures are
CPU time on one core; one round of each way follows the other, so that a busy machine is as hard on all of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from digest.matching.gather import Part, Profiles, spans
from digest.matching.grammar import understand
from digest.matching.index import Index
from digest.matching.learned import Lessons
from digest.matching.matcher import by_arrays, by_loops
from digest.matching.scores import EditionScores
from digest.model import Announced, AnnounceReason, Interest, ItemText, Profile, Status

PAPERS, PAST, PHRASES, FOLLOWED, TOP, LINE = 500, 2_000, 100_000, 10, 10, 40
WISH = np.dtype([("phrase", "<i4"), ("weight", "i1")])  #: 50 bytes a reader
CHUNK = 10_000
OURS, FAST = "ours", "ours, compiled"


# --- what is matched ----------------------------------------------------------------------------------------------


class Day:
    """Made-up papers and phrases: words by Zipf's law, phrases out of the papers of other days."""

    def __init__(self) -> None:
        self.chance = np.random.default_rng(2026)
        syllables = [
            "".join(pair) for pair in np.array(np.meshgrid(list("bdfgklmnprstvz"), list("aeiou"))).T.reshape(-1, 2)
        ]
        self.words = ["".join(self.chance.choice(syllables, 2 + rank // 4000)) + f"x{rank:x}" for rank in range(20_000)]
        self.words = [word.translate(str.maketrans("0123456789", "qwhjcyuaei")) for word in self.words]
        odds = 1 / (np.arange(len(self.words)) + 25.0)
        self.odds = np.cumsum(odds / odds.sum())

    def text(self, length: int) -> list[str]:
        """So many words."""
        return [self.words[at] for at in np.searchsorted(self.odds, self.chance.random(length))]

    @cached_property
    def papers(self) -> list[tuple[str, str]]:
        """(title, abstract) of the day's papers, and then those of the days before."""
        lengths = zip(
            self.chance.integers(6, 14, PAPERS + PAST), self.chance.normal(190, 40, PAPERS + PAST), strict=True
        )
        return [(" ".join(self.text(int(title))), " ".join(self.text(max(40, int(body))))) for title, body in lengths]

    @cached_property
    def phrases(self) -> list[str]:
        """One to three neighbouring words each; the first are the most followed."""
        abstracts = [abstract.split() for _, abstract in self.papers[PAPERS:]]
        found: dict[str, None] = {}
        while len(found) < PHRASES:
            words = abstracts[self.chance.integers(len(abstracts))]
            at, size = int(self.chance.integers(len(words) - 3)), int(self.chance.integers(1, 4))
            found[" ".join(words[at : at + size])] = None
        return list(found)

    def wishes(self, readers: int) -> NDArray[np.void]:
        """What so many readers follow, ten in a row each."""
        odds = np.cumsum(1 / np.arange(1.0, PHRASES + 1))
        made = np.empty(readers * FOLLOWED, WISH)
        made["phrase"] = np.searchsorted(odds, self.chance.random(len(made)) * odds[-1])
        made["weight"] = self.chance.integers(1, 4, len(made)) * np.where(self.chance.random(len(made)) < 0.05, -1, 1)
        return made

    @cached_property
    def texts(self) -> list[ItemText]:
        """All of them as texts, numbered from 1."""
        numbered = enumerate(self.papers, 1)
        return [ItemText(item=number, revision=1, title=title, abstract=body) for number, (title, body) in numbered]

    @cached_property
    def announced(self) -> list[Announced]:
        """The day's papers."""
        some = self.texts[:PAPERS]
        return [Announced(edition=1, reason=AnnounceReason.NEW, source="made up", text=text) for text in some]

    def scores(self) -> EditionScores:
        """The day's edition, read as an ingest leaves it, with the days before to learn from."""
        past = Index.of(self.texts[PAPERS:])
        return EditionScores(self.announced, past.history, index=Index.of(self.texts[:PAPERS]), lessons=Lessons(past))


# --- ours ---------------------------------------------------------------------------------------------------------


def fill(path: Path, day: Day, readers: int) -> None:
    """A file of profiles."""
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE profile (id INTEGER PRIMARY KEY, wishes BLOB NOT NULL)")
        for first in range(0, readers, CHUNK):
            rows = day.wishes(min(CHUNK, readers - first)).reshape(-1, FOLLOWED)
            store.executemany("INSERT INTO profile (wishes) VALUES (?)", ((row.tobytes(),) for row in rows))
    store.close()


def read(path: Path) -> Iterator[Profiles]:
    """The profiles of a file, some at a time."""
    store = sqlite3.connect(path)
    rows = store.execute("SELECT wishes FROM profile ORDER BY id")
    while some := rows.fetchmany(CHUNK):
        wishes = np.frombuffer(b"".join(row[0] for row in some), WISH)
        yield Profiles(
            starts=np.arange(0, len(wishes) + 1, FOLLOWED),
            sought=wishes["phrase"],
            weights=np.abs(wishes["weight"]).astype(np.float64),
            signs=np.sign(wishes["weight"]),
            groups=np.tile(np.arange(FOLLOWED), len(some)),
            lines=np.full(len(some), LINE),
            caps=np.full(len(some), TOP),
            shows_misses=np.zeros(len(some), np.bool_),
            excluded=np.empty((0, 2), np.int64),
        )
    store.close()


def ours(path: Path, readers: int, *, with_loops: bool) -> None:
    """Our own way: a round of all readers for each line on standard input, and at its end the figures."""
    day = Day()
    interests = [Interest(phrase=phrase) for phrase in day.phrases]
    used = np.unique(np.concatenate([profiles.sought for profiles in read(path)]))
    scores = day.scores()
    once = time.process_time()
    rows = np.zeros(PHRASES, np.int32)
    rows[used] = scores.rows([interests[at] for at in used])
    parts = [Part(scores.table, rows, np.arange(PAPERS))]
    once = time.process_time() - once
    fame = np.zeros(PAPERS, np.int64)
    picked = touched = 0

    def all_readers() -> None:
        nonlocal picked, touched
        picked = touched = 0
        for profiles in read(path):
            for first, last in spans(profiles, parts, PAPERS):
                scored, chosen = match(profiles.some(first, last), parts, fame)
                scored.reasons(chosen.picks)
                picked, touched = picked + len(chosen.picks), touched + len(scored.points)

    match = by_loops if with_loops else by_arrays
    match(next(read(path)).some(0, 1), parts, fame)  # compiled now, if ever
    for _ in sys.stdin:
        print(round_us(all_readers, readers), flush=True)
    figures = {
        "once_ms": round(once * 1e3, 1),
        "phrases": len(used),
        "touched_per_subscriber": round(touched / readers, 1),
        "picks_per_subscriber": round(picked / readers, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    print(json.dumps(figures))


class Child:
    """Our own way in a process of its own."""

    def __init__(self, path: Path, readers: int, *options: str) -> None:
        command = [sys.executable, __file__, "--ours", str(path), "--subscribers", str(readers), *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def round(self) -> float:
        """CPU microseconds a reader of one round."""
        assert self._process.stdin  # noqa: S101
        assert self._process.stdout  # noqa: S101
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def figures(self) -> dict[str, float]:
        """What else there is to tell, after the last round."""
        told: dict[str, float] = json.loads(self._process.communicate()[0])
        return told


def round_us(work: Callable[[], None], readers: int) -> float:
    """CPU microseconds a reader of one round."""
    before = time.process_time()
    work()
    return (time.process_time() - before) / readers * 1e6


# --- one search per reader ----------------------------------------------------------------------------------------


def followed(day: Day, readers: int) -> list[list[str]]:
    """The phrases that so many readers follow; others search for these only."""
    wishes = day.wishes(readers).reshape(-1, FOLLOWED)
    return [[day.phrases[wish["phrase"]] for wish in row if wish["weight"] > 0] for row in wishes]


def with_tantivy(day: Day, readers: int) -> Callable[[], float]:
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("body", tokenizer_name="en_stem")
    index = tantivy.Index(schema.build())
    writer = index.writer()
    for title, abstract in day.papers[:PAPERS]:
        writer.add_document(tantivy.Document(body=f"{title}. {abstract}"))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    texts = [" OR ".join(f'"{phrase}"' for phrase in phrases) for phrases in followed(day, readers)]

    def search() -> None:
        for text in texts:
            searcher.search(index.parse_query(text, ["body"]), TOP)

    return lambda: round_us(search, readers)


def with_sklearn(day: Day, readers: int) -> Callable[[], float]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    vectoriser = TfidfVectorizer()
    papers = vectoriser.fit_transform(f"{title} {abstract}" for title, abstract in day.papers[:PAPERS])
    texts = [" ".join(phrases) for phrases in followed(day, readers)]

    def search() -> None:
        for text in texts:
            np.argpartition(cosine_similarity(vectoriser.transform([text]), papers)[0], -TOP)[-TOP:]

    return lambda: round_us(search, readers)


def with_rank_bm25(day: Day, readers: int) -> Callable[[], float]:
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([f"{title} {abstract}".split() for title, abstract in day.papers[:PAPERS]])
    texts = [" ".join(phrases).split() for phrases in followed(day, readers)]

    def search() -> None:
        for words in texts:
            np.argpartition(index.get_scores(words), -TOP)[-TOP:]

    return lambda: round_us(search, readers)


#: how each is searched with, and for how many readers a round
PEERS = {"tantivy": (with_tantivy, 300), "sklearn": (with_sklearn, 50), "rank_bm25": (with_rank_bm25, 20)}


# --- planning -----------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def plan(folder: Path, day: Day, readers: int) -> dict[str, float]:
    """CPU time of planning from being due to the written rows, where what readers share was made before.

    That is what `once_ms` tells of phrases, and beside it what the first letters of a day make for all others: lines
    of interests understood, and for each interest and paper that meet in a letter the words of the reason.
    """
    from digest.pipeline.look import Looker, Rules
    from digest.pipeline.plan import BATCH, Planner
    from digest.pipeline.shelf import Shelf
    from digest.store.connect import Database
    from digest.store.items import Items

    database = Database(f"sqlite:///{folder / 'plan.db'}")
    database.upgrade()
    seed(database, day, readers)
    shelf = Shelf(Items(database))
    rules = Rules(
        max_lateness=timedelta(hours=12),
        wait_for_sources=timedelta(0),
        first_days=3,
        catch_up=timedelta(days=14),
        transport="files",
    )
    planner = Planner(database, rules=rules, shelf=lambda: shelf)
    looker = Looker(people=planner.people, ledger=planner.ledger, items=planner.items, rules=rules)
    occasion = planner.occasion(NOW, is_forced=True)
    with database.read() as connection:
        [edition] = shelf.window(connection, 0, 1)
        edition.rows([one for text in _texts(day, readers) for one in understand(text).interests])
        ids = planner.people.reachable(connection, limit=readers)
    batches = [ids[first : first + BATCH] for first in range(0, len(ids), BATCH)]
    started = time.process_time()
    for batch in batches:
        with database.read() as connection:
            looks = looker.look_at(connection, batch, NOW, is_forced=True)
            occasion.composer.compose(connection, looks)
    shared = time.process_time()
    for batch in batches:
        planner.plan(batch, occasion)
    planned = time.process_time()
    database.close()
    if occasion.planned.letters + sum(occasion.planned.skipped.values()) != readers:
        raise SystemExit(f"planned {occasion.planned}, not {readers} readers")
    return {
        "plan_once_ms": round((shared - started) * 1e3, 1),
        "plan_readers": readers,
        "plan_us_per_reader": round((planned - shared) / readers * 1e6, 1),
    }


def seed(database: object, day: Day, readers: int) -> None:
    """An edition of the day's papers, and readers who are vouched for."""
    from digest.store.connect import Database
    from digest.store.items import Items
    from digest.store.people import People

    assert isinstance(database, Database)  # noqa: S101
    items, people = Items(database), People(database)
    with database.write() as connection:
        items.add_edition(
            connection, 1, archive_date=date(2026, 11, 20), history=Index.of(day.texts[:PAPERS]).to_bytes(), now=NOW
        )
        ids = [items.add(connection, source="made up", now=NOW) for _ in day.announced]
        for one, announced in zip(ids, day.announced, strict=True):
            items.add_keys(connection, one, [f"arxiv:2611.{one:05}"])
            items.add_text(connection, one, announced.text, NOW)
        items.announce(connection, 1, dict.fromkeys(ids, (AnnounceReason.NEW, "made up")))
        for number, text in enumerate(_texts(day, readers)):
            profile = Profile(interests=text)
            people.add(
                connection,
                f"reader{number}@example.org",
                profile=profile,
                status=Status.ACTIVE,
                owner="person",
                vouched_by="owner@example.org",
                consent={},
                now=NOW,
            )


def _texts(day: Day, readers: int) -> list[str]:
    """Interests as readers write them: the same at each call."""
    day.chance = np.random.default_rng(7)
    wishes = day.wishes(readers).reshape(-1, FOLLOWED)
    return ["".join(_line(day.phrases[one["phrase"]], int(one["weight"])) for one in row) for row in wishes]


def _line(phrase: str, weight: int) -> str:
    return f"{'-' if weight < 0 else ''}{phrase} ^{abs(weight)}\n"


# --- all of it ----------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer readers; under 40 s")
    parser.add_argument("--subscribers", type=int, metavar="N")
    parser.add_argument("--ours", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--loops", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    readers = asked.subscribers or (10_000 if asked.quick else 100_000)
    if asked.ours:
        ours(Path(asked.ours), readers, with_loops=asked.loops)
        return
    with tempfile.TemporaryDirectory() as folder:
        spent, figures = measure(Path(folder), readers, 5 if readers <= 100_000 else 1)
        figures |= plan(Path(folder), Day(), 1_000 if asked.quick else 20_000)
    report(readers, spent, figures)


def measure(folder: Path, readers: int, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """The median of CPU microseconds a reader, by way; and the other figures of ours."""
    day, path = Day(), folder / "profiles.db"
    _ = day.phrases  # drawn before the profiles
    fill(path, day, readers)
    with ExitStack() as stack:
        child = stack.enter_context(Child(path, readers))
        ways = {OURS: child.round}
        if find_spec("numba"):
            ways[FAST] = stack.enter_context(Child(path, readers, "--loops")).round
        ways |= {name: search(day, count) for name, (search, count) in PEERS.items()}
        spent = [{name: measured() for name, measured in ways.items()} for _ in range(rounds)]
        return {name: statistics.median(each[name] for each in spent) for name in ways}, child.figures()


def report(readers: int, spent: dict[str, float], figures: dict[str, float]) -> None:
    """Print a table, and the figures as one line."""
    print(f"{readers} readers, {PAPERS} papers, {figures['phrases']} phrases      CPU us a reader   times ours")
    for name, each in spent.items():
        print(f"{name:50}{each:15.2f}{each / spent[OURS]:13.1f}")
    figures["us_per_subscriber"] = round(spent[OURS], 2)
    figures |= {f"ratio_{name}": round(spent[name] / spent[OURS], 1) for name in PEERS}
    if FAST in spent:
        figures["us_per_subscriber_fast"] = round(spent[FAST], 2)
        figures |= {f"ratio_{name}_fast": round(spent[name] / spent[FAST], 1) for name in PEERS}
    print(f"{'once a day: the shares of all phrases, ms':50}{figures['once_ms']:15.1f}")
    print(f"{'peak memory, MB':50}{figures['peak_mb']:15.1f}")
    print(f"{'once: the lines and reasons of the letters planned, ms':50}{figures['plan_once_ms']:15.1f}")
    print(f"{'planned after that: from due to the written row':50}{figures['plan_us_per_reader']:15.1f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
