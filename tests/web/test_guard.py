"""Around every request: hosts, sizes, headers, forms; and that no reading of a page writes anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from digest.store.schema import metadata
from digest.web.forms import Posted
from tests.web.conftest import Web

#: the only route that takes a form which is not signed: RFC 8058 asks for it, and its token is all the authority
UNSIGNED = {"/unsubscribe/{token}"}


def routes(web: Web) -> list[APIRoute]:
    found = list(_within(web.site.routes))
    assert len(found) > 15
    return found


def _within(some: Iterable[Any]) -> Iterator[APIRoute]:
    for one in some:
        if isinstance(one, APIRoute):
            yield one
        yield from _within(getattr(getattr(one, "original_router", None), "routes", ()))


def everything(web: Web) -> dict[str, list[tuple[object, ...]]]:
    with web.app.database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))] for table in metadata.sorted_tables
        }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_reading_changes_a_row(web: Web, method: str) -> None:
    """Every route that can be read, with tokens that are good for it."""
    web.papers("graph neural networks that fly", "graph neural networks that swim")
    web.join()
    person = web.person()
    letter = web.desk.keyring.sign("unsubscribe", person.id, web.now.date())
    brief = {
        purpose: web.desk.sign(person, purpose, web.now + timedelta(hours=1)) for purpose in ("preferences", "undo")
    }
    brief["confirm"] = web.link("confirm").rpartition("/")[2]
    before, log = everything(web), web.app.optout_log.read_bytes()
    asked = 0
    for route in routes(web):
        if "GET" not in route.methods:
            continue
        for token in (letter, *brief.values(), "x"):
            path = re.sub(r"\{token(:\w+)?\}", token, route.path)
            path = re.sub(r"\{(rank|id|number|item)(:\w+)?\}", "1", path)
            path = re.sub(r"\{(day|date)(:\w+)?\}", "2026-08-17", path)
            path = re.sub(r"\{what(:\w+)?\}", "more", path)
            path = re.sub(r"\{\w+(:\w+)?\}", "1", path)
            answer = web.client.request(method, path)
            assert answer.status_code < 500, (path, answer.text)
            asked += answer.status_code == 200
    assert asked > 10
    web.work()
    assert everything(web) == before
    assert web.app.optout_log.read_bytes() == log


def test_every_form_is_signed_but_one(web: Web) -> None:
    unsigned = set()
    for route in routes(web):
        is_for_programs = route.endpoint.__module__.startswith("digest.web.api")  # JSON alone, which no form can send
        if "POST" in route.methods and not is_for_programs:
            reads = [each.call for each in route.dependant.dependencies]
            if not any(call and call.__annotations__.get("return") in (Posted, "Posted") for call in reads):
                unsigned.add(route.path)
    assert unsigned == UNSIGNED


def test_a_form_of_another_page_or_another_time_is_refused(web: Web) -> None:
    good = web.desk.forms.sign("subscribe")
    other = web.desk.forms.sign("find")
    web.now += timedelta(seconds=5)
    refused = ["", "x", other, good[:-1] + ("0" if good[-1] != "0" else "1"), good.replace("-", "--"), "٣-" + good]
    for form in refused:
        assert web.client.post("/", data={"email": "a@example.org", "form": form}).status_code == 403
    assert web.client.post("/", data={"email": "a@example.org", "form": good}).status_code == 200
    web.now += timedelta(days=3)
    assert web.client.post("/", data={"email": "a@example.org", "form": good}).status_code == 403


def test_a_form_is_bound_to_its_token(web: Web) -> None:
    web.join()
    person = web.person()
    one, two = (web.desk.sign(person, "preferences", web.now + timedelta(hours=hours)) for hours in (1, 2))
    signed = web.desk.forms.sign("erase", one)
    assert web.client.post(f"/preferences/{two}/erase", data={"form": signed}).status_code == 403
    assert web.person() is not None


def test_a_form_that_another_site_sends_is_refused(web: Web) -> None:
    form = {"email": "a@example.org", "form": web.desk.forms.sign("subscribe")}
    web.now += timedelta(seconds=5)
    for origin, status in (("https://evil.example", 403), ("https://papers.example.org", 200), ("null", 200)):
        assert web.client.post("/", data=form, headers={"origin": origin}).status_code == status


@pytest.mark.parametrize("host", ["evil.example", "papers.example.org.evil.example", "", "[::2]"])
def test_another_name_is_not_answered(web: Web, host: str) -> None:
    answer = web.client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "Daily Papers" not in answer.text


def test_every_answer_forbids_what_pages_do_not_need(web: Web) -> None:
    for path in ("/", "/nothing", "/style.css", "/unsubscribe/x"):
        headers = web.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
    assert web.get("/unsubscribe/x").headers["cache-control"] == "no-store"


def test_too_much_is_cut_off(web: Web) -> None:
    assert web.client.post("/", content=b"x" * 200_000).status_code == 413
    endless = (b"x" * 10_000 for _ in range(100))
    assert web.client.post("/", content=endless).status_code in (400, 403, 413)


def test_pages_hold_nothing_inline_and_ask_nobody_else(web: Web) -> None:
    for template in (Path(__file__).parents[2] / "templates" / "web").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! src=\"/)", text), template.name
        assert not re.search(r"(src|href|action)=\"https?:", text), template.name
        assert "| safe" not in text and "|safe" not in text, template.name
