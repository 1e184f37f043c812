"""One run of `digest send` killed at its n-th call, and a second one that has to make everything good."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cli.place import FRIDAY, Place
from tests.torture.scene import Scene, sink, store_like

KILLER = Path(__file__).with_name("killer.py")

#: every lease has run out by then, and every letter is news still
LATER = "2026-11-20T08:20:00+00:00"


@dataclass(frozen=True, kw_only=True)
class Killed:
    """What came of one kill."""

    calls: tuple[str, ...]  #: those that were counted; the last one was not made
    by_itself: bool  #: there were fewer than n
    left: int  #: letters that the mail server had taken by then
    in_doubt: int  #: letters that the ledger was about to book
    doubled: int
    faults: tuple[str, ...]


def killed_at(nth: int, *, pattern: str, folder: Path, readers: int = 3) -> Killed:
    """Kill a run at its n-th call (never at 0), run again twenty minutes later, and draw up the account."""
    folder.mkdir()
    log = folder / "sink.log"
    with store_like(pattern, folder) as store, sink(log) as port:
        scene = Scene(folder, store=store, readers=readers, port=port, log=log)
        scene.place.list("2026-11-20", "one", "two")
        status, calls = run_killed(scene.place, nth, "--clock", FRIDAY, "send", "--json")
        left, in_doubt = len(scene.taken()), scene.in_doubt()
        told = scene.told_as_unknown(LATER)
        again = scene.place.at(LATER, "send", "--json")
        faults = scene.faults(1, told)
        if in_doubt != told:
            faults.append(f"in doubt, and not told: {in_doubt ^ told}")
        if scene.totals(LATER) != {"sent": readers}:
            faults.append(f"totals: {scene.totals(LATER)}")
        if again.status or again.err:
            faults.append(f"the second run: {again.status} {again.err or again.out}")
        return Killed(
            calls=tuple(calls),
            by_itself=status == 0,
            left=left,
            in_doubt=len(in_doubt),
            doubled=scene.doubled(),
            faults=tuple(faults),
        )


def run_killed(place: Place, nth: int, *arguments: str) -> tuple[int, list[str]]:
    """The exit status of a command that was killed at its n-th call, and its calls."""
    report = place.folder / "calls"
    command = [sys.executable, "-S", str(KILLER), str(nth), str(report), sys.executable, "-m", "digest", *arguments]
    environment = place.environment({"PYTHONDONTWRITEBYTECODE": "1"})
    done = subprocess.run(
        command, cwd=place.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in (0, 137), done.stderr
    return done.returncode, report.read_text().split()
