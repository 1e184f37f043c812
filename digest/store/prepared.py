"""Statements that are compiled once for each database, and handed to its driver with rows as they are.

SQLAlchemy looks at each value of each row, which for the rows of a letter takes longer than writing them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.sql.dml import UpdateBase

#: how a value is made that the driver takes; None: it is taken as it is
_Process = Callable[[Any], Any] | None


class Prepared:
    """A statement for many rows, each {name of a bound parameter: value}."""

    def __init__(self, statement: UpdateBase) -> None:
        """What the statement itself binds to a value has that value in every row."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def write(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it for every row; how many rows of the table it has written in all."""
        if not rows:
            return 0
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compiled[connection.dialect.name] = _Compiled(self._statement, connection.dialect)
        return connection.exec_driver_sql(compiled.text, list(map(compiled.values, rows))).rowcount


class _Compiled:
    """The text of a statement in one dialect, and how its values are made."""

    def __init__(self, statement: UpdateBase, dialect: sa.Dialect) -> None:
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
