"""The admin pages: who gets in, what is shown there, and that what outsiders wrote is only ever text."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from digest.app import build
from digest.errors import UsageError
from digest.store.schema import delivery
from digest.web.desk import desk_of
from digest.web.guard import Guard
from digest.web.site import site_of
from tests.fakes import NO_SUCH_USER
from tests.web.admin import PAGES, TOKEN, Admin, admin, inside
from tests.web.conftest import Web

__all__ = ["admin", "inside"]  # fixtures

HOSTILE = """</td><script>alert(1)</script><img src=x onerror=alert(1)>"'{{7*7}}"""


# --- who gets in ---


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", [*PAGES, "/admin/login", "/admin/", "/admin/logout", "/admin/dry-run"])
def test_without_a_token_nothing_shows_that_there_could_be_admin_pages(web: Web, method: str, path: str) -> None:
    there, nowhere = web.client.request(method, path), web.client.request(method, "/nowhere")
    assert (there.status_code, there.text) == (404, nowhere.text)
    assert dict(there.headers) == dict(nowhere.headers)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_a_session(admin: Admin, path: str) -> None:
    for cookie in ("", "x", "9999999999-ab-cd", f"9999999999-00-{'0' * 32}"):
        answer = admin.get(path, cookie=f"admin={cookie}", authorization=f"Bearer {TOKEN}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login")
    assert admin.get(f"{path}?token={TOKEN}").status_code == 303


def test_the_token_opens_and_its_cookie_is_kept_close(admin: Admin) -> None:
    wrong = admin.enter("another token of some length")
    assert wrong.status_code == 403 and "set-cookie" not in wrong.headers
    right = admin.enter()
    cookie = right.headers["set-cookie"]
    assert {"HttpOnly", "Path=/admin", "SameSite=strict", "Secure"} <= set(re.split("; ", cookie))
    assert TOKEN not in cookie
    assert admin.get("/admin").status_code == 200


def test_five_tries_in_a_quarter_of_an_hour_and_then_even_the_right_one_waits(admin: Admin) -> None:
    assert [admin.enter(f"wrong {number}").status_code for number in range(5)] == [403] * 5
    assert admin.enter().status_code == 429
    admin.now += timedelta(minutes=15)
    assert admin.enter().status_code == 303


def test_a_session_ends_by_itself_by_logging_out_and_with_another_token(inside: Admin) -> None:
    cookie = f"admin={inside.client.cookies['admin']}"
    inside.now += timedelta(hours=7, minutes=59)
    assert inside.get("/admin").status_code == 200
    inside.now += timedelta(minutes=1)
    assert inside.get("/admin").status_code == 303
    inside.enter()
    assert inside.post("/admin", {}, action="/admin/logout").status_code == 303
    assert "admin" not in inside.client.cookies
    inside.enter()
    cookie = f"admin={inside.client.cookies['admin']}"
    (inside.folder / "token").write_text("a new token, and a longer one")
    assert inside.get("/admin", cookie=cookie).status_code == 303


def test_a_token_file_that_becomes_readable_for_all_lets_nobody_in(inside: Admin) -> None:
    (inside.folder / "token").chmod(0o644)
    assert inside.get("/admin").status_code == 303
    assert inside.enter().status_code == 403


@pytest.mark.parametrize(("mode", "token"), [(0o644, TOKEN), (0o600, "short"), (0o600, "")])
def test_a_token_that_is_no_secret_is_refused_at_the_start(admin: Admin, mode: int, token: str) -> None:
    (admin.folder / "token").write_text(token)
    (admin.folder / "token").chmod(mode)
    with pytest.raises(UsageError, match="token"):
        desk_of(admin.app)


@pytest.mark.parametrize(
    ("peer", "header", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, 404),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}, 404),
        ("192.0.2.7", {"x-forwarded-for": "127.0.0.1"}, 404),
    ],
)
def test_in_clear_only_somebody_at_this_machine_may_come_near(
    tmp_path: Path, sqlite_pattern: Path, peer: str, header: dict[str, str], status: int
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "digest.db").write_bytes(sqlite_pattern.read_bytes())
    local = Admin(tmp_path, "http://127.0.0.1:8000")
    app = build(tmp_path / "config.yaml", lambda: local.now, is_pretended=True)
    desk = desk_of(app)
    client = TestClient(Guard(site_of(desk), hosts=desk.hosts), base_url="http://127.0.0.1:8000", client=(peer, 5000))
    assert client.get("/admin/login", headers=header).status_code == status
    if status == 404:
        assert client.post("/admin/login", data={"token": TOKEN}, headers=header).status_code == status
    for one in (local.app, app):
        one.close()


def test_forms_of_another_session_are_not_taken(inside: Admin) -> None:
    form = BeautifulSoup(inside.get("/admin").text, "lxml").select_one("form[action='/admin/dry-run'] [name=form]")
    assert form is not None
    inside.enter()
    inside.now += timedelta(seconds=5)
    assert inside.client.post("/admin/dry-run", data={"form": form["value"]}).status_code == 403
    assert inside.client.post("/admin/dry-run", data={}).status_code == 403


# --- what is shown ---


def test_no_page_changes_anything_by_being_looked_at(inside: Admin) -> None:
    inside.join()
    inside.papers("graph neural networks one", "graph neural networks two")
    before = inside.rows()
    for path in (*PAGES, "/admin/people/1?item=nothing", "/admin/preview/1/letter", "/admin/login"):
        assert inside.get(path).status_code == 200
        assert inside.client.head(path).status_code == 200
    assert inside.rows() == before


def test_what_outsiders_wrote_is_text(inside: Admin) -> None:
    inside.join(interests=f"kites\n{HOSTILE}")
    with inside.app.database.write() as connection:
        connection.execute(sa.update(delivery).values(smtp_code=550, smtp_text=HOSTILE, reason=HOSTILE))
    inside.app.standing.suppress("eve@example.org", reason=HOSTILE, evidence=HOSTILE, now=inside.now)
    inside.papers(HOSTILE)
    plain = {path: len(BeautifulSoup(inside.get(path).text, "lxml").find_all("script")) for path in PAGES}
    assert set(plain.values()) == {0}
    for path in PAGES:
        answer = inside.get(f"{path}?item={HOSTILE}" if path == "/admin/people/1" else path)
        page = BeautifulSoup(answer.text, "lxml")
        assert not page.find_all(["script", "img"])
        assert not [tag for tag in page.find_all() if any(name.startswith("on") for name in tag.attrs)]
    assert "<script>alert(1)</script>" in inside.text("/admin/suppressed")
    assert "<script>alert(1)</script>" in inside.text("/admin/people/1")


def test_the_ledger_adds_up_to_what_was_due(inside: Admin) -> None:
    world = inside.world
    for name in ("ann", "bob", "cat", "dan"):
        world.reader(name)
    world.change(world.reader("eve"), interests="nothing of that")
    world.list("one")
    world.transport.answers.append(NO_SUCH_USER)
    world.at("2026-08-17 12:30").run(is_forced=True)
    inside.now = world.now
    rows = BeautifulSoup(inside.get("/admin").text, "lxml").select(".halves section")[1].select("tbody tr")
    told = {row.td.get_text(): int(row.select_one(".n").get_text()) for row in rows}  # type: ignore[union-attr]
    assert told == {
        "sent": 3, "still to be sent": 0, "failed, recipient": 1, "unknown": 0, "cancelled": 0,
        "skipped, nothing matched": 1, "due": 5,
    }  # fmt: skip
    said = inside.text("/admin")
    assert "adds up" in said and "5 due = 4 planned + 1 skipped" in said
    assert "One letter has failed." in said
    charts = {one["aria-label"] for one in BeautifulSoup(inside.get("/admin").text, "lxml").select("svg[role=img]")}
    assert "Sent, the last thirty days: 3 today, most 3, on Monday 17" in charts
    assert "Bounced, the last thirty days: 1 today, most 1, on Monday 17" in charts


def test_the_first_page_says_when_nothing_ever_ran_and_when_all_is_well(inside: Admin) -> None:
    said = inside.text("/admin")
    assert "Nothing has run yet" in said and "Nothing needs your attention." in said


def test_a_reader_is_found_by_address_and_no_address_stands_in_that_of_a_page(inside: Admin) -> None:
    inside.join()
    one = inside.person().id
    found = inside.post("/admin/people", {"email": " ada@EXAMPLE.org "})
    assert (found.status_code, found.headers["location"]) == (303, f"/admin/people/{one}")
    preview = inside.post("/admin/people", {"email": "ada@example.org", "preview": "1"})
    assert preview.headers["location"] == f"/admin/preview/{one}"
    assert inside.post("/admin/people", {"email": "nobody@example.org"}).status_code == 404
    assert inside.post("/admin/people", {"email": "nobody"}).status_code == 422
    for path in ("/admin/people/999", "/admin/people/0", f"/admin/people/{2**40}", "/admin/preview/999/letter"):
        assert inside.get(path).status_code == 404


def test_a_person_s_page_tells_what_was_sent_what_the_server_said_and_why(inside: Admin) -> None:
    world = inside.world
    person = world.reader()
    world.list("one")
    world.at("2026-08-17 12:30").run(is_forced=True)
    inside.now = world.now
    said = inside.text(f"/admin/people/{person.id}")
    assert "2026-08-17 digest sent" in said and "2.0.0 taken" in said
    why = inside.text(f"/admin/people/{person.id}?item=Kites and more kites: one")
    assert "Sent: sent in the letter of 2026-08-17." in why and "kites title" in why
    assert "No paper here is called" in inside.text(f"/admin/people/{person.id}?item=no such thing")


def test_a_suppressed_address_is_shown_and_lifted_by_a_button_alone(inside: Admin) -> None:
    inside.app.standing.suppress("eve@example.org", reason="hard bounce", evidence="550 no", now=inside.now)
    assert "One address not to be mailed" in inside.text("/admin/suppressed")
    assert inside.post("/admin/suppressed", {}).status_code == 303
    said = inside.text("/admin/suppressed")
    assert "No addresses not to be mailed" in said and "lifted" in said and "by hand on the admin page" in said
    again = inside.client.post("/admin/suppressed", data={"address": "eve@example.org"})
    assert again.status_code == 403
