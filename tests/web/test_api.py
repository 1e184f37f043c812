"""The API: the same answers as the pages, in JSON; and nothing that anybody can send makes it fall over."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from digest.model import Source, State, Status
from digest.web.guard import Guard
from tests.web.admin import TOKEN, Admin, admin
from tests.web.conftest import Web
from tests.world import CURATED, PLAIN

__all__ = ["admin"]  # a fixture

HERE = {"host": "papers.example.org"}


def post(web: Web, path: str, body: Any, **headers: str) -> Any:
    return web.client.post(f"/api/v1/{path}", json=body, headers=headers)


# --- for everybody ---


@pytest.mark.parametrize("path", ["subscribe", "preview", "preview/fragment", "trigger"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_of_another_site_could_send_is_not_taken(admin: Admin, path: str, kind: str) -> None:
    body = '{"email": "ada@example.org", "interests": "kites", "to": null}'
    answer = admin.client.post(f"/api/v1/{path}", content=body, headers={"content-type": kind})
    assert answer.status_code == 415 and "application/json" in answer.json()["error"]
    assert admin.rows()["asking"] == []


def test_every_address_gets_the_same_answer_and_a_letter_comes_by_mail(web: Web) -> None:
    web.join()
    web.app.standing.suppress("eve@example.org", reason="by hand", evidence="", now=web.now)
    asked = [post(web, "subscribe", {"email": f"{name}@example.org"}) for name in ("ada", "eve", "new")]
    assert {(one.status_code, one.text) for one in asked} == {(202, asked[0].text)}
    assert web.person("new@example.org") is None
    web.work()
    person = web.person("new@example.org")
    assert person.status is Status.PENDING
    assert len(web.letters("new@example.org")) == 1 and web.letters("eve@example.org") == []


def test_a_sign_up_says_what_is_wanted(web: Web) -> None:
    wanted = {
        "email": "new@example.org", "interests": "kites ^2\nowls", "timezone": "Asia/Tokyo", "send_at": "06:45",
        "days": "mondays", "strictness": "strict", "quiet_days": "letter",
    }  # fmt: skip
    assert post(web, "subscribe", wanted).status_code == 202
    web.work()
    profile = web.person("new@example.org").profile
    assert (profile.interests, profile.timezone, f"{profile.send_at:%H:%M}") == (
        "kites ^2\nowls",
        "Asia/Tokyo",
        "06:45",
    )
    assert (profile.days, profile.strictness, profile.quiet_days) == (frozenset((0,)), "strict", "letter")


@pytest.mark.parametrize(
    ("field", "value"), [("email", "no address"), ("timezone", "Mars/North"), ("send_at", "noon"), ("email", "")]
)
def test_a_field_that_cannot_be_used_is_named(web: Web, field: str, value: str) -> None:
    answer = post(web, "subscribe", {"email": "new@example.org"} | {field: value})
    assert answer.status_code == 422 and list(answer.json()["fields"]) == [field]


@pytest.mark.parametrize(
    "body", [{}, [], 7, {"email": 5}, {"email": "a@example.org", "admin": True}, {"email": "a@example.org\x00"}]
)
def test_a_document_of_another_shape_is_refused_with_a_sentence(web: Web, body: Any) -> None:
    answer = post(web, "subscribe", body)
    assert answer.status_code == 422 and answer.json()["error"]


def test_interests_are_tried_with_reasons_that_add_up(web: Web) -> None:
    web.papers("one", "two", "three")
    trial = post(web, "preview", {"interests": "kites\nfly ^0.5\ngibberishword"}).json()
    assert [line["typed"] for line in trial["lines"]] == ["kites", "fly ^0.5", "gibberishword"] or trial["lines"]
    assert trial["considered"] == 3 and len(trial["picks"]) == trial["days"][-1]["picked"] > 0
    for rank, pick in enumerate(trial["picks"], 1):
        assert pick["rank"] == rank and pick["id"].startswith("arxiv:")
        assert pick["score"] == sum(reason["points"] for reason in pick["reasons"])
    strict = post(web, "preview", {"interests": "kites", "strictness": "strict"}).json()
    assert set(strict["strictness"]) == {"strict", "normal", "broad"}


def test_pieces_of_the_page_are_those_of_the_page(web: Web) -> None:
    web.papers("one", "two")
    pieces = post(web, "preview/fragment", {"interests": "kites", "strictness": "broad"}).json()
    assert set(pieces) == {"lines", "week", "strictness"}
    assert "kites" in pieces["lines"] and "Kites and more" in pieces["week"]
    page = web.client.get("/", params={"interests": "kites"}).text
    assert "".join(pieces["lines"].split()) in "".join(page.split())
    hostile = post(web, "preview/fragment", {"interests": "<script>alert(1)</script>"}).json()
    assert "<script" not in hostile["lines"] + hostile["week"]
    assert post(web, "preview/fragment", {"interests": " "}).json()["strictness"] == {}


def test_trying_keeps_nothing(admin: Admin) -> None:
    admin.papers("one")
    before = admin.rows()
    post(admin, "preview", {"interests": "kites"}), post(admin, "preview/fragment", {"interests": "kites"})
    for path in ("editions", "editions/1", "items/arxiv:2608.00001", "../openapi.json"):
        admin.get(f"/api/v1/{path}")
    assert admin.rows() == before


def test_editions_are_read_with_their_papers_and_a_paper_by_any_name(web: Web) -> None:
    web.papers("one", "two")
    (edition,) = web.get("/api/v1/editions").json()
    assert (edition["number"], edition["new"], edition["listed"], edition["day"]) == (1, 2, 0, "2026-08-17")
    whole = web.get("/api/v1/editions/1").json()
    assert {name: whole[name] for name in edition} == edition
    titles = [one["title"] for one in whole["items"]]
    assert titles == ["Kites and more kites: one", "Kites and more kites: two"]
    key = whole["items"][0]["id"]
    item = web.get(f"/api/v1/items/{key}").json()
    assert item["id"] == key and item["title"] == titles[0] and item["announced"][0]["day"] == "2026-08-17"
    for name in (key.removeprefix("arxiv:"), titles[0], key):
        assert web.get(f"/api/v1/items/{name}").json() == item
    for path in ("editions/2", "editions/999999999", "items/nothing", "items/arxiv:1.2/3"):
        assert web.get(f"/api/v1/{path}").status_code == 404
    for path in ("editions/0", f"editions/{2**31}", "editions/x", "editions?limit=0", "editions?limit=1000"):
        assert web.get(f"/api/v1/{path}").status_code == 422


@pytest.mark.parametrize(("source", "is_whole"), [(CURATED, True), (PLAIN, False)])
def test_no_more_of_an_abstract_is_told_than_its_source_allows(web: Web, source: Source, is_whole: bool) -> None:
    long = "Kites fly over the sea. " * 60
    web.papers(web.world.paper("long", abstract=long), source=source)  # type: ignore[arg-type]
    (work,) = web.get("/api/v1/editions/1").json()["items"]
    assert "abstract" not in work
    told = web.get(f"/api/v1/items/{work['id']}").json()["abstract"]
    assert told and long.startswith(told) and (told == long.strip()) == is_whole


def test_a_link_that_is_none_is_not_passed_on(web: Web) -> None:
    web.papers(web.world.paper("bad", url="javascript:alert(1)"))  # type: ignore[arg-type]
    (work,) = web.get("/api/v1/editions/1").json()["items"]
    assert work["url"] is None and web.get(f"/api/v1/items/{work['id']}").json()["url"] is None


# --- runs ---


def test_a_run_needs_the_token_and_a_session_is_none(admin: Admin) -> None:
    for said in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
        assert post(admin, "trigger", {}, **said).status_code == 401
    admin.enter()
    assert post(admin, "trigger", {}).status_code == 401
    assert admin.rows()["run"] == []


def test_a_site_without_an_admin_has_no_runs_to_start(web: Web) -> None:
    assert post(web, "trigger", {}, authorization="Bearer ").status_code == 404


def test_a_run_is_reported_as_the_command_does(admin: Admin) -> None:
    admin.join(interests="kites")
    admin.papers("one")
    admin.now += timedelta(days=1)
    token = {"authorization": f"Bearer {TOKEN}"}
    runs = len(admin.rows()["run"])
    dry = post(admin, "trigger", {"dry_run": True, "to": "ada@example.org"}, **token).json()
    assert (dry["verdict"], dry["sent"]) == ("sent", 1)
    assert len(admin.rows()["run"]) == runs
    done = post(admin, "trigger", {}, **token).json()
    assert list(done) == [
        "verdict", "reason", "warnings", "planned", "sent", "skipped", "deferred", "failed", "unknown", "cancelled",
    ]  # fmt: skip
    assert (done["verdict"], done["sent"], len(admin.rows()["run"])) == ("sent", 1, runs + 1)
    assert any(State.SENT in row and "2026-08-18" in row for row in admin.rows()["delivery"])
    assert post(admin, "trigger", {"to": "nobody@example.org"}, **token).status_code == 422
    assert post(admin, "trigger", {"to": "nobody"}, **token).status_code == 422


# --- what it says about itself ---


def test_every_call_is_described_and_nothing_else(web: Web) -> None:
    described = web.get("/api/openapi.json").json()
    assert set(described["paths"]) == {
        f"/api/v1/{path}"
        for path in (
            "subscribe", "preview", "preview/fragment", "trigger", "editions", "editions/{number}", "items/{id}",
        )
    }  # fmt: skip
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    page = web.get("/api/docs")
    assert page.status_code == 200 and "<script" not in page.text and "http://" not in page.text
    for path, methods in described["paths"].items():
        assert path in page.text
        assert all(call["description"] in page.text for call in methods.values())


@pytest.mark.parametrize("mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
def test_nothing_that_fits_the_description_or_does_not_makes_it_fail(
    admin: Admin, mode: schemathesis.GenerationMode
) -> None:
    admin.join(interests="kites")
    admin.papers("one", "two")
    site = Guard(admin.site, hosts=admin.desk.hosts)
    described = schemathesis.openapi.from_asgi("/api/openapi.json", site, headers=HERE)
    seen = Counter[int]()

    def tried(case: schemathesis.Case) -> None:
        answer = case.call(headers={"authorization": f"Bearer {TOKEN}", **HERE})
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=[not_a_server_error])

    for operation in (found.ok() for found in described.get_all_operations()):
        cases = operation.as_strategy(generation_mode=mode)
        settings(max_examples=8, database=None, suppress_health_check=list(HealthCheck))(given(cases)(tried))()
    assert 421 not in seen and len(seen) > 1, "the site has hardly looked at any of it"
