"""Marked-up text of publishers, and formulas in it, as lines that read well."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources.markup.jats import text_of
from digest.sources.markup.mathml import lowered, raised
from digest.sources.text import collapse
from digest.sources.xml import parse_xml


def text(inner: str) -> str:
    return text_of(parse_xml(f"<x>{inner}</x>".encode()))


@pytest.mark.parametrize(
    ("inner", "reads"),
    [
        ("H<sub>2</sub>O and <i>in <b>vivo</b></i>", "H2O and in vivo"),
        ("10<sup>6</sup>, 10<sup>-12</sup>, 2×10<sup>6</sup>", "10⁶, 10⁻¹², 2×10⁶"),
        ("x10<sup>3</sup>, 210<sup>3</sup>, 10<sup>th</sup>", "x10³, 2103, 10th"),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("<sec><title>Aim</title><p>To see.</p></sec>end", "Aim To see. end"),
        ("a &lt;i&gt; &amp;lt; <![CDATA[<b>]]>", "a <i> &lt; <b>"),
        ("a<?pi?>b<!-- c -->d", "abd"),
        ("", ""),
    ],
)
def test_marks_vanish_and_text_stays(inner: str, reads: str) -> None:
    assert text(inner) == reads


@given(st.lists(st.tuples(st.text("ab<&10 ", max_size=6), st.sampled_from(["i", "b", "sub", "u", "p"])), max_size=8))
def test_no_letter_is_lost(parts: list[tuple[str, str]]) -> None:
    inner = "".join(f"{escape(words)}<{name}>{escape(words)}</{name}>" for words, name in parts)
    assert "".join(text(inner).split()) == "".join("".join(words * 2 for words, _ in parts).split())


def math(inner: str) -> str:
    spelt = re.sub(r"<(/?)", r"<\1m:", f"<math>{inner}</math>")
    return text(spelt.replace("<m:math", '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"', 1))


X, Y, TWO = "<mi>x</mi>", "<mi>y</mi>", "<mn>2</mn>"
SUM = f"<mrow>{X}<mo>+</mo>{Y}</mrow>"


@pytest.mark.parametrize(
    ("inner", "reads"),
    [
        (SUM, "x+y"),
        (f"<msup>{X}{TWO}</msup>", "x²"),
        (f"<msub>{X}<mi>q</mi></msub>", "x_q"),
        (f"<msub>{X}<mi>max</mi></msub>", "xₘₐₓ"),
        (f"<msup>{X}<mi>QED</mi></msup>", "x^{QED}"),
        ("<msubsup><mi>η</mi><mi>p</mi><mn>2</mn></msubsup>", "ηₚ²"),
        (f"<mfrac>{SUM}{TWO}</mfrac>", "(x+y)/2"),
        (f"<mfrac>{X}{Y}</mfrac>", "x/y"),
        (f"<msqrt>{X}{Y}</msqrt><mroot>{X}<mn>3</mn></mroot>", "√(xy)³√(x)"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", "∑ᵢ₌₁ⁿ"),
        (f"<mover>{X}<mo>^</mo></mover><mover>{Y}<mo>¯</mo></mover>", "x̂ȳ"),
        (f"<mfenced>{X}{Y}</mfenced>", "(x,y)"),
        (f'<mfenced open="[" close="]" separators=";,">{X}{Y}{X}</mfenced>', "[x;y,x]"),
        (f'<mfenced separators="">{X}{Y}</mfenced>', "(xy)"),
        (f"<mi>sin</mi>{X}<mi>cos</mi>{Y}", "sin x cos y"),
        (f"<mtable><mtr><mtd>{X}</mtd><mtd>{Y}</mtd></mtr><mtr><mtd>{TWO}</mtd></mtr></mtable>", "[x y; 2]"),
        (f"<semantics>{SUM}<annotation>x + y</annotation></semantics>", "x+y"),
        ("<apply><in/><ci>x</ci><ci>S</ci></apply>", "x S"),
        (f"<msup>{X}</msup><mfrac>{X}{Y}{TWO}</mfrac>", "xx y 2"),
        ("", ""),
    ],
)  # fmt: skip
def test_formulas_read_as_on_paper(inner: str, reads: str) -> None:
    assert math(inner) == reads


NAMES = ["mrow", "msup", "msub", "mfrac", "msqrt", "mover", "mfenced", "mtable", "mtr", "mtd", "mstyle", "apply"]
FORMULAS = st.recursive(
    st.sampled_from([X, Y, TWO, "<mo>+</mo>"]),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", st.sampled_from(NAMES), st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)


@given(FORMULAS)
def test_no_sign_of_a_formula_is_lost(inner: str) -> None:
    plain = str.maketrans({raised(c): c for c in "xy2+"} | {lowered(c): c for c in "x2+"})
    wanted = re.sub(r"<[^>]*>", "", inner)
    assert [c for c in math(inner).translate(plain) if c in "xy2+"] == list(wanted)


def test_a_formula_of_any_depth_is_read() -> None:
    assert math("<mrow>" * 200 + X + "</mrow>" * 200) == "x"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_plain_text_is_only_collapsed(words: str) -> None:
    assert text(escape(words)) == collapse(words)
