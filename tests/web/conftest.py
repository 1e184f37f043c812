"""A site over a small store, a visitor who fills in its forms, and the letters that it has written."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from httpx2 import Response
from starlette.testclient import TestClient

from digest.app import App, build
from digest.model import Source
from digest.web.desk import Desk, desk_of
from digest.web.guard import Guard
from digest.web.site import site_of
from tests.world import CURATED, World

NOW = datetime(2026, 8, 17, 12, 0, tzinfo=UTC)

CONFIG = """
site: {name: Daily Papers, url: "https://papers.example.org", contact: o@example.org, postal_address: 12 Quay}
sender: {name: Daily Papers, address: digest@example.org}
store: STORE
sources: [{name: daily-papers, kind: sample}]
digest: {send_at: "07:30", timezone: Europe/Dublin}
MORE
"""


class Web:
    """The site, its visitor and its clock."""

    def __init__(self, folder: Path, store: str, more: str = "") -> None:
        self.now = NOW
        self.folder = folder
        (folder / "config.yaml").write_text(CONFIG.replace("STORE", store).replace("MORE", more))
        self.app: App = build(folder / "config.yaml", lambda: self.now, is_pretended=True)
        self.desk: Desk = desk_of(self.app)
        self.site = site_of(self.desk)
        self.world = World(self.app.database)
        self.world.now = NOW
        guarded = Guard(self.site, hosts=self.desk.hosts)
        self.client = TestClient(guarded, base_url="https://papers.example.org", follow_redirects=False)

    # --- the visitor ---

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=headers)

    def post(self, page: str, values: dict[str, str], *, action: str | None = None, waits: float = 10) -> Response:
        """Fill in the form of a page that posts to `action`, by default to the page itself, and send it."""
        shown = self.client.get(page)
        assert shown.status_code < 500, shown.text
        form = self._form(shown.text, page, action)
        fields = {one["name"]: one.get("value", "") for one in form.select("input[type=hidden]")}
        self.now += timedelta(seconds=waits)
        return self.client.post(form.get("action") or page.partition("?")[0], data=fields | values)

    @staticmethod
    def _form(text: str, page: str, action: str | None) -> Any:
        forms = BeautifulSoup(text, "lxml").select("form[method=post]")
        wanted = action or page.partition("?")[0]
        return next(form for form in forms if (form.get("action") or page.partition("?")[0]) == wanted)

    # --- what is behind it ---

    def work(self, *people: int) -> None:
        """What the postman does once he is rung for."""
        self.desk.postman.work(set(people))

    def letters(self, to: str | None = None) -> list[EmailMessage]:
        """What was written, oldest first."""
        files = sorted((self.folder / "out").rglob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        found = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [one for one in found if to is None or one["to"] == to]  # type: ignore[misc]

    def link(self, kind: str, to: str = "ada@example.org") -> str:
        """The newest link of a sort in the letters to somebody, as a path."""
        pattern = re.compile(rf"https://papers\.example\.org(/{kind}/[^\s\"<>]+)")
        found = [match for one in self.letters(to) for match in pattern.findall(_text(one))]
        assert found, f"no link to /{kind}/"
        return str(found[-1])

    def person(self, address: str = "ada@example.org") -> Any:
        with self.app.database.read() as connection:
            return self.app.standing.people.find(connection, address)

    def join(self, address: str = "ada@example.org", interests: str = "graph neural networks") -> None:
        """Become a reader, as people do."""
        assert self.post("/", {"email": address, "interests": interests}).status_code == 200
        self.work()
        assert self.post(self.link("confirm", address), {}).status_code == 200
        self.work(self.person(address).id)

    def papers(self, *titles: str, source: Source = CURATED) -> None:
        """Papers of today."""
        self.world.now = self.now
        self.world.list(*titles, source=source)


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def web(tmp_path: Path, sqlite_pattern: Path) -> Iterator[Web]:
    """A site on SQLite."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "digest.db").write_bytes(sqlite_pattern.read_bytes())
    one = Web(tmp_path, "sqlite:///var/digest.db")
    yield one
    one.app.close()
