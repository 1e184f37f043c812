"""What trying interests out costs: ten new phrases over thirty editions, as the page asks while somebody types.

    python bench/trial.py [--quick]

Prints a table, and as its last line one JSON object. The papers are made up as in match.py, 500 an edition, one edition
a day, and lie in a SQLite store; every trial has ten phrases that nobody has tried before, one of them negative. The
obvious way, in the same run, composes each of the thirty days' letters, from editions in memory as well.
All figures are CPU time on one core.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import match
from digest.matching.compose import compose
from digest.matching.grammar import understand
from digest.matching.index import Index
from digest.matching.scores import EditionScores
from digest.model import AnnounceReason, Profile
from digest.pipeline.shelf import Shelf
from digest.pipeline.trials import Trials
from digest.store.connect import Database
from digest.store.items import Items

EDITIONS, FOLLOWED = 30, 10
NEWEST = datetime(2026, 11, 20, 8, tzinfo=UTC)


def made_up(papers: int) -> match.Day:
    """So many papers for each edition, and more phrases than are tried."""
    match.PAPERS, match.PAST, match.PHRASES = EDITIONS * papers, 500, 10_000
    return match.Day()


def fill(database: Database, day: match.Day, papers: int) -> None:
    """Thirty editions, the last one on NEWEST."""
    items, texts = Items(database), iter(day.texts)
    for number in range(1, EDITIONS + 1):
        some, at = list(islice(texts, papers)), NEWEST - timedelta(days=EDITIONS - number)
        with database.write() as connection:
            history = Index.of(some).to_bytes()
            items.add_edition(connection, number, archive_date=at.date(), history=history, now=at)
            ids = [items.add(connection, source="made up", now=at) for _ in some]
            for one, text in zip(ids, some, strict=True):
                items.add_keys(connection, one, [f"arxiv:2611.{one:05}"])
                items.add_text(connection, one, text, at)
            items.announce(connection, number, dict.fromkeys(ids, (AnnounceReason.NEW, "made up")))


def profiles(phrases: list[str]) -> Iterator[Profile]:
    """Readers with ten phrases each that no other has; the last one is negative, and one has a letter too few."""
    rest = iter(phrases)
    while some := list(islice(rest, FOLLOWED)):
        some[0] = some[0][:2] + some[0][3:]
        yield Profile(interests="".join(f"{phrase}\n" for phrase in some[:-1]) + f"-{some[-1]}\n")


def spent_ms(work: Callable[[Profile], object], readers: Iterator[Profile], runs: int) -> list[float]:
    """CPU milliseconds of each of so many runs."""
    spent = []
    for reader in islice(readers, runs):
        before = time.process_time()
        work(reader)
        spent.append((time.process_time() - before) * 1e3)
    return spent


def summary(spent: list[float]) -> dict[str, float]:
    """Median and the value that one in twenty exceeds."""
    return {"median": round(statistics.median(spent), 1), "p95": round(statistics.quantiles(spent, n=20)[-1], 1)}


def plainly(trials: Trials) -> Callable[[Profile], object]:
    """Thirty letters, one edition at a time, from what the trials have read."""
    told = list(trials.editions.values())
    with trials.database.read() as connection:
        lessons = Shelf(Items(trials.database)).lessons(connection, EDITIONS)
    editions = [EditionScores(each.announced, each.index.history, index=each.index, lessons=lessons) for each in told]
    return lambda profile: [compose(profile, understand(profile.interests).interests, [one]) for one in editions]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer trials, and 150 papers an edition; under 40 s")
    papers, runs = (150, 40) if parser.parse_args().quick else (500, 200)
    day = made_up(papers)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/trial.db")
        database.upgrade()
        fill(database, day, papers)
        readers = profiles(day.phrases)
        trials, before = Trials(database), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        [first] = spent_ms(trials.of, readers, 1)
        ours = summary(spent_ms(trials.of, readers, runs))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        plain = plainly(trials)
        spent_ms(plain, readers, 1)
        obvious = summary(spent_ms(plain, readers, max(runs // 20, 5)))
        database.close()
    figures = {
        "trial_ms": ours["median"],
        "trial_p95_ms": ours["p95"],
        "first_ms": round(first),
        "grown_mb": round(grown / 1024),
        "ratio_letters": round(obvious["median"] / ours["median"], 1),
    }
    print(f"{EDITIONS} editions of {papers} papers, {FOLLOWED} new phrases     CPU ms: median        p95")
    print(f"{'ours':55}{ours['median']:8.1f}{ours['p95']:11.1f}")
    print(f"{'thirty letters composed':55}{obvious['median']:8.1f}{obvious['p95']:11.1f}")
    print(f"{'ours, the first call, which reads the papers':55}{first:8.0f}")
    print(f"{'memory that this added, MB':55}{grown / 1024:8.0f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
