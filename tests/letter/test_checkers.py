"""Letters of every kind before real checkers: accessibility, markup, spam, parsing, and what a browser asks for."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from digest.letter.notices import Notices
from digest.letter.press import Press
from digest.letter.templates import Templates
from digest.model import Message
from tests.browser import Browser, chromium, opened
from tests.checkers import axe_findings, markup_findings, spam_scores
from tests.letter import samples
from tests.letter.pictures import letters
from tests.services import skip_without

pytestmark = pytest.mark.xdist_group("browser")

LETTERS = letters()
KINDS = sorted(LETTERS)

#: mrml's own markup, all of it meant for Outlook
_OF_THE_COMPILER = (
    "no-inline-style", "no-conditional-comment", "no-deprecated-attr", "void-style", "doctype-style",
    "prefer-native-element",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        skip_without("Chromium")
    with opened(str(program)) as one:
        yield one


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_kept_out(browser: Browser, kind: str, scheme: str) -> None:
    browser.open(LETTERS[kind].html, scheme=scheme)
    assert axe_findings(browser) == []


def test_a_letter_that_is_hard_to_read_is_found(browser: Browser) -> None:
    browser.open(LETTERS["confirm"].html.replace("#5B635E", "#C0C6C1"))
    assert any(finding.startswith("color-contrast") for finding in axe_findings(browser))


@pytest.mark.parametrize("width", [320, 375, 600, 700])
@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_scrolls_sideways(browser: Browser, kind: str, width: int) -> None:
    browser.open(LETTERS[kind].html, width=width)
    assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", KINDS)
def test_opening_a_letter_asks_nobody_for_anything(browser: Browser, kind: str) -> None:
    browser.open(LETTERS[kind].html)
    assert browser.asked == [] and browser.said == []


def test_a_picture_in_a_letter_would_be_seen_to_load(browser: Browser) -> None:
    browser.open(LETTERS["one"].html.replace("</h2>", "</h2><img src='https://tracker.example/1.png' alt=''>", 1))
    assert browser.asked == ["https://tracker.example/1.png"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_is_https_or_a_mail_to_us(kind: str) -> None:
    for tag in BeautifulSoup(LETTERS[kind].html, "lxml").find_all(href=True):
        assert re.match(r"https://|mailto:owner@example\.org", tag["href"])


def test_the_markup_is_sound(tmp_path: Path) -> None:
    pages = {kind: message.html for kind, message in LETTERS.items()}
    assert markup_findings(pages, tmp_path, ignoring=_OF_THE_COMPILER) == []


def test_unsound_markup_is_found(tmp_path: Path) -> None:
    (finding,) = markup_findings({"odd": '<!DOCTYPE html>\n<p id="a">One</p>\n<b id="a">Two</b>'}, tmp_path)
    assert finding.startswith("odd:3 no-dup-id")


def test_no_letter_looks_like_spam(tmp_path: Path) -> None:
    scores = spam_scores({kind: message.data for kind, message in todays_letters().items()}, tmp_path)
    assert set(scores) == set(KINDS)
    assert {kind: found for kind, found in scores.items() if found[0] > 1.0} == {}


def test_spam_is_found(tmp_path: Path) -> None:
    """By the line that every filter knows for this purpose."""
    known = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    odd = todays_letters()["confirm"].data.replace(b"Shall we write to you?", known)
    assert spam_scores({"odd": odd}, tmp_path)["odd"][0] > 100


def todays_letters() -> dict[str, Message]:
    """The letters with the date of today: an old one counts against them, whatever else they say."""
    now, templates = datetime.now(UTC), Templates()
    press, notices = Press(samples.SITE, samples.SENDER, templates), Notices(samples.SITE, samples.SENDER, templates)
    sent = {"message_id": "<abc.3@example.org>", "date": now, "envelope_from": "bounce@example.org"}
    digests = {name: press.typeset(letter, **sent) for name, letter in samples.LETTERS.items()}
    return digests | {name: notices.typeset(each, **sent) for name, each in samples.written(notices).items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_program_reads_it_without_complaint(kind: str) -> None:
    mail = email.message_from_bytes(LETTERS[kind].data, policy=email.policy.default)
    parts = [mail, *mail.iter_parts()]  # type: ignore[attr-defined]  # the policy decides on the class
    assert not any(part.defects for part in parts)
    assert not any(part[name].defects for part in parts for name in part)
    assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"]
