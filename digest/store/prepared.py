"""Statements that are compiled once for each database, and handed to its driver with values as they are.

SQLAlchemy looks at each statement and at each value of each row, which for the rows of a letter takes several times
as long as reading or writing them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
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
        with cursor_of(connection) as cursor:
            if len(rows) == 1:  # drivers make more ado about many
                cursor.execute(compiled.text, compiled.values(rows[0]))
            else:
                cursor.executemany(compiled.text, list(map(compiled.values, rows)))
            return int(cursor.rowcount)

    def read(self, connection: sa.Connection, **values: Any) -> list[tuple[Any, ...]]:
        """The rows that it finds, as the driver gives them."""
        compiled = self._for(connection)
        with cursor_of(connection) as cursor:
            cursor.execute(compiled.text, compiled.values(values))
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _for(self, connection: sa.Connection) -> _Compiled:
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _Compiled(self._statement, connection.dialect)
        return self._compiled[name]


class Batch:
    """An UPDATE for many rows at once, each with values of its own, given as {name: value}.

    On PostgreSQL it is one statement with one parameter, since its driver takes longer over a value than the server
    does. No row of the table may be meant twice.
    """

    def __init__(self, update: Callable[[Mapping[str, Any]], UpdateBase], **columns: sa.Column[Any]) -> None:
        """`update` makes the statement of {name: its value in a row}; each value is of the type of its column."""
        given = (sa.column(name, column.type) for name, column in columns.items())
        rows = sa.func.json_to_recordset(sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON))
        table = rows.table_valued(*given, name="given").render_derived(with_types=True)
        self._names = tuple(columns)
        self._together = Prepared(update(dict(table.c)))
        self._one_by_one = Prepared(update({name: sa.bindparam(name, type_=columns[name].type) for name in columns}))

    def write(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it; how many rows of the table it has written."""
        if not rows or connection.dialect.name != "postgresql":
            return self._one_by_one.write(connection, rows)
        whole = [{name: row[name] for name in self._names} for row in rows]
        return self._together.write(connection, [{"rows": _encode(whole)}])


def _written(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment} where an aware one is needed")
    return moment.isoformat()


_encode = json.JSONEncoder(default=_written).encode


class _Compiled:
    """The text of a statement in one dialect, and how its values are made."""

    def __init__(self, statement: UpdateBase | sa.Select[*tuple[Any, ...]], dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._is_positional = compiled.positional
        self._names = compiled.positiontup or list(compiled.binds)
        processes = [_process(compiled.binds[name], dialect) for name in self._names]
        self._made = [(place, process) for place, process in enumerate(processes) if process is not None]
        self._fixed = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """A row's values as the driver takes them: in order, or by name."""
        whole = {**self._fixed, **row}
        values = [whole[name] for name in self._names]
        for place, process in self._made:
            values[place] = process(values[place])
        return tuple(values) if self._is_positional else dict(zip(self._names, values, strict=True))


def _process(bound: sa.BindParameter[Any], dialect: sa.Dialect) -> _Process:
    return bound.type.dialect_impl(dialect).bind_processor(dialect)


@contextmanager
def cursor_of(connection: sa.Connection) -> Iterator[Any]:
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
    """Whole numbers as one text: an array's where there are arrays, else JSON."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Collection[int] | None, dialect: sa.Dialect) -> Any:
        """As SQLAlchemy asks."""
        written = ",".join(map(str, value or ()))
        return f"{{{written}}}" if dialect.name == "postgresql" else f"[{written}]"


class _Each(FunctionElement[Any]):
    """A row for each number of a parameter."""

    name = "each"
    inherit_cache = True


@compiles(_Each, "sqlite")
def _each_of_json(each: _Each, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(each.clauses, **more)})"


@compiles(_Each, "postgresql")
def _each_of_array(each: _Each, compiler: SQLCompiler, **more: Any) -> str:
    return f"unnest(CAST({compiler.process(each.clauses, **more)} AS INTEGER[]))"


def numbers(name: str) -> sa.Select[Any]:
    """The numbers that a parameter of this name will hold, for `column.in_`."""
    given = sa.bindparam(name, type_=_Numbers(), required=True)
    return sa.select(_Each(given).table_valued("value", name="value").c.value)
