"""Bringing a store back from a backup, or settling one that was brought back by other means."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from digest.app import App
from digest.pipeline.restored import Restored, settle_restored
from digest.store.connect import Database
from digest.store.restore import put_back


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtBack:
    """What a restore has done."""

    settled: Restored
    kept: Path | None = None  #: where the replaced store lies now


def bring_back(app: App, backup: Path | None) -> BroughtBack:
    """Put a backup in the place of the store, or settle the store as it is where there is none to be put.

    Raises:
        StoreError: the backup is none; nothing was changed.
    """
    settled: list[Restored] = []
    kept = None
    if backup is None:
        settled.append(_settled(app, app.database))
    else:
        with closing(Database(app.config.store)) as store:
            kept = put_back(store, backup, lambda restored: settled.append(_settled(app, restored)), app.clock())
    return BroughtBack(settled=settled[0], kept=kept)


def _settled(app: App, store: Database) -> Restored:
    """Settle a store that is not yet, or not any more, the one of the configuration."""
    config = replace(app.config, store=store.url.render_as_string(hide_password=False))
    with closing(App(config, app.clock, app.is_pretended)) as there:
        there.check_clock()
        sources = there.real_sources()
        return settle_restored(there.standing, sources=sources, transport=there.transport, now=there.clock())
