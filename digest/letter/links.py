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


def acting_address(site: Site, token: str | None) -> str | None:
    """Under which a letter's papers can be asked for more or less; None where there are no pages, as in previews."""
    return page(site, "l", token) if site.is_public and token is not None else None


def mailto(address: str, subject: str) -> str:
    """A mail to this address."""
    return f"mailto:{quote(address, safe='@.+-_')}?subject={quote(subject, safe='')}"


def mailto_unsubscribe(site: Site, token: str) -> str:
    """Leaving by mail to the contact, with the token for `digest subscribers unsubscribe`."""
    return mailto(site.contact, f"unsubscribe {token}")


def leaving_addresses(site: Site, token: str, longest: int) -> tuple[str, ...]:
    """How a mail program leaves by itself (RFC 2369): the page of a public site, which acts in one click (RFC 8058).

    And a mail to the contact, if need be with the token alone for its subject; none where even that is longer than
    `longest` characters.
    """
    mail = mailto_unsubscribe(site, token)
    if len(mail) > longest:
        mail = mailto(site.contact, token)
    mails = (mail,) if len(mail) <= longest else ()
    return (page(site, "unsubscribe", token), *mails) if site.is_public else mails


def unsubscribe_address(site: Site, token: str | None) -> str | None:
    """Where leaving works: the page of a public site, else a mail. None without a token, as in previews."""
    if token is None:
        return None
    return page(site, "unsubscribe", token) if site.is_public else mailto_unsubscribe(site, token)
