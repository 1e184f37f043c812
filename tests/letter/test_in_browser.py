"""A real browser opens a letter full of hostile text: nothing of it runs, loads or leaves its place."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from digest.letter.press import Press
from digest.model import Letter
from tests.letter import samples
from tests.letter.pictures import FLAGS
from tests.services import skip_without

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
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        skip_without("Chromium")
    return str(found)


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


def opened(chromium: str, html: str, folder: Path) -> str:
    """The document as the browser has it after its scripts, if it had any, have run."""
    page = folder / "letter.html"
    page.write_text(html, encoding="utf-8")
    command = [chromium, *FLAGS, f"--user-data-dir={folder}/profile", "--virtual-time-budget=2000", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_hostile_runs(chromium: str, vector: str, tmp_path: Path) -> None:
    press = Press(samples.SITE, samples.SENDER)
    document = opened(chromium, samples.set_letter(press, hostile(vector)).html, tmp_path)
    body = re.search(r"<body[^>]*>", document)
    assert body is not None
    assert "ran" not in body[0]
    assert not re.search(r"<(script|iframe|img|svg|object|embed|link)\b", document)
    assert len(re.findall(r"<h3\b", document)) == len(samples.NINE) + len(samples.READ_BY_OTHERS)


def test_the_browser_would_have_shown_it(chromium: str, tmp_path: Path) -> None:
    """The net has no hole: the same text, unescaped, is caught."""
    document = opened(chromium, f"<html><body>{VECTORS[1]}</body></html>", tmp_path)
    assert '<body id="ran">' in document
