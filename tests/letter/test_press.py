"""The whole letter: hostile text in every slot, budgets, links, and what each kind of letter says."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import date
from email.message import EmailMessage

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.letter.press import Press
from digest.model import Field, Letter, Mark, Match, Message
from tests.letter import samples

PUBLIC = Press(samples.SITE, samples.SENDER)
LOCAL = Press(samples.LOCAL, samples.SENDER)

NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Help", "List-Archive", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "=?UTF-8?Q?=0A?=Bcc: x@y.example",
    "A\r\nBcc: x@y.example\r\n\r\nbody",
    "\r\n.\r\n",
    "...",
    "\u202egnp.exe\u202c\u200b",
    "\ud800 lone",
    "\u2028line\u2029paragraph\x00nul\x85nel",
    "{{ 7 * 7 }} {% raw %} <mj-text>",
    "&amp;lt;b&gt;",
    "--=_boundary--",
    "word " * 2_000,
    "w" * 10_000,
    "שלום \u200f עולם",
    "From here to there",
    "",
    "   ",
]
hostile_text = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=80))


def parsed(message: Message) -> EmailMessage:
    found = email.message_from_bytes(message.data, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def visible(text: str) -> str:
    """The text as a letter can show it: controls and marks of direction as spaces, all spaces single."""
    hidden = r"[\x00-\x20\x7f-\xa0\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]+"
    return " ".join(re.sub(hidden, " ", re.sub("[\ud800-\udfff]", "\ufffd", text)).split())


def parts_of(message: Message) -> tuple[str, str]:
    """The decoded bodies, line ends as in the message."""
    text, html = parsed(message).iter_parts()
    bodies = tuple(part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in (text, html))
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return bodies[0], bodies[1]


def with_text(letter: Letter, slot: str, text: str) -> Letter:
    """The letter with this text in one slot of its first paper, or in one of its own."""
    first, *others = letter.picks
    if slot in ("recipient_notice", "attribution", "who"):
        fields = {"unread": {"unread": (text,)}, "attribution": {"attributions": (text,)}}
        return replace(letter, **fields.get(slot, {"vouched_by": text, "is_first": True}))
    if slot == "phrase":
        matches = (replace(first.pick.matches[0], words=(text,), interest=text), *first.pick.matches[1:])
        first = replace(first, pick=replace(first.pick, matches=matches))
    elif slot == "topic":
        first = replace(first, pick=replace(first.pick, topic=text))
    else:
        value = (text,) if slot in ("authors", "categories") else text
        first = replace(first, text=replace(first.text, **{slot: value}))
    return replace(letter, picks=(first, *others))


SLOTS = [
    "title", "abstract", "authors", "categories", "source", "url", "code_url", "phrase", "topic",
    "recipient_notice", "attribution", "who",
]  # fmt: skip


@pytest.mark.parametrize("slot", SLOTS)
@settings(max_examples=25, deadline=None)
@given(text=hostile_text)
def test_hostile_text_changes_nothing_outside_its_slot(slot: str, text: str) -> None:
    message = samples.set_letter(PUBLIC, with_text(samples.DAILY, slot, text))
    assert_sound(message)
    assert "Honest at the Margins" in message.text and "Honest at the Margins" in message.html
    assert BeautifulSoup(message.html, "lxml").find_all(["script", "img", "iframe", "form", "object"]) == []


def assert_sound(message: Message) -> None:
    """What holds for the bytes of every letter."""
    mail = parsed(message)
    assert mail.keys() == NAMES
    assert not mail.defects and not any(mail[name].defects for name in NAMES)
    assert str(mail["Subject"]) == message.subject
    assert [a.addr_spec for a in mail["To"].addresses] == [message.recipient]
    assert [(a.display_name, a.addr_spec) for a in mail["From"].addresses] == [("Daily Papers", "digest@example.org")]
    lines = message.data.split(b"\r\n")
    assert b"\n" not in message.data.replace(b"\r\n", b"") and b"\r" not in message.data.replace(b"\r\n", b"")
    assert b"\0" not in message.data and message.data.isascii()
    head = lines[: lines.index(b"")]
    assert all(len(line) <= 78 for line in head)
    assert all(len(line) <= 76 and not line.startswith(b".") for line in lines[len(head) :])
    assert parts_of(message) == (message.text, message.html)
    assert len(message.html.encode()) <= 100_000
    for address in links(message):
        assert re.match(r"(https?://[^\s<>\"]+|mailto:[^\s<>\"]+)$", address)


def links(message: Message) -> list[str]:
    return [tag["href"] for tag in BeautifulSoup(message.html, "lxml").find_all(href=True)]


@settings(max_examples=60, deadline=None)
@given(title=st.text(st.characters(), min_size=1, max_size=120).filter(visible))
def test_a_title_is_shown_as_text(title: str) -> None:
    message = samples.set_letter(PUBLIC, with_text(samples.DAILY, "title", title))
    heading = BeautifulSoup(message.html, "html.parser").find("h3")
    assert heading is not None and visible(heading.get_text()) == visible(title)
    assert visible(title) in visible(message.text)


@settings(max_examples=40, deadline=None)
@given(spans=st.lists(st.tuples(st.integers(-3, 60), st.integers(-3, 60)), max_size=6), field=st.sampled_from(Field))
def test_marks_never_change_what_is_read(spans: list[tuple[int, int]], field: Field) -> None:
    matches = tuple(
        Match(interest="x", field=field, points=1, words=("x",), mark=Mark(field=field, start=start, end=end))
        for start, end in spans
    )
    first = replace(samples.NINE[0], pick=replace(samples.NINE[0].pick, matches=matches))
    soup = BeautifulSoup(
        samples.set_letter(PUBLIC, replace(samples.DAILY, picks=(first, *samples.NINE[1:]))).html, "html.parser"
    )
    heading = soup.find("h3")
    assert heading is not None and heading.get_text(strip=False).strip() == first.text.title
    assert not soup.select(".k .k")


def test_marks_stand_on_the_words_of_each_reason() -> None:
    soup = BeautifulSoup(samples.set_letter(PUBLIC, samples.DAILY).html, "html.parser")
    marked = [tag.get_text() for tag in soup.select(".k")]
    assert marked == [
        "Daily Papers", "Graph Networks", "messages", "Explanations", "Graph Networks", "Graphs",
        "cs.LG", "Conformal prediction", "Calibration", "Abel Ortiz",
    ]  # fmt: skip


def test_an_ordinary_letter_of_twenty_is_small() -> None:
    long = samples.NINE[0].text.abstract * 2
    picks = tuple(replace(p, text=replace(p.text, abstract=long)) for p in (samples.NINE * 3)[:20])
    message = samples.set_letter(PUBLIC, replace(samples.DAILY, picks=picks))
    assert len(message.html.encode()) < 60_000
    assert "left out" not in message.html.split("Graph learning")[-1]


@pytest.mark.parametrize("count", [1, 4, 20, 60])
@pytest.mark.parametrize("character", ["x", "&", "𝔘", '"', "words & words "])
def test_no_letter_passes_the_budget_and_each_keeps_its_footer(count: int, character: str) -> None:
    huge = samples.text(
        (character * 5_000)[:5_000],
        (character * 30_000)[:30_000],
        source=character * 500,
        url="https://example.org/" + "&" * 970,
        code_url="https://example.org/" + "&" * 970,
        categories=(character * 500,) * 9,
    )
    huge = replace(huge, authors=(character * 500,) * 50)
    many = tuple(
        samples.pick(huge, *[(character * 90, 9, Field.TITLE)] * 12, topic=character * 99) for _ in range(count)
    )
    letter = replace(samples.DAILY, picks=many, trending=many, unread=(character * 900,) * 30)
    message = samples.set_letter(PUBLIC, replace(letter, attributions=(character * 900,) * 30))
    assert len(message.html.encode()) <= 100_000
    assert "12 Quay Street" in message.html and "/unsubscribe/" in message.html


def test_both_parts_name_the_same_papers_in_the_same_order() -> None:
    message = samples.set_letter(PUBLIC, samples.DAILY)
    in_html = [tag.get_text().strip() for tag in BeautifulSoup(message.html, "html.parser").find_all("h3")]
    text = " ".join(message.text.split())
    assert [text.rindex(title) for title in in_html] == sorted(text.rindex(title) for title in in_html)
    assert len(in_html) == len(samples.NINE) + len(samples.READ_BY_OTHERS)


def test_the_text_part_keeps_to_its_columns() -> None:
    lines = samples.set_letter(PUBLIC, samples.DAILY).text.splitlines()
    assert all(len(line) <= 74 or line.startswith("https://") for line in lines)
    assert all(line.startswith(("https://", "mailto:")) for line in lines if "://" in line)


def test_a_public_site_has_pages_for_everything() -> None:
    message = samples.set_letter(PUBLIC, samples.DAILY)
    for path in ("/unsubscribe/Vm9pY2k.u7", "/l/Vm9pY2k.u7/1/more", "/l/Vm9pY2k.u7/9/less", "/archive"):
        assert samples.SITE.url + path in links(message)
        assert samples.SITE.url + path in message.text
    assert "https://arxiv.org/pdf/2411.00006" in links(message)  # listed by Hugging Face, printed by arXiv


def test_without_a_public_site_the_letter_links_no_page() -> None:
    message = samples.set_letter(LOCAL, samples.DAILY)
    own = [url for url in links(message) if "arxiv" not in url and "huggingface" not in url and "code." not in url]
    assert set(own) == {"mailto:owner@example.org?subject=unsubscribe%20Vm9pY2k.u7"}
    assert "127.0.0.1" not in message.data.decode()
    mail = parsed(message)
    assert mail["List-Unsubscribe"] == "<mailto:owner@example.org?subject=unsubscribe%20Vm9pY2k.u7>"
    assert mail["List-Unsubscribe-Post"] is None and mail["List-Archive"] is None


def test_a_preview_carries_no_live_link() -> None:
    message = samples.set_letter(PUBLIC, replace(samples.DAILY, token=None))
    assert all("papers.example.org" not in url and "mailto" not in url for url in links(message))
    assert parsed(message)["List-Unsubscribe"] is None and "Unsubscribe" not in message.html


def test_a_second_setting_gives_the_same_bytes_and_a_frozen_subject_stays() -> None:
    once, again = (samples.set_letter(Press(samples.SITE, samples.SENDER), samples.DAILY) for _ in range(2))
    assert once.data == again.data
    assert samples.set_letter(PUBLIC, samples.DAILY, subject="As it was").subject == "As it was"


def test_s5_parts_decode_to_what_was_set() -> None:
    """The bytes are made once: what a receiver decodes is what was rendered, with no second serialisation."""
    message = samples.set_letter(PUBLIC, samples.DAILY)
    assert parts_of(message) == (message.text, message.html)


@pytest.mark.parametrize(
    ("letter", "subject", "says"),
    [
        (samples.DAILY, "Abel Ortiz has a new paper, and 8 more for Thursday", "Nine papers for Thursday"),
        (
            replace(samples.DAILY, picks=samples.NINE[:2]),
            "Quiet Edges, and 1 more for Thursday",
            "Two papers for Thursday",
        ),
        (
            replace(samples.DAILY, picks=samples.NINE[2:3]),
            "One paper for Thursday: Rewired Once",
            "One paper for Thursday",
        ),
        (
            replace(samples.DAILY, picks=()),
            "A quiet Thursday: 612 read, none near enough",
            "none came close enough to what you follow",
        ),
        (
            replace(samples.DAILY, picks=(), trending=samples.READ_BY_OTHERS, has_interests=False),
            "Sleep Helps, and 2 more that people read",
            "Three papers people are reading",
        ),
        (replace(samples.DAILY, is_first=True), "Welcome: nine papers to begin with", "This is your first letter."),
        (
            replace(samples.DAILY, is_sample=True, picks=samples.NINE[:1]),
            "Sample: One paper for Thursday: Quiet Edges",
            "This is a sample",
        ),
        (
            replace(samples.DAILY, is_test=True, picks=samples.NINE[:1]),
            "Test: One paper for Thursday: Quiet Edges",
            "Sent again by hand",
        ),
    ],
)
def test_each_kind_of_letter_says_what_it_is(letter: Letter, subject: str, says: str) -> None:
    message = samples.set_letter(PUBLIC, letter)
    assert message.subject == subject
    assert says in message.html and says in " ".join(message.text.split())


def test_a_vouched_reader_is_told_who_and_can_leave_before_anything_else() -> None:
    letter = replace(samples.DAILY, is_first=True, vouched_by="config.yaml by the operator")
    message = samples.set_letter(PUBLIC, letter)
    for body in (message.html, message.text):
        assert body.index("config.yaml by the operator") < body.index("Nine papers to begin with")
        assert body.index("/unsubscribe/") < body.index("Nine papers to begin with")


def test_a_topic_head_needs_a_second_topic() -> None:
    one = replace(samples.DAILY, picks=(samples.NINE[0], samples.NINE[1]))
    assert "Graph learning" not in samples.set_letter(PUBLIC, one).html
    assert "Graph learning" in samples.set_letter(PUBLIC, samples.DAILY).html


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        ([56], "score 5.6"),
        ([56, 36], "score 9.2 = 5.6 + 3.6"),
        ([-12, 38], "score 2.6 = 3.8 − 1.2"),
        ([10, 9, 8, 7, 6], "score 4.0 = 1.0 + 0.9 + 0.8 + 1.3"),
    ],
)
def test_the_score_is_the_sum_of_what_is_shown(points: list[int], shown: str) -> None:
    follows = [(f"phrase {at}", value, Field.TITLE) for at, value in enumerate(points)]
    letter = replace(samples.DAILY, picks=(samples.pick(samples.text("A Title"), *follows),))
    assert shown in samples.set_letter(PUBLIC, letter).text.replace("\u00a0", " ")


def test_the_names_of_followed_authors_are_among_those_shown() -> None:
    message = samples.set_letter(PUBLIC, samples.DAILY)
    assert "Noor El-Amine, Grace Whitby, Abel Ortiz and 2 more" in message.text
    late = samples.pick(samples.text("T", "", "A One, B Two, C Three, D Four"), ("D Four", 9, Field.AUTHOR))
    assert "A One, B Two, D Four and 1 more" in samples.set_letter(PUBLIC, replace(samples.DAILY, picks=(late,))).text


@pytest.mark.parametrize(
    ("since", "says"),
    [
        (None, "612 new ones, 21\u00a0November."),
        (date(2024, 11, 20), "612 new ones, 21\u00a0November."),
        (date(2024, 11, 18), "612 new ones, 18\u00a0November to 21\u00a0November."),
    ],
)
def test_days_that_are_caught_up_with_are_named(since: date | None, says: str) -> None:
    message = samples.set_letter(PUBLIC, replace(samples.DAILY, since=since))
    assert says in message.text
