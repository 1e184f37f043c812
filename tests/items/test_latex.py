"""LaTeX made readable, with nothing eaten and no money taken for a formula."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.items.latex import readable


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        # formulas
        (r"$\epsilon$-Optimal Play", "ϵ-Optimal Play"),
        (r"$\mathbf{x}\in\mathbb{R}^d$", "x∈ℝᵈ"),
        (r"$x_{i}^{2}$ and $10^{-3}$, $\mathbb{Z}_2$", "xᵢ² and 10⁻³, ℤ₂"),
        (r"$O(n\log n)$, $\sqrt{k}\log k$", "O(n log n), √(k) log k"),
        (r"$\frac{a}{b}$, $\dfrac{1}{2}$", "a/b, 1/2"),
        (r"$\mathcal{L}_{CE}$ and $2^{1/8}$", "L_{CE} and 2^{1/8}"),
        (r"$x_{n_{max}}$", "x_{nₘₐₓ}"),
        (r"$\| x \|_2$ and $a & b$ at $\ge 50%$", "‖ x ‖₂ and a & b at ≥50%"),
        (r"$\textbf{Quick-SORT}$:Again", "Quick-SORT:Again"),
        (r"$\mathrm{Foo^3Bar}$ and Foo$^2$", "Foo³Bar and Foo²"),
        (r"20$\pm$3 days at 5$^{\circ}$C", "20±3 days at 5°C"),
        (r"${\boldsymbol S}$, $\bm{\hat{k}}$, $f'(x)$, $x^\prime$", "S, k̂, f'(x), x′"),
        (r"$\left( a \right)$ is $\operatorname{soft}(x)$ $\sim 4 \rm ~ deg$", "( a ) is soft(x) ∼4 deg"),
        (r"$$E=mc^2$$ \(a_1\) \[b^2\]", "E=mc² a₁ b²"),
        ("$a<b$ and $p > 0.1$", "a<b and p > 0.1"),
        (r"$\frac{a+b}{2}$, $\frac{n^2}{k_1}$, $\frac{1}{2\pi}$", "(a+b)/2, n²/k₁, 1/(2π)"),
        (r"$\frac{\mathrm{kg}}{m}$, $\frac{\alpha}{3.5}$", "kg/m, α/3.5"),
        (r"\ensuremath{\alpha}-helix, \ensuremath{\mathbf{x}_i}", "α-helix, xᵢ"),
        (r"Author$^\dagger$, $n=3$--$5$", "Author†, n=3–5"),
        # not understood, so left as it is
        (r"$\foo{x} y$", r"$\foo{x} y$"),
        (r"$\color{red}{x}$", r"$\color{red}{x}$"),
        (r"$a}$ and ${b$", r"$a}$ and ${b$"),
        (r"\foo{x} and 90{\baz}", r"\foo{x} and 90{\baz}"),
        (r"$\hat{\hat{\hat{\hat{\hat{\hat{\hat{x}}}}}}}$", r"$\hat{\hat{\hat{\hat{\hat{\hat{\hat{x}}}}}}}$"),
        # not a formula
        ("costs $5 and $10 per query", "costs $5 and $10 per query"),
        ("US$5M and A$6M", "US$5M and A$6M"),
        ("from $5k to US$k", "from $5k to US$k"),
        ("only $5", "only $5"),
        ("1991 (US$1475), 1992 (US$ 5155)", "1991 (US$1475), 1992 (US$ 5155)"),
        ("50% over A_n and Foo^3", "50% over A_n and Foo^3"),
        ("users_in the_set of C:\\new", "users_in the_set of C:\\new"),
        # prose
        (r"\textit{Adam} and \textbf{bold \emph{twice}} {\em ii)}", "Adam and bold twice ii)"),
        (r"Schr\"odinger na\"{\i}ve Erd\H{o}s \v{S}koda", "Schrödinger naïve Erdős Škoda"),
        (r"{\"U}ber Gar\c con", "Über Garçon"),
        (r"\O{}rsted, Stra{\ss}e, \L odz, Ak{\i}n", "Ørsted, Straße, Łodz, Akın"),
        (r"10\% of A\&B, \_ \# \$5 and \$6", "10% of A&B, _ # $5 and $6"),
        ("A -- B, 3--5, self---made", "A – B, 3–5, self—made"),
        ("run it with --help -- or not", "run it with --help – or not"),
        ("Fig.~3 and et~al., about ~5", "Fig. 3 and et al., about ~5"),
        (r"\url{http://a.example/~c} and \href{http://x.example}{here}", "http://a.example/~c and here (http://x.example)"),
        ("``quoted''", "“quoted”"),
        (r"\textbf{all $x_1$ of it}", "all x₁ of it"),
        (r"10\textsuperscript{6} and CO\textsubscript{2}, \textsuperscript{QED}", "10⁶ and CO₂, ^{QED}"),
        (r"one \\ two\xspace, and so on \ldots", "one two, and so on …"),
    ],
)  # fmt: skip
def test_latex_reads_as_text(source: str, reads: str) -> None:
    assert readable(source) == reads


@given(st.text(st.characters(exclude_characters="$\\~`-", exclude_categories=["Co", "Cs"])))
def test_text_without_latex_is_left_alone(text: str) -> None:
    assert readable(text) == text


@given(st.text("$\\{}^_ab1~%& -`'\"", max_size=60))
def test_no_letter_or_digit_is_lost_but_names_of_macros(text: str) -> None:
    names = re.compile(r"\\[A-Za-z]+")
    plain = str.maketrans("ₐᵃᵇ₁¹àáâãäåāăąȧạb̀ḃḅ", "aab11aaaaaaaaaaabbbb")
    wanted = [c for c in names.sub("", text) if c.isalnum()]
    found = iter(names.sub("", readable(text).translate(plain)))
    assert all(c in found for c in wanted)
