"""What an operator does on the admin pages: looks at a letter, rehearses a run, and sends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from digest.errors import UsageError
from digest.model import State
from tests.web.admin import Admin, admin, inside

__all__ = ["admin", "inside"]  # fixtures


# --- the preview ---


def test_a_letter_is_shown_in_a_frame_that_can_do_nothing(inside: Admin) -> None:
    inside.join(interests="kites")
    inside.papers("one")
    one = inside.person().id
    around, letter = inside.get(f"/admin/preview/{one}"), inside.get(f"/admin/preview/{one}/letter")
    frame = BeautifulSoup(around.text, "lxml").iframe
    assert frame is not None and frame.has_attr("sandbox") and not frame["sandbox"]
    assert frame["src"] == f"/admin/preview/{one}/letter"
    assert "frame-src 'self'" in around.headers["content-security-policy"]
    assert "unsafe-inline" not in around.headers["content-security-policy"]
    policy = letter.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'", "form-action 'none'"} <= set(policy)
    assert "Kites and more kites: one" in BeautifulSoup(letter.text, "lxml").get_text()
    token = inside.desk.keyring.sign("unsubscribe", one, inside.now.date())
    assert token not in letter.text and "/unsubscribe/" not in letter.text


def test_a_reader_for_whom_nothing_fits_would_get_no_letter(inside: Admin) -> None:
    inside.join(interests="submarines")
    assert "Nothing was announced yet." in inside.text(f"/admin/preview/{inside.person().id}")
    inside.papers("one")
    inside.desk.standing.change_profile("ada@example.org", inside.person().profile, inside.now)
    assert "no letter would be written" in inside.text(f"/admin/preview/{inside.person().id}")


# --- runs ---


def test_a_dry_run_records_nothing_and_only_its_page_can_send(inside: Admin) -> None:
    inside.join(interests="kites")
    inside.papers("one")
    inside.now += timedelta(days=1)
    inside.enter()
    before = inside.rows()
    assert "/admin/send" not in inside.get("/admin").text
    dry = inside.post("/admin", {}, action="/admin/dry-run")
    assert dry.status_code == 200 and "A run now would end" in dry.text
    assert inside.rows()["delivery"] == before["delivery"] and inside.rows()["run"] == before["run"]
    fields = {
        one["name"]: one["value"]
        for one in BeautifulSoup(dry.text, "lxml").select("form[action='/admin/send'] input[type=hidden]")
    }
    inside.now += timedelta(minutes=1)
    sent = inside.client.post("/admin/send", data=fields)
    assert sent.status_code == 200 and "The run has ended" in sent.text
    assert len(inside.rows()["run"]) == len(before["run"]) + 1
    digests = [row for row in inside.rows()["delivery"] if "digest" in row]
    assert [State.SENT in row for row in digests if "2026-08-18" in row] == [True]


def test_what_a_dry_run_has_shown_does_not_count_for_ever(inside: Admin) -> None:
    dry = inside.post("/admin", {}, action="/admin/dry-run")
    form = BeautifulSoup(dry.text, "lxml").select_one("form[action='/admin/send'] [name=form]")
    assert form is not None
    inside.now += timedelta(minutes=31)
    late = inside.client.post("/admin/send", data={"form": form["value"]})
    assert late.status_code == 409 and inside.rows()["run"] == []


def test_a_form_for_a_dry_run_does_not_send(inside: Admin) -> None:
    form = BeautifulSoup(inside.get("/admin").text, "lxml").select_one("form[action='/admin/dry-run'] [name=form]")
    assert form is not None
    assert inside.client.post("/admin/send", data={"form": form["value"]}).status_code == 403


def test_one_run_at_a_time(inside: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses: list[int] = []

    def meanwhile(*_: object, **__: object) -> None:
        statuses.append(inside.post("/admin", {}, action="/admin/dry-run").status_code)
        raise UsageError("enough")

    monkeypatch.setattr("digest.web.trigger.rehearse", meanwhile)
    assert inside.post("/admin", {}, action="/admin/dry-run").status_code == 422
    assert statuses == [409]
    monkeypatch.undo()
    assert inside.post("/admin", {}, action="/admin/dry-run").status_code == 200
