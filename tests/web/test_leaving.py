"""Leaving: in one click of a mail program, by a page, and while the store is busy; and coming back."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from digest.model import State, Status
from digest.store.optouts import Word
from tests.web.conftest import Web

ADA = "ada@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def letter_token(web: Web) -> str:
    return web.desk.keyring.sign("unsubscribe", web.person().id, web.now.date())


@pytest.fixture
def token(web: Web) -> str:
    web.join()
    web.now += timedelta(minutes=1)
    return letter_token(web)


@pytest.mark.parametrize("how", ["urlencoded", "multipart", "bare", "nonsense"])
def test_one_click_leaves_at_once(web: Web, token: str, how: str) -> None:
    """RFC 8058: no cookie, no redirect, done before the answer."""
    given = {
        "urlencoded": {"data": ONE_CLICK},
        "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "bare": {},
        "nonsense": {"content": b"\x00--x", "headers": {"content-type": "multipart/form-data; boundary=y"}},
    }[how]
    answer = web.client.post(f"/unsubscribe/{token}", **given)  # type: ignore[arg-type]
    assert (answer.status_code, answer.text) == (200, "unsubscribed\n")
    assert "set-cookie" not in answer.headers
    assert web.person().status is Status.UNSUBSCRIBED
    web.work(web.person().id)
    assert web.letters(ADA)[-1]["subject"] != "Goodbye, and thank you for reading", "who uses a button wants no mail"


def test_a_hundred_clicks_are_one(web: Web, token: str) -> None:
    answers = {web.client.post(f"/unsubscribe/{token}", data=ONE_CLICK).status_code for _ in range(100)}
    assert answers == {200}
    entries = [entry for _, entry in web.app.standing._optouts.read() if entry.word is Word.UNSUBSCRIBE]  # type: ignore[union-attr]
    assert len(entries) == 1


def test_opening_the_link_changes_nothing(web: Web, token: str) -> None:
    for ask in (web.client.get, web.client.head):
        assert ask(f"/unsubscribe/{token}").status_code == 200
    assert web.person().status is Status.ACTIVE


def test_by_the_page_a_letter_says_goodbye_with_a_way_back(web: Web, token: str) -> None:
    answer = web.post(f"/unsubscribe/{token}", {})
    assert "Goodbye" in answer.text
    assert ADA not in answer.text
    web.work(web.person().id)
    assert web.letters(ADA)[-1]["subject"] == "Goodbye, and thank you for reading"
    back = web.link("unsubscribe")
    page = web.get(back)
    assert "Undo" in page.text
    undo = back.replace("/unsubscribe/", "/undo/")
    assert "We write on" in web.post(back, {}, action=undo).text
    assert web.person().status is Status.ACTIVE
    assert web.get(back).status_code == 410, "it has been used"


def test_a_planned_letter_is_cancelled_and_comes_back(web: Web, token: str) -> None:
    web.papers("graph neural networks that fly")
    web.now += timedelta(days=1)
    web.world.now = web.now
    web.world.plan()
    web.post(f"/unsubscribe/{token}", {})
    rows = web.world.rows(web.person())
    assert State.CANCELLED in rows.values() or any("cancelled" in str(row) for row in rows.values())


@pytest.mark.parametrize(
    ("instead", "expected"),
    [("mondays", "days"), ("stricter", "strictness"), ("rest", "status")],
)
def test_less_instead(web: Web, token: str, instead: str, expected: str) -> None:
    answer = web.post(f"/unsubscribe/{token}", {})
    undo = answer.text.partition('action="/fewer/')[2][:36]
    before = web.person().profile
    web.now += timedelta(minutes=1)
    answer = web.post(f"/unsubscribe/{undo}", {"instead": instead}, action=f"/fewer/{undo}")
    assert answer.status_code == 200, answer.text
    person = web.person()
    changed = {
        "days": person.profile.days != before.days,
        "strictness": person.profile.strictness != before.strictness,
        "status": person.status is Status.PAUSED,
    }
    assert [name for name, is_changed in changed.items() if is_changed] == [expected]


def test_the_link_of_a_letter_undoes_nothing(web: Web, token: str) -> None:
    web.client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    assert "Undo" not in web.get(f"/unsubscribe/{token}").text
    for path in (f"/undo/{token}", f"/fewer/{token}"):
        signed = web.desk.forms.sign(path.split("/")[1], token)
        assert web.client.post(path, data={"form": signed, "instead": "mondays"}).status_code == 410
    assert web.person().status is Status.UNSUBSCRIBED


def test_a_stranger_learns_nothing(web: Web) -> None:
    for forged in ("A" * 32, "A" * 36, "x", "A" * 31 + "%00"):
        answer = web.client.post(f"/unsubscribe/{forged}", data=ONE_CLICK)
        assert (answer.status_code, answer.text) == (200, "unsubscribed\n")


def test_leaving_counts_while_the_store_is_busy(web: Web, token: str) -> None:
    busy = sqlite3.connect(web.folder / "var" / "digest.db", isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    try:
        answer = web.client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    finally:
        busy.execute("ROLLBACK")
        busy.close()
    assert answer.status_code == 200
    assert web.person().status is Status.ACTIVE
    web.app.standing.replay(web.now)
    assert web.person().status is Status.UNSUBSCRIBED


def test_who_was_only_asked_can_say_never(web: Web) -> None:
    web.post("/", {"email": ADA})
    web.work()
    answer = web.post(web.link("unsubscribe"), {})
    assert web.person().status is Status.UNSUBSCRIBED
    assert "Undo" not in answer.text
    undo = web.desk.sign(web.person(), "undo", web.now + timedelta(days=1))
    form = {"form": web.desk.forms.sign("undo", undo)}
    assert web.client.post(f"/undo/{undo}", data=form).status_code == 410
    assert web.person().status is Status.UNSUBSCRIBED, "who never said yes is no reader by undoing a no"
