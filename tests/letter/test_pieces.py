"""The small decisions of a letter: marks, cuts, links, colours and forms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.letter.colours import contrast
from digest.letter.columns import wrapped
from digest.letter.cutting import at_word, excerpt, short_title
from digest.letter.fit import forms
from digest.letter.links import pdf_address, web_address
from digest.letter.marks import pieces
from digest.letter.plain import plain

_LONG = "A first sentence that is long enough to stand by itself in any of the letters we send."

spans = st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40)))


@given(st.text(max_size=30), spans)
def test_pieces_joined_are_the_text_and_marked_where_a_whole_mark_lies(text: str, marks: list[tuple[int, int]]) -> None:
    found = pieces(text, marks)
    assert "".join(piece.text for piece in found) == text and all(piece.text for piece in found)
    marked = "".join(("#" if piece.is_marked else "-") * len(piece.text) for piece in found)
    within = [(start, end) for start, end in marks if 0 <= start < end <= len(text)]
    wanted = "".join("#" if any(start <= at < end for start, end in within) else "-" for at in range(len(text)))
    assert marked == wanted


@given(st.text(st.characters(), max_size=60))
def test_plain_text_keeps_its_length_and_can_be_encoded(text: str) -> None:
    assert len(plain(text)) == len(text)
    plain(text).encode()
    assert plain(plain(text)) == plain(text)


@given(st.text(max_size=500), st.integers(90, 400))
def test_an_excerpt_is_a_beginning_of_the_text(text: str, longest: int) -> None:
    cut = excerpt(text, longest)
    assert len(cut) <= longest
    assert text.startswith((cut, cut.removesuffix("…")))


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Short.", "Short."),
        (f"{_LONG} The second one.", _LONG),
        ("We follow Okafor et al. " + "and so on " * 9, "We follow Okafor et al. " + "and so on " * 6 + "and…"),
        ("x" * 120, "x" * 89 + "…"),
    ],
)  # fmt: skip
def test_an_abstract_is_cut_at_the_end_of_a_sentence(text: str, cut: str) -> None:
    assert excerpt(text, 90) == cut


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Quiet Edges: Graph Networks That Speak", "Quiet Edges"),
        ("Whose Neighbour? Explanations: at Scale", "Whose Neighbour?"),
        ("No Colon Here", "No Colon Here"),
        ("Only-IF:Revealing the Effect", "Only-IF"),
        (": odd", ": odd"),
        ("", ""),
    ],
)
def test_the_short_title_is_what_people_call_the_paper(title: str, short: str) -> None:
    assert short_title(title) == short


def test_words_are_cut_between_words() -> None:
    assert at_word("one two three", 9) == "one two…"


@pytest.mark.parametrize(
    "url",
    [
        None, "", "javascript:alert(1)", " java\tscript:x", "data:text/html,x", "//evil.example/x", "https://",
        "/abs/1", "https://arxiv.org@evil.example/", "https://a.example/ b", "http://[",
        "https://a.example/\\x", "ftp://a.example", "https://a.example/" + "x" * 1_000,
    ],
)  # fmt: skip
def test_an_odd_address_is_no_link(url: str | None) -> None:
    assert web_address(url) is None


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x?y=1&z=2#f", "https://a.example/x?y=1&z=2#f"),
        ("http://a.example/ü\"<", "http://a.example/%C3%BC%22%3C"),
    ],
)  # fmt: skip
def test_an_honest_address_is_a_link(url: str, safe: str) -> None:
    assert web_address(url) == safe


@pytest.mark.parametrize(
    ("url", "pdf"),
    [
        ("https://arxiv.org/abs/2411.00714", "https://arxiv.org/pdf/2411.00714"),
        ("http://arxiv.org/abs/2411.00714v2", "https://arxiv.org/pdf/2411.00714v2"),
        ("https://arxiv.org/abs/math/0211159", "https://arxiv.org/pdf/math/0211159"),
        ("https://huggingface.co/papers/2411.00714", "https://arxiv.org/pdf/2411.00714"),
        ("https://huggingface.co/papers/week/2024-W46", None),
        ("https://example.org/abs/2411.00714", None),
        (None, None),
    ],
)
def test_the_pdf_of_an_arxiv_paper_is_known(url: str | None, pdf: str | None) -> None:
    assert pdf_address(url) == pdf


def test_contrast_is_the_one_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        (" 1  " + "word " * 20 + "end", [" 1  " + ("word " * 14).strip(), "    " + "word " * 6 + "end"]),
        ("w" * 90 + " x", ["w" * 90, "    x"]),
        ("字" * 40, ["字" * 37, "    " + "字" * 3]),
        ("字" * 36 + "字。字", ["字" * 36, "    字。字"]),
    ],
)
def test_plain_text_keeps_to_its_columns_in_every_script(text: str, lines: list[str]) -> None:
    assert wrapped(text, 4).split("\n") == lines


@given(st.text(), st.integers(0, 8))
def test_wrapping_only_trades_spaces_for_line_ends(text: str, hang: int) -> None:
    text = plain(text)
    assert wrapped(text, hang).replace(" ", "").replace("\n", "") == text.replace(" ", "")


@given(st.text(" ab.-", max_size=300), st.integers(0, 8))
def test_the_quick_way_to_wrap_breaks_lines_where_the_other_does(text: str, hang: int) -> None:
    wide = text + " é"  # which is not ASCII, and goes the other way
    assert wrapped(text + " e", hang) == wrapped(wide, hang).replace("é", "e")


@given(st.integers(0, 300), st.integers(0, 300))
def test_each_form_is_shorter_and_the_last_is_a_single_title(papers: int, trending: int) -> None:
    sizes: Sequence[tuple[int, ...]] = [
        (f.full, f.full + f.excerpts, f.trending, f.shown) for f in forms(papers, trending)
    ]
    assert all(all(b <= max(a, 1) for a, b in zip(one, two, strict=True)) for one, two in pairwise(sizes))
    assert sizes[-1] == (0, 0, 0, 1)
    assert len(sizes) < 40
