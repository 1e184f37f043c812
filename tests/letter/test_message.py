"""Message bytes: quoted-printable, boundaries, and lines that start with a dot."""

from __future__ import annotations

import email
import email.policy
import quopri

from hypothesis import given
from hypothesis import strategies as st

from digest.letter.message import multipart, quoted_printable

# The press passes text without carriage returns and lone surrogates; see test_press for those.
body = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400),
    st.text(".= \nFé\t", max_size=300),
)


@given(body)
def test_a_body_decodes_to_itself_in_short_lines_without_leading_dots(text: str) -> None:
    encoded = quoted_printable(text)
    lines = encoded.split("\r\n")
    assert all(len(line) <= 76 and not line.startswith(".") and "\n" not in line for line in lines)
    assert quopri.decodestring(encoded.replace("\r\n", "\n").encode()).decode() == text


@given(body, body)
def test_a_message_has_its_two_parts_and_nothing_else(text: str, html: str) -> None:
    data = multipart([b"Subject: x\r\n"], text=text, html=html, message_id="<a@b.example>")
    message = email.message_from_bytes(data, policy=email.policy.default)
    parts = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in message.iter_parts()]
    assert parts == [text, html] and not message.defects and message.keys()[-2:] == ["MIME-Version", "Content-Type"]


def test_ten_thousand_dots_stay_small() -> None:
    assert len(quoted_printable("." * 10_000)) < 40_000
