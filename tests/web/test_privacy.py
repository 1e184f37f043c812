"""The page about privacy says what the configuration says, and none of its secrets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.web.privacy import days
from tests.web.archived import Archived


def said(folder: Path, **settings: Any) -> str:
    """The words of the page."""
    site = Archived(folder, **settings)
    answer = site.page("/privacy").main.get_text(" ", strip=True)
    assert "set-cookie" not in site.get("/privacy").headers
    site.app.close()
    return answer


def test_it_says_who_answers_and_how_to_reach_them(tmp_path: Path) -> None:
    text = said(tmp_path)
    assert "12 Quay Street, Galway" in text
    assert "owner@example.org" in text


def test_times_are_those_of_the_configuration(tmp_path: Path) -> None:
    text = said(tmp_path, retention={"listings": "33d", "deliveries": "444d"})
    assert "33 days" in text
    assert "444 days" in text


def test_the_mail_server_is_mentioned_and_not_named(tmp_path: Path) -> None:
    smtp = {"host": "relay.secret.example", "port": 587, "username": "hidden-user"}
    text = said(tmp_path, delivery={"transport": "smtp", "smtp": smtp})
    assert "A mail server passes our letters on" in text
    assert "relay.secret.example" not in text
    assert "hidden-user" not in text


def test_letters_that_stay_on_disk_pass_through_no_mail_server(tmp_path: Path) -> None:
    assert "A mail server" not in said(tmp_path)


def test_received_mail_is_spoken_of_only_where_mail_is_received(tmp_path: Path) -> None:
    for name, inbound, is_said in (("without", {}, False), ("with", {"address": "in@example.org"}, True)):
        folder = tmp_path / name
        folder.mkdir()
        assert ("Mail that you send to us" in said(folder, inbound=inbound)) is is_said


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=90), "90 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=6), "1 day"),
        (timedelta(days=2, seconds=1), "3 days"),
    ],
)
def test_a_span_is_never_said_to_be_shorter_than_it_is(span: timedelta, text: str) -> None:
    assert days(span) == text
