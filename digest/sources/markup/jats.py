"""Elements of JATS, the XML of scientific publishers, and of PubMed's kin to it as plain text.

Inline marks vanish without a trace ("H<sub>2</sub>O" reads H2O), blocks are parted by a space, formulas read as on
paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from digest.sources.markup.mathml import formula, raised
from digest.sources.text import collapse

#: all other elements stand within a line
_BLOCKS = frozenset(("p", "title", "sec", "list", "list-item", "disp-formula", "DispFormula", "break", "label"))

# Other raised and lowered text reads as well on the line (99mTc, CD4+, SUVmax); an exponent makes another number.
_TEN = re.compile(r"(?<![\d.])10$")
_EXPONENT = re.compile(r"[-−–]?\d{1,3}", re.ASCII)


def text_of(element: etree._Element) -> str:
    """All text within an element, but not behind it, in one line."""
    return collapse("".join(_pieces(element)))


def _pieces(element: etree._Element) -> Iterator[str]:
    walker = etree.iterwalk(element, events=("start", "end"))
    last = ""
    for event, node in walker:
        name = etree.QName(node).localname
        space = " " if name in _BLOCKS else ""
        if event == "end":
            piece = space + ((node.tail or "") if node is not element else "")
        elif name == "math" or _is_exponent(name, node, last):
            walker.skip_subtree()
            piece = formula(node) if name == "math" else raised(str(node.text))
        else:
            piece = space + (node.text or "")
        last = piece or last
        yield piece


def _is_exponent(name: str, node: etree._Element, before: str) -> bool:
    is_number = name == "sup" and len(node) == 0 and _EXPONENT.fullmatch(node.text or "")
    return bool(is_number and _TEN.search(before))
