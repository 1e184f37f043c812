"""Real checkers of mail and markup: axe-core, html-validate and SpamAssassin, run where they are installed.

`npm ci` in this folder installs the first two, Debian's package `spamassassin` the third; .ci/run does both.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.browser import Browser
from tests.services import skip_without

_HERE = Path(__file__).parent
_MODULES = _HERE / "node_modules"

#: what a letter cannot have: it is shown inside a page that has the landmarks
_LANDMARKS = ("landmark-one-main", "region")


def axe_findings(browser: Browser) -> list[str]:
    """What axe-core finds in the open page that keeps people out, each as "rule: element"; landmarks aside."""
    script = _MODULES / "axe-core" / "axe.min.js"
    if not script.is_file():
        skip_without("axe-core (npm)")
    browser.run(script.read_text(encoding="utf-8") + ";undefined")
    found = browser.run("axe.run().then(result => JSON.stringify([result.violations, result.passes.length]))")
    violations, passes = json.loads(found)
    assert passes > 10, "axe-core has looked at nothing"
    return [
        f"{each['id']}: {node['html']}" for each in violations for node in each["nodes"] if each["id"] not in _LANDMARKS
    ]


def markup_findings(pages: Mapping[str, str], folder: Path, *, ignoring: tuple[str, ...] = ()) -> list[str]:
    """What html-validate finds in the pages {name: HTML}, each as "name:line rule: message"; `ignoring` some rules."""
    program = _MODULES / "html-validate" / "bin" / "html-validate.mjs"
    node = shutil.which("node")
    if node is None or not program.is_file():
        skip_without("html-validate (npm)")
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    config = {"root": True, "extends": ["html-validate:recommended", "html-validate:a11y"]}
    config |= {"rules": dict.fromkeys(ignoring, "off")}
    (folder / ".htmlvalidate.json").write_text(json.dumps(config), encoding="utf-8")
    command = [str(node), str(program), "--formatter", "json=found.json", *(f"{name}.html" for name in pages)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    report = folder / "found.json"  # a file, for on a pipe it loses the end of a long report
    assert report.is_file(), done.stdout + done.stderr
    return [
        f"{Path(page['filePath']).stem}:{each['line']} {each['ruleId']}: {each['message']}"
        for page in json.loads(report.read_text(encoding="utf-8"))
        for each in page["messages"]
    ]


def spam_scores(messages: Mapping[str, bytes], folder: Path) -> dict[str, tuple[float, str]]:
    """{name: (SpamAssassin's score, the rules that made it)} of each message, by its local rules; no network."""
    program = shutil.which("spamassassin") or shutil.which("spamassassin", path="/usr/bin:/usr/sbin")
    if program is None:
        skip_without("SpamAssassin")
    box = b"".join(
        b"From test Thu Jan  1 00:00:00 1970\n" + data.replace(b"\r\n", b"\n") + b"\n" for data in messages.values()
    )
    (folder / "box").write_bytes(box)
    command = [str(program), "--local", "--mbox", f"--prefspath={folder / 'prefs'}", "box"]
    (folder / "prefs").write_text("add_header all Verdict _SCORE_ _TESTS(,)_\nuse_bayes 0\nuse_auto_whitelist 0\n")
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
    found = re.findall(rb"^X-Spam-Verdict: (-?[\d.]+) (\S*(?:\n\s+\S+)*)", done.stdout, re.MULTILINE)
    assert len(found) == len(messages), done.stdout[-2_000:] + done.stderr[-2_000:]
    return {
        name: (float(score), "".join(rules.decode().split()))
        for name, (score, rules) in zip(messages, found, strict=True)
    }
