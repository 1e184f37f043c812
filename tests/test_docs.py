"""The pages for people and the program say the same: commands, options, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from digest.cli.main import commands
from tests.cli.test_commands import DOCUMENTS

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")

#: a command as a heading of docs/commands.md writes it
_HEADING = re.compile(r"^#{2,3} (?P<command>digest(?: [a-z]+)+)(?P<takes>.*)$", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_FENCE = re.compile(r"^ *```(?P<language>\w*)\n(?P<lines>.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")


def walk(command: object, name: str = "digest") -> Iterator[tuple[str, set[str]]]:
    """(name, options) of a command and of everything below it."""
    options = {option for one in command.params for option in one.opts if option.startswith("--")}  # type: ignore[attr-defined]
    yield name, options - {"--help"}
    for child, below in getattr(command, "commands", {}).items():
        yield from walk(below, f"{name} {child}")


KNOWN = dict(walk(typer.main.get_command(commands)))


def test_every_command_has_its_heading_and_every_heading_its_command():
    told = {found["command"] for found in _HEADING.finditer(COMMANDS)}
    assert told == set(KNOWN) - {"digest"}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_option_is_told_where_its_command_is(name):
    if name == "digest":
        heading, section = COMMANDS.partition("```\n")[2].partition("```")[::2]
        section = section.partition("\n## ")[0]
    else:
        found = next(one for one in _HEADING.finditer(COMMANDS) if one["command"] == name)
        heading, section = found["takes"], re.split(r"^#", COMMANDS[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]
    assert set(_OPTION.findall(heading)) == KNOWN[name]
    assert set(re.findall(r"^- `(--[a-z-]+)", section, re.MULTILINE)) - {"--help"} == KNOWN[name]


@pytest.mark.parametrize(("typed", "keys"), DOCUMENTS, ids=[" ".join(typed) for typed, _ in DOCUMENTS])
def test_every_key_of_a_report_is_told(typed, keys):
    section = COMMANDS.partition(f"\n## digest {typed[0]}")[2].partition("\n## ")[0]
    document = _FENCE.search(section)["lines"]
    top = re.sub(r"[{\[][^{}\[\]]*[}\]]", "", re.sub(r"[{\[][^{}\[\]]*[}\]]", "", document.strip()[1:-1]))
    top = re.sub(r"[{\[][^{}\[\]]*[}\]]", "", top)
    assert set(re.findall(r"\w+", top)) == keys


def typed_lines() -> Iterator[tuple[str, str]]:
    """(page, command line) of every `digest …` in the pages: whole lines of shell blocks, and code in a sentence."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in _FENCE.finditer(text):
            if block["language"] in ("sh", "bash", "shell", "console"):
                for line in block["lines"].splitlines():
                    yield page.name, line.strip().removeprefix("$ ")
        for code in re.findall(r"`([^`\n]+)`", _FENCE.sub("", text)):
            yield page.name, code


LINES = sorted({(page, line) for page, line in typed_lines() if line.startswith("digest ")})


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page}: {line}" for page, line in LINES])
def test_every_command_line_in_the_pages_can_be_typed(page, line):
    words = shlex.split(line, comments=True)
    name, options = "digest", set(KNOWN["digest"])
    for word in words[1:]:
        if f"{name} {word}" in KNOWN:
            name = f"{name} {word}"
            options |= KNOWN[name]
        elif word.startswith("--"):
            assert word.partition("=")[0] in options | {"--help"}, f"{page}: {line}"
    assert name != "digest" or {"--config", "--clock", "--version", "--help"} & set(words), f"{page}: {line}"


def test_there_are_command_lines_to_look_at():
    assert any(page == "README.md" for page, _ in LINES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def anchors(page: Path) -> set[str]:
    """What headings of a page can be linked as, the way that GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
