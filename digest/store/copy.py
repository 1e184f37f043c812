"""A throw-away copy of a store, for runs that must leave no trace in the real one."""

from __future__ import annotations

import sqlalchemy as sa

from digest.errors import StoreError
from digest.store.connect import HEAD, Database
from digest.store.schema import listing, metadata

_BATCH = 1_000


def copy_store(source: Database, target: Database) -> None:
    """Fill a new, empty store with everything but the kept documents, which only a replay needs.

    Raises:
        StoreError: the source has another schema than this version; a copy cannot bring it up to date.
    """
    if (revision := source.revision()) != HEAD:
        raise StoreError(f"the store has schema {revision}, this version works with {HEAD}: `digest db upgrade` first")
    target.upgrade()
    with source.read() as reading, target.write() as writing:
        for table in metadata.sorted_tables:
            if table is listing:
                continue
            rows = reading.execution_options(yield_per=_BATCH).execute(_oldest_first(table))
            for batch in rows.mappings().partitions():
                writing.execute(sa.insert(table), [dict(row) for row in batch])


def _oldest_first(table: sa.Table) -> sa.Select[tuple[object, ...]]:
    """Rows in the order of their keys, so that an item stands before what was merged into it later."""
    return sa.select(table).order_by(*table.primary_key.columns)
