"""What every test may ask for: a migrated store on SQLite and on PostgreSQL, a place for commands, a mail server."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from digest.store.connect import Database
from tests.cli.place import Place
from tests.cli.sink import Sink
from tests.services import postgresql

# a busy machine is slow, and no test is about time
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a cluster with a migrated database called `pattern`."""
    with postgresql() as address:
        _command(address, "CREATE DATABASE pattern")
        pattern = Database(_named(address, "pattern"))
        pattern.upgrade()
        pattern.close()
        yield address


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite store to copy."""
    path = tmp_path_factory.mktemp("pattern") / "pattern.db"
    pattern = Database(f"sqlite:///{path}")
    pattern.upgrade()
    pattern.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated store; the test runs once on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "digest.db"
        shutil.copy(request.getfixturevalue("sqlite_pattern"), path)
        one = Database(f"sqlite:///{path}")
        yield one
        one.close()
        return
    server = request.getfixturevalue("postgresql_server")
    name = f"test_{next(_numbers)}"
    _command(server, f"CREATE DATABASE {name} TEMPLATE pattern")
    one = Database(_named(server, name))
    yield one
    one.close()
    _command(server, f"DROP DATABASE {name}")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with a configuration, to run commands in."""
    return Place(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, place: Place) -> Iterator[str]:
    """The address of an empty store without a schema, on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{place.folder}/var/digest.db"
        return
    server = sa.make_url(request.getfixturevalue("postgresql_server"))
    engine = sa.create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE typed"))
        yield server.set(database="typed").render_as_string(hide_password=False)
        connection.execute(sa.text("DROP DATABASE typed WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server that keeps what it is given."""
    with Sink() as server:
        yield server


def _named(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def _command(server: str, statement: str) -> None:
    engine = sa.create_engine(sa.make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
