"""One way in: a database with read and write transactions, brought up to the current schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import local
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from digest.errors import StoreError
from digest.store import schema
from digest.store.prepared import cursor_of

#: the revision that this code was written for; a test holds it to the newest file in migrations/versions
HEAD = "0004"

#: how long a writer waits for another, in milliseconds
BUSY_TIMEOUT = 10_000

#: any number will do, as long as every process of the same store uses it
_UPGRADE_LOCK = 0x64696765

#: errors of the database that are not its own: a rule was broken, or a statement is wrong
_MISTAKES = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)


class Database:
    """A store, opened. `read()` and `write()` are transactions; a write on SQLite takes its lock at once.

    `BEGIN IMMEDIATE`, because upgrading a read transaction fails at once with SQLITE_BUSY_SNAPSHOT whatever the
    timeout; `synchronous=FULL`, because a lost commit of `sent` is a second letter.
    """

    def __init__(self, url: str, *, busy_timeout: int = BUSY_TIMEOUT) -> None:
        """Open `url`, sqlite:///PATH or postgresql://…, without connecting yet.

        A writer waits for another up to `busy_timeout` milliseconds on SQLite, and until it is done on PostgreSQL.
        """
        self.url = sa.make_url(url)
        if self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite" and self.url.database:
            folder = Path(self.url.database).parent
            if not folder.exists():
                folder.mkdir(parents=True, mode=0o700)
        try:
            self.engine = sa.create_engine(self.url)
        except ModuleNotFoundError as missing:
            raise StoreError(f"{url} needs a driver: pip install 'digest[postgres]'") from missing
        if self.dialect == "sqlite":
            event.listen(self.engine, "connect", partial(_prepare_sqlite, busy_timeout))
        self._mine = local()  # .connection: what a thread keeps

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store and changes nothing."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end, or leaves no trace where its block raises."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let this thread's transactions share one connection while the block runs: taking one each time takes longer
        than a small transaction.
        """
        with self._failing_as_ours(), self.engine.connect() as connection:
            self._mine.connection = connection
            try:
                yield
            finally:
                del self._mine.connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sa.Connection]:
        with self._failing_as_ours(), self._connected() as connection, connection.begin():
            if self.dialect == "sqlite":  # its driver begins nothing by itself
                with cursor_of(connection) as cursor:
                    cursor.execute(begin)
            yield connection

    def _connected(self) -> AbstractContextManager[sa.Connection]:
        kept: sa.Connection | None = getattr(self._mine, "connection", None)
        return self.engine.connect() if kept is None or kept.in_transaction() else nullcontext(kept)

    @contextmanager
    def _failing_as_ours(self) -> Iterator[None]:
        """What the database itself cannot do (locked, full, gone, no database) becomes our error."""
        try:
            yield
        except sa.exc.DatabaseError as error:
            if isinstance(error, _MISTAKES):
                raise
            raise StoreError(f"the store {self.url.render_as_string()}: {error.orig}") from error

    def take_turns(self, connection: sa.Connection, lock: int) -> None:
        """Wait for every other transaction that holds this lock; on SQLite, writing is a lock already."""
        if self.dialect == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})

    @property
    def exists(self) -> bool:
        """Whether there is anything to open; a server's database always counts as there."""
        return self.dialect != "sqlite" or Path(self.url.database or "").exists()

    def revision(self) -> str | None:
        """The schema's revision in the store; None where there is no schema yet."""
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()

    def upgrade(self) -> bool:
        """Bring the schema up to date; whether anything was done.

        Raises:
            StoreError: the store was written by a newer version.
        """
        before = self.revision()
        if before == HEAD:
            return False
        if before is not None and before > HEAD:
            raise StoreError(f"the store has schema {before}, this version knows {HEAD}: install a newer digest")
        from alembic import command  # costs 0.2 s, and is needed once in a store's life
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.write() as connection:
            self.take_turns(connection, _UPGRADE_LOCK)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        if self.dialect == "sqlite" and self.url.database and Path(self.url.database).exists():
            Path(self.url.database).chmod(0o600)
        return True

    def wipe(self) -> None:
        """Leave nothing in an SQLite file of what was deleted from it; PostgreSQL's own vacuum does so in its time.

        Raises:
            StoreError: others are at work in it; another try may have more luck.
        """
        if self.dialect != "sqlite":
            return
        try:
            with closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute("VACUUM")  # pages that were split keep old octets, secure_delete or not
                is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            raise StoreError(f"the store {self.url.database}: {error}") from error
        if is_busy:
            raise StoreError(f"the store {self.url.database}: in use, so that its log still holds what was deleted")

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    # facts about the store itself

    def fact(self, connection: sa.Connection, key: str) -> str | None:
        """A stored fact, or None."""
        return connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar()

    def set_fact(self, connection: sa.Connection, key: str, value: str) -> None:
        """Store a fact, in place of what it was."""
        connection.execute(
            insert_into(connection, schema.meta)
            .values(key=key, value=value)
            .on_conflict_do_update(index_elements=["key"], set_={"value": value})
        )


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the connection's own dialect."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _prepare_sqlite(busy_timeout: int, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        f"busy_timeout={busy_timeout}",  # first of all: the others may have to wait
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # who is erased leaves no octet behind
    ):
        connection.execute(f"PRAGMA {pragma}")
