"""A site with admin pages, and somebody who has logged in there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup

from digest.store.schema import metadata
from tests.web.conftest import Web

TOKEN = "a token that nobody guesses"
PAGES = ("/admin", "/admin/people", "/admin/people/1", "/admin/suppressed", "/admin/editions", "/admin/preview/1")


class Admin(Web):
    """A site with admin pages."""

    def __init__(self, folder: Path, url: str = "https://papers.example.org") -> None:
        token = folder / "token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        super().__init__(folder, "sqlite:///var/digest.db", "web: {admin_token_file: token}")
        config = folder / "config.yaml"
        config.write_text(config.read_text().replace("https://papers.example.org", url))

    def enter(self, token: str = TOKEN) -> Any:
        return self.post("/admin/login", {"token": token})

    def rows(self) -> dict[str, list[Any]]:
        """Everything in the store."""
        with self.app.database.read() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
                for table in metadata.sorted_tables
            }

    def text(self, path: str) -> str:
        """The words of a page."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return " ".join(BeautifulSoup(answer.text, "lxml").get_text(" ").split())


@pytest.fixture
def admin(tmp_path: Path, sqlite_pattern: Path) -> Iterator[Admin]:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "digest.db").write_bytes(sqlite_pattern.read_bytes())
    one = Admin(tmp_path)
    yield one
    one.app.close()


@pytest.fixture
def inside(admin: Admin) -> Admin:
    """The same, for somebody who has logged in."""
    assert admin.enter().status_code == 303
    return admin
