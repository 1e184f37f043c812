"""How each run ended, so that nobody has to ask whether it broke or there was nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from digest.model import Verdict
from digest.store.schema import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the line."""

    command: str
    started_at: datetime
    finished_at: datetime
    verdict: Verdict
    reason: str
    summary: Mapping[str, Any]


def add_run(connection: sa.Connection, one: Run) -> None:
    """Write a run down."""
    connection.execute(
        sa.insert(run).values(
            command=one.command,
            started_at=one.started_at,
            finished_at=one.finished_at,
            verdict=one.verdict,
            reason=one.reason,
            summary=dict(one.summary),
        )
    )


def last_runs(connection: sa.Connection, limit: int = 5) -> list[Run]:
    """The latest runs, newest first."""
    rows = connection.execute(sa.select(run).order_by(run.c.id.desc()).limit(limit))
    return [
        Run(
            command=row.command,
            started_at=row.started_at,
            finished_at=row.finished_at,
            verdict=Verdict(row.verdict),
            reason=row.reason,
            summary=row.summary,
        )
        for row in rows
    ]
