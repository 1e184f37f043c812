"""Titles, abstracts and names on one visible line, bounded, whatever comes in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.items.clean import clean_abstract, clean_name, clean_title
from digest.items.latex import plain_letters


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Two\n   lines\tand\u00a0more ", "Two lines and more"),
        ("bell\x07 and nul\x00 and nel\x85end", "bell and nul and nel end"),
        ("\u202egnp.exe\u202c, zero\u200bwidth, soft\u00adhyphen\ufeff", "gnp.exe, zerowidth, softhyphen"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("𝒪(n) for 𝐱 in ℒ, but ℝ", "O(n) for x in L, but ℝ"),
        ("𝔸𝕋𝕋𝔼ℕ𝕋𝕀𝕆ℕ is 𝗮𝗹𝗹 𝚢𝚘𝚞 𝓃ℯℯ𝒹, 𝔼[X] over ℤ and ℚ", "ATTENTION is all you need, E[X] over ℤ and ℚ"),
        ("ＬＬＭ と ＧＰＴ４：評価", "LLM と GPT4：評価"),
        ("e\u0301", "é"),
        ("می\u200cخواهم and a\u200cb", "می\u200cخواهم and ab"),
        ("<b>tags</b> & all", "<b>tags</b> & all"),
        ("p < 0.05, <5 years, $a<b$ and a<b>c", "p < 0.05, <5 years, a<b and a<b>c"),
        (
            "&lt; is &amp;lt; in a listing: its parser has unescaped it",
            "&lt; is &amp;lt; in a listing: its parser has unescaped it",
        ),
        ("TGF-{beta}1, {Delta}F508 and {+/-}5 {micro}m", "TGF-β1, ΔF508 and ±5 µm"),
        ("{GPU}s, {Beta}, {betas}, {{alpha}}", "{GPU}s, Β, {betas}, {α}"),
        (r"\foo{alpha}{beta} x_{alpha}", r"\foo{alpha}{beta} x_{alpha}"),
        (r"$\epsilon$-Optimal", "ϵ-Optimal"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_a_title_is_one_visible_line(raw: str, clean: str) -> None:
    assert clean_title(raw) == clean


def test_a_name_with_accents_in_latex_is_spelt_out() -> None:
    assert clean_name(r" Erd\H{o}s,  P\'al ") == "Erdős, Pál"


@given(st.text(st.characters(), max_size=300))
def test_whatever_comes_in_is_printable_on_one_line(raw: str) -> None:
    clean = clean_title(raw)
    clean.encode()
    assert clean == " ".join(clean.split())
    assert not {unicodedata.category(c) for c in clean} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(clean) & set("\u200b\u200e\u200f\u202a\u202e\u2066\ufeff")


@given(st.text(st.characters(exclude_characters="$\\~`-", exclude_categories=["Co", "Cs"])))
def test_cleaning_again_changes_nothing(raw: str) -> None:
    assert clean_title(clean_title(raw)) == clean_title(raw)


@pytest.mark.parametrize(("clean", "longest"), [(clean_title, 2_000), (clean_abstract, 20_000), (clean_name, 200)])
def test_long_texts_end_at_a_word(clean: Callable[[str], str], longest: int) -> None:
    cut = clean("word " * 250_000)
    assert len(cut) <= longest and cut.endswith("word…")
    assert clean("x" * 1_000_000) == "x" * (longest - 1) + "…"
    assert clean("x" * longest) == "x" * longest


@pytest.mark.parametrize(
    "piece",
    ["$", "\\", "{", "$x_{", "$\\alpha_1$", "\\textbf{", "{\\em ", "\\href{", '\\"{', "\\( ", "`", "--",
     "$a$", "~", " ", "\u200c", "^{_{"],
)  # fmt: skip
def test_a_megabyte_of_half_open_latex_is_cut_and_survives(piece: str) -> None:
    assert len(clean_abstract(piece * (1_000_000 // len(piece)))) <= 20_000


@given(st.text(st.characters(exclude_characters="$\\~`-{}", exclude_categories=["Cc", "Cf", "Co", "Cs"]), max_size=200))
def test_what_only_looks_like_markup_is_never_eaten(raw: str) -> None:
    clean = clean_abstract(raw)
    assert [clean.count(sign) for sign in "<>&;_^%#[]"] == [plain_letters(raw).count(sign) for sign in "<>&;_^%#[]"]


@given(st.lists(st.sampled_from(["TGF-{beta}", "{micro}m", "{", "}", "_{alpha}", r"\bar{x}", "a", " "]), max_size=12))
def test_spelling_out_loses_no_letter(pieces: list[str]) -> None:
    def letters(text: str) -> list[str]:
        for name, sign in {"\\bar": "", "beta": "β", "micro": "µ", "alpha": "α"}.items():
            text = text.replace(name, sign)
        return [c for c in unicodedata.normalize("NFC", text) if c.isalnum()]

    assert letters(clean_title("".join(pieces))) == letters("".join(pieces))
