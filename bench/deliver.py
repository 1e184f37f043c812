"""How fast letters leave, and whether each leaves once: planned deliveries from the ledger to a mail server of our own.

    python bench/deliver.py [--quick] [--letters N] [--sqlite | --postgresql] [--sink-log FILE]

Prints a table, and as its last line one JSON object: {"sqlite instant": {"messages_per_s": …}, …}. Every figure is of a
process of its own that only delivers: CPU seconds of that process alone (those of the press are told apart too), its
peak memory. The textbook way runs beside
it: email.message, smtplib's sendmail and one commit for each mail, with its HTML and text handed to it ready made.
With --sink-log the envelopes of all runs are kept in one file.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import IO, Any, cast

import sqlalchemy as sa

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from digest.delivery.smtp import SmtpTransport  # noqa: E402
from digest.letter.notices import Notices  # noqa: E402
from digest.letter.press import Press  # noqa: E402
from digest.letter.templates import Templates  # noqa: E402
from digest.model import Digest, Field, Match, Pick, Sender, Site, State  # noqa: E402
from digest.pipeline.deliver import Courier  # noqa: E402
from digest.pipeline.typeset import Imprint, Typesetter  # noqa: E402
from digest.store.connect import Database  # noqa: E402
from digest.store.picks import pack  # noqa: E402
from digest.store.schema import delivery, item, item_text, mention, subscriber  # noqa: E402
from digest.subscribers.tokens import Keyring  # noqa: E402

BEGIN = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SITE = Site(
    name="Kite News", url="https://digest.example.org", postal_address="1 Quay, Galway", contact="owner@example.org"
)
SENDER = Sender(name="Kite News", address="digest@example.org")
PICKS, WORKS = 9, 400
WORDS = ["graph", "neural", "network", "diffusion", "language", "model", "attention", "transformer", "kernel", "sparse"]
WORDS += [
    "learning",
    "training",
    "policy",
    "agent",
    "vision",
    "benchmark",
    "retrieval",
    "gradient",
    "protein",
    "quantum",
]


# --- the ledger ---------------------------------------------------------------------------------------------------


def fill(address: str, letters: int) -> None:
    """A store with so many planned letters of about 45 kB, all different."""
    database = Database(address)
    database.upgrade()
    chance = random.Random(1)  # noqa: S311 - the same letters every time
    with database.write() as connection:
        connection.execute(
            sa.insert(item), [{"id": n, "first_source": "s", "first_seen_at": BEGIN} for n in range(1, WORKS + 1)]
        )
        connection.execute(sa.insert(item_text), [work(n, chance) for n in range(1, WORKS + 1)])
    for first in range(1, letters + 1, 1000):
        some = range(first, min(first + 1000, letters + 1))
        with database.write() as connection:
            connection.execute(sa.insert(subscriber), [person(n) for n in some])
            picks = {n: chance.sample(range(1, WORKS + 1), PICKS) for n in some}
            connection.execute(sa.insert(delivery), [row(n, picks[n], chance) for n in some])
            named = [{"subscriber": n, "item": one, "delivery": n} for n in some for one in picks[n]]
            connection.execute(sa.insert(mention), named)
    database.close()


def work(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "item": number,
        "revision": 1,
        "title": " ".join(chance.choices(WORDS, k=9)).capitalize(),
        "abstract": ". ".join(" ".join(chance.choices(WORDS, k=20)).capitalize() for _ in range(8)),
        "authors": ["Ada Kite", "Bo Wind", "Cy Line"],
        "categories": ["cs.LG"],
        "url": f"https://arxiv.org/abs/2611.{number:05d}",
        "source": "arxiv",
        "recorded_at": BEGIN,
    }


def person(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "email": f"reader{number}@example{number % 50}.org",
        "status": "active",
        "owner": "person",
        "interests": "graph neural networks\ndiffusion models\nsparse learning",
        "timezone": "UTC",
        "send_at": "07:30",
        "days": "01234",
        "max_items": 20,
        "strictness": "normal",
        "quiet_days": "skip",
        "trending": 3,
        "language": "en",
        "consent": {},
        "vouched_by": "owner@example.org",
        "created_at": BEGIN,
        "last_word_at": BEGIN,
        "floor": 1,
    }


def row(number: int, items: Sequence[int], chance: random.Random) -> dict[str, Any]:
    picks = tuple(
        Pick(
            item=one,
            revision=1,
            score=points,
            matches=(Match(interest="graph neural networks", field=Field.TITLE, points=points, words=("graph",)),),
        )
        for one, points in zip(items, sorted(chance.sample(range(30, 99), len(items)), reverse=True), strict=True)
    )
    return {
        "id": number,
        "subscriber": number,
        "kind": "digest",
        "slot": "2026-11-20",
        "state": "planned",
        "transport": "smtp",
        "priority": 0,
        "from_edition": 1,
        "to_edition": 2,
        "picks": pack(Digest(picks=picks, considered=WORKS, line=30)),
        "created_at": BEGIN,
        "due_at": BEGIN,
        "deadline": BEGIN + timedelta(hours=12),
    }


class TimedPress:
    """The press, with the CPU seconds that its thread spends in it."""

    def __init__(self, press: Press) -> None:
        self.press = press
        self.template_version = press.template_version
        self.subject = press.subject
        self.seconds = 0.0

    def typeset(self, *letter: Any, **named: Any) -> Any:
        """As the press does."""
        started = time.thread_time()
        message = self.press.typeset(*letter, **named)
        self.seconds += time.thread_time() - started
        return message


# --- the two ways, each in a process of its own -------------------------------------------------------------------


def imprint() -> Imprint:
    return Imprint(
        press=cast("Press", TimedPress(Press(SITE, SENDER))),
        notices=Notices(SITE, SENDER, Templates()),
        domain="example.org",
        envelope_from=SENDER.address,
        attributions={},
        sample_sources=frozenset(),
    )


def ours(address: str, port: int, *, connections: int, later: float) -> dict[str, float]:
    """Deliver all that may be delivered, `later` seconds after the letters were planned."""
    database, started = Database(address), time.monotonic()
    courier = Courier(
        database,
        imprint=(shared := imprint()),
        keyring=Keyring(b"a key for benchmarks"),
        transport=lambda: SmtpTransport("127.0.0.1", port, tls="none", hello="bench"),
        clock=lambda: BEGIN + timedelta(seconds=later + time.monotonic() - started),
        resend_unknown=True,
        random=random.Random(1),  # noqa: S311
        connections=connections,
    )
    figures = measured(lambda: courier.run().states[State.SENT])
    return figures | {"press_s": cast("TimedPress", shared.press).seconds}


def textbook(address: str, port: int) -> dict[str, float]:
    """Build every mail with the standard library, hand it to sendmail, and commit."""
    database = Database(address)
    typesetter = Typesetter(database, imprint(), Keyring(b"a key for benchmarks"))
    from digest.store.moves import delivery_of

    with database.read() as connection:
        rows = [delivery_of(one) for one in connection.execute(sa.select(delivery).limit(1))]
    [(sample, _)] = filter(None, [typesetter.typeset(rows[0], BEGIN)])
    text, html = sample.text, sample.html

    def run() -> int:
        sent = 0
        with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as smtp:
            while True:
                with database.read() as connection:
                    query = sa.select(delivery, subscriber.c.email).join(
                        subscriber, subscriber.c.id == delivery.c.subscriber
                    )
                    due = connection.execute(query.where(delivery.c.state == State.PLANNED).limit(100)).all()
                if not due:
                    return sent
                for one in due:
                    smtp.sendmail(SENDER.address, [one.email], mail(one, text, html).as_bytes(policy=SMTP))
                    with database.write() as connection:
                        for state in (State.CLAIMED, State.SENDING, State.SENT)[-1:]:
                            settled = sa.update(delivery).where(delivery.c.id == one.id)
                            connection.execute(settled.values(state=state, settled_at=BEGIN))
                    sent += 1

    with database.write() as connection:  # it knows no other states, and no moves that are illegal
        if database.dialect == "sqlite":
            connection.execute(sa.text("DROP TRIGGER delivery_legal_moves"))
        else:
            connection.execute(sa.text("DROP TRIGGER delivery_legal_moves ON delivery"))
    return measured(run)


def mail(one: Any, text: str, html: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"{SENDER.name} <{SENDER.address}>"
    message["To"] = one.email
    message["Subject"] = f"{PICKS} papers for Friday"
    message["Date"] = format_datetime(BEGIN)
    message["Message-ID"] = f"<textbook-{one.id}@example.org>"
    message["List-Unsubscribe"] = f"<https://digest.example.org/u/{one.id}>"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def measured(run: Any) -> dict[str, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    sent = run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"sent": sent, "cpu_s": cpu, "wall_s": wall, "peak_mb": peak}


# --- runs ---------------------------------------------------------------------------------------------------------


@contextmanager
def sink(log: Path, *habits: str) -> Iterator[int]:
    command = [sys.executable, str(HERE / "sink.py"), str(log), *habits]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield int(cast("IO[str]", server.stdout).readline())
        server.communicate("")


def child(way: str, address: str, port: int, **options: Any) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(Path(__file__)), "--child", json.dumps([way, address, port, options])]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> dict[str, float]:
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a run failed with status {process.returncode}")
    figures: dict[str, float] = json.loads(out.splitlines()[-1])
    return figures


def taken(log: Path) -> Counter[bytes]:
    """{Message-ID: letters taken}; two letters to one reader with different ids would be two readers short."""
    lines = log.read_bytes().splitlines() if log.exists() else []
    return Counter(line.split(b"\t")[1] for line in lines)


def told(figures: dict[str, float], log: Path, letters: int) -> dict[str, float]:
    counted = taken(log)
    sent = figures["sent"] or 1
    return {
        "messages_per_s": round(figures["sent"] / figures["wall_s"], 1),
        "cpu_ms_per_message": round(1000 * figures["cpu_s"] / sent, 3),
        "press_ms_per_message": round(1000 * figures["press_s"] / sent, 3),
        "peak_mb": round(figures["peak_mb"], 1),
        "lost": letters - len(counted),
        "duplicates": counted.total() - len(counted),
    }


class Bench:
    """The runs over one kind of store."""

    def __init__(self, folder: Path, engine: str, server: str | None, letters: int, runs: int) -> None:
        self.folder, self.engine, self.server = folder, engine, server
        self.letters, self.runs = letters, runs
        self.count = 0

    def store(self, letters: int) -> tuple[str, Path]:
        """The address of a filled store, and a file for a sink's log."""
        self.count += 1
        log = self.folder / f"{self.engine}-{self.count}.log"
        if self.server is None:
            address = f"sqlite:///{self.folder}/{self.count}.db"
        else:
            url = sa.make_url(self.server).set(drivername="postgresql+psycopg")
            engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE bench_{self.count}"))
            engine.dispose()
            address = sa.make_url(self.server).set(database=f"bench_{self.count}").render_as_string(hide_password=False)
        fill(address, letters)
        return address, log

    def medians(self, way: str, letters: int, *habits: str, **options: Any) -> tuple[dict[str, float], Path]:
        """The medians of some runs, each over a store of its own, and the log of the last."""
        figures = []
        for _ in range(self.runs):
            address, log = self.store(letters)
            with sink(log, *habits) as port:
                figures.append(finished(child(way, address, port, **options)))
        return {key: statistics.median(one[key] for one in figures) for key in figures[0]}, log

    def instant(self) -> dict[str, float]:
        """A server that answers at once, beside the textbook way."""
        mine, log = self.medians("ours", self.letters, connections=4, later=0.0)
        plain, _ = self.medians("textbook", max(self.letters // 10, 200))
        ratio = (plain["cpu_s"] / plain["sent"]) / (mine["cpu_s"] / mine["sent"])
        return told(mine, log, self.letters) | {
            "ratio_textbook": round(ratio, 1),
            "textbook_ms": round(1000 * plain["cpu_s"] / plain["sent"], 3),
        }

    def memory(self) -> dict[str, float]:
        """The same with a quarter of the letters: whether memory grows with their number."""
        mine, log = self.medians("ours", self.letters // 4, connections=4, later=0.0)
        return told(mine, log, self.letters // 4)

    def distant(self) -> dict[str, float]:
        """One connection, 20 ms away: what a round trip costs."""
        letters = max(self.letters // 20, 200)
        mine, log = self.medians("ours", letters, "--delay", "0.02", connections=1, later=0.0)
        plain, _ = self.medians("textbook", letters // 4, "--delay", "0.02")
        ratio = (mine["sent"] / mine["wall_s"]) / (plain["sent"] / plain["wall_s"])
        return told(mine, log, letters) | {"ratio_textbook": round(ratio, 1)}

    def busy(self) -> dict[str, float]:
        """One letter in twenty is put off once, and sent an hour later."""
        address, log = self.store(letters := self.letters // 4)
        with sink(log, "--defer", "0.05") as port:
            first = finished(child("ours", address, port, connections=4, later=0.0))
            second = finished(child("ours", address, port, connections=4, later=3600.0))
        return told({key: first[key] + second[key] for key in first} | {"peak_mb": first["peak_mb"]}, log, letters)

    def killed(self) -> dict[str, float]:
        """Killed halfway and started again, once the leases have run out."""
        address, log = self.store(letters := self.letters // 4)
        with sink(log) as port:
            victim = child("ours", address, port, connections=4, later=0.0)
            while taken(log).total() < letters // 2 and victim.poll() is None:
                time.sleep(0.01)
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            rest = finished(child("ours", address, port, connections=4, later=1800.0))
        return told(rest, log, letters)

    def figures(self) -> dict[str, dict[str, float]]:
        """Every mode, told as it ends."""
        modes = {
            "instant": self.instant,
            "a quarter": self.memory,
            "20 ms": self.distant,
            "5 % 4xx": self.busy,
            "kill -9": self.killed,
        }
        figures = {}
        for name, run in modes.items():
            figures[f"{self.engine} {name}"] = one = run()
            print(f"{self.engine + ' ' + name:22}" + "".join(f"{one.get(key, ''):>12}" for key in COLUMNS), flush=True)
        return figures


COLUMNS = (
    "messages_per_s",
    "cpu_ms_per_message",
    "press_ms_per_message",
    "peak_mb",
    "lost",
    "duplicates",
    "ratio_textbook",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--letters", type=int)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--sink-log", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        way, address, port, options = json.loads(given.child)
        print(json.dumps({"ours": ours, "textbook": textbook}[way](address, port, **options)))
        return
    letters = given.letters or (800 if given.quick else 20_000)
    runs = 1 if given.quick else 5
    figures: dict[str, dict[str, float]] = {}
    print(" " * 22 + "".join(f"{key.replace('_per_message', '').replace('essages', ''):>12}" for key in COLUMNS))
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as folder:
        if not given.postgresql:
            figures |= Bench(Path(folder), "sqlite", None, letters, runs).figures()
        if not given.sqlite:
            figures |= over_postgresql(Path(folder), letters, runs)
        if given.sink_log:
            logs = sorted(Path(folder).glob("*.log"), key=os.path.getmtime)
            given.sink_log.write_bytes(b"".join(log.read_bytes() for log in logs))
    print(json.dumps(figures))


def over_postgresql(folder: Path, letters: int, runs: int) -> dict[str, dict[str, float]]:
    from tests.services import _programs, postgresql

    if _programs() is None:
        print("PostgreSQL is not installed: left out")
        return {}
    with postgresql() as server:
        return Bench(folder, "postgresql", server, letters, runs).figures()


if __name__ == "__main__":
    main()
