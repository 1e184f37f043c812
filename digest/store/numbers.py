"""Many rows of whole numbers at once, handed to the driver as they are.

SQLAlchemy looks at each value of each row. For the ten mentions of a letter that takes as long as writing them.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa


def insert_numbers(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[int, ...]]) -> None:
    """Insert rows, their values in the order of the table's columns, but for those whose key is there already."""
    if not rows:
        return
    into = f"INSERT INTO {table.name} ({', '.join(table.c.keys())})"
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(table.c))
        connection.exec_driver_sql(f"{into} VALUES ({places}) ON CONFLICT DO NOTHING", list(rows))
    else:  # psycopg takes longer over ten thousand parameters than over three lists
        columns = ", ".join(["%s::int[]"] * len(table.c))
        lists = tuple(map(list, zip(*rows, strict=True)))
        connection.exec_driver_sql(f"{into} SELECT * FROM unnest({columns}) ON CONFLICT DO NOTHING", lists)  # noqa: S608  # names of the schema
