"""A folder with a config.yaml of its own, and the commands run in it: in this process, or each in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from digest.cli.main import main
from digest.store.connect import Database
from digest.store.schema import metadata
from tests.cli.papers import day_listing, paper
from tests.services import free_port

OFFLINE = Path(__file__).parent / "offline"

#: a Friday morning, when readers of weekdays at 07:30 UTC are due
FRIDAY = "2026-11-20T08:00:00+00:00"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


class Place:
    """A folder to run commands in. Its one source reads what stands in `listings/`, and Ada follows kites."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {
            "site": {"name": "Kite News", "contact": "owner@example.org"},
            "sender": {"name": "Kite News", "address": "digest@example.org"},
            "sources": [{"name": "saved", "kind": "folder", "path": "listings/*"}],
            "digest": {"days": "daily", "trending": 0},
            "web": {"listen": f"127.0.0.1:{free_port()}"},
            "subscribers": [{"email": "ada@example.org", "interests": "kites"}],
        }
        (folder / "listings").mkdir()
        self.configure(**changes)

    # --- what it is made of ---

    def configure(self, **changes: Any) -> None:
        """Set keys of config.yaml; JSON is YAML."""
        self.settings |= changes
        self.file("config.yaml", json.dumps(self.settings, indent=1))

    def readers(self, *names: str, **profile: Any) -> None:
        """Everybody in the file, all with one profile."""
        self.configure(
            subscribers=[{"email": f"{name}@example.org", "interests": "kites", **profile} for name in names]
        )

    def mail_to(self, port: int) -> None:
        """Send by SMTP to a server on this machine."""
        self.configure(
            site=self.settings["site"] | {"postal_address": "1 Quay, Galway"},
            delivery={"transport": "smtp", "smtp": {"host": "127.0.0.1", "port": port, "rate": "1000/s"}},
        )

    def file(self, name: str, content: str | bytes) -> Path:
        """Write a file, by its name in the folder."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def list(self, day: str, *names: str) -> None:
        """Save a day's listing of papers about kites."""
        self.file(f"listings/{day}.json", day_listing(day, *map(paper, names)))

    # --- commands ---

    def run(self, *arguments: str) -> Done:
        """Run a command in this process."""
        out, err, status = StringIO(), StringIO(), 0
        with chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
            try:
                main(arguments)
            except SystemExit as ended:
                status = int(ended.code or 0)
        return Done(status, out.getvalue(), err.getvalue())

    def at(self, moment: str, *arguments: str) -> Done:
        """Run a command in this process, pretending a moment."""
        return self.run("--clock", moment, *arguments)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own, on a machine without a network."""
        return subprocess.Popen(
            [sys.executable, "-m", "digest", *arguments],
            cwd=self.folder,
            env=self.environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    @staticmethod
    def environment(more: Mapping[str, str]) -> dict[str, str]:
        """What a process of its own is started with."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("DIGEST_", "COV_"))}
        return mine | {"PYTHONPATH": os.pathsep.join([str(OFFLINE), str(Path.cwd())])} | more

    def command(self, *arguments: str, **environment: str) -> Done:
        """Run a command in a process of its own."""
        return ended(self.start(*arguments, **environment))

    # --- what came of it ---

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of the store, {table: rows}; empty before the store is made."""
        database = Database(self.settings.get("store") or f"sqlite:///{self.folder}/var/digest.db")
        try:
            if not database.exists:
                return {}
            with database.read() as connection:
                return {
                    table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
                    for table in metadata.sorted_tables
                }
        finally:
            database.close()

    def letters(self, folder: str = "out") -> list[str]:
        """The texts of all letters on disk, oldest day first."""
        return [path.read_text(encoding="utf-8") for path in sorted((self.folder / folder).glob("20*/*.txt"))]


def ended(process: subprocess.Popen[str], timeout: float = 60) -> Done:
    """How a process ended, once it has."""
    out, err = process.communicate(timeout=timeout)
    return Done(process.returncode, out, err)
