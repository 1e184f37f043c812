"""A real browser opens a letter full of hostile text: nothing of it runs, loads or leaves its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from digest.letter.press import Press
from digest.model import Letter
from tests.browser import Browser, chromium, opened
from tests.letter import samples
from tests.services import skip_without

pytestmark = pytest.mark.xdist_group("browser")

#: each of them writes "ran" somewhere, or asks a host that does not exist for something
VECTORS = [
    "<script>document.body.id='ran'</script>",
    "<img src=x onerror=\"document.body.id='ran'\">",
    '"><svg onload="document.body.id=\'ran\'">',
    "'><iframe srcdoc=\"<script>parent.document.body.id='ran'</script>\">",
    "</title><style>*{display:none}</style>",
    "{{ 7*7 }}{% include '/etc/passwd' %}",
    "<mj-raw><script>document.body.id='ran'</script></mj-raw>",
    "<!--[if mso]>--><body id=ran>",
    "&lt;script&gt;document.body.id='ran'&lt;/script&gt;",
    "javascript:document.body.id='ran'",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        skip_without("Chromium")
    with opened(str(program)) as one:
        yield one


def hostile(vector: str) -> Letter:
    first, *others = samples.NINE
    text = replace(
        first.text,
        title=f"Before {vector} after",
        abstract=f"Before {vector} after.",
        authors=(vector,),
        categories=(vector,),
        url=vector if vector.startswith("javascript") else first.text.url,
        code_url=vector,
    )
    match = replace(first.pick.matches[0], interest=vector, words=(vector,))
    pick = replace(first, text=text, pick=replace(first.pick, matches=(match,), topic=vector))
    return replace(samples.DAILY, picks=(pick, *others), unread=(vector,), attributions=(vector,))


def document(browser: Browser) -> str:
    """The document as the browser has it after its scripts, if it had any, have run."""
    return str(browser.run("new Promise(r => setTimeout(() => r(document.documentElement.outerHTML), 100))"))


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_hostile_runs(browser: Browser, vector: str) -> None:
    press = Press(samples.SITE, samples.SENDER)
    browser.open(samples.set_letter(press, hostile(vector)).html)
    found = document(browser)
    body = re.search(r"<body[^>]*>", found)
    assert body is not None
    assert "ran" not in body[0]
    assert browser.asked == [] and browser.said == []
    assert not re.search(r"<(script|iframe|img|svg|object|embed|link)\b", found)
    assert len(re.findall(r"<h3\b", found)) == len(samples.NINE) + len(samples.READ_BY_OTHERS)


def test_the_browser_would_have_shown_it(browser: Browser) -> None:
    """The net has no hole: the same text, unescaped, is caught."""
    browser.open(f"<html><body>{VECTORS[1]}</body></html>")
    assert '<body id="ran">' in document(browser)
    assert browser.asked
