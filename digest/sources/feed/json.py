"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/): the stories of a document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from digest.errors import SourceError
from digest.sources.dates import printed_moment
from digest.sources.feed.story import Story, collapsed, entry_of
from digest.sources.feed.xml import Stories
from digest.sources.links import absolute
from digest.sources.markup import html_lines
from digest.sources.text import collapse


def looks_like_json_feed(text: str) -> bool:
    """Whether it is a JSON object that names the format, as the format requires."""
    return text.lstrip().startswith("{") and "jsonfeed.org" in text


def read_json(text: str, address: str | None) -> Stories:
    """The stories of a JSON feed; `address` is where it was fetched from, which links may be relative to.

    Raises:
        SourceError: it is broken, cut off, or no feed.
    """
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"broken or cut-off JSON: {error}") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise SourceError("JSON, but not a feed with a list of items")
    base = absolute(feed.get("home_page_url"), address) or absolute(feed.get("feed_url"), address) or address
    people = _people(feed)
    stories = (_story(item, base, people) if isinstance(item, dict) else Story() for item in feed["items"])
    return Stories(tuple(entry_of(story) for story in stories))


def _story(item: dict[str, Any], base: str | None, people: tuple[str, ...]) -> Story:
    written = item.get("id")  # a string; readers are asked to take a number as one
    is_number = isinstance(written, int | float) and not isinstance(written, bool)
    tags = item.get("tags")
    return Story(
        title=collapse(item.get("title")),
        id=collapse(json.dumps(written) if is_number else written),
        link=absolute(item.get("url"), base) or absolute(item.get("external_url"), base),
        texts=_texts(item),
        authors=_people(item) or people,
        published=printed_moment(item.get("date_published")) or printed_moment(item.get("date_modified")),
        categories=collapsed(tags) if isinstance(tags, list) else (),
    )


def _texts(item: dict[str, Any]) -> Iterator[list[str]]:
    yield _lines(item.get("summary"))
    yield _lines(item.get("content_text"))
    yield html_lines(content) if isinstance(content := item.get("content_html"), str) else []


def _lines(text: object) -> list[str]:
    return [line for part in text.splitlines() if (line := collapse(part))] if isinstance(text, str) else []


def _people(holder: dict[str, Any]) -> tuple[str, ...]:
    """The authors of a feed or an item: a list, or in version 1 a single one."""
    several = holder.get("authors")
    people = several if isinstance(several, list) and several else [holder.get("author")]
    return collapsed(person.get("name") for person in people if isinstance(person, dict))
