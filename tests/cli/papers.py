"""Listings of papers about kites, in the shapes that a Hugging Face day and a capture of a page have."""

from __future__ import annotations

import json
from typing import Any
from zlib import crc32


def number(name: str) -> str:
    """The arXiv id of a paper."""
    return f"2611.{crc32(name.encode()) % 100_000:05d}"


def title(name: str) -> str:
    return f"Kites and more kites: {name}"


def abstract(name: str) -> str:
    return f"Kites fly, and {name} tells how. " + "We look at kites from the ground and count what we see. " * 18


def paper(name: str, **changes: Any) -> dict[str, Any]:
    """A paper as a row of a day holds it."""
    return {
        "id": number(name),
        "title": title(name),
        "summary": abstract(name),
        "authors": [{"name": f"{name.title()} Author"}],
        "publishedAt": "2026-11-01T00:00:00.000Z",
        "upvotes": 3,
    } | changes


def day_listing(day: str, *papers: dict[str, Any]) -> str:
    """A day of the API."""
    rows = [
        {
            "paper": one | {"submittedOnDailyAt": f"{day}T06:00:00.000Z"},
            "title": one["title"],
            "publishedAt": one["publishedAt"],
            "numComments": 0,
        }
        for one in papers
    ]
    return json.dumps(rows)


HEAD = ["Get trending papers in your email inbox!", "Subscribe", "byAK and the research community", "Nov 20"]


def capture(*blocks: str) -> str:
    """A page saved as text: titles and abstracts by turns."""
    return "\n\n".join([*HEAD, *blocks]) + "\n"


def captured(*names: str) -> str:
    """A capture of whole papers."""
    return capture(*(block for name in names for block in (title(name), abstract(name))))
