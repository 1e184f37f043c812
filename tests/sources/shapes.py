"""Small listings of our own in the shapes that the real ones have, for the tests of this room."""

from __future__ import annotations

import html
import json
from typing import Any

from digest.model import Entry

DAY = "2026-11-20"


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row of the API in its shape of 2026; `changes` are laid over it, those of `paper` over its paper."""
    paper = {
        "id": f"2611.{number:05}",
        "title": f"Paper number {number}",
        "summary": f"We study the number {number}.\nIt is\n  finite.",
        "authors": [{"name": "Ada Example", "hidden": False}, {"name": "Ghost", "hidden": True}],
        "publishedAt": "2026-11-18T00:00:00.000Z",
        "submittedOnDailyAt": f"{DAY}T00:00:00.000Z",
        "upvotes": 7,
        "githubRepo": "https://example.org/code",
    }
    paper |= changes.pop("paper", {})
    return {
        "paper": paper,
        "title": paper["title"],
        "publishedAt": "2026-11-17T19:00:00.000Z",
        "numComments": 3,
    } | changes


def row_of_2024(number: int = 1) -> dict[str, Any]:
    """A row in the shape of 2024: the moment of listing outside, line breaks in the inner title."""
    paper = {
        "id": f"2408.{number:05}",
        "title": f"An old paper,\n  number {number}",
        "summary": "Long ago.",
        "authors": [{"name": "Ada Example"}],
        "publishedAt": "2024-07-31T17:54:27.000Z",
        "upvotes": 1,
    }
    outer = {"publishedAt": "2024-08-01T22:08:00.000Z", "title": f"An old paper, number {number}", "numComments": 0}
    return {"paper": paper} | outer


def answer(*rows: Any) -> bytes:
    return json.dumps(rows).encode()


def page(props: Any, *, target_first: bool = True, cards: tuple[tuple[str, str], ...] = ()) -> bytes:
    """The page of a day. `props` may be broken text; None leaves the block out."""
    text = props if isinstance(props, str) else json.dumps(props)
    attributes = ['data-target="DailyPapers"', f'data-props="{html.escape(text)}"']
    block = f"<div {' '.join(attributes if target_first else reversed(attributes))}></div>" if props is not None else ""
    articles = "".join(
        f'<article><a href="/papers/{id_}">x</a><h3><a href="/papers/{id_}">{title}</a></h3></article>'
        for id_, title in cards
    )
    other = '<div data-target="Menu" data-props="{&quot;a&quot;:1}"></div>'
    return f"<!doctype html><title>Daily Papers</title><body>{other}{block}{articles}</body>".encode()


# --- captures -----------------------------------------------------------------------------------------------------

PLAIN_HEAD = [
    "new",
    "Get trending papers in your email inbox!",
    "Subscribe",
    "byAK and the research community",
    "Mar 18",
]
DATED_HEAD = [*PLAIN_HEAD[:3], "Daily Papers", *PLAIN_HEAD[3:]]
BANNERS = ["Get trending papers in your email inbox once a day!", "Get trending papers in your email inbox!"]


def detail(when: str, who: str = "  • 3 authors") -> str:
    return f"{who}\n·\n{when}"


def plain_capture(*blocks: str) -> bytes:
    """Titles and abstracts by turns, between blank lines."""
    return "\n\n".join([*PLAIN_HEAD, *blocks]).encode()


def dated_capture(*blocks: str) -> bytes:
    """The same with a block of details under each abstract."""
    return "\n\n".join([*DATED_HEAD, *blocks]).encode()


def dense_capture(*lines: str) -> bytes:
    """One line each, with the end of the head glued to the first of them."""
    first, *rest = lines
    return "\n".join([*BANNERS, f"Subscribe{first}", *rest, ""]).encode()


def abstract(number: int) -> str:
    return f"Abstract number {number} tells what was done. " + "It goes on at the usual length of such texts. " * 18


def papers(entries: tuple[Entry, ...]) -> list[tuple[str, str]]:
    return [(entry.title, entry.abstract) for entry in entries]
