"""One run with everything around it: the file's readers, a change of transport, the record of how it ended."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory

from digest.app import App
from digest.errors import StoreError, UsageError
from digest.model import State, Subscriber
from digest.pipeline import Result, Stage, unwatched
from digest.store.connect import Database
from digest.store.copy import copy_store
from digest.store.moves import forget_deliveries, forget_picks
from digest.store.runs import Run, add_run, last_runs
from digest.store.sources import forget_listings
from digest.subscribers.due import today

#: the picks of a letter explain it for this long; its row stays
_KEEP_PICKS = timedelta(days=90)

#: after a longer silence, the clock is asked about before more than a few letters leave
_LONGEST_SILENCE, _FEW = timedelta(days=14), 5


def run_by_hand(
    app: App,
    email: str | None = None,
    *,
    is_forced: bool = False,
    is_repeat: bool = False,
    is_sure: bool = False,
    stage: Stage = unwatched,
) -> Result:
    """The whole line now, reading every source; to one reader with `email`, due or not with `is_forced`.

    `is_repeat` sends today's letters once more as tests, and plans nothing.

    Raises:
        UsageError: nobody has this address, or there is no letter of today to repeat.
        StoreError: the store lives in another time.
        SetupError: this configuration must not send.
    """
    line = app.line()  # first of all: a configuration that must not send changes nothing
    started, set_aside = prepare(app, is_sure=is_sure)
    with app.database.read() as connection:
        person = None if email is None else app.standing.known(connection, email)
    only = person.id if person else None
    if is_repeat:
        _repeat(app, person, started)
        result = line.deliver(only=only, stage=stage)
    else:
        result = line.run(app.real_sources(), only=only, is_forced=is_forced, stage=stage)
    if set_aside:
        warnings = (told_aside(set_aside), *result.report.warnings)
        result = replace(result, report=replace(result.report, warnings=warnings))
    return _recorded(app, "send", result, started)


def rehearse(app: App, email: str | None = None, *, is_forced: bool = False, stage: Stage = unwatched) -> Result:
    """A run by hand over a copy of the store that is thrown away; its letters stay in the folder `dry-run`.

    Raises:
        UsageError: nobody has this address.
        StoreError: the store has another schema than this version.
    """
    with TemporaryDirectory(prefix="digest-") as scratch:
        url = f"sqlite:///{scratch}/copy.db"
        real, copy = Database(app.config.store), Database(url)
        if real.exists and real.revision():
            copy_store(real, copy)
        rehearsal = replace(app, config=replace(app.config, store=url), is_rehearsal=True)
        try:
            return run_by_hand(rehearsal, email, is_forced=is_forced, is_sure=True, stage=stage)
        finally:
            for one in (real, copy, rehearsal):
                one.close()


def run_when_due(app: App) -> Result | None:
    """What is due at this minute: sources to be read, readers to be written to. None where nothing was.

    Raises:
        StoreError: the clock has leapt ahead.
    """
    line = app.line()
    started = app.clock()
    _check_jump(app, started)
    app.standing.replay(started)
    app.joining.see_to(started)
    result = line.run(line.ingest.due(app.real_sources(), started), late_among=app.real_sources())
    did_anything = result.ingested.sources or result.planned.letters or result.planned.skipped
    if not did_anything and not result.delivered.states and not result.delivered.stopped_by:
        return None
    return _recorded(app, "run", result, started)


def prepare(app: App, *, is_sure: bool = False) -> tuple[datetime, int]:
    """Bring in what the file says, once before the first run; the moment, and how many letters were set aside.

    Raises:
        UsageError: suspiciously many readers are gone from the file.
        StoreError: the store lives in another time, or the clock has leapt ahead.
    """
    started = app.clock()
    if not app.is_rehearsal:
        app.check_clock()
    _check_jump(app, started, is_sure=is_sure)
    app.standing.replay(started)
    app.standing.sync(app.config.subscribers, operator=app.operator, now=started, is_sure=is_sure)
    return started, app.change_transport()


def _check_jump(app: App, now: datetime, *, is_sure: bool = False) -> None:
    """Refuse to write to many people on the word of a clock that has leapt ahead since the last run.

    Raises:
        StoreError: so many days are missing that the clock is more likely wrong than the machine was off.
    """
    if is_sure:
        return
    with app.database.read() as connection:
        last = next(iter(last_runs(connection, 1)), None)
        if last is None or now - last.finished_at <= _LONGEST_SILENCE:
            return
        due = app.standing.people.count_due(connection, now)
    if due > _FEW:
        raise StoreError(
            f"it is {now:%Y-%m-%d} by the clock, and the last run was on {last.finished_at:%Y-%m-%d}: {due} letters "
            "wait until somebody says that the clock is right, by `digest send --yes`"
        )


def told_aside(letters: int) -> str:
    """What a change of transport has done, for people."""
    noun = "1 letter on disk was" if letters == 1 else f"{letters} letters on disk were"
    return f"{noun} set aside: real mail begins, and what they said counts as not yet sent"


def _repeat(app: App, person: Subscriber | None, now: datetime) -> None:
    ledger, people = app.standing.ledger, app.standing.people
    with app.database.write() as connection:
        readers = [person] if person else people.all(connection)
        rows = [ledger.slot(connection, one.id, today(one.profile.timezone, now)) for one in readers]
        sent = [row for row in rows if row is not None and row.state is State.SENT]
        if not sent:
            raise UsageError("there is no letter of today to repeat: none was sent yet")
        for row in sent:
            ledger.repeat(connection, row, transport=app.transport, now=now)


def _tidy(app: App, now: datetime) -> None:
    """Let go of what has been kept for long enough: documents for replay, picks of settled letters, sign-ups."""
    app.joining.tidy(now)
    with app.database.write() as connection:
        forget_listings(connection, now - app.config.retention.listings)
        forget_picks(connection, now - _KEEP_PICKS)
        forget_deliveries(connection, now - app.config.retention.deliveries)


def _recorded(app: App, command: str, result: Result, started: datetime) -> Result:
    report = result.report
    _tidy(app, started)
    with app.database.write() as connection:
        add_run(
            connection,
            Run(
                command=command,
                started_at=started,
                finished_at=app.clock(),
                verdict=report.verdict,
                reason=report.reason,
                summary=asdict(report),
            ),
        )
    return result
