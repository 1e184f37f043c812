"""A site with sources of many kinds, and papers of theirs, for the tests of what anybody may read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from digest.app import build
from digest.model import Entry, Listing, Outcome, Parsed, Source
from digest.web.site import build_site
from tests.world import World

#: {name of a source: its kind}: arXiv allows whole abstracts, Hugging Face their beginning
SOURCES = {"arXiv": "arxiv", "papers": "huggingface", "made-up": "sample"}

SETTINGS: dict[str, Any] = {
    "site": {
        "name": "Daily Papers",
        "url": "https://papers.example.org",
        "contact": "owner@example.org",
        "postal_address": "12 Quay Street, Galway",
    },
    "sender": {"name": "Daily Papers", "address": "digest@example.org"},
    "sources": [
        {"name": "arXiv", "kind": "arxiv", "categories": ["cs.LG"]},
        {"name": "papers", "kind": "huggingface"},
        {"name": "made-up", "kind": "sample"},
    ],
    "digest": {"timezone": "Europe/Dublin"},
}

#: three sentences, of which the first two are what an excerpt holds
ABSTRACT = f"{'The beginning of it, ' * 7}ends. {'The middle part, ' * 8}ends. {'The last words, ' * 9}end."


class Archived:
    """The site and its visitor."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        (folder / "config.yaml").write_text(json.dumps(SETTINGS | settings))
        self.app = build(folder / "config.yaml", lambda: self.world.now, is_pretended=True)
        self.world = World(self.app.database)
        self.at("2026-08-21 05:00")
        url = self.app.config.site.url
        self.client = TestClient(build_site(self.app), base_url=url, follow_redirects=False)

    def at(self, moment: str) -> None:
        """Set the clock, in UTC."""
        self.world.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    def list(self, *papers: str | Entry, source: str = "arXiv", day: str = "2026-08-21") -> None:
        """Announce papers on a day, from a source; one that is not configured reads a folder."""
        entries = tuple(one if isinstance(one, Entry) else World.paper(one) for one in papers)
        kind = SOURCES.get(source, "capture")
        parsed = Parsed(kind=kind, outcome=Outcome.COMPLETE, entries=entries, day=date.fromisoformat(day))
        listing = Listing(source=source, url="test:", body=repr(entries).encode(), parsed=parsed)
        self.world.sources.listings[source] = [listing]
        self.world.ingest.run([Source(name=source, kind=SOURCES.get(source, "folder"))], self.world.now)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def page(self, path: str) -> BeautifulSoup:
        """A page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return BeautifulSoup(answer.text, "lxml")

    def titles(self, path: str) -> list[str]:
        """The titles of the papers on a page."""
        return [one.get_text() for one in self.page(path).select(".paper h3")]


def paper(name: str, **values: Any) -> Entry:
    """A paper with a long abstract, at arXiv."""
    [key] = World.paper(name).identifiers
    given = {"title": name, "abstract": ABSTRACT, "url": f"https://arxiv.org/abs/{key.removeprefix('arxiv:')}"}
    return World.paper(name, **(given | values))
