"""One set of stories in every format of feeds, written by us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Post:
    """A story as its author thinks of it: plain texts."""

    title: str = "A story"
    id: str = "https://example.org/posts/1"
    link: str = "https://example.org/posts/1"
    text: str = "What was found."
    authors: tuple[str, ...] = ("Ada Example", "Ben Sample")
    published: str = "2026-11-20T06:30:00+00:00"
    rfc822: str = "Fri, 20 Nov 2026 06:30:00 GMT"
    tags: tuple[str, ...] = ("Logic",)


def post(number: int) -> Post:
    address = f"https://example.org/posts/{number}"
    return Post(title=f"Story number {number}", id=address, link=address, text=f"Told <for> & by {number} people.")


def html_of(text: str) -> str:
    """A plain text as HTML that stands escaped in XML."""
    return escape(f"<p>{escape(text)}</p>")


def rss(*posts: Post, head: str = "") -> bytes:
    return rss_of("".join(map(rss_item, posts)), head)


def rss_of(items: str, head: str = "") -> bytes:
    """A feed around items that are written out; their prefixes are declared."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">'
        f"<channel><title>A site</title><link>https://example.org/</link>{head}{items}</channel></rss>\n"
    ).encode()


def rss_item(one: Post) -> str:
    creators = "".join(f"<dc:creator>{escape(name)}</dc:creator>" for name in one.authors)
    tags = "".join(f"<category>{escape(tag)}</category>" for tag in one.tags)
    return (
        f"<item><title>{escape(one.title)}</title><link>{escape(one.link)}</link>"
        f'<guid isPermaLink="false">{escape(one.id)}</guid><description>{html_of(one.text)}</description>'
        f"<pubDate>{one.rfc822}</pubDate>{creators}{tags}</item>\n"
    )


def rdf(*posts: Post) -> bytes:
    items = "".join(
        f'<item rdf:about="{escape(one.id)}"><title>{escape(one.title)}</title><link>{escape(one.link)}</link>'
        f"<description>{html_of(one.text)}</description><dc:date>{one.published}</dc:date>"
        + "".join(f"<dc:creator>{escape(name)}</dc:creator>" for name in one.authors)
        + "".join(f"<dc:subject>{escape(tag)}</dc:subject>" for tag in one.tags)
        + "</item>\n"
        for one in posts
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://example.org/rdf">'
        f"<title>A site</title><link>https://example.org/</link></channel>\n{items}</rdf:RDF>"
    ).encode()


def atom(*posts: Post, head: str = "", root: str = "") -> bytes:
    return atom_of("".join(map(atom_entry, posts)), head, root)


def atom_of(entries: str, head: str = "", root: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {root}><title>A site</title>'
        f'<link href="https://example.org/"/>{head}{entries}</feed>'
    ).encode()


def atom_entry(one: Post) -> str:
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in one.authors)
    tags = "".join(f'<category term="{escape(tag)}"/>' for tag in one.tags)
    return (
        f'<entry><title>{escape(one.title)}</title><link rel="edit" href="https://example.org/edit"/>'
        f'<link rel="alternate" href="{escape(one.link)}"/><id>{escape(one.id)}</id>'
        f'<summary type="html">{html_of(one.text)}</summary><updated>{one.published}</updated>{authors}{tags}</entry>\n'
    )


def json_feed(*posts: Post, **feed: object) -> bytes:
    items = [
        {
            "id": one.id,
            "url": one.link,
            "title": one.title,
            "content_html": f"<p>{escape(one.text)}</p>",
            "date_published": one.published,
            "authors": [{"name": name} for name in one.authors],
            "tags": list(one.tags),
        }
        for one in posts
    ]
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "A site", "items": items} | feed
    ).encode()


XML_FORMS = (rss, rdf, atom)
FORMS = (*XML_FORMS, json_feed)


def flat_row(number: int = 1, **changes: object) -> dict[str, object]:
    """A row of a day of Hugging Face as others keep it."""
    paper = f"2611.{number:05}"
    return {
        "title": f"Paper number {number}",
        "link": f"/papers/{paper}",
        "arxiv_url": f"https://arxiv.org/abs/{paper}",
        "arxiv_id": paper,
    } | changes
