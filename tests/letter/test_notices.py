"""The letters that are no digest: what they say, link to, carry in their headers, and never carry."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import date, time
from email.message import EmailMessage
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.letter.notice import Answer
from digest.letter.notices import Notices
from digest.letter.templates import Templates
from digest.model import Message, Site
from tests.letter import samples

TEMPLATES = Templates()
PUBLIC = Notices(samples.SITE, samples.SENDER, TEMPLATES)
WRITTEN = samples.written(PUBLIC)
NAMES = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]


def notices(site: Site = samples.SITE, inbound: str | None = None) -> Notices:
    return Notices(site, samples.SENDER, TEMPLATES, inbound=inbound)


def confirmed(by: Notices) -> Message:
    return samples.set_notice(
        by, by.confirm("ada@example.org", token="to.ken", leave="lea.ve", until=date(2024, 11, 24))
    )


def links(message: Message) -> list[str]:
    return [tag["href"] for tag in BeautifulSoup(message.html, "lxml").find_all(href=True)]


def parsed(message: Message) -> EmailMessage:
    found = email.message_from_bytes(message.data, policy=email.policy.default)
    assert isinstance(found, EmailMessage) and not found.defects
    return found


@pytest.mark.parametrize("kind", WRITTEN)
def test_both_parts_say_the_same(kind: str) -> None:
    message = samples.set_notice(PUBLIC, WRITTEN[kind])
    text, html = (" ".join(part.split()) for part in (message.text, BeautifulSoup(message.html, "lxml").get_text(" ")))
    notice = WRITTEN[kind]
    outcomes = [said for answer in notice.answers for said in (answer.line, answer.outcome)]
    for said in (notice.headline, *notice.paragraphs, *outcomes, *notice.small_print, *notice.footer):
        assert " ".join(said.split()) in text and " ".join(said.split()) in html
    assert set(links(message)) == set(re.findall(r"^https?://\S+$", message.text, re.MULTILINE))
    assert all(len(line) <= 74 or line.startswith("https://") for line in message.text.splitlines())


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("confirm", "Shall we write to you?"),
        ("already", "You are on the list already"),
        ("goodbye", "Goodbye, and thank you for reading"),
        ("paused", "Nothing until 2 December"),
        ("reply", "Done, but for one line"),
        ("alert", "Daily Papers: bioRxiv has not been read since Tuesday"),
        ("probe", "A probe from Daily Papers"),
    ],
)
def test_the_subject_says_what_it_is(kind: str, subject: str) -> None:
    message = samples.set_notice(PUBLIC, WRITTEN[kind])
    assert message.subject == subject == str(parsed(message)["Subject"])
    assert message.html.count("<h1") == 1


def test_a_letter_of_our_own_accord_has_these_headers_and_no_other() -> None:
    mail = parsed(samples.set_notice(PUBLIC, WRITTEN["confirm"]))
    assert mail.keys() == NAMES
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Message-ID"] == "<abc.2@example.org>"


def test_an_answer_names_what_it_answers() -> None:
    mail = parsed(samples.set_notice(PUBLIC, WRITTEN["reply"]))
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == mail["References"] == "<mail.7@reader.example>"
    assert parsed(samples.set_notice(PUBLIC, replace(WRITTEN["reply"], answers_to=None)))["In-Reply-To"] is None


def test_only_a_probe_looks_like_a_digest_to_mail_programs() -> None:
    mail = parsed(samples.set_notice(PUBLIC, WRITTEN["probe"]))
    assert mail["List-Unsubscribe"] == "<https://papers.example.org/unsubscribe/probe>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    local = notices(samples.LOCAL)
    assert parsed(samples.set_notice(local, local.probe("owner@example.org")))["List-Unsubscribe"] is None


def test_a_confirmation_is_small() -> None:
    assert len(confirmed(PUBLIC).data) < 10_000
    assert len(confirmed(PUBLIC).html.encode()) < 9_000


@pytest.mark.parametrize(
    ("site", "inbound", "leads"),
    [
        (samples.SITE, None, "https://papers.example.org/confirm/to.ken"),
        (samples.SITE, "in@example.org", "https://papers.example.org/confirm/to.ken"),
        (samples.LOCAL, None, "http://127.0.0.1:8000/confirm/to.ken"),
        (samples.LOCAL, "in@example.org", "mailto:in@example.org?subject=confirm%20to.ken"),
        (
            replace(samples.SITE, url="http://lab.example.org"),
            None,
            "mailto:owner@example.org?subject=confirm%20to.ken",
        ),
    ],
)
def test_the_button_leads_where_somebody_listens(site: Site, inbound: str | None, leads: str) -> None:
    message = confirmed(notices(site, inbound))
    assert links(message)[0] == leads and leads in message.text
    is_page = leads.startswith("http")
    assert ("opens a page" in message.text) is is_page and ("paste this" in message.html) is is_page


@pytest.mark.parametrize("kind", ["already", "goodbye", "paused", "reply", "probe"])
def test_without_a_public_site_no_page_is_linked(kind: str) -> None:
    local = notices(samples.LOCAL)
    message = samples.set_notice(local, samples.written(local)[kind])
    assert links(message) == [] and "127.0.0.1" not in message.data.decode()
    assert "archive" not in message.text


def test_there_is_always_a_way_back() -> None:
    local = notices(samples.LOCAL)
    for kind in ("goodbye", "paused"):
        notice = local.goodbye("a@example.org", token="t", until=date(2024, 12, 1))
        if kind == "paused":
            notice = local.paused("a@example.org", token="t")
        assert "Write to owner@example.org" in samples.set_notice(local, notice).text


def test_already_says_when_even_if_no_day_is_set() -> None:
    notice = PUBLIC.already("ada@example.org", token="t", days=frozenset(range(5)), send_at=time(6, 45))
    assert notice.paragraphs == ("ada@example.org gets Daily Papers on weekdays at 06:45. Nothing has changed.",)


@pytest.mark.parametrize(
    ("done", "failed", "headline"),
    [
        (2, 0, "Done"),
        (1, 1, "Done, but for one line"),
        (1, 3, "Done, but for three lines"),
        (0, 2, "Nothing was changed"),
        (0, 0, "Nothing was changed"),
    ],
)
def test_an_answer_says_first_how_it_went(done: int, failed: int, headline: str) -> None:
    answers = [Answer("x", "y")] * 9
    assert PUBLIC.reply("a@example.org", done=answers[:done], failed=answers[:failed]).headline == headline


@settings(max_examples=60, deadline=None)
@given(line=st.text(st.characters(), max_size=300), outcome=st.text(st.characters(), max_size=100))
def test_what_somebody_wrote_stays_in_its_place(line: str, outcome: str) -> None:
    notice = PUBLIC.reply("ada@example.org", done=[Answer(line, outcome)], failed=(), answers_to=None)
    message = samples.set_notice(PUBLIC, notice)
    assert parsed(message).keys() == NAMES
    soup = BeautifulSoup(message.html, "lxml")
    assert soup.find_all(["script", "img", "iframe", "form", "object"]) == [] and len(soup.find_all("a")) == 0
    assert soup.find("h1").get_text() == "Done"  # type: ignore[union-attr]
    assert all(len(each) <= 76 for each in message.data.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))


@given(headline=st.text(st.characters(), max_size=400))
def test_no_alert_breaks_a_header(headline: str) -> None:
    mail = parsed(samples.set_notice(PUBLIC, PUBLIC.alert("owner@example.org", headline, ())))
    assert mail.keys() == NAMES and str(mail["Subject"]).startswith("Daily Papers:")


def test_letters_speak_the_language_of_their_reader(tmp_path: Path) -> None:
    (tmp_path / "words.de.yaml").write_text(
        "confirm: Dürfen wir Ihnen schreiben?\nweekdays: [Mo, Di, Mi, Do, Fr, Sa, So]\n"
    )
    german = Notices(samples.SITE, samples.SENDER, Templates(tmp_path))
    notice = german.confirm("ada@example.org", token="t", leave="l", until=date(2024, 11, 24), language="de-AT")
    message = samples.set_notice(german, notice)
    assert message.subject == "Dürfen wir Ihnen schreiben?"
    assert 'lang="de"' in message.html and "until So, 24" in message.text
