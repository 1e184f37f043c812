"""Planning in a process of its own, with no more imported than that needs."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any

from digest.pipeline.look import Rules
from digest.pipeline.plan import Planner
from digest.pipeline.shelf import Shelf
from digest.store.connect import Database
from digest.store.items import Items


def plan_elsewhere(address: str, rules: Rules, now: datetime, shard: tuple[int, int], letters: Any) -> None:
    """Plan this share of the readers, twenty at a time, and put into `letters` how many were planned."""
    with closing(Database(address)) as database:
        planner = Planner(database, rules=rules, shelf=lambda: Shelf(Items(database)), batch=20)
        letters.put(planner.run(now, shard=shard).letters)
