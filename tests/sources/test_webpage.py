"""Pages without a feed, read by the selectors of their source."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.model import Entry, Outcome, Parsed, Past, Selectors, Source
from digest.sources.webpage import KIND, MOST_ITEMS, parse

ADDRESS = "https://lab.example/news/"
SELECTORS = Selectors(item="li.story", title="h2", abstract="p", authors=".by", date="time")
PLAIN = Selectors(item="li")


def page(*items: str, head: str = "") -> bytes:
    menu = '<nav><a href="/about">About</a></nav><footer><li><a href="/imprint">Imprint</a></li></footer>'
    return f"<!doctype html><html><head>{head}</head><body>{menu}<ul>{''.join(items)}</ul></body></html>".encode()


def card(number: int = 1, link: str | None = None) -> str:
    return (
        f'<li class="story"><a href="{link or f"/news/{number}"}"><img src="x.png"><h2>Story <i>{number}</i></h2></a>'
        f'<time datetime="2026-11-{number:02}">last week</time><p>What was found.</p><span class="by">Ada Example, Ben'
        " Sample</span></li>"
    )


def read(body: bytes, selectors: Selectors | None = SELECTORS, address: str | None = ADDRESS) -> Parsed:
    assert KIND.parser_for is not None
    return KIND.parser_for(Source(name="lab", kind="webpage", url=address, selectors=selectors))(body)


def only(body: bytes, selectors: Selectors = PLAIN, address: str | None = ADDRESS) -> Entry:
    (entry,) = read(body, selectors, address).entries
    return entry


def test_every_part_is_where_its_selector_points() -> None:
    parsed = read(page(card(1), card(2)))
    assert (parsed.outcome, parsed.reason) == (Outcome.COMPLETE, "")
    assert parsed.entries[0] == Entry(
        title="Story 1",
        id="/news/1",
        url="https://lab.example/news/1",
        abstract="What was found.",
        authors=("Ada Example", "Ben Sample"),
        published=datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert [entry.id for entry in parsed.entries] == ["/news/1", "/news/2"]


@pytest.mark.parametrize(
    ("item", "title", "url"),
    [
        ('<li><a href="a">One</a> two</li>', "One", "https://lab.example/news/a"),
        ('<li><a href="/a"><p>One</p><p>two</p></a></li>', "One", "https://lab.example/a"),
        ('<li>Zero <a>no link</a> <a href="?p=1">One</a></li>', "One", "https://lab.example/news/?p=1"),
        ('<li><a href="https://www.lab.example/a">One</a></li>', "One", "https://www.lab.example/a"),
        ('<li><a href="/a?utm_source=x&amp;b=2&amp;fbclid=3">One</a></li>', "One", "https://lab.example/a?b=2"),
        ('<li><a href="/a&b">A &amp; b &lt;c&gt;</a></li>', "A & b <c>", "https://lab.example/a&b"),
    ],
)
def test_without_more_selectors_an_item_is_its_first_link(item: str, title: str, url: str) -> None:
    entry = only(page(item), Selectors(item="ul li"))
    assert (entry.title, entry.url) == (title, url)


def test_an_item_may_be_the_link_itself() -> None:
    entry = only(
        page('<a class="x" href="/a"><h3>One</h3><p>two</p></a>'), Selectors(item="a.x", title="h3", abstract="p")
    )
    assert (entry.title, entry.url, entry.abstract) == ("One", "https://lab.example/a", "two")


def test_links_follow_the_base_of_the_page() -> None:
    body = page('<li class="story"><h2>A</h2><a href="1">more</a></li>', head='<base href="/blog/">')
    assert only(body, SELECTORS).url == "https://lab.example/blog/1"


def test_links_to_other_sites_are_no_items_unless_a_selector_points_at_them() -> None:
    items = [card(1), card(2, "https://evil.example/news/2"), card(3, "//lab.example.evil.example/3")]
    assert [entry.id for entry in read(page(*items)).entries] == ["/news/1"]
    chosen = replace(SELECTORS, link="a")
    assert [entry.url for entry in read(page(*items), chosen).entries][1] == "https://evil.example/news/2"


def test_stories_without_links_are_told_apart_by_their_titles() -> None:
    items = [f'<li class="story"><h2>{title}</h2></li>' for title in ("A", "B", "A")]
    entries = read(page(*items)).entries
    assert [(entry.id, entry.title) for entry in entries] == [(None, "A"), (None, "B")]


def test_pages_of_other_sites_are_told_apart_by_their_whole_addresses() -> None:
    items = [card(number, f"https://{host}.example/1") for number, host in enumerate(("a", "b"), start=1)]
    entries = read(page(*items), replace(SELECTORS, link="a")).entries
    assert [entry.id for entry in entries] == ["https://a.example/1", "https://b.example/1"]


def test_a_page_of_which_every_item_leads_elsewhere_is_suspicious() -> None:
    parsed = read(page(card(1, "https://evil.example/")))
    assert (parsed.outcome, parsed.reason) == (Outcome.SUSPICIOUS, "every item links to another site")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "http://[", "mailto:a@b.example", "#", ""])
def test_what_is_no_address_is_no_link(link: str) -> None:
    entry = only(page(f'<li class="story"><a href="{link}"><h2>A</h2></a></li>'), SELECTORS)
    assert entry.url in (None, ADDRESS, f"{ADDRESS}#")


def test_a_paper_is_known_by_its_arxiv_id() -> None:
    item = '<li class="story"><h2>A</h2><a href="/full/1">full</a><a href="https://arxiv.org/abs/2611.00001v2">arXiv</a></li>'
    entry = only(page(item), replace(SELECTORS, link="a[href*='arxiv.org']"))
    assert (entry.id, entry.identifiers, entry.version) == ("2611.00001", ("arxiv:2611.00001",), 2)


@given(st.lists(st.integers(1, 9), min_size=1), st.data())
def test_a_story_is_one_however_often_and_however_it_is_linked(numbers: list[int], data: st.DataObject) -> None:
    tails = st.sampled_from(["", "?utm_source=mail", "?fbclid=a&utm_campaign=b"])
    cards = [card(number, f"/news/{number}{data.draw(tails)}") for number in numbers]
    assert [entry.id for entry in read(page(*cards)).entries] == [f"/news/{one}" for one in dict.fromkeys(numbers)]


def test_an_item_within_an_item_is_a_part_of_it() -> None:
    body = page('<li><a href="/a">A</a><ul><li><a href="/b">B</a></li></ul></li>', '<li><a href="/c">C</a></li>')
    assert [entry.title for entry in read(body, Selectors(item="ul li")).entries] == ["A", "C"]


@pytest.mark.parametrize(
    ("body", "selectors", "outcome", "reason"),
    [
        (page(), SELECTORS, Outcome.SUSPICIOUS, "nothing on an HTML page matches 'li.story'"),
        (b'<script>render({"items": 3})</script>', SELECTORS, Outcome.SUSPICIOUS, "matches 'li.story'"),
        (b"<rss><channel/></rss>", SELECTORS, Outcome.SUSPICIOUS, "nothing on XML"),
        (b"Dear all", SELECTORS, Outcome.SUSPICIOUS, "nothing on plain text"),
        (b"https://lab.example/", SELECTORS, Outcome.SUSPICIOUS, "nothing on plain text"),
        (b"/etc/passwd", SELECTORS, Outcome.SUSPICIOUS, "nothing on plain text"),
        (page('<li class="story"></li>'), SELECTORS, Outcome.SUSPICIOUS, "none of 1 rows"),
        (page(card(1), '<li class="story"></li>'), SELECTORS, Outcome.PARTIAL, "1 of 2 rows"),
        (page(card(1)), None, Outcome.FAILED, "selectors of its source"),
        (page(card(1)), Selectors(item="li["), Outcome.FAILED, "'li[' is no CSS selector"),
        (page(card(1)), Selectors(item="li", title=":nonsense"), Outcome.FAILED, "':nonsense' is no CSS selector"),
        (b"", SELECTORS, Outcome.FAILED, "an empty file"),
        (page(card(1)).replace(b"found", b"f\xffnd").replace(b"head", b"meta charset=utf-8", 1), SELECTORS,
         Outcome.PARTIAL, "some bytes fit no character"),
    ],
)  # fmt: skip
def test_nothing_found_is_never_a_quiet_day(
    body: bytes, selectors: Selectors | None, outcome: Outcome, reason: str
) -> None:
    parsed = read(body, selectors)
    assert parsed.outcome is outcome
    assert reason in parsed.reason


@given(st.data())
def test_a_cut_page_is_never_read_and_holds_only_whole_items(data: st.DataObject) -> None:
    body = page(*map(card, range(1, 6)))
    end = body.index(b"</body>")
    whole = read(body).entries
    parsed = read(body[: data.draw(st.integers(0, end))])
    assert not parsed.outcome.is_read
    assert parsed.entries == whole[: len(parsed.entries)]


def test_a_selector_that_matches_too_much_is_told() -> None:
    items = (f'<li><a href="/{number}">{number}</a></li>' for number in range(MOST_ITEMS + 1))
    parsed = read(page(*items), Selectors(item="ul li"))
    assert (parsed.outcome, len(parsed.entries)) == (Outcome.PARTIAL, MOST_ITEMS)
    assert "matches too much" in parsed.reason


@given(st.binary() | st.text().map(str.encode) | st.text(alphabet="<>/ali! =\"'?&x-[]", max_size=60).map(str.encode))
def test_any_bytes_give_an_answer(body: bytes) -> None:
    parsed = read(body, PLAIN)
    assert not parsed.outcome.is_read or parsed.entries


def test_other_encodings_are_read() -> None:
    item = '<li><a href="/a">Привет</a></li>'
    body = page(item, head='<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">').decode()
    assert only(body.encode("windows-1251"), Selectors(item="ul li")).title == "Привет"


def test_xml_in_a_page_warns_of_nothing() -> None:
    body = b'<?xml version="1.0"?><?xml-stylesheet?><ul><li><a href="/a">A</a></li></ul></body>'
    assert only(body).title == "A"


def test_without_its_address_a_page_has_only_absolute_links() -> None:
    entries = read(page(card(1), card(2, "https://lab.example/2")), SELECTORS, None).entries
    assert [entry.url for entry in entries] == [None, "https://lab.example/2"]


def test_a_page_is_asked_for_at_its_address() -> None:
    assert KIND.read is not None
    now = datetime(2026, 11, 21, tzinfo=UTC)
    source = Source(name="lab", kind="webpage", url=ADDRESS, selectors=SELECTORS)
    assert [request.url for request in KIND.read(source, Past(), now)] == [ADDRESS]
    with pytest.raises(SourceError, match="no url"):
        next(KIND.read(replace(source, url=None), Past(), now))


def test_a_page_is_never_guessed_to_be_one() -> None:
    assert not KIND.looks_like(page(card(1)))
    assert parse(page(card(1))).outcome is Outcome.FAILED
