"""Many new rows at once, handed to the driver as they are.

SQLAlchemy looks at each value of each row. For a letter and its ten mentions that takes longer than writing them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

#: how the values of a column are made that the driver takes; None: they are taken as they are
_Process = Callable[[Any], Any] | None


def insert_rows(
    connection: sa.Connection, table: sa.Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> int:
    """Insert rows, the values of these columns, but for those whose key is there already; how many it has inserted."""
    if not rows:
        return 0
    into = f"INSERT INTO {table.name} ({', '.join(names)})"
    processes = _processes(table, names, connection.dialect)
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(names))
        rows = list(zip(*_processed(rows, processes), strict=True)) if any(processes) else list(rows)
        return connection.exec_driver_sql(f"{into} VALUES ({places}) ON CONFLICT DO NOTHING", rows).rowcount
    # psycopg takes longer over ten thousand parameters than over three lists
    types = (table.c[name].type.compile(connection.dialect) for name in names)
    lists = ", ".join(f"%s::{one}[]" for one in types)
    several = f"{into} SELECT * FROM unnest({lists}) ON CONFLICT DO NOTHING"  # noqa: S608  # names of the schema
    return connection.exec_driver_sql(several, tuple(_processed(rows, processes))).rowcount


def new_ids(connection: sa.Connection, table: sa.Table, count: int) -> Sequence[int]:
    """So many ids of rows that are to be inserted, which nobody else will have."""
    if connection.dialect.name == "sqlite":  # where only one transaction writes at a time
        last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).scalar() or 0
        return range(last + 1, last + 1 + count)
    following = f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id')) FROM generate_series(1, %s)"  # noqa: S608  # a name of the schema
    return connection.exec_driver_sql(following, (count,)).scalars().all()


@lru_cache
def _processes(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> list[_Process]:
    return [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]


def _processed(rows: Sequence[tuple[Any, ...]], processes: Sequence[_Process]) -> list[list[Any]]:
    """The columns of rows, with values that the driver takes."""
    columns = zip(*rows, strict=True)
    return [
        list(column if process is None else map(process, column))
        for column, process in zip(columns, processes, strict=True)
    ]
