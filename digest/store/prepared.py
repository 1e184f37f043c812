"""Statements that are compiled once for each database, and handed to its driver with values as they are.

SQLAlchemy looks at each statement and at each value of each row, which for the rows of a letter takes several times
as long as reading or writing them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.sql.dml import UpdateBase

#: how a value is made that the driver takes; None: it is taken as it is
_Process = Callable[[Any], Any] | None


class Prepared:
    """A statement, its values given as {name of a bound parameter: value}."""

    def __init__(self, statement: UpdateBase | sa.Select[*tuple[Any, ...]]) -> None:
        """What the statement itself binds to a value has that value each time."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def write(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it for every row of values; how many rows of the table it has written in all."""
        if not rows:
            return 0
        compiled = self._for(connection)
        with _cursor(connection) as cursor:
            cursor.executemany(compiled.text, list(map(compiled.values, rows)))
            return int(cursor.rowcount)

    def read(self, connection: sa.Connection, **values: Any) -> list[tuple[Any, ...]]:
        """The rows that it finds, as the driver gives them."""
        compiled = self._for(connection)
        with _cursor(connection) as cursor:
            cursor.execute(compiled.text, compiled.values(values))
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _for(self, connection: sa.Connection) -> _Compiled:
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _Compiled(self._statement, connection.dialect)
        return self._compiled[name]


class _Compiled:
    """The text of a statement in one dialect, and how its values are made."""

    def __init__(self, statement: UpdateBase | sa.Select[*tuple[Any, ...]], dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._is_positional = compiled.positional
        self._names = compiled.positiontup or list(compiled.binds)
        processes = {name: _process(bound, dialect) for name, bound in compiled.binds.items()}
        self._given = [(name, processes[name]) for name in self._names]
        self._fixed = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """A row's values as the driver takes them: in order, or by name."""
        whole = {**self._fixed, **row} if self._fixed else row
        values = [whole[name] if process is None else process(whole[name]) for name, process in self._given]
        return tuple(values) if self._is_positional else dict(zip(self._names, values, strict=True))


def _process(bound: sa.BindParameter[Any], dialect: sa.Dialect) -> _Process:
    return bound.type.dialect_impl(dialect).bind_processor(dialect)


@contextmanager
def _cursor(connection: sa.Connection) -> Iterator[Any]:
    """The driver's own cursor; its errors are raised as SQLAlchemy's, as everywhere."""
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        base = connection.dialect.loaded_dbapi.Error
        raise sa.exc.DBAPIError.instance(None, None, error, base, dialect=connection.dialect) from error
    finally:
        cursor.close()


# --- many numbers in one parameter --------------------------------------------------------------------------------


class _Numbers(TypeDecorator[Collection[int]]):
    """Whole numbers as one value: an array where there are arrays, else JSON."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """As SQLAlchemy asks."""
        arrays = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.ARRAY(sa.Integer) if arrays else sa.String())

    def process_bind_param(self, value: Collection[int] | None, dialect: sa.Dialect) -> Any:
        """As SQLAlchemy asks."""
        numbers = list(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)


class _Each(FunctionElement[Any]):
    """A row for each number of a parameter."""

    name = "each"
    inherit_cache = True


@compiles(_Each, "sqlite")
def _each_of_json(each: _Each, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(each.clauses, **more)})"


@compiles(_Each, "postgresql")
def _each_of_array(each: _Each, compiler: SQLCompiler, **more: Any) -> str:
    return f"unnest({compiler.process(each.clauses, **more)})"


def numbers(name: str) -> sa.Select[Any]:
    """The numbers that a parameter of this name will hold, for `column.in_`."""
    given = sa.bindparam(name, type_=_Numbers(), required=True)
    return sa.select(_Each(given).table_valued("value", name="value").c.value)
