"""Days of Hugging Face as others keep them: flat JSON lists of title, link and arXiv id."""

from __future__ import annotations

import json
from typing import Any

from digest.errors import SourceError
from digest.model import Entry, Parsed
from digest.sources.kind import SourceKind, failed
from digest.sources.links import absolute, arxiv_id
from digest.sources.rows import each_once, judged
from digest.sources.text import collapse, decode

NAME = "huggingface-list"
SITE = "https://huggingface.co"


def parse(body: bytes) -> Parsed:
    """What a list says; a row without a title or an arXiv id is left out and reported."""
    try:
        rows = json.loads(decode(body)[0])
    except SourceError as error:
        return failed(NAME, str(error))
    except (ValueError, RecursionError) as error:
        return failed(NAME, f"broken or cut-off JSON: {error}")
    if not isinstance(rows, list):
        return failed(NAME, "JSON, but not a list of papers")
    found = [_entry(row) if isinstance(row, dict) else None for row in rows]
    outcome, reason = judged(found)
    return Parsed(kind=NAME, outcome=outcome, reason=reason, entries=each_once(found))


def looks_like(body: bytes) -> bool:
    """Whether it is a JSON list whose rows have an arXiv id of their own."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"[") and b'"arxiv_id"' in start and b'"paper"' not in start


def _entry(row: dict[str, Any]) -> Entry | None:
    title = collapse(row.get("title"))
    found = arxiv_id(f"https://arxiv.org/abs/{collapse(row.get('arxiv_id'))}")
    if not (title and found):
        return None
    return Entry(
        id=found[0],
        title=title,
        url=absolute(row.get("arxiv_url")) or absolute(row.get("link"), SITE),
        abstract=collapse(row.get("abstract")),
        identifiers=(f"arxiv:{found[0]}",),
    )


KIND = SourceKind(
    name=NAME,
    parse=parse,
    looks_like=looks_like,
    read=None,
    is_curated=True,
    attribution="Daily Papers listing by Hugging Face, as saved by others; not affiliated with Hugging Face.",
    gap=0.0,
    public_abstract="excerpt",
)
