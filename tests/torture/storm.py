"""Days of sending under load, killed again and again at moments left to chance; each day ends with quiet runs."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from digest.model import State
from tests.torture.scene import Scene, sink, store_like

_FIRST_DAY = datetime(2026, 8, 17, 8, tzinfo=UTC)

#: between two runs: every lease of the one before has run out
_PAUSE = timedelta(minutes=16)

#: a letter of the day is news for twelve hours, and the last runs of a day are quiet
_A_DAY = 15

_UNTRIED = {State.PLANNED, State.CLAIMED, State.DEFERRED}

#: seconds that the mail server takes to answer, so that a kill finds letters on their way
_DELAY = "0.03"


@dataclass(frozen=True, kw_only=True)
class Storm:
    """What came of it."""

    days: int
    kills: int  #: processes that were ended before they had ended by themselves
    letters: int
    in_doubt: int  #: letters that some kill left so
    doubled: int
    lost: int  #: letters that the mail server never took
    in_doubt_twice: int  #: these are not sent a third time, and stay unknown
    faults: tuple[str, ...]


def storm(*, pattern: str, folder: Path, readers: int, kills: int, seed: int) -> Storm:
    """Send to so many readers, day after day, until so many processes were killed."""
    folder.mkdir()
    log, chance = folder / "sink.log", Random(seed)
    with store_like(pattern, folder) as store, sink(log, "--delay", _DELAY) as port:
        scene = Scene(folder, store=store, readers=readers, port=port, log=log, connections=4)
        doubts = _Doubts()
        killed = days = 0
        while killed < kills:
            morning = _FIRST_DAY + timedelta(days=days)
            days += 1
            scene.place.list(f"{morning:%Y-%m-%d}", f"paper {days}", f"other paper {days}")
            killed += _day(scene, morning, min(_A_DAY, kills - killed), days * readers, chance, doubts)
        return _told(scene, days, killed, doubts)


@dataclass
class _Doubts:
    """Message-IDs of letters that were on their way when their sender was killed."""

    times: Counter[str] = field(default_factory=Counter)  #: {Message-ID: kills}
    told: set[str] = field(default_factory=set)  #: named by `digest status` before they could be sent once more


def _day(scene: Scene, morning: datetime, kills: int, rows: int, chance: Random, doubts: _Doubts) -> int:
    """Up to so many kills, and then peace; how many kills there were. By its evening there are so many rows."""
    killed, now = 0, morning
    for _ in range(kills):
        killed += _killed(scene, now, chance)
        now += _PAUSE
        doubts.times.update(str(row.message_id) for row in scene.rows() if row.state is State.SENDING)
        doubts.told |= scene.told_as_unknown(now.isoformat())
        totals = scene.totals(now.isoformat())
        if sum(totals.values()) == rows and not totals.keys() & _UNTRIED:
            break  # what is in doubt gets its second try in peace: there is no third
    for _ in range(2):
        done = scene.place.at(now.isoformat(), "send", "--json")
        assert not done.err, done.err
        now += _PAUSE
    return killed


def _killed(scene: Scene, now: datetime, chance: Random) -> bool:
    """Start a run, and kill it: at some moment, or after some letters; whether it was still at work then."""
    moment, letters = time.monotonic() + chance.uniform(0.5, 4), len(scene.taken()) + chance.randrange(1, 60)
    is_by_time = chance.random() < 0.3
    process = scene.place.start("--clock", now.isoformat(), "send", "--json")
    while process.poll() is None:
        if time.monotonic() > moment if is_by_time else len(scene.taken()) >= letters:
            process.kill()
        time.sleep(0.002)
    _drain(process)
    return process.returncode < 0


def _drain(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate()
    assert not errors, errors


def _told(scene: Scene, days: int, killed: int, doubts: _Doubts) -> Storm:
    ids = {row.message_id for row in scene.rows()}
    twice = {name for name, times in doubts.times.items() if times > 1}
    return Storm(
        days=days,
        kills=killed,
        letters=len(ids),
        in_doubt=len(doubts.times),
        doubled=scene.doubled(),
        lost=len(ids - {name for _, name in scene.taken()}),
        in_doubt_twice=len(twice),
        faults=tuple(scene.faults(days, doubts.told, given_up=twice)),
    )
