"""Quoted-printable pieces: what is joined decodes to the texts joined, in lines that every server passes on."""

from __future__ import annotations

from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.letter.marks import pieces
from digest.letter.quoted import SOFT, Markable, decoded, decoded_size, encoded, tag
from digest.letter.slots import Pattern, Sentence, slot

# No carriage returns, tabs and lone surrogates: plain() lets none of them through.
body = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x01\x02"), max_size=400),
    st.text("..From = \nFé字😀%", max_size=300),
    st.text("=", max_size=200),
    st.integers(0, 400).map(lambda count: "." * count),
)
line = body.map(lambda text: text.replace("\n", " "))
spans = st.lists(st.tuples(st.integers(-2, 400), st.integers(-2, 400)), max_size=4)


def assert_passable(data: bytes) -> None:
    """What holds for every line of a body."""
    for each in data.split(b"\r\n"):
        assert len(each) <= 76 and b"\n" not in each and each.isascii()
        assert not each.startswith((b".", b"From ")) and not each.endswith(b" ")


@given(body)
@settings(max_examples=300)
def test_a_text_comes_back_and_its_last_line_has_room_for_a_soft_break(text: str) -> None:
    data = encoded(text)
    assert_passable(data)
    assert decoded(data) == text
    assert len(data.split(b"\r\n")[-1]) <= 75
    assert decoded_size(data) == len(text.replace("\n", "\r\n").encode())


@given(st.lists(body))
def test_pieces_joined_decode_to_the_texts_joined(texts: list[str]) -> None:
    data = b"".join(encoded(text) + SOFT for text in texts)
    assert_passable(data)
    assert decoded(data) == "".join(texts)


@given(line, spans)
@settings(max_examples=300)
def test_marks_stand_between_characters_and_move_none(text: str, marks: list[tuple[int, int]]) -> None:
    data = Markable(text, len(text)).marked(tuple(marks), (tag("\u2039"), tag("\u203a")))
    assert_passable(data)
    wanted = "".join(f"\u2039{p.text}\u203a" if p.is_marked else p.text for p in pieces(text, marks))
    assert unescape(decoded(data)) == unescape(wanted)


@given(line, st.integers(0, 400))
def test_a_mark_beyond_what_a_cut_has_left_vanishes(text: str, kept: int) -> None:
    kept = min(kept, len(text))
    marked = Markable(text, kept).marked(((0, kept + 1),), (tag("<b>"), tag("</b>")))
    assert b"<b>" not in marked


@given(st.lists(body, min_size=1), st.data())
def test_a_pattern_filled_is_the_template_filled(literals: list[str], data: st.DataObject) -> None:
    names = [f"slot{at}" for at in range(len(literals) - 1)]
    values = [data.draw(line) for _ in names]
    printed = literals[0] + "".join(
        str(slot(name)) + literal for name, literal in zip(names, literals[1:], strict=True)
    )
    wanted = literals[0] + "".join(value + literal for value, literal in zip(values, literals[1:], strict=True))
    for is_row in (True, False):
        filled = Pattern(printed, names, is_row=is_row).filled(*map(encoded, values))
        assert_passable(filled)
        assert decoded(filled) == wanted
        assert not is_row or not filled or filled.endswith(b"\r\n")
    assert Sentence(printed, names).filled(*values) == wanted


def test_ten_thousand_dots_stay_small() -> None:
    assert len(encoded("." * 10_000)) < 40_000
