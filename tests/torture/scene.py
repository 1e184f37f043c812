"""Readers, a store, a mail server in a process of its own, and the account of what has become of every letter."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from digest.model import State
from digest.store.connect import Database
from digest.store.schema import delivery, mention, subscriber
from tests.cli.place import Place

SINK = Path(__file__).parents[2] / "bench" / "sink.py"

_numbers = itertools.count(1)


@contextmanager
def sink(log: Path, *habits: str) -> Iterator[int]:
    """The port of a mail server that logs each letter once it has all of it, before it answers."""
    command = [sys.executable, str(SINK), str(log), *habits]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.communicate("")


@contextmanager
def store_like(pattern: str, folder: Path) -> Iterator[str]:
    """The address of a copy of a store: in a folder, or beside it on its server."""
    url = sa.make_url(pattern)
    if url.get_backend_name() == "sqlite":
        path = folder / "var" / "digest.db"
        path.parent.mkdir(mode=0o700)
        if url.database and Path(url.database).exists():
            shutil.copy(url.database, path)
        yield f"sqlite:///{path}"
        return
    name = f"torture_{os.getpid()}_{next(_numbers)}"  # several processes may work on one server
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg", database="postgres"), isolation_level="AUTOCOMMIT"
    )
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {url.database}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


@dataclass(frozen=True, kw_only=True)
class Row:
    """A digest as the ledger has it."""

    email: str
    slot: str
    state: State
    message_id: str | None


class Scene:
    """A place with readers whose letters go to the sink, and what can be said of them."""

    def __init__(self, folder: Path, *, store: str, readers: int, port: int, log: Path, connections: int = 1) -> None:
        folder.mkdir(exist_ok=True)
        self.place = Place(folder, store=store)
        self.place.readers(*(f"reader{number}" for number in range(readers)))
        self.place.mail_to(port)
        self.place.settings["delivery"]["smtp"]["connections"] = connections
        self.place.configure()
        self.store, self.log, self.readers = store, log, readers

    # --- the letters ---

    def rows(self) -> list[Row]:
        """Every digest of the ledger; none before there is a schema."""
        with closing(Database(self.store)) as database:
            if not database.exists or database.revision() is None:
                return []
            with database.read() as connection:
                columns = subscriber.c.email, delivery.c.slot, delivery.c.state, delivery.c.message_id
                query = sa.select(*columns).join(subscriber, subscriber.c.id == delivery.c.subscriber)
                return [
                    Row(email=email, slot=slot, state=State(state), message_id=message_id)
                    for email, slot, state, message_id in connection.execute(query)
                ]

    def in_doubt(self) -> set[str]:
        """Message-IDs of the letters of which the ledger cannot know whether they have arrived."""
        return {str(row.message_id) for row in self.rows() if row.state in (State.SENDING, State.UNKNOWN)}

    def taken(self) -> list[tuple[str, str]]:
        """(recipient, Message-ID) of each letter that the mail server has taken, in order."""
        if not self.log.exists():
            return []
        lines = [line.split("\t")[1:] for line in self.log.read_text().splitlines()]
        return [(recipient.strip("b'"), name.strip("b'")) for recipient, name in lines]

    # --- what must hold ---

    def faults(self, slots: int, doubtful: set[str], *, given_up: Container[str] = ()) -> list[str]:
        """What is wrong once everything is quiet: each reader has one letter for each of so many slots.

        `doubtful` are the Message-IDs that were told as unknown before they could be sent once more; those `given_up`
        were in doubt twice, and stay so.
        """
        rows, taken = self.rows(), self.taken()
        times = Counter(name for _, name in taken)
        unsent = [row for row in rows if row.state is not State.SENT and row.message_id not in given_up]
        wanted = self.readers * slots
        booked = {(row.email, row.message_id) for row in rows}
        found = {
            "not sent": unsent,
            "rows too few or too many": [] if len(rows) == wanted else [len(rows), wanted],
            "lost": [
                row for row in rows if (row.email, row.message_id) not in taken and row.message_id not in given_up
            ],
            "taken, and never booked": set(taken) - booked,
            "twice, and never told as unknown": [
                name for name, count in times.items() if count > 1 and name not in doubtful
            ],
            "more than twice": [name for name, count in times.items() if count > 2],
            "broken": self.damage(),
        }
        return [f"{what}: {which}" for what, which in found.items() if which]

    def doubled(self) -> int:
        """How many letters the mail server has taken more often than once."""
        taken = self.taken()
        return len(taken) - len(set(taken))

    def damage(self) -> list[str]:
        """What the store itself, or a sum over it, finds wrong."""
        with closing(Database(self.store)) as database, database.read() as connection:
            found = [] if database.dialect == "postgresql" else _integrity(str(database.url.database))
            orphans = sa.select(sa.func.count()).select_from(mention.outerjoin(delivery)).where(delivery.c.id.is_(None))
            strays = connection.execute(orphans).scalar_one()
        return found + ([f"{strays} mentions of no letter"] if strays else [])

    def told_as_unknown(self, moment: str) -> set[str]:
        """The Message-IDs that `digest status` names as unknown at a moment."""
        return {one["message_id"] for one in self._status(moment)["unknown"]}

    def totals(self, moment: str) -> dict[str, int]:
        """{state: rows} as `digest status` tells them."""
        ledger: dict[str, int] = self._status(moment)["ledger"]
        return ledger

    def _status(self, moment: str) -> Any:
        done = self.place.at(moment, "status", "--json")
        assert done.status in (0, 1), done.err
        return done.json


def _integrity(path: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        strays = [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
    return [line for line in said if line != "ok"] + strays
