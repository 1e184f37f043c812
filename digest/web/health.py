"""For machines that watch this one: whether it answers, whether it can work, and its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, PlainTextResponse, Response

from digest.app import App
from digest.errors import DigestError
from digest.model import SkipReason, State, Status, Verdict
from digest.store import askings, figures
from digest.store.connect import HEAD
from digest.store.ledger import OPEN
from digest.store.people import People
from digest.store.runs import last_runs
from digest.store.sources import state_of
from digest.web.desk import Desk


def routes(desk: Desk) -> APIRouter:
    """Three addresses; the last is only for this machine, and for who knows the admin token."""
    router = APIRouter()
    desk.meter.registry.register(_Figures(desk.app, desk.clock))

    @router.get("/healthz")
    def is_alive() -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    def is_ready(request: Request) -> Response:
        """It can work; the reasons why not are nobody else's business."""
        wrong = dict(_wrong(desk.app))
        told = {"ready": not wrong} | ({"wrong": wrong} if _is_trusted(desk, request) else {})
        return JSONResponse(told, 503 if wrong else 200)

    @router.get("/metrics")
    def metrics(request: Request) -> Response:
        """Figures in the text format of Prometheus, read from the store at this moment."""
        if not _is_trusted(desk, request):
            raise HTTPException(404)
        return Response(generate_latest(desk.meter.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


def _is_trusted(desk: Desk, request: Request) -> bool:
    return desk.gate.is_local(request) or desk.gate.has_token(request)


def _wrong(app: App) -> Iterator[tuple[str, str]]:
    """(what cannot be worked with, why)."""
    try:
        revision = app.database.revision()
        if revision != HEAD:
            yield "store", f"its schema is {revision}, this version works with {HEAD}"
    except DigestError as error:
        yield "store", str(error)
    try:
        _ = app.imprint
    except DigestError as error:
        yield "templates", str(error)


class _Figures(Collector):
    """Reads the store whenever somebody asks for figures."""

    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering reads nothing."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every gauge, all of one moment."""
        now = self._clock()
        with self._app.database.read() as connection:
            yield from self._of_people(connection, now)
            yield from self._of_letters(connection, now)
            yield from self._of_sources(connection, now)
            yield from _of_runs(connection, now)

    def _of_people(self, connection: sa.Connection, now: datetime) -> Iterator[Metric]:
        found = People(self._app.database).count_by_status(connection)
        yield _by("digest_subscribers", "People, by status.", "status", ((each, found.get(each, 0)) for each in Status))
        yield _one("digest_suppressions", "Addresses not to be mailed.", figures.count_suppressed(connection))
        yield _one("digest_errands_held", "Errands that a limit holds back.", askings.held(connection, now))

    def _of_letters(self, connection: sa.Connection, now: datetime) -> Iterator[Metric]:
        today = figures.totals_by_day(connection, now.date(), now.date()).get(now.date(), {})
        states = ((state, sum(today.get(state, {}).values())) for state in State)
        skipped = ((reason, today.get(State.SKIPPED, {}).get(reason, 0)) for reason in SkipReason)
        ever = figures.counts_by_state(connection, [*OPEN, State.UNKNOWN])
        oldest = figures.oldest_open(connection)
        yield _by("digest_deliveries_today", "Digests of this UTC day, by state.", "state", states)
        yield _by("digest_skipped_today", "Turns of this UTC day without a letter, by reason.", "reason", skipped)
        yield _one("digest_unknown", "Letters of which nobody can say whether they arrived.", ever.pop(State.UNKNOWN))
        yield _one("digest_open", "Letters still to be sent.", sum(ever.values()))
        yield _one("digest_oldest_open_seconds", "How long the oldest of these is overdue.", _age(oldest, now) or 0)

    def _of_sources(self, connection: sa.Connection, now: datetime) -> Iterator[Metric]:
        edition = _age(figures.newest_edition_at(connection), now)
        if edition is not None:
            yield _one("digest_edition_age_seconds", "Time since the newest edition.", edition)
        states = [state_of(connection, one.name) for one in self._app.real_sources()]
        ages = ((state.name, _age(state.last_complete_at, now)) for state in states if state is not None)
        read = ((name, age) for name, age in ages if age is not None)
        yield _by("digest_source_age_seconds", "Time since a source was last read whole.", "source", read)


def _of_runs(connection: sa.Connection, now: datetime) -> Iterator[Metric]:
    for last in last_runs(connection, 1):
        verdicts = ((verdict, int(verdict is last.verdict)) for verdict in Verdict)
        yield _by("digest_last_run", "How the last run ended: 1 for its verdict.", "verdict", verdicts)
        yield _one("digest_last_run_age_seconds", "Time since it ended.", _age(last.finished_at, now) or 0)


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max((now - moment).total_seconds(), 0)


def _one(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)


def _by(name: str, said: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for each, value in values:
        family.add_metric([each], value)
    return family
