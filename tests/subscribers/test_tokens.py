"""Tokens: genuine ones are read, and nothing else is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.subscribers.tokens import Keyring, Token

DAY = date(2026, 8, 17)
RING = Keyring(b"a key for tests")
PEOPLE = st.integers(0, 2**32 - 1)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(PEOPLE, st.dates(date(1970, 1, 1), date(2149, 1, 1)))
def test_a_token_says_who_and_when_and_fits_into_a_link(person: int, day: date) -> None:
    token = RING.sign("unsubscribe", person, day)
    assert re.fullmatch("[A-Za-z0-9_-]{1,32}", token)
    assert RING.read(token, "unsubscribe", day) == Token(person, day)


@given(PEOPLE, st.data())
def test_a_token_with_any_character_changed_is_forged(person: int, data: Any) -> None:
    token = RING.sign("unsubscribe", person, DAY)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET + "+/= \n").filter(lambda one: one != token[place]))
    assert RING.read(token[:place] + other + token[place + 1 :], "unsubscribe", DAY) is None


def test_a_token_in_the_other_alphabet_is_forged() -> None:
    tokens = [RING.sign("unsubscribe", person, DAY) for person in range(50)]
    odd = [token for token in tokens if set(token) & set("-_")]
    assert odd
    for token in odd:
        assert RING.read(token.replace("-", "+").replace("_", "/"), "unsubscribe", DAY) is None


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase])
def test_a_token_in_another_case_is_forged(change: Any) -> None:
    assert RING.read(change(RING.sign("unsubscribe", 7, DAY)), "unsubscribe", DAY) is None


@given(st.text(st.characters(exclude_categories=[])) | st.text(ALPHABET, min_size=30, max_size=34))
@example("A" * 32)
@example("")
def test_any_other_text_is_no_token(text: str) -> None:
    assert RING.read(text, "unsubscribe", DAY) is None


@pytest.mark.parametrize("edge", ["{}=", "{} ", " {}", "{}\n", "{}A"])
def test_a_token_with_something_around_it_is_none(edge: str) -> None:
    assert RING.read(edge.format(RING.sign("unsubscribe", 7, DAY)), "unsubscribe", DAY) is None


def test_a_token_for_something_else_is_none() -> None:
    other: Any = "another purpose"
    assert RING.read(RING.sign(other, 7, DAY), "unsubscribe", DAY) is None


@pytest.mark.parametrize(("age", "is_read"), [(-1, True), (0, True), (400, True), (401, False), (4000, False)])
def test_a_token_lives_four_hundred_days(age: int, is_read: bool) -> None:
    token = RING.sign("unsubscribe", 7, DAY)
    assert (RING.read(token, "unsubscribe", DAY + timedelta(days=age)) is not None) is is_read


def test_a_new_key_still_reads_what_an_older_one_has_signed() -> None:
    token = RING.sign("unsubscribe", 7, DAY)
    rotated = Keyring(b"a new key", (b"another key", b"a key for tests"))
    assert rotated.read(token, "unsubscribe", DAY) == Token(7, DAY)
    assert rotated.sign("unsubscribe", 7, DAY) != token
    assert Keyring(b"a new key").read(token, "unsubscribe", DAY) is None


def test_a_fingerprint_is_stable_and_says_nothing() -> None:
    prints = {text: RING.fingerprint(text) for text in ("ada@example.org", "ben@example.org", "", "äda@example.org")}
    assert prints == {text: RING.fingerprint(text) for text in prints}
    assert len(set(prints.values())) == len(prints)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in prints.values())
    assert RING.fingerprint("ada@example.org") != Keyring(b"a new key").fingerprint("ada@example.org")


# --- brief ones ---------------------------------------------------------------------------------------------------

NOON = datetime(2026, 8, 17, 12, tzinfo=UTC)
STAMP = "ada@example.org 2026-08-01"


@given(PEOPLE, st.integers(1, 10**6), st.text(max_size=40))
def test_a_brief_token_holds_until_its_moment(person: int, seconds: int, stamp: str) -> None:
    until = NOON + timedelta(seconds=seconds)
    token = RING.sign_briefly("confirm", person, until, stamp)
    assert re.fullmatch("[A-Za-z0-9_-]{36}", token)
    assert RING.person_of(token) == person
    assert RING.is_valid(token, "confirm", stamp, NOON)
    assert not RING.is_valid(token, "confirm", stamp, until)


@given(PEOPLE, st.data())
def test_a_brief_token_with_any_character_changed_is_forged(person: int, data: Any) -> None:
    token = RING.sign_briefly("undo", person, NOON + timedelta(days=1), STAMP)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET + "+/= \n").filter(lambda one: one != token[place]))
    assert not RING.is_valid(token[:place] + other + token[place + 1 :], "undo", STAMP, NOON)


def test_a_brief_token_is_for_one_purpose_one_stamp_and_one_key() -> None:
    token = RING.sign_briefly("preferences", 7, NOON + timedelta(days=1), STAMP)
    assert RING.is_valid(token, "preferences", STAMP, NOON)
    assert not RING.is_valid(token, "undo", STAMP, NOON)
    assert not RING.is_valid(token, "preferences", STAMP + "x", NOON)
    assert not Keyring(b"another").is_valid(token, "preferences", STAMP, NOON)
    assert Keyring(b"another", (b"a key for tests",)).is_valid(token, "preferences", STAMP, NOON), "a key was added"


@given(st.text(st.characters(exclude_categories=[])) | st.text(ALPHABET, min_size=34, max_size=38))
@example("A" * 36)
@example("")
def test_any_other_text_is_no_brief_token(text: str) -> None:
    RING.person_of(text)
    assert not RING.is_valid(text, "confirm", STAMP, NOON)


def test_a_lasting_token_is_no_brief_one_and_the_other_way_round() -> None:
    lasting = RING.sign("unsubscribe", 7, DAY)
    brief = RING.sign_briefly("undo", 7, NOON + timedelta(days=1), STAMP)
    assert RING.person_of(lasting) is None
    assert RING.read(brief, "unsubscribe", DAY) is None
