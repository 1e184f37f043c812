"""Message bytes: two parts, and a boundary that no body can hold."""

from __future__ import annotations

import email
import email.policy

from hypothesis import given
from hypothesis import strategies as st

from digest.letter.message import multipart
from digest.letter.quoted import encoded
from digest.model import Message

body = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400)


@given(body, body)
def test_a_message_has_its_two_parts_and_nothing_else(text: str, html: str) -> None:
    data = multipart([b"Subject: x\r\n"], text=encoded(text), html=encoded(html), message_id="<a@b.example>")
    message = email.message_from_bytes(data, policy=email.policy.default)
    parts = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in message.iter_parts()]
    assert parts == [text, html] and not message.defects and message.keys()[-2:] == ["MIME-Version", "Content-Type"]
    sent = Message(recipient="a@b.example", envelope_from="", subject="x", data=data)
    assert (sent.text, sent.html) == (text, html)
