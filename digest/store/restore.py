"""Putting a backup in the place of a store: checked, brought up to date beside the old one, and swapped in one step."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from digest.errors import StoreError
from digest.store.backup import server_of
from digest.store.connect import Database

#: how the store that was replaced is called, before the moment
_REPLACED = ".replaced-"

#: how far ids leap, so that no link in a letter that the backup knows nothing of names somebody else
_LEAP = 1_000_000


def put_back(database: Database, backup: Path, settle: Callable[[Database], None], now: datetime) -> Path | None:
    """Put a backup in the place of a store, settled by `settle`; where the replaced store lies now.

    A crash leaves either the old store or the new one, never neither. On PostgreSQL the database must be empty: the old
    one stays where it is, under its own name.

    Raises:
        StoreError: the backup is none, or others are at work in the store; nothing was changed.
    """
    if database.dialect != "sqlite":
        _fill(database, backup)
        settle(database)
        return None
    store = Path(database.url.database or "")
    draft = store.with_name(store.name + ".restoring")
    _copy(backup, draft)
    try:
        with closing(Database(f"sqlite:///{draft}")) as restored:
            restored.upgrade()
            settle(restored)
        _fold_log(draft)
        return _swap(store, draft, now)
    finally:
        for leftover in draft.parent.glob(draft.name + "*"):
            leftover.unlink()


def replaced_stores(database: Database) -> list[Path]:
    """The stores that backups have taken the place of, and that still lie beside it."""
    if database.dialect != "sqlite":
        return []
    store = Path(database.url.database or "")
    return sorted(store.parent.glob(f"{store.name}{_REPLACED}*"))


def require_alone(database: Database) -> None:
    """Make sure that nobody else is connected to a store.

    Raises:
        StoreError: somebody is.
    """
    refusal = StoreError("others are at work in this store: stop `digest run`, workers and pages first")
    database.close()
    if database.dialect != "sqlite":
        if _others(database):
            raise refusal
    elif database.exists:
        try:
            _fold_log(Path(database.url.database or ""))
        except sqlite3.Error as error:
            raise refusal from error


def leap_ids(database: Database, connection: sa.Connection) -> None:
    """Let the ids of subscribers and letters go on far above those that were ever given out."""
    for table in ("subscriber", "delivery"):
        if database.dialect == "sqlite":
            leap = sa.text("UPDATE sqlite_sequence SET seq = seq + :leap WHERE name = :table")
        else:
            leap = sa.text(
                "SELECT setval(pg_get_serial_sequence(:table, 'id'), "
                "nextval(pg_get_serial_sequence(:table, 'id')) + :leap)"
            )
        connection.execute(leap, {"table": table, "leap": _LEAP})


# --- SQLite ---


def _copy(backup: Path, draft: Path) -> None:
    """A sound copy of a backup, which itself is only read."""
    draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in draft.parent.glob(draft.name + "*"):
        leftover.unlink()
    draft.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(draft)) as target,
        ):
            source.backup(target)
            (said,) = target.execute("PRAGMA integrity_check").fetchone()
            is_ours = target.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    except sqlite3.Error as error:
        draft.unlink()
        raise StoreError(f"{backup}: {error}") from error
    if said != "ok" or not is_ours:
        draft.unlink()
        raise StoreError(f"{backup}: " + ("is no store" if said == "ok" else f"is damaged: {said}"))


def _fold_log(store: Path) -> None:
    """Bring what stands in the log beside a store into its file, and do away with the log; nobody else may be in it."""
    with closing(sqlite3.connect(store, timeout=1)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _swap(store: Path, draft: Path, now: datetime) -> Path | None:
    kept = None
    if store.exists():
        kept = store.with_name(f"{store.name}{_REPLACED}{now:%Y%m%dT%H%M%SZ}")
        os.link(store, kept)  # there is a store under the old name all the time
    draft.replace(store)
    return kept


# --- PostgreSQL ---


def _fill(database: Database, backup: Path) -> None:
    if database.revision() is not None:
        raise StoreError(
            f"{database.url.database} holds a store already: make an empty database, name it in `store:`, and restore "
            "into that; the old one stays as it is"
        )
    command = shutil.which("pg_restore")
    if command is None:
        raise StoreError("pg_restore is not installed: it comes with the client of PostgreSQL")
    url, environment = server_of(database)
    done = subprocess.run(  # noqa: S603  # the path is pg_restore's own, the arguments are ours
        [command, "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={url}", str(backup)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoreError(f"pg_restore: {done.stderr.strip()}")
    database.upgrade()


def _others(database: Database) -> int:
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    with database.read() as connection:
        return int(connection.execute(query).scalar_one())
