"""What readers of the archive wait for: 200 at a time, over a year of papers, on one process.

    python bench/archive.py [--quick]

Prints a table, and as its last line one JSON object. The papers are made up as in match.py, 500 a day on 250 days, in a
SQLite store; `digest web` serves it on loopback in a process of its own, and this process asks. The obvious way, in the
same run, is to read and render a page for everybody who asks for it: what the first one who asks for each day waits
for, and what the site spends on it. Then 200 readers look at a page for about a second before they ask for the next: a
day drawn evenly from the whole year, in one case of four not its first page. They find few pages rendered before, and
once more all of them; then every tenth page is a search of the last thirty days. The last row lets nobody look: every
connection asks for the next page as soon as it has one, which is many more than 200 people.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlalchemy as sa

from bench import match
from digest.matching.index import Index
from digest.store.connect import Database
from digest.store.schema import announcement, edition, item, item_text

DAYS, PAPERS, READERS = 250, 500, 200
NEWEST = datetime(2026, 11, 20, 8, tzinfo=UTC)
SETS, PHRASES = 4, 40  # days take turns with so many sets of papers
LOOKS = 1.0  # seconds, half as much and half as long again at the outside

Ask = Callable[[random.Random], str]


@dataclass
class Answers:
    """How long each page was waited for, in seconds, and how many did not come."""

    spent: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0

    def row(self) -> dict[str, float]:
        """The figures of a table."""
        ninety_five = statistics.quantiles(self.spent, n=20)[-1]
        return {
            "pages_per_s": round(len(self.spent) / self.seconds),
            "median_ms": round(1e3 * statistics.median(self.spent), 1),
            "p95_ms": round(1e3 * ninety_five, 1),
            "longest_ms": round(1e3 * max(self.spent)),
            "errors": self.errors,
        }


# --- the store ----------------------------------------------------------------------------------------------------


def made_up() -> match.Day:
    match.PAPERS, match.PAST, match.PHRASES = SETS * PAPERS, 500, PHRASES
    return match.Day()


def fill(database: Database, day: match.Day, days: int) -> list[str]:
    """So many days with an edition each, the last one on NEWEST; their names."""
    sets = [day.texts[start : start + PAPERS] for start in range(0, SETS * PAPERS, PAPERS)]
    indexes = [Index.of(some) for some in sets]
    dates = [NEWEST - timedelta(days=days - number) for number in range(1, days + 1)]
    for number, at in enumerate(dates, 1):
        some, index = sets[number % SETS], indexes[number % SETS]
        ids = range((number - 1) * PAPERS + 1, number * PAPERS + 1)
        history = replace(index, items=0 * index.items + ids).to_bytes()
        text = {"revision": 1, "authors": ["Ines Okafor", "Paul Vasseur"], "categories": ["cs.LG"], "source": "arXiv"}
        rows = {
            edition: [{"number": number, "archive_date": at.date(), "created_at": at, "history": history}],
            item: [{"id": one, "first_source": "arXiv", "first_seen_at": at, "upvotes": one % 7} for one in ids],
            item_text: [
                text | {"item": one, "title": each.title, "abstract": each.abstract, "recorded_at": at, "url": url(one)}
                for one, each in zip(ids, some, strict=True)
            ],
            announcement: [{"edition": number, "item": one, "source": "arXiv", "reason": "new"} for one in ids],
        }
        with database.write() as connection:
            for table, some_rows in rows.items():
                connection.execute(sa.insert(table), some_rows)
    return [str(at.date()) for at in dates]


def url(one: int) -> str:
    return f"https://arxiv.org/abs/2611.{one % 100_000:05}"


# --- the site -----------------------------------------------------------------------------------------------------


@contextmanager
def served(folder: Path, port: int) -> Iterator[int]:
    """The site while the block runs; the number of its process."""
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-m", "digest", "web"], cwd=folder, env=here)
    try:
        while process.poll() is None:
            with closing(socket.socket()) as ear:
                if ear.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    with closing(socket.socket()) as ear:
        ear.bind(("127.0.0.1", 0))
        return int(ear.getsockname()[1])


def configure(folder: Path, port: int) -> None:
    settings = {
        "site": {"name": "Bench", "url": f"http://127.0.0.1:{port}", "contact": "owner@example.org"},
        "sender": {"name": "Bench", "address": "digest@example.org"},
        "web": {"listen": f"127.0.0.1:{port}"},
        "sources": [{"name": "arXiv", "kind": "arxiv", "categories": ["cs.LG"]}],
    }
    (folder / "config.yaml").write_text(json.dumps(settings))


# --- its readers --------------------------------------------------------------------------------------------------


def ask_all(port: int, ask: Ask, *, readers: int, pages: int, looks: float, seconds: float) -> Answers:
    """What so many readers see in some seconds, or until each of them has had so many pages (0: any number)."""
    return asyncio.run(_ask_all(port, ask, readers, pages, looks, seconds))


async def _ask_all(port: int, ask: Ask, readers: int, pages: int, looks: float, seconds: float) -> Answers:
    answers, begun = Answers(), time.monotonic()
    chances = [random.Random(one) for one in range(readers)]  # noqa: S311  # a drawn page is no secret
    every = (_read(port, ask, chance, pages, looks, begun + seconds, answers) for chance in chances)
    await asyncio.gather(*every)
    answers.seconds = time.monotonic() - begun
    return answers


async def _read(
    port: int, ask: Ask, chance: random.Random, pages: int, looks: float, until: float, answers: Answers
) -> None:
    """One reader, who keeps a connection open as browsers do."""
    incoming, outgoing = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(chance.random() * looks)
    for _ in range(pages) if pages else count():
        if time.monotonic() > until:
            break
        begun = time.perf_counter()
        outgoing.write(f"GET {ask(chance)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        try:
            head = (await incoming.readuntil(b"\r\n\r\n")).lower()
            body = await incoming.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
        except (OSError, asyncio.IncompleteReadError, IndexError):
            answers.errors += 1
            incoming, outgoing = await asyncio.open_connection("127.0.0.1", port)
            continue
        answers.spent.append(time.perf_counter() - begun)
        answers.errors += not (head.startswith(b"http/1.1 200") and b"</html>" in body)
        await asyncio.sleep(looks * chance.uniform(0.5, 1.5))
    outgoing.close()


def days_of(names: list[str]) -> Ask:
    def ask(chance: random.Random) -> str:
        page = f"?page={chance.randint(2, 4)}" if chance.random() < 0.25 else ""
        return f"/archive/{chance.choice(names)}{page}"

    return ask


def with_searches(ask: Ask, phrases: list[str]) -> Ask:
    return lambda chance: f"/archive?q={quote(chance.choice(phrases))}" if chance.random() < 0.1 else ask(chance)


def each_once(names: list[str]) -> Ask:
    """Every day in turn, whoever asks."""
    days = cycle(names)
    return lambda chance: f"/archive/{next(days)}"


def cpu_seconds(process: int) -> float:
    """What a process has spent so far."""
    spent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


def measure(
    port: int, process: int, names: list[str], phrases: list[str], seconds: float
) -> dict[str, dict[str, float]]:
    """{what was asked: what came of it}."""
    once, plain = each_once(names), days_of(names)
    everything = cycle(f"/archive/{name}?page={page}" for page in range(1, 5) for name in names)
    searches = cycle(f"/archive?q={quote(phrase)}" for phrase in phrases)
    asks: dict[str, tuple[Ask, int, int, float]] = {
        "one reader, every day once: read and rendered": (once, 1, len(names), 0.0),
        "the same again: kept": (once, 1, len(names), 0.0),
        "200 readers, most pages not kept yet": (plain, READERS, 0, LOOKS),
        "two readers, every page once": (lambda _: next(everything), 2, 2 * len(names), 0.0),
        "200 readers": (plain, READERS, 0, LOOKS),
        "one reader, every search once": (lambda _: next(searches), 1, PHRASES, 0.0),
        "200 readers, every tenth page a search": (with_searches(plain, phrases), READERS, 0, LOOKS),
        "200 connections that never pause": (plain, READERS, 0, 0.0),
    }
    rows = {}
    for label, (ask, readers, pages, looks) in asks.items():
        before = cpu_seconds(process)
        answers = ask_all(port, ask, readers=readers, pages=pages, looks=looks, seconds=600.0 if pages else seconds)
        rows[label] = answers.row() | {"cpu_ms": round(1e3 * (cpu_seconds(process) - before) / len(answers.spent), 2)}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer days, and fewer seconds; under 40 s")
    days, seconds = (40, 3.0) if parser.parse_args().quick else (DAYS, 20.0)
    day, port = made_up(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configure(folder, port)
        database = Database(f"sqlite:///{folder}/var/digest.db")
        database.upgrade()
        names = fill(database, day, days)
        database.close()
        with served(folder, port) as process:
            figures = measure(port, process, names, day.phrases, seconds)
    print(f"{f'{days} days of {PAPERS} papers':50}pages/s  median ms  p95 ms  longest ms  errors  CPU ms a page")
    for label, row in figures.items():
        waits = (
            f"{row['pages_per_s']:7}{row['median_ms']:11.1f}{row['p95_ms']:8.1f}{row['longest_ms']:12}{row['errors']:8}"
        )
        print(f"{label:50}{waits}{row['cpu_ms']:15.2f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
