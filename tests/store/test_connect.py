"""The store opens, upgrades and refuses as it should; its migrations build exactly the declared schema."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import digest.store
from digest.errors import StoreError
from digest.model import State
from digest.store.connect import HEAD, Database
from digest.store.schema import LEGAL_MOVES, delivery, metadata, run, subscriber

NOW = datetime(2026, 8, 17, 6, tzinfo=UTC)


def test_the_migrations_build_the_declared_schema(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(digest.store.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_upgrading_twice_does_nothing(database: Database) -> None:
    assert database.revision() == HEAD
    assert not database.upgrade()


def test_a_newer_schema_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer"):
        database.upgrade()


def test_a_failed_write_leaves_no_trace(database: Database) -> None:
    def add_and_fail() -> None:
        with database.write() as connection:
            database.set_fact(connection, "a", "b")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()
    with database.read() as connection:
        assert database.fact(connection, "a") is None


def test_facts_are_replaced(database: Database) -> None:
    with database.write() as connection:
        database.set_fact(connection, "a", "b")
        database.set_fact(connection, "a", "c")
        assert database.fact(connection, "a") == "c"


def test_moments_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    values = {"command": "send", "verdict": "sent", "reason": "", "summary": {}}
    with database.write() as connection:
        connection.execute(sa.insert(run).values(started_at=NOW, finished_at=NOW, **values))
        row = connection.execute(sa.select(run)).one()
    assert row.started_at == NOW
    assert row.started_at.tzinfo is not None
    with pytest.raises(sa.exc.StatementError, match="naive"), database.write() as connection:
        connection.execute(sa.insert(run).values(started_at=NOW.replace(tzinfo=None), finished_at=NOW, **values))


def _add_row(connection: sa.Connection, state: State) -> int:
    person = connection.execute(
        sa.insert(subscriber)
        .values(
            email=f"{state}@example.org",
            status="active",
            owner="file",
            interests="",
            timezone="UTC",
            send_at="07:30",
            days="01234",
            max_items=10,
            strictness="normal",
            quiet_days="skip",
            trending=3,
            language="en",
            consent={},
            created_at=NOW,
            last_word_at=NOW,
        )
        .returning(subscriber.c.id)
    ).scalar_one()
    values = {"kind": "digest", "slot": "2026-08-17", "transport": "files", "state": state}
    row = sa.insert(delivery).values(subscriber=person, created_at=NOW, due_at=NOW, deadline=NOW, **values)
    return int(connection.execute(row.returning(delivery.c.id)).scalar_one())


@pytest.mark.parametrize("before", list(State))
def test_illegal_moves_are_impossible(database: Database, before: State) -> None:
    with database.write() as connection:
        row = _add_row(connection, before)
    for after in State:
        move = sa.update(delivery).where(delivery.c.id == row).values(state=after)
        if after in LEGAL_MOVES[before] or after is before:
            with suppress(LookupError), database.write() as connection:
                connection.execute(move)
                raise LookupError("only looking")
        else:
            with pytest.raises(sa.exc.DBAPIError, match="illegal move"), database.write() as connection:
                connection.execute(move)


def test_an_unknown_state_is_impossible(database: Database) -> None:
    with database.write() as connection:
        row = _add_row(connection, State.PLANNED)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(sa.update(delivery).where(delivery.c.id == row).values(state="lost"))


# --- a connection that is kept ------------------------------------------------------------------------------------


def test_a_thread_that_keeps_a_connection_uses_it_again_and_again(database: Database) -> None:
    with database.kept():
        used = []
        for opened in (database.read, database.write, database.read):
            with opened() as connection:
                used.append(connection.connection.dbapi_connection)
        assert used[0] is used[1] is used[2]
        with database.write() as connection:
            person = _add_row(connection, State.PLANNED)
            with database.read() as beside:  # a transaction of its own, which sees nothing of the other
                assert beside.execute(sa.select(sa.func.count()).select_from(delivery)).scalar_one() == 0
        with suppress(LookupError), database.write() as connection:
            connection.execute(sa.delete(delivery))
            raise LookupError("no harm done")
        with database.read() as connection:
            assert connection.execute(sa.select(delivery.c.id)).scalars().all() == [person]


def test_a_connection_that_is_kept_and_lost_is_replaced(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("there is no server that could go away")
    with database.kept():
        with database.read() as connection:
            mine = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        with database.engine.connect() as other:
            other.execute(sa.text(f"SELECT pg_terminate_backend({mine}, 10000)"))
        with pytest.raises(StoreError), database.write() as connection:
            _add_row(connection, State.PLANNED)
        with database.write() as connection:
            _add_row(connection, State.PLANNED)
