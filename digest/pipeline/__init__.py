"""The line, and the order in which it runs.

    listing --fetch--> entries --diff--> items --match--> picks --compose--> digest --typeset--> message --send--> inbox

- ingest: fetch, parse, diff, record. What is to be announced becomes a numbered edition.
- plan: for each reader who is due, match, compose, enqueue: one ledger row, a letter or the reason why there is none.
- deliver: claim rows, typeset, send, settle.

No stage calls the next one; `Line.run` calls them in this order. Each may run twice at once, and be killed at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from digest.model import Source
from digest.pipeline.deliver import Courier, Delivered
from digest.pipeline.ingest import Ingest, Ingested
from digest.pipeline.plan import Planned, Planner
from digest.pipeline.report import Report, report_of

#: watches a stage: given its name, it is told how much of it is done
Stage = Callable[[str], AbstractContextManager[Callable[[int], None]]]


def unwatched(_name: str) -> AbstractContextManager[Callable[[int], None]]:
    """Watches nothing."""
    return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run of the line did, stage by stage, and the report of it."""

    report: Report
    ingested: Ingested
    planned: Planned
    delivered: Delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The three stages, ready to run."""

    ingest: Ingest
    planner: Planner
    courier: Courier
    clock: Callable[[], datetime]  #: now, aware, in UTC

    def run(
        self,
        sources: tuple[Source, ...],
        *,
        late_among: tuple[Source, ...] | None = None,
        only: int | None = None,
        is_forced: bool = False,
        stage: Stage = unwatched,
    ) -> Result:
        """Read these sources, plan for who is due (`is_forced`: due or not) and deliver.

        A source is late among `late_among`, by default those that are read. `only` restricts planning and delivery to
        one reader.
        """
        with stage("reading sources"):
            ingested = self.ingest.run(sources, self.clock())
        late = () if ingested.used_sample else self.ingest.late(late_among or sources, self.clock())
        self.courier.sweep()  # before planning, which waits for letters that are just being sent
        with stage("composing letters") as report:
            planned = self.planner.run(self.clock(), late_sources=late, only=only, is_forced=is_forced, report=report)
        return self.deliver(ingested, planned, only=only, stage=stage)

    def deliver(
        self,
        ingested: Ingested | None = None,
        planned: Planned | None = None,
        *,
        only: int | None = None,
        stage: Stage = unwatched,
    ) -> Result:
        """The last stage, and the result of a run that has brought and planned so much before it."""
        ingested, planned = ingested or Ingested(), planned or Planned()
        with stage("sending letters") as report:
            delivered = self.courier.run(only=only, report=report)
        return Result(
            report=report_of(ingested, planned, delivered),
            ingested=ingested,
            planned=planned,
            delivered=delivered,
        )
