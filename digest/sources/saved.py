"""Saved HTTP answers: JSON that holds an address, a status and the body that came, as recorders write them."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """What a host answered."""

    status: int
    body: bytes

    @property
    def is_refusal(self) -> bool:
        """Whether the host said that it could not answer (RFC 9110, 15.5 and 15.6)."""
        return self.status >= 400


def saved_answer(body: bytes) -> SavedAnswer | None:
    """The answer in a saved file, or None if the file is none."""
    if not body.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"{") or b'"status_code"' not in body:
        return None
    try:
        saved = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    status, content = saved.get("status_code"), saved.get("body")
    if not isinstance(status, int) or not isinstance(content, str | dict | list):
        return None
    return SavedAnswer(status, _encoded(content if isinstance(content, str) else json.dumps(content)))


def _encoded(text: str) -> bytes:
    """The text in UTF-8; a declaration of another encoding, true before it was saved, gives way to the mark."""
    mark = codecs.BOM_UTF8 if text.startswith("<?xml") else b""
    return mark + text.encode("utf-8", "replace")
