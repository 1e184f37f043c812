r"""LaTeX in titles and abstracts made readable as plain text: formulas by a parser, prose by a small table.

Nothing is eaten: whatever is not understood stays in the source form, since a reader can decipher `\foo{x}` but
cannot guess what was dropped. Formulas are found by a strict pattern, because dollars are also money.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any

_LONGEST_FORMULA = 200  # characters; longer ones are prose between two prices, or unreadable anyway
_MOST_FORMULAS = 100  # per text; with the next one it bounds the parser's time, the rest keeps its source form
_DEEPEST = 6  # braces in braces; the parser's time grows with the square of it, and nobody reads deeper ones

# A formula starts with no space after the dollar and ends with none before it. One that holds a macro may be followed
# by a digit ("20$\pm$3"); any other may not, for "$5 and $10" is money.
_BODY = rf"(?:[^$\\]|\\[^\r\n]){{1,{_LONGEST_FORMULA}}}?"
_FORMULA = re.compile(
    rf"(?<![\\$])\$\$(?P<display>{_BODY})\$\$"
    rf"|(?<![\\$])\$(?![\s$])(?P<inline>{_BODY})(?<!\s)\$(?!\$)"
    rf"|\\\((?P<round>(?:[^$\\]|\\[^()]){{1,{_LONGEST_FORMULA}}}?)\\\)"
    rf"|\\\[(?P<square>(?:[^$\\]|\\[^\[\]]){{1,{_LONGEST_FORMULA}}}?)\\\]"
    rf"|\\ensuremath\s*\{{(?P<ensured>(?:[^{{}}$]|\{{[^{{}}$]*\}}){{1,{_LONGEST_FORMULA}}})\}}"
)
_PROSE = re.compile(r"[A-Za-z]{2,} +[A-Za-z]{2,}")
_TEXT_MACRO = re.compile(r"\\(?:text\w*|mathrm|mbox|rm|operatorname)\*?\s*\{[^{}]*\}|\\[A-Za-z]+")

_HELD = "\ue000"  # stands for a finished formula while the prose around it is read
_OPEN, _SHUT = "\ue001", "\ue002"  # stand for the braces of a script, which the parser would drop
_RESERVED = re.compile("[\ue000-\ue002]")

_SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθχ∘*′†‡",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵡ°*′†‡",
        strict=True,
    )
)
_SUBSCRIPTS = dict(zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_SCRIPT = re.compile(rf"([_^])(?:{_OPEN}([^{_OPEN}{_SHUT}]*){_SHUT}|([^\s{_OPEN}{_SHUT}_^]))")

_OPERATORS = "log|ln|exp|max|min|sin|cos|tan|det|arg|sup|inf|lim"

#: What the parser does not know or reads badly, rewritten to what it knows; applied in this order.
_REWRITES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits)(?![A-Za-z])\s*", ""),
        (r"\\(?:rm|bf|it|cal|sf|tt)(?![A-Za-z])\s*", ""),
        (r"\\(?:boldsymbol|bm|pmb|operatorname|mathop|mathbin|mathrel)(?![A-Za-z])\*?\s*", ""),
        (r"\\[dt]frac(?![A-Za-z])", r"\\frac"),
        (r"\\prime(?![A-Za-z])\s*", "′"),
        (r"\\\|", "‖"),
        (r"\\[,;:!>]", " "),
        (r"~", " "),
        (r"(?<!\\)([%&])", r"\\\1"),  # both have a meaning that loses text: comment, table cell
        (rf"(?<=[A-Za-z0-9)}}])\s*(?=\\(?:{_OPERATORS})(?![A-Za-z]))", " "),
        (rf"\\({_OPERATORS})(?![A-Za-z])\s*(?=[A-Za-z0-9\\])", r"\1 "),
    )
)
#: what cannot stand bare above a bar that becomes a stroke, and what can stand bare below it
_SUM = re.compile(r"[\s+\-−±∓/=<>]")
_OPERAND = re.compile(rf"(?:\d+(?:\.\d+)?|[^\W\d]+)(?:[_^](?:{_OPEN}[^{_SHUT}]*{_SHUT}|\S))*")
_BRACED_SCRIPT = re.compile(r"([_^])\s*\{([^{}]*)\}")

# Letterlike symbols that fill the holes of the mathematical alphabets; ℝ, ℕ, ℓ and ℏ carry meaning and stay.
_LETTERLIKE = str.maketrans("ℬℰℱℋℐℒℳℛℯℊℴℎℭℌℑℜℨ", "BEFHILMRegohCHIRZ")
_ALPHABETS = re.compile("[\U0001d400-\U0001d7ff]")
# Words dressed up as mathematics, "𝔸𝕋𝕋𝔼ℕ𝕋𝕀𝕆ℕ": there the letters that else name sets are letters too.
_DRESSED = re.compile("[\U0001d400-\U0001d7ffℂℍℕℙℚℝℤ]{3,}")
_FULL_WIDTH = str.maketrans(
    {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
)

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328",
}  # fmt: skip
_LETTERS = {
    "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ",
}  # fmt: skip
_ACCENTED = re.compile(
    r"(?P<outer>\{)?(?<!\\)\\(?:(?P<sign>[`'^~=.\"])|(?P<name>[uvHcdkr])(?:\s+|(?=\{)))"
    r"(?P<inner>\{)?(?:\\(?=[ij](?![A-Za-z])))?(?P<base>[A-Za-z])(?(inner)\})(?(outer)\})"
)
_LETTER = re.compile(
    rf"(?P<outer>\{{)?(?<!\\)\\(?P<name>{'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])"
    r"(?(outer)\}|(?:\{\}| (?=\w))?)"
)
_STYLED = re.compile(
    r"\\(?:textbf|textit|texttt|textsc|textrm|textsf|textsl|textup|textnormal|text|emph|underline)\s*\{([^{}]*)\}"
    r"|\{\\(?:em|bf|it|tt|sc|sl|rm)\s+([^{}]*)\}"
)
_TEXT_SCRIPT = re.compile(r"\\text(super|sub)script\s*\{([^{}]*)\}")
_LINK = re.compile(rf"\\href\s*\{{([^{{}}{_HELD}]*)\}}\s*\{{([^{{}}]*)\}}|\\url\s*\{{([^{{}}]*)\}}")
_PUNCTUATION = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (rf"(?<=[\w{_HELD}])---(?=[\w{_HELD}])| --- ", "—"),
        (rf"(?<=[\w{_HELD}])--(?=[\w{_HELD}])", "–"),
        (r" -- ", " – "),
        (r"``(?=\S)", "“"),
        (r"(?<=\S)''", "”"),
        (r"(?<=[^\W\d_])~(?=\w|\\)|(?<=[.,;:)])~(?=\w|\\)|(?<=\d)~(?=[^\W\d_])", " "),
        (r"\\([%&_#${}])", r"\1"),
        (r"(?<!\\)\\[ ,;]", " "),
        (r" ?\\\\(?=\s|$)", ""),
        (r"\\l?dots(?![A-Za-z])", "…"),
        (r"\\xspace(?![A-Za-z])", ""),
    )
)


def readable(text: str) -> str:
    r"""The text with its LaTeX made readable; unknown macros and money stay as they are.

    >>> readable(r"$O(n\log n)$ na\"{\i}ve $x_{i}^{2}$ at 50\% for $5 and $10")
    'O(n log n) naïve xᵢ² at 50% for $5 and $10'
    """
    text = _RESERVED.sub("", text)
    if not re.search(r"[$\\~]|--|``", text):
        return text
    formulas: list[str] = []

    def hold(match: re.Match[str]) -> str:
        formulas.append(_formula(match))
        return _HELD

    prose = _prose(_FORMULA.sub(hold, text, count=_MOST_FORMULAS))
    finished = iter(formulas)
    return re.sub(_HELD, lambda _: next(finished), prose)


def plain_letters(text: str) -> str:
    """The text with mathematical and full-width alphabets as plain letters and digits.

    Screen readers spell them out, old fonts lack them, and nobody's interests are typed in them. The sets ℝ, ℕ and
    their like stay, but inside words made of such letters.
    """
    text = text.translate(_LETTERLIKE).translate(_FULL_WIDTH)
    return _ALPHABETS.sub(_as_typed, _DRESSED.sub(_as_typed, text))


def _as_typed(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


def _formula(match: re.Match[str]) -> str:
    body = next(group for group in match.groups() if group is not None)
    is_money = match["inline"] is not None and _is_money(match)
    is_prose = _PROSE.search(_TEXT_MACRO.sub("", body))
    if is_money or is_prose or not _is_parsable(body):
        return match[0]
    parsed = _parsed(body)
    if parsed is None:
        return match[0]
    plain = _scripts(plain_letters(parsed))
    return plain if _keeps_letters(body, plain) else match[0]


def _is_money(match: re.Match[str]) -> bool:
    """Whether the dollars are prices: "$5-$10", "US$5) and (US$ 7"; no macro stands between those."""
    before, body, after = match.string[match.start() - 1 : match.start()], match["inline"], match.string[match.end() :]
    is_price = body[:1].isdigit() and (before.isalpha() or re.search(r"[A-Za-z]{2}", body))
    return "\\" not in body and bool(is_price or after[:1].isdigit())


def _is_parsable(body: str) -> bool:
    """Whether its braces close, and are not nested too deeply."""
    depths = list(accumulate({"{": 1, "}": -1}.get(character, 0) for character in body))
    return depths[-1] == 0 and max(depths) <= _DEEPEST


@lru_cache(maxsize=4096)  # a day's abstracts say $\alpha$ over and over
def _parsed(body: str) -> str | None:
    """The formula with its macros as symbols and its script braces held; None where a macro is unknown."""
    for pattern, replacement in _REWRITES:
        body = pattern.sub(replacement, body)
    while (held := _BRACED_SCRIPT.sub(rf"\1{_OPEN}\2{_SHUT}", body)) != body:
        body = held
    if not re.search(r"[\\{}]", body):
        return body
    try:
        parsed = _parser()(body)
    except Exception:  # whatever the parser trips over, the source form is still right
        return None
    return re.sub(r"\s+", " ", parsed).strip()


@cache
def _parser() -> Callable[[str], str]:
    """The parser, imported late: it costs a fifth of a second, and most texts have no formula."""
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
    from pylatexenc.latexwalker import LatexWalker
    from pylatexenc.latexwalker import get_default_latex_context_db as get_grammar

    def refuse(node: Any, **_: object) -> str:
        raise ValueError(f"unknown macro {node.macroname}")

    def fraction(node: Any, l2tobj: Any) -> str:
        return _fraction(*(str(l2tobj.nodelist_to_text([part])) for part in node.nodeargd.argnlist))

    database, grammar = get_default_latex_context_db(), get_grammar()
    database.add_context_category("fractions", macros=[MacroTextSpec("frac", simplify_repl=fraction)], prepend=True)
    database.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=refuse))
    printer = LatexNodes2Text(latex_context=database, math_mode="text")

    def parse(formula: str) -> str:
        walker = LatexWalker(formula, latex_context=grammar, tolerant_parsing=False)
        return str(printer.nodelist_to_text(walker.get_latex_nodes()[0]))

    return parse


def _fraction(above: str, below: str) -> str:
    """A fraction on one line, with brackets where it would else be read as another."""
    above, below = above.strip(), below.strip()
    over = f"({above})" if _SUM.search(above) else above
    return f"{over}/{below if _OPERAND.fullmatch(below) else f'({below})'}"


def _scripts(text: str) -> str:
    """Sub- and superscripts as such where every character has one, else in a form that still reads."""
    while (raised := _SCRIPT.sub(_script, text)) != text:
        text = raised
    return text.replace(_OPEN, "{").replace(_SHUT, "}")


def _script(match: re.Match[str]) -> str:
    inner = (match[2] if match[2] is not None else match[3]).strip()
    table = _SUPERSCRIPTS if match[1] == "^" else _SUBSCRIPTS
    if all(character in table for character in inner):
        return "".join(table[character] for character in inner)
    return match[1] + (inner if len(inner) == 1 else "{" + inner + "}")


def _keeps_letters(source: str, result: str) -> bool:
    """Whether every letter and digit of the source that is no macro's name stands in the result, in order."""
    rest = iter(unicodedata.normalize("NFKD", result))
    wanted = re.sub(r"\\[A-Za-z]+", "", source)
    return all(c in rest for c in unicodedata.normalize("NFKD", plain_letters(wanted)) if c.isalnum())


def _prose(text: str) -> str:
    text = _LETTER.sub(_letter, _ACCENTED.sub(_accented, text))
    text = _TEXT_SCRIPT.sub(lambda m: _scripts(f"{'^' if m[1] == 'super' else '_'}{_OPEN}{m[2]}{_SHUT}"), text)
    for _ in range(3):  # deep enough for bold inside italics inside a link
        text = _LINK.sub(_link, _STYLED.sub(lambda m: m[1] if m[1] is not None else m[2], text))
    for pattern, replacement in _PUNCTUATION:
        text = pattern.sub(replacement, text)
    return text


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match["base"] + _ACCENTS[match["sign"] or match["name"]])


def _letter(match: re.Match[str]) -> str:
    return _LETTERS[match["name"]]


def _link(match: re.Match[str]) -> str:
    address, shown, bare = match.groups()
    return bare if bare is not None else f"{shown} ({address})"
