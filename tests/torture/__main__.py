"""The long form: every call of a run, and hundreds of kills under load, on both kinds of store.

    python -m tests.torture [--sqlite | --postgresql] [--step N] [--kills N] [--readers N]

Prints what came of it, and as its last line one JSON object; ends with 1 where anything was lost, or sent twice without
having been told as unknown.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from digest.store.connect import Database
from tests.services import postgresql
from tests.torture.storm import storm
from tests.torture.sweep import Killed, killed_at


def sweep(pattern: str, folder: Path, *, step: int) -> dict[str, Any]:
    """The figures of a kill at every call of a run, or at every so many-th."""
    folder.mkdir()
    whole = killed_at(0, pattern=pattern, folder=folder / "whole")
    points = range(1, len(whole.calls) + 2 * step, step)  # at the last ones a run has ended by itself
    at = partial(_at, pattern, folder)
    with ProcessPoolExecutor(max_workers=2) as workers:
        killed = [whole, *workers.map(at, points)]
    kills = [one for one in killed if not one.by_itself]
    return {
        "calls": len(whole.calls),
        "kills": len(kills),
        "at": dict(Counter(one.calls[-1] for one in kills)),
        "kills with letters out": sum(one.left > 0 for one in kills),
        "kills with one in doubt": sum(one.in_doubt > 0 for one in kills),
        "doubled": sum(one.doubled for one in killed),
        "faults": [fault for one in killed for fault in one.faults],
    }


def _at(pattern: str, folder: Path, nth: int) -> Killed:
    return killed_at(nth, pattern=pattern, folder=folder / str(nth))


@contextmanager
def patterns(given: argparse.Namespace, folder: Path) -> Iterator[dict[str, str]]:
    """{engine: the address of an empty store to copy}."""
    found = {} if given.postgresql else {"sqlite": f"sqlite:///{folder}/pattern.db"}
    if given.sqlite:
        yield _made(found)
        return
    with postgresql() as server:
        url = sa.make_url(server).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE pattern"))
        engine.dispose()
        address = sa.make_url(server).set(database="pattern").render_as_string(hide_password=False)
        yield _made(found | {"postgresql": address})


def _made(found: dict[str, str]) -> dict[str, str]:
    for address in found.values():
        database = Database(address)
        database.upgrade()
        database.close()
    return found


def figures(given: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """(what was done, what came of it), one after the other."""
    with tempfile.TemporaryDirectory(prefix="digest-torture-") as place, patterns(given, Path(place)) as found:
        for engine, pattern in found.items():
            folder = Path(place) / engine
            folder.mkdir()
            yield f"{engine} sweep", sweep(pattern, folder / "sweep", step=given.step)
            stormy = storm(pattern=pattern, folder=folder / "storm", readers=given.readers, kills=given.kills, seed=1)
            yield f"{engine} storm", asdict(stormy)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--readers", type=int, default=300)
    return parser.parse_args()


if __name__ == "__main__":
    done: dict[str, dict[str, Any]] = {}
    for what, came in figures(arguments()):
        print(what, came, flush=True)  # noqa: T201
        done[what] = came
    print(json.dumps(done))  # noqa: T201
    sys.exit(any(one["faults"] for one in done.values()))
