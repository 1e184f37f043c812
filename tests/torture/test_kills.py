"""A sample of what `make torture` does in full: runs that are killed at any call, and what the next run makes of it."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from tests.cli.place import FRIDAY, ended
from tests.services import skip_without
from tests.torture.killer import CALLS
from tests.torture.scene import Scene, sink, store_like
from tests.torture.storm import storm
from tests.torture.sweep import KILLER, LATER, killed_at

#: a few less than a run makes; at a later one it has ended by itself
CALLS_OF_A_RUN = {"sqlite": 220, "postgresql": 510}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=["sqlite", "postgresql"])
def pattern(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated store to copy; on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_pattern')}"
    server = sa.make_url(request.getfixturevalue("postgresql_server"))
    return server.set(database="pattern").render_as_string(hide_password=False)


@pytest.fixture
def killer() -> None:
    """Skipped where nobody may look over the shoulder of a process."""
    if platform.machine() not in CALLS:
        skip_without(f"a list of the system calls of {platform.machine()}")
    if subprocess.run([sys.executable, "-S", str(KILLER), "0", os.devnull, "true"], check=False).returncode:
        skip_without("the right to trace a process")


@pytest.mark.parametrize("share", range(3))
@pytest.mark.usefixtures("killer")
def test_a_run_killed_at_any_call_loses_nothing_and_doubles_only_what_was_told(
    pattern: str, tmp_path: Path, share: int
) -> None:
    for nth in Random(share).sample(range(1, CALLS_OF_A_RUN[sa.make_url(pattern).get_backend_name()]), 2):
        assert killed_at(nth, pattern=pattern, folder=tmp_path / str(nth)).faults == ()


def test_what_was_on_its_way_is_sent_once_more_and_told(pattern: str, tmp_path: Path) -> None:
    """The one window that cannot be closed: the letter was taken, and its sender died before it could write so."""
    with store_like(pattern, tmp_path) as store, sink(tmp_path / "log", "--delay", "1") as port:
        scene = Scene(tmp_path, store=store, readers=1, port=port, log=tmp_path / "log")
        scene.place.list("2026-11-20", "one")
        process = scene.place.start("--clock", FRIDAY, "send")
        while not scene.taken():
            assert process.poll() is None
        process.kill()
        process.wait()
        process.communicate()
        (letter,) = scene.taken()
        assert scene.told_as_unknown(LATER) == {letter[1]}
        assert scene.place.at(LATER, "send").status == 0
        assert scene.taken() == [letter, letter]
        assert scene.faults(1, {letter[1]}) == []


def test_kills_under_load(pattern: str, tmp_path: Path) -> None:
    came = storm(pattern=pattern, folder=tmp_path / "storm", readers=20, kills=1, seed=1)
    assert (came.faults, came.lost) == ((), 0)


def test_two_senders_at_once_and_one_that_is_asked_to_stop(pattern: str, tmp_path: Path) -> None:
    readers = 60
    with store_like(pattern, tmp_path) as store, sink(tmp_path / "log", "--delay", "0.1") as port:
        scene = Scene(tmp_path, store=store, readers=readers, port=port, log=tmp_path / "log", connections=2)
        scene.place.list("2026-11-20", "one")
        running = scene.place.start("--clock", FRIDAY, "run")
        wait_for(scene, 1, running)
        sending = scene.place.start("--clock", FRIDAY, "send", "--json")
        wait_for(scene, readers // 2, running)
        running.send_signal(signal.SIGTERM)
        assert ended(running).status == 0
        assert ended(sending).status == 0
        assert scene.in_doubt() == set()
        assert scene.place.at(LATER, "send").status == 0
        assert scene.faults(1, set()) == []
        assert scene.doubled() == 0


def wait_for(scene: Scene, letters: int, process: subprocess.Popen[str]) -> None:
    while len(scene.taken()) < letters:
        assert process.poll() is None
        time.sleep(0.01)
