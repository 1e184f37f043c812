"""The clock: one tick a minute, in UTC, that reads the sources and serves the readers who are due.

APScheduler only ticks. What is due stands in the store, so a tick that is late, doubled or lost changes nothing: no job
for each reader, no missed run because the machine slept.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler

from digest.app import App
from digest.errors import DigestError, StoreError
from digest.run import prepare, run_when_due, told_aside
from digest.stopping import stops_on_signals
from digest.store.connect import Database

log = logging.getLogger("digest")

#: any number will do, as long as every process of the same store uses it
_SCHEDULER_LOCK = 0x74696B


def run_scheduler(app: App, beside: Callable[[App], AbstractContextManager[None]]) -> None:
    """Tick until SIGTERM or SIGINT: letters in flight are finished first, everything else is left for the next run.

    What runs `beside` it, such as the pages, begins before the first tick and ends after the last.

    Raises:
        SetupError: this configuration must not send.
        UsageError: suspiciously many readers are gone from the file.
        StoreError: another scheduler works on this store, or it lives in another time.
    """
    log.setLevel(logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a tick took longer than a minute is no news
    with stops_on_signals(app.stopping), only_scheduler(app.database):
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_job(
            tick,
            "interval",
            args=[app],
            minutes=1,
            coalesce=True,
            misfire_grace_time=None,  # the default drops a tick that is a second late
            max_instances=1,
        )
        app.line()  # first of all: a configuration that must not send changes nothing
        _, set_aside = prepare(app)
        if set_aside:
            log.warning("%s", told_aside(set_aside))
        with beside(app):
            log.info("running; stop with Ctrl-C or SIGTERM")
            tick(app)
            scheduler.start()
            app.stopping.wait()
            log.info("stopping")
            scheduler.shutdown(wait=True)


def tick(app: App) -> None:
    """Do what is due now; a failure is told and does not stop the next tick."""
    if app.stopping.is_set():
        return
    try:
        result = run_when_due(app)
    except DigestError as error:
        log.error("%s", error)  # noqa: TRY400  # the sentence says it all
        return
    except Exception:
        log.exception("a mistake in this program; the next tick goes on")
        return
    if result is not None:
        log.info("%s: %s", result.report.verdict, result.report.reason)
        for warning in result.report.warnings:
            log.warning("%s", warning)


@contextmanager
def only_scheduler(database: Database) -> Iterator[None]:
    """Keep a second scheduler of the same store out, for as long as the block runs.

    Only to save work: two at once would do no harm, since every row is claimed.

    Raises:
        StoreError: there is one already.
    """
    refusal = StoreError("another `digest run` works on this store already")
    if database.dialect == "sqlite":
        path = Path(f"{database.url.database}.scheduler")
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise refusal from None
            yield
        return
    with database.engine.connect() as connection:
        locked = connection.execute(sa.text(f"SELECT pg_try_advisory_lock({_SCHEDULER_LOCK})")).scalar()
        connection.commit()  # the lock belongs to the session, not to the transaction
        if not locked:
            raise refusal
        yield
