"""How soon the first commands answer: whole processes, beside the least that Python itself needs.

    python bench/start.py [--quick] [LISTING …]

Prints a table, and as its last line one JSON object: {"command": {"wall_s": median, "cpu_s": median}, …}. A preview is
made from the shipped sample, or from the saved listings that are named.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

STARTER = Path(__file__).parents[1] / "config.yaml"
SAMPLE = str(files("digest.sources").joinpath("sample.json"))


def measure(command: list[str], runs: int, folder: str) -> dict[str, float]:
    """Medians over so many runs after one that is not counted: seconds on the wall, seconds of CPU."""
    walls, cpus = [], []
    for count in range(runs + 1):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if count:
            walls.append(wall)
            cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"wall_s": round(statistics.median(walls), 3), "cpu_s": round(statistics.median(cpus), 3)}


def main() -> None:
    runs = 3 if "--quick" in sys.argv else 7
    listings = [os.path.abspath(one) for one in sys.argv[1:] if not one.startswith("-")] or [SAMPLE]  # noqa: PTH100
    digest = [sys.executable, "-m", "digest"]
    interests = "graph neural networks, diffusion models, language models, calibration, robotics"
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "digest --help": [*digest, "--help"],
        "digest parse": [*digest, "parse", listings[0], "--json"],
        "digest preview": [*digest, "preview", *listings, "--interests", interests, "--json"],
    }
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.yaml").write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
        print(f"{'command':18}{'wall s':>8}{'cpu s':>8}   medians of {runs}")
        for name, command in commands.items():
            figures[name] = measure(command, runs, folder)
            print(f"{name:18}{figures[name]['wall_s']:8.3f}{figures[name]['cpu_s']:8.3f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
