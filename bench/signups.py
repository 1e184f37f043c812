"""What a wave of sign-ups does to one process, and whether the time of an answer tells who reads here.

    python bench/signups.py [--quick]

A site of its own is served by uvicorn in a process of its own, over SQLite. First 50 people a second sign up, each with
an address of their own, while others open the front page. Then addresses of five sorts (new, asked, reading,
suppressed, and such that no mail reaches) are typed in turns, and the time of each answer is measured.

Prints a table, and as its last line one JSON object: errors, per_s, p50_ms, p95_ms, and for each sort of address its
median in ms; `spread` is the largest of these medians over the smallest.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parents[1]))

from digest.app import App, build
from digest.clock import system_clock
from digest.model import Profile

_PER_SECOND = 50
_CONFIG = """
site: {{name: Daily Papers, url: "http://127.0.0.1:{port}", contact: owner@example.org, postal_address: Example Lab}}
sender: {{name: Daily Papers, address: digest@example.org}}
sources: [{{name: sample, kind: sample}}]
web: {{listen: "127.0.0.1:{port}"}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    is_quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as folder:
        port = _free_port()
        (Path(folder) / "config.yaml").write_text(_CONFIG.format(port=port))
        app = build(Path(folder) / "config.yaml", system_clock, is_pretended=False)
        known = _people(app)
        app.close()
        server = subprocess.Popen([sys.executable, "-m", "digest", "--config", f"{folder}/config.yaml", "web"])
        try:
            form = _form(port)
            figures = _wave(port, form, 5 if is_quick else 20)
            figures |= _sorts(port, form, known, 40 if is_quick else 200)
        finally:
            server.terminate()
            server.wait(timeout=60)
    _show(figures)


# --- the two loads ------------------------------------------------------------------------------------------------


def _wave(port: int, form: str, seconds: int) -> dict[str, float]:
    """So many people a second, for some seconds, each at their own moment."""
    started = time.monotonic()
    moments = [started + number / _PER_SECOND for number in range(_PER_SECOND * seconds)]

    def join(number: int) -> tuple[int, float]:
        time.sleep(max(0.0, moments[number] - time.monotonic()))
        if number % 5 == 0:
            return _ask(port, "GET", "/", "")
        return _ask(port, "POST", "/", _typed(form, f"reader{number}@example{number % 97}.org"))

    with ThreadPoolExecutor(64) as crowd:
        answers = list(crowd.map(join, range(len(moments))))
    took = [seconds for _, seconds in answers]
    statuses = Counter(status for status, _ in answers)
    return {
        "asked": len(answers),
        "errors": len(answers) - statuses[200],
        "per_s": round(len(answers) / (time.monotonic() - started), 1),
        "p50_ms": round(statistics.median(took) * 1000, 1),
        "p95_ms": round(statistics.quantiles(took, n=20)[-1] * 1000, 1),
    }


def _sorts(port: int, form: str, known: dict[str, Sequence[str]], times: int) -> dict[str, float]:
    """The medians of the answers to addresses of each sort, typed in turns so that all meet the same machine."""
    turns = [(sort, number) for sort in known for number in range(times)]
    random.Random(1).shuffle(turns)  # noqa: S311 - nothing here is secret
    took: dict[str, list[float]] = {sort: [] for sort in known}
    for sort, number in turns:
        status, seconds = _ask(port, "POST", "/", _typed(form, known[sort][number % len(known[sort])]))
        if status != 200:
            raise SystemExit(f"an address of the sort {sort} was answered with {status}")
        took[sort].append(seconds)
    medians = {f"{sort}_ms": round(statistics.median(each) * 1000, 2) for sort, each in took.items()}
    return medians | {"spread": round(max(medians.values()) / min(medians.values()), 3)}


# --- what they stand on -------------------------------------------------------------------------------------------


def _people(app: App) -> dict[str, Sequence[str]]:
    """{sort: addresses of it}; all are as long, so that nothing but who has them differs."""
    sorts = {
        sort: [f"{sort}{number:03d}@example.org" for number in range(200)]
        for sort in ("nobody", "waits_", "reads_", "barred", "faulty")
    }
    sorts["faulty"] = [address.replace("example.org", "invalid.xyz") for address in sorts["faulty"]]
    standing, now = app.standing, app.clock()
    for sort, by in (("waits_", None), ("reads_", "owner")):
        for address in sorts[sort]:
            standing.add(address, Profile(interests="kites"), consent={}, vouched_by=by, now=now)
    for address in sorts["barred"]:
        standing.suppress(address, reason="hard bounce", evidence="550", now=now)
    return sorts


def _typed(form: str, email: str) -> str:
    return urlencode({"form": form, "email": email, "interests": "graph neural networks\nkites", "send_at": "07:30"})


def _form(port: int) -> str:
    """The signature of a form, once the site answers and the form is old enough."""
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/")
            text = connection.getresponse().read().decode()
            break
        except OSError:
            time.sleep(0.1)
    time.sleep(2.5)
    found = re.search(r'name="form" value="([^"]+)"', text)
    if found is None:
        raise SystemExit("the front page has no form")
    return found[1]


def _ask(port: int, method: str, path: str, body: str) -> tuple[int, float]:
    """The status of an answer, and the seconds it took from the first octet of the question."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = time.perf_counter()
    try:
        connection.request(method, path, body, {"content-type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - started
    except OSError:
        return 0, time.perf_counter() - started
    finally:
        connection.close()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _show(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        print(f"{name:20}{value:12}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
