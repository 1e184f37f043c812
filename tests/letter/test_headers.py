"""Header lines: folding, encoding, and the four ways in which a header was broken before."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.letter import headers
from digest.letter.letterhead import Letterhead
from digest.letter.links import leaving_addresses
from digest.model import Site
from tests.letter import samples


def read(line: bytes, name: str) -> str:
    message = email.message_from_bytes(line + b"\r\n", policy=email.policy.default)
    assert message.keys() == [name] and not message.defects and not message[name].defects
    return str(message[name])


def assert_folded(line: bytes) -> None:
    assert line.endswith(b"\r\n") and line.isascii()
    lines = line[:-2].split(b"\r\n")
    assert all(0 < len(each) <= 78 and each.strip() for each in lines)
    assert all(each.startswith(b" ") for each in lines[1:])
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+\?=", line))


@given(st.text(st.characters(), max_size=300))
def test_any_subject_reads_back_as_guarded(text: str) -> None:
    line = headers.text_header("Subject", text)
    assert_folded(line)
    shown = headers.guard(text)
    assert read(line, "Subject") == shown or len(shown) > 250


@given(st.text(st.characters(), max_size=200))
def test_a_guarded_text_is_one_visible_line_without_encoded_words(text: str) -> None:
    shown = headers.guard(text)
    assert shown.isprintable() or not shown.isascii()
    assert "=?" not in shown and "\n" not in shown and shown == headers.guard(shown)
    shown.encode()


def test_s1_an_encoded_word_in_a_title_injects_no_header() -> None:
    line = headers.text_header("Subject", "=?UTF-8?Q?=0A?=Bcc: x@y.example")
    assert read(line, "Subject") == "= ?UTF-8?Q?=0A?=Bcc: x@y.example"
    again = email.message_from_bytes(line + b"\r\n", policy=email.policy.SMTP).as_bytes()
    assert email.message_from_bytes(again, policy=email.policy.default).keys() == ["Subject"]


@given(st.text(st.characters(), max_size=150))
@pytest.mark.parametrize("tail", ["", ", victim@good.example, ", '" <a@b.example>', "(comment)", "\\"])
def test_s2_a_display_name_never_becomes_an_address(tail: str, name: str) -> None:
    line = headers.address_header("From", "real@example.org", name + tail)
    assert_folded(line)
    found = email.message_from_bytes(line + b"\r\n", policy=email.policy.default)["From"].addresses
    assert [each.addr_spec for each in found] == ["real@example.org"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Daily Papers", b"From: Daily Papers <d@example.org>\r\n"),
        ("Papers, daily", b'From: "Papers, daily" <d@example.org>\r\n'),
        ('The "Lab"', b'From: "The \\"Lab\\"" <d@example.org>\r\n'),
        ("Café", b"From: =?utf-8?b?Q2Fmw6k=?= <d@example.org>\r\n"),
        ("", b"From: d@example.org\r\n"),
    ],
)
def test_a_display_name_is_written_the_plainest_safe_way(name: str, line: bytes) -> None:
    assert headers.address_header("From", "d@example.org", name) == line


def test_s3_a_long_list_address_stays_plain_and_whole() -> None:
    long = "https://papers.example.org/unsubscribe/" + "a1-_." * 40
    line = headers.list_header("List-Unsubscribe", [long, "mailto:owner@example.org?subject=unsubscribe%20x"])
    assert f" <{long}>,\r\n <mailto:owner@example.org?subject=unsubscribe%20x>\r\n".encode() in line
    assert b"=?" not in line and all(len(each) <= 998 for each in line.split(b"\r\n"))


@pytest.mark.parametrize(
    "uri", ["https://a.example/ b", "https://a.example/>", "javascript:x", "https://a/\r\nX: y", "https://ä.example/"]
)
def test_an_address_that_would_break_a_list_header_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        headers.list_header("List-Unsubscribe", [uri])


@pytest.mark.parametrize(
    ("address", "spec"),
    [
        ("ada@example.org", "ada@example.org"),
        ("a.b+c@Ex-ample.org", "a.b+c@Ex-ample.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_a_mailbox_stands_as_on_the_wire(address: str, spec: str) -> None:
    assert headers.address_spec(address) == spec


@pytest.mark.parametrize(
    "address",
    [
        "", "ada", "@example.org", "ada@", "a b@example.org", "ada@example.org\n", "a@b@c.example", '"a"@example.org',
        "a@x.com\nBcc:z", "alice@example.org)bob@evil.example", "ä@example.org", "a..b@example.org", "a@[127.0.0.1]",
        "ada@-x.example", "\ud800@example.org", "ada@\ud800.example", "a" * 250 + "@example.org",
    ],
)  # fmt: skip
def test_an_address_with_two_readings_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        headers.address_spec(address)


@pytest.mark.parametrize(
    "message_id", ["a@b.example", "<a@b.example>\r\nX: y", "<a b@c.example>", "<>", "<a@b.example"]
)
def test_what_is_no_message_id_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="not a message id"):
        headers.message_id_header(message_id)


def test_the_date_has_a_numeric_zone() -> None:
    assert headers.date_header(datetime(2024, 2, 29, 6, 5, tzinfo=UTC)) == b"Date: Thu, 29 Feb 2024 06:05:00 +0000\r\n"


@pytest.mark.parametrize("url", ["https://papers.example.org", "http://127.0.0.1:8000"])
@given(length=st.integers(1, 60))
def test_no_line_of_the_header_is_too_long_however_long_the_contact_is(url: str, length: int) -> None:
    site = replace(samples.SITE, url=url, contact="o" * length + "@example.org")
    lines = b"".join(letterhead(site, "T" * 32)).split(b"\r\n")
    assert all(len(line) <= 78 for line in lines)


@pytest.mark.parametrize(
    ("url", "contact", "addresses"),
    [
        (
            "https://x.example", "m@x.example",
            ["https://x.example/unsubscribe/T", "mailto:m@x.example?subject=unsubscribe%20T"],
        ),
        ("http://127.0.0.1", "me@x.example", ["mailto:me@x.example?subject=unsubscribe%20T"]),
        ("http://127.0.0.1", "m" * 40 + "@x.example", ["mailto:" + "m" * 40 + "@x.example?subject=T"]),
        ("http://127.0.0.1", "m" * 60 + "@x.example", []),
    ],
)  # fmt: skip
def test_a_mail_stands_in_the_header_where_it_fits(url: str, contact: str, addresses: list[str]) -> None:
    block = b"".join(letterhead(replace(samples.SITE, url=url, contact=contact), "T"))
    message = email.message_from_bytes(block + b"\r\n", policy=email.policy.default)
    assert re.findall("<(.+?)>", str(message["List-Unsubscribe"] or "")) == addresses
    is_public = url.startswith("https")
    assert (message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click") is is_public


def letterhead(site: Site, token: str) -> Iterator[bytes]:
    lines = Letterhead(site, samples.SENDER).lines
    return lines("ada@example.org", "x", message_id="<a@b.example>", date=samples.WRITTEN, token=token)


@given(st.text("xT4_-", min_size=1, max_size=120), st.sampled_from([samples.SITE, samples.LOCAL]))
def test_a_token_stands_in_the_lines_about_leaving_as_in_those_written_for_it_alone(token: str, site: Site) -> None:
    crowded = replace(site, contact="xx@xxx.example")  # which says "x" and "xx" itself
    lines = Letterhead(crowded, samples.SENDER).lines(
        "ada@example.org", "Papers", message_id="<a.1@example.org>", date=samples.WRITTEN, token=token
    )
    addresses = leaving_addresses(crowded, token, headers.LONGEST_URI)
    wanted = headers.list_header("List-Unsubscribe", addresses) if addresses else b""
    if site.is_public:
        wanted += b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    assert list(lines)[-2] == wanted
