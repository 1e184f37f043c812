"""Addresses in a letter: only those that work, and only http, https and mailto."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from digest.model import Site

_LONGEST = 1_000  # characters; no paper lives at a longer one, and a letter has a budget
_ARXIV = re.compile(r"/(?:abs|pdf|html)/(.+?)(?:\.pdf)?/?$")
_ARXIV_AT_HUGGING_FACE = re.compile(r"/papers/(\d{4}\.\d{4,5}(?:v\d+)?)/?$")


def web_address(url: str | None) -> str | None:
    """The address as it may stand in a link; None unless it is http or https with a host and nothing odd.

    Odd is what makes a link lead elsewhere than it seems: spaces and controls inside, or a user before the host.
    """
    url = (url or "").strip()
    if not url or len(url) > _LONGEST or re.search(r"[\s\\\x00-\x1f\x7f-\x9f]", url):
        return None
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:  # "http://[": a bracket that opens no IPv6 address
        return None
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]", errors="replace") if is_sound else None


def pdf_address(url: str | None) -> str | None:
    """Where the PDF of an arXiv paper is, read from its address at arXiv or in Hugging Face's listing."""
    parts = urlsplit(url or "")
    if parts.hostname in ("arxiv.org", "www.arxiv.org", "export.arxiv.org"):
        found = _ARXIV.match(parts.path)
    elif parts.hostname in ("huggingface.co", "www.huggingface.co"):
        found = _ARXIV_AT_HUGGING_FACE.match(parts.path)
    else:
        return None
    return f"https://arxiv.org/pdf/{found[1]}" if found else None


def page(site: Site, *parts: str | int) -> str:
    """An address on the public site."""
    return "/".join([site.url.rstrip("/"), *(quote(str(part), safe="") for part in parts)])


def mailto_unsubscribe(site: Site, token: str) -> str:
    """Leaving by mail to the contact, with the token where `digest subscribers unsubscribe` finds it."""
    return f"mailto:{quote(site.contact, safe='@.+-_')}?subject=unsubscribe%20{quote(token, safe='')}"


def unsubscribe_address(site: Site, token: str | None) -> str | None:
    """Where leaving works: the page of a public site, else a mail. None without a token, as in previews."""
    if token is None:
        return None
    return page(site, "unsubscribe", token) if site.is_public else mailto_unsubscribe(site, token)
