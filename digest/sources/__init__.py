"""The kinds of listings that can be read. A new kind is one file and one line here: docs/adding-a-source.md."""

from __future__ import annotations

from digest.model import Parsed
from digest.sources import arxiv, biorxiv, capture, feed, huggingface, huggingface_list, pubmed, sample, webpage
from digest.sources.describe import describe
from digest.sources.kind import MAX_BYTES, SourceKind, failed
from digest.sources.saved import saved_answer

#: {name: kind}; saved files are tried in this order
KINDS: dict[str, SourceKind] = {
    kind.name: kind
    for kind in (
        huggingface.KIND,
        huggingface_list.KIND,
        arxiv.KIND,
        capture.KIND,
        *biorxiv.KINDS,
        pubmed.KIND,
        sample.KIND,
        feed.KIND,
        webpage.KIND,
    )
}

UNKNOWN = "unknown"  #: kind of a body that no kind knows


def parse_saved(body: bytes, kind: str | None = None) -> Parsed:
    """What a saved listing says; its kind is found by looking at it, unless named.

    A saved HTTP answer counts as the listing in it; one that is a refusal and lists nothing has failed.

    Never raises: a body that is too large, that no kind knows, or a name that is no kind is `failed` with its reason.
    """
    if len(body) > MAX_BYTES:
        return failed(kind or UNKNOWN, too_large(len(body)))
    if kind is not None and kind not in KINDS:
        return failed(kind, f"no kind of listing is called {kind!r}: there are {', '.join(KINDS)}")
    if (answer := saved_answer(body)) is None:
        return _parse(body, kind)
    parsed = _parse(answer.body, kind)
    if parsed.entries or not answer.is_refusal:
        return parsed
    return failed(parsed.kind, f"a saved answer of status {answer.status}: {parsed.reason}")


def _parse(body: bytes, kind: str | None) -> Parsed:
    found = KINDS[kind] if kind else next((known for known in KINDS.values() if known.looks_like(body)), None)
    if found is None:
        return failed(UNKNOWN, f"not a listing that any kind knows: {describe(body)}")
    return found.parse(body)


def too_large(size: int) -> str:
    """Why a file of so many bytes is not read."""
    return f"{size / 1e6:.1f} MB is more than the {MAX_BYTES / 1e6:.0f} MB that a listing may have"
