"""A sentence that names an address comes out as if it had been set for that reader alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.letter.addressed import Addressed, set_paragraph
from digest.letter.slots import Sentence, slot

PLAIN = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,40}@[A-Za-z0-9.-]{1,40}", fullmatch=True)
WORDS = st.text("ab xF&=.—", max_size=90)


@given(WORDS, WORDS, st.lists(st.one_of(PLAIN, st.emails(), st.text(max_size=20)), min_size=1, max_size=4))
@example("Sent to", " every day. " * 9, ["a@example.org", "b@example.org"])
@example("xxx", "xxxxxxxxx", ["a@b"])
@example("", "", ["From@a.b", "Frox@a.b"])
def test_any_address_is_set_as_it_would_be_alone(before: str, after: str, addresses: list[str]) -> None:
    sentence = Addressed(Sentence(f"{before}{slot('email')}{after}", ("email",)))
    for address in addresses:
        if address.isprintable():
            assert sentence.to(address) == set_paragraph(f"{before}{address}{after}")


@pytest.mark.parametrize("address", ["=?utf-8?q?x?=@example.org", "a<b>@example.org", "ж@example.org"])
def test_an_address_that_is_written_otherwise_in_a_letter_is_set_by_itself(address: str) -> None:
    html, text = Addressed(Sentence(f"To {slot('email')}.", ("email",))).to(address)
    assert (html, text) == set_paragraph(f"To {address}.")
    assert address.encode() not in html
