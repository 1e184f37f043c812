"""A real site for real browsers, served on loopback, with papers to pick from and a mail server that keeps letters."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.app import App, build
from digest.clock import system_clock
from digest.model import Entry, Popularity
from digest.web.serve import serving
from tests.cli.sink import Sink
from tests.services import free_port
from tests.world import CURATED, World

_CONFIG = """
site: {{name: Daily Papers, url: "http://127.0.0.1:{port}", contact: owner@example.org, postal_address: "{address}"}}
sender: {{name: Daily Papers, address: digest@example.org}}
sources: [{{name: daily-papers, kind: huggingface}}]
digest: {{send_at: "06:45", timezone: Europe/Dublin}}
delivery: {{transport: smtp, smtp: {{port: {sink}, rate: 1000/s}}}}
web: {{listen: "127.0.0.1:{port}", admin_token_file: token}}
"""

#: (title, abstract) of invented papers
_PAPERS = (
    (
        "Message Passing Without Messages: Graph Networks That Learn What Not to Send",
        (
            "Most graph neural networks spend the bulk of their time moving vectors along edges that never "
            "change the answer. We learn which messages can be left out, and cut two thirds of them on nine "
            "data sets."
        ),
    ),
    (
        "Honest at the Edges: Conformal Prediction Under Slow Drift",
        (
            "Conformal prediction promises coverage when the future looks like the past. When the world "
            "drifts slowly, the promise decays in a way that can be forecast. We derive the rate."
        ),
    ),
    (
        "Which Neighbours Matter? Counterfactual Explanations for Graph Neural Networks",
        (
            "We explain a prediction by the smallest change of a graph that would undo it, and find that "
            "three edges are mostly enough. People agree with these explanations more often than with "
            "gradients."
        ),
    ),
    (
        "Rewire Once: Preprocessing Graphs for Long-Range Tasks",
        (
            "One pass of rewiring before training does as well as rewiring in every layer, at a tenth of the "
            "cost. Message passing afterwards needs half as many layers."
        ),
    ),
    (
        "A Spectral View of Over-Squashing",
        "We bound how much of a distant node reaches another through a bottleneck, by the second eigenvalue alone.",
    ),
    (
        "Do Forecasters Know What They Do Not Know?",
        (
            "We score eighteen years of public flood forecasts for calibration. The tails are too easy in "
            "every basin, and most of the error comes from rivers with fewer than ten gauges."
        ),
    ),
    (
        "Calibrated by Committee: Small Ensembles Beat Temperature Scaling on Language Models",
        (
            "Temperature scaling repairs calibration on average and hides the rest. We train four low-rank "
            "heads on a frozen language model and average them; the heads disagree exactly where the model "
            "should doubt itself."
        ),
    ),
    (
        "Protein Design With a Pencil",
        "A small grammar of folds, drawn by hand, designs binders that express as often as those of large models.",
    ),
    (
        "Slow Light and Fast Sensors",
        "An atomic vapour slows a pulse of light enough to be read by a camera that anybody can buy.",
    ),
    (
        "Kites: a Survey",
        "We review forty years of airborne wind energy and say what has kept kites out of the air.",
    ),
)
_AUTHORS = ("Ines Okafor", "Tomáš Beran", "Mei-Ling Shao", "Paul-Henri Vasseur", "Lucía Ferrand")


class Live:
    """The site as its visitors meet it."""

    def __init__(self, app: App, sink: Sink, url: str) -> None:
        self.app = app
        self.sink = sink
        self.url = url

    def link(self, kind: str, to: str, *, besides: str = "") -> str:
        """The newest link of a sort in the letters to somebody; waits for it to arrive."""
        pattern = re.compile(rf"{re.escape(self.url)}/{kind}/[^\s\"<>]+")
        for _ in range(200):
            letters = [one for one in self.sink.taken if to in one.recipients]
            found = [match for one in letters for match in pattern.findall(_plain(one.message))]
            if found and found[-1] != besides:
                return str(found[-1])
            time.sleep(0.05)
        raise AssertionError(f"no link to /{kind}/ came to {to}")

    def subjects(self, to: str, count: int) -> list[str]:
        """The subjects of the first letters to somebody; waits until there are so many."""
        found: list[str] = []
        for _ in range(400):
            found = [str(one.message["subject"]) for one in self.sink.taken if to in one.recipients]
            if len(found) >= count:
                break
            time.sleep(0.05)
        return found


@contextmanager
def live(folder: Path, *, days: int = 6) -> Iterator[Live]:
    """A site with the papers of some days, while the block runs."""
    port = free_port()
    (folder / "token").write_text("a token for the tests of pages\n")
    (folder / "token").chmod(0o600)
    with Sink() as sink:
        config = _CONFIG.format(port=port, sink=sink.port, address="Example Lab, 12 Quay Street, Galway")
        (folder / "config.yaml").write_text(config)
        app = build(folder / "config.yaml", system_clock, is_pretended=False)
        _fill(app, days)
        try:
            with serving(app):
                yield Live(app, sink, f"http://127.0.0.1:{port}")
        finally:
            app.close()


def _fill(app: App, days: int) -> None:
    world = World(app.database)
    now = datetime.now(UTC)
    for back in range(days - 1, -1, -1):
        world.now = now - timedelta(days=back)
        world.list(*_papers(back), source=CURATED, day=world.now.date())


def _papers(day: int) -> list[Entry]:
    """The papers of a day, so many days ago; each day's are their own, and no two days have as many."""
    return [
        Entry(
            id=f"2410.{day:02d}{number:03d}",
            title=title if day == 0 else f"{title} ({_PARTS[day % len(_PARTS)]})",
            url=f"https://arxiv.org/abs/2410.{day:02d}{number:03d}",
            abstract=abstract,
            authors=_AUTHORS[number % 3 :],
            categories=("cs.LG",),
            popularity=Popularity(upvotes=40 - number),
        )
        for number, (title, abstract) in enumerate(_PAPERS)
        if number == 0 or (number + day) % 4 or day == 0
    ]


_PARTS = ("", "Part Two", "Part Three", "Part Four", "Part Five", "Part Six", "Part Seven")


def _plain(message: object) -> str:
    part = message.get_body(("plain",))  # type: ignore[attr-defined]
    return str(part.get_content())
