"""Feeds: the same stories from every format, and what sites make of the formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.items.keys import keys_of
from digest.model import Entry, Outcome, Past, Source
from digest.sources import parse_saved
from digest.sources.feed import KIND, parse
from tests.sources.feed_shapes import FORMS, XML_FORMS, Post, atom, atom_of, json_feed, post, rss, rss_of

Form = Callable[..., bytes]
each_form = pytest.mark.parametrize("form", FORMS)
each_xml_form = pytest.mark.parametrize("form", XML_FORMS)


def only(body: bytes) -> Entry:
    (entry,) = parse(body).entries
    return entry


# --- one story in every format ------------------------------------------------------------------------------------


@each_form
def test_a_story_reads_the_same_in_every_format(form: Form) -> None:
    one = post(1)
    parsed = parse(form(one, post(2)))
    assert (parsed.outcome, parsed.reason) == (Outcome.COMPLETE, "")
    assert parsed.entries[0] == Entry(
        title="Story number 1",
        id=one.id,
        url=one.link,
        abstract="Told <for> & by 1 people.",
        authors=one.authors,
        published=datetime(2026, 11, 20, 6, 30, tzinfo=UTC),
        categories=one.tags,
    )
    assert parsed.entries[1].title == "Story number 2"


@each_form
def test_a_feed_without_stories_is_a_quiet_day(form: Form) -> None:
    parsed = parse(form())
    assert (parsed.outcome, parsed.reason) == (Outcome.EMPTY, "the feed lists nothing")


texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40).filter(str.strip)


@each_form
@given(title=texts, text=texts)
def test_any_words_come_out_as_they_went_in(form: Form, title: str, text: str) -> None:
    entry = only(form(replace(post(1), title="A " + title, text="B " + text)))
    assert entry.abstract == " ".join(f"B {text}".split())
    if form is json_feed or "&" not in title:  # an RSS title may be HTML: there "&lt;" is a sign
        assert entry.title == " ".join(f"A {title}".split())


@each_form
@given(order=st.permutations([post(number) for number in range(5)]), repeated=st.integers(0, 4))
def test_order_and_repetition_change_no_identity(form: Form, order: list[Post], repeated: int) -> None:
    told = parse(form(*order, order[repeated]))
    assert [entry.title for entry in told.entries[:5]] == [one.title for one in order]
    plain = parse(form(*map(post, range(5))))
    assert {keys_of(entry) for entry in told.entries} == {keys_of(entry) for entry in plain.entries}


@pytest.mark.parametrize(
    "changed",
    [
        replace(post(1), id="urn:uuid:1"),
        replace(post(1), link="http://example.org/posts/1"),
        replace(post(1), link="https://www.example.org/posts/1/"),
        replace(post(1), link="https://example.org/posts/1?utm_source=feed"),
        replace(post(1), link="https://example.org/moved", title="A story renamed"),  # its id is the same
    ],
)
@each_form
def test_a_story_that_moves_is_still_the_same(form: Form, changed: Post) -> None:
    before, after = (set(keys_of(only(form(one)))) for one in (post(1), changed))
    assert before & after


@each_form
def test_an_id_that_stories_share_joins_none(form: Form) -> None:
    posts = [replace(post(number), id="https://example.org/") for number in (1, 2)]
    first, second = parse(form(*posts)).entries
    assert not {*keys_of(first)} & {*keys_of(second)}


# --- damage -------------------------------------------------------------------------------------------------------


@each_form
@given(data=st.data())
def test_a_cut_feed_is_never_read_and_holds_only_whole_stories(form: Form, data: st.DataObject) -> None:
    body = form(*map(post, range(4))).rstrip()
    whole = parse(body).entries
    parsed = parse(body[: data.draw(st.integers(0, len(body) - 1))])
    assert parsed.outcome in (Outcome.FAILED, Outcome.PARTIAL)
    assert parsed.entries == whole[: len(parsed.entries)]


@each_xml_form
def test_a_cut_feed_gives_the_stories_before_the_cut(form: Form) -> None:
    body = form(*map(post, range(4)))
    parsed = parse(body[: body.index(b"Story number 2") + 3])
    assert parsed.outcome is Outcome.PARTIAL
    assert parsed.reason.startswith("broken or cut-off XML: ")
    assert [entry.title for entry in parsed.entries] == ["Story number 0", "Story number 1"]


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (b"", Outcome.FAILED, "an empty file"),
        (b"\n ", Outcome.FAILED, "nothing but white space"),
        (
            b"<!DOCTYPE html><html><title>Back soon</title></html>",
            Outcome.FAILED,
            "not a feed: an HTML page titled “Back soon”",
        ),
        (b"<html><body>503</body></html>", Outcome.FAILED, "not a feed: an HTML page"),
        (b'<!DOCTYPE rss SYSTEM "https://example.org/x.dtd"><rss/>', Outcome.FAILED, "document type"),
        (b'<!-- a --><!doctype rss [<!ENTITY a "b">]><rss>&a;</rss>', Outcome.FAILED, "document type"),
        ('<!DOCTYPE rss [<!ENTITY a "b">]><rss>&a;</rss>'.encode("utf-16"), Outcome.FAILED, "document type"),
        (b"<urlset><url/></urlset>", Outcome.FAILED, "not a feed: XML"),
        (b"Dear all", Outcome.FAILED, "not a feed: plain text"),
        (b"<rss", Outcome.FAILED, "not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1"', Outcome.FAILED, "broken or cut-off JSON"),
        (b'{"version": "https://jsonfeed.org/version/1"}', Outcome.FAILED, "not a feed with a list of items"),
        (b"[]", Outcome.FAILED, "not a feed with a list of items"),
        (b"<rss><channel/></rss>", Outcome.EMPTY, "lists nothing"),
        (b"<rss><channel><items><item/></items></channel></rss>", Outcome.SUSPICIOUS, "not where a feed has them"),
        (b"<rss><channel><item/><item/></channel></rss>", Outcome.SUSPICIOUS, "none of 2 stories"),
        (b"<rss><channel><item><title>A</title></item><item/></channel></rss>", Outcome.PARTIAL, "1 of 2 stories"),
        (json_feed(items=[7, {"title": "A"}]), Outcome.PARTIAL, "1 of 2 stories say nothing, first number 1"),
    ],
)
def test_what_is_no_good_feed_says_why(body: bytes, outcome: Outcome, reason: str) -> None:
    parsed = parse(body)
    assert parsed.outcome is outcome
    assert reason in parsed.reason


def test_a_tag_that_is_closed_twice_leaves_the_rest_readable() -> None:
    parsed = parse(rss_of("<item><title>A</title></item></b><item><title>B</title></item>"))
    assert parsed.outcome is Outcome.PARTIAL
    assert [entry.title for entry in parsed.entries] == ["A", "B"]


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("AT&T & friends", "AT&T & friends"),
        ("na&iuml;ve&nbsp;&mdash;&nbsp;caf&#233;", "naïve — café"),
        ("a < b &lt; c", "a < b < c"),
        ("bell\x07 and &#7; escape", "bell and escape"),
        ("<![CDATA[R&D <3]]>", "R&D <3"),
    ],
)
def test_signs_that_xml_forbids_are_what_their_writer_meant(title: str, read: str) -> None:
    parsed = parse(rss_of(f"<item><title>{title}</title><link>https://example.org/?a=1&b=2</link></item>"))
    assert parsed.outcome is Outcome.COMPLETE
    assert (parsed.entries[0].title, parsed.entries[0].url) == (read, "https://example.org/?a=1&b=2")


def test_a_prefix_that_nobody_declared_means_what_it_always_means() -> None:
    parsed = parse(b"<rss><channel><item><title>A</title><dc:creator>Ada Example</dc:creator></item></channel></rss>")
    assert parsed.outcome is Outcome.COMPLETE
    assert parsed.entries[0].authors == ("Ada Example",)


def test_nothing_outside_is_ever_read(tmp_path: object) -> None:
    body = rss(post(1)).replace(b"<rss", b'<?xml-stylesheet href="https://example.org/x.xsl"?><rss', 1)
    assert parse(body).outcome is Outcome.COMPLETE
    assert parse(f"{tmp_path}".encode()).outcome is Outcome.FAILED


# --- encodings ----------------------------------------------------------------------------------------------------

GREETING = "Grüße, ça va"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("utf-8", "Grüße 你好"),
        ("ISO-8859-1", GREETING),
        ("windows-1252", "“Grüße” – €"),
        ("ISO-8859-15", "Grüße €"),
        ("windows-1251", "Привет"),
        ("koi8-r", "Привет"),
        ("GB2312", "你好"),
        ("Big5", "你好"),
        ("EUC-JP", "こんにちは"),
        ("Shift_JIS", "こんにちは"),
        ("utf-16", "Grüße 你好"),
    ],
)
def test_every_declared_encoding_is_read(encoding: str, title: str) -> None:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><rss><channel><item><title>{title}</title></item></channel></rss>'
    )
    assert (parse(text.encode(encoding)).outcome, only(text.encode(encoding)).title) == (Outcome.COMPLETE, title)


@pytest.mark.parametrize(
    ("body", "outcome", "title"),
    [
        (
            f"<rss><channel><item><title>{GREETING}</title></item></channel></rss>".encode("latin-1"),
            "complete",
            GREETING,
        ),
        (rss(replace(post(1), title=GREETING)).replace(b"UTF-8", b"ISO-8859-1"), "complete", GREETING),
        (rss(replace(post(1), title="Grüße X")).replace(b" X", b" \xff"), "partial", "Grüße \ufffd"),
        (rss(replace(post(1), title="Gruss X")).replace(b" X", b" \xff"), "partial", "Gruss \ufffd"),
        (rss(replace(post(1), title=GREETING)).replace(b"UTF-8", b"unicode_escape"), "complete", GREETING),
        (rss(replace(post(1), title=GREETING)).replace(b"UTF-8", b"rot13"), "complete", GREETING),
        (b"\xef\xbb\xbf" + rss(replace(post(1), title=GREETING)), "complete", GREETING),
        (b"\n\n" + rss(replace(post(1), title=GREETING)), "complete", GREETING),
    ],
    ids=["undeclared", "mistaken", "damaged", "damaged-ascii", "no-text-codec", "unknown", "marked", "late"],
)
def test_an_encoding_that_is_missing_or_wrong_loses_nothing_silently(body: bytes, outcome: str, title: str) -> None:
    parsed = parse(body)
    assert (parsed.outcome, parsed.entries[0].title) == (outcome, title)


# --- links and ids ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "id_", "url"),
    [
        ("<link>https://a.example/1</link>", "https://a.example/1", "https://a.example/1"),
        ("<link>\n https://a.example/1 \n</link>", "https://a.example/1", "https://a.example/1"),
        ("<link>/1</link>", "https://example.org/1", "https://example.org/1"),
        ('<link>/1</link><guid isPermaLink="false">g-1</guid>', "g-1", "https://example.org/1"),
        ("<guid>https://a.example/1</guid>", "https://a.example/1", "https://a.example/1"),
        ('<guid isPermaLink="false">https://a.example/1</guid>', "https://a.example/1", None),
        ("<guid>7</guid>", "7", None),
        ('<atom:link href="https://a.example/2"/>', "https://a.example/2", "https://a.example/2"),
        ('<atom:link rel="self" href="https://a.example/2"/><link>/1</link>', *["https://example.org/1"] * 2),
        ("<comments>https://a.example/talk</comments>", "https://a.example/talk", "https://a.example/talk"),
        ("<link>javascript:alert(1)</link>", None, None),
        ("<link>data:text/html,x</link><guid>x</guid>", "x", None),
        ("<link>http://[</link>", None, None),
        ("<link/>", None, None),
    ],
)
def test_the_id_and_the_address_of_a_story(item: str, id_: str | None, url: str | None) -> None:
    entry = only(rss_of(f"<item><title>A</title>{item}</item>"))
    assert (entry.id, entry.url) == (id_, url)


@pytest.mark.parametrize(
    ("root", "link", "url"),
    [
        ('xml:base="https://b.example/blog/"', '<link href="one"/>', "https://b.example/blog/one"),
        ('xml:base="/blog/"', '<link href="one"/>', "https://example.org/blog/one"),
        ("", '<link href="one"/>', "https://example.org/one"),
        ("", '<link href="one" xml:base="https://c.example/x/"/>', "https://c.example/x/one"),
    ],
)
def test_relative_links_of_atom_follow_the_base(root: str, link: str, url: str) -> None:
    assert only(atom_of(f"<entry><title>A</title>{link}</entry>", root=root)).url == url


@pytest.mark.parametrize("body", [b"<rss><channel><item><title>A</title><link>b/c</link></item></channel></rss>",
                                  json_feed(items=[{"title": "A", "url": "b/c"}])])  # fmt: skip
def test_relative_links_follow_the_address_of_the_feed(body: bytes) -> None:
    assert KIND.parser_for is not None
    parsed = KIND.parser_for(Source(name="a", kind="feed", url="https://example.org/x/feed"))(body)
    assert parsed.entries[0].url == "https://example.org/x/b/c"
    assert parse(body).entries[0].url is None


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ("<link>https://arxiv.org/abs/2611.00001v2</link>", "arxiv:2611.00001"),
        ("<link>https://papers.example/p/2611.00001</link>", "arxiv:2611.00001"),
        ("<guid>oai:arXiv.org:2611.00001v1</guid>", "arxiv:2611.00001"),
        ("<link>https://huggingface.co/papers/2611.00001</link>", "arxiv:2611.00001"),
        ("<prism:doi>10.1234/Abc</prism:doi>", "doi:10.1234/abc"),
        ("<dc:identifier>doi:10.1234/abc</dc:identifier>", "doi:10.1234/abc"),
        ("<guid>https://doi.org/10.1234/abc</guid>", "doi:10.1234/abc"),
    ],
)
def test_a_story_that_is_a_paper_is_known_as_that(item: str, key: str) -> None:
    assert keys_of(only(rss_of(f"<item><title>A</title>{item}</item>")))[0] == key


def test_a_paper_that_a_story_only_mentions_is_not_the_story() -> None:
    text = "We comment on https://arxiv.org/abs/2611.00001, doi:10.1234/abc."
    assert only(rss(replace(post(1), text=text))).identifiers == ()


# --- texts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "title", "abstract"),
    [
        ("<title>A</title><description>one</description><content:encoded>two</content:encoded>", "A", "one"),
        ("<title>A</title><description/><content:encoded>two</content:encoded>", "A", "two"),
        ("<title>A</title><description>A</description><content:encoded>two</content:encoded>", "A", "two"),
        ("<title>A</title><description>A</description>", "A", ""),
        ("<title>A &lt;i&gt;b&lt;/i&gt;</title>", "A b", ""),
        ("<title><![CDATA[A &amp; <b>b</b>]]></title>", "A & b", ""),
        ("<title>A <i>b</i></title>", "A b", ""),
        ("<title>If $a&lt;b$ then</title>", "If $a<b$ then", ""),
        ("<title>&lt;script&gt;alert(1)&lt;/script&gt;A</title>", "A", ""),
        ("<title>A</title><description><![CDATA[<p>H<sub>2</sub>O</p><p>$<a,x>=0$</p>]]></description>", "A",
         "H2O $<a,x>=0$"),
        ("<description>Untitled words.</description>", "Untitled words.", ""),
        ("<link>https://example.org/x</link>", "example.org/x", ""),
        ("<dc:title>A</dc:title>", "A", ""),
    ],
)  # fmt: skip
def test_the_texts_of_a_story(item: str, title: str, abstract: str) -> None:
    entry = only(rss_of(f"<item>{item}</item>"))
    assert (entry.title, entry.abstract) == (title, abstract)


@pytest.mark.parametrize(
    ("entry", "title", "abstract"),
    [
        ("<title>A &amp;amp; b</title>", "A &amp; b", ""),
        ('<title type="html">A &amp;amp; &lt;b&gt;b&lt;/b&gt;</title>', "A & b", ""),
        ('<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <em>b</em></div></title>', "A b", ""),
        ('<title>A</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>b</p><p>c</p></div></content>',
         "A", "b c"),
        ('<title>A</title><content type="image/png">iVBORw0KGgo=</content>', "A", ""),
        ('<title>A</title><summary>s</summary><content type="html">c</content>', "A", "s"),
    ],
)  # fmt: skip
def test_the_texts_of_atom_are_of_the_type_that_they_declare(entry: str, title: str, abstract: str) -> None:
    found = only(atom_of(f"<entry>{entry}</entry>"))
    assert (found.title, found.abstract) == (title, abstract)


def test_a_whole_article_is_cut_to_the_length_of_an_abstract() -> None:
    abstract = only(rss(replace(post(1), text="All of it. " * 50_000))).abstract
    assert 4_900 < len(abstract) <= 5_000
    assert abstract.endswith(("it.…", "of…", "All…"))


def test_a_long_text_without_a_title_lends_its_first_words() -> None:
    entry = only(rss_of(f"<item><description>{'word ' * 100}</description></item>"))
    assert entry.title == " ".join(["word"] * 19) + "…"
    assert entry.abstract == ("word " * 100).strip()


def test_labels_within_a_description_are_taken_apart() -> None:
    text = "<p><b>Authors:</b> Ada Example, Ben Sample</p><p><b>Upvotes:</b> 3</p>"
    text += "<p><b>Summary:</b> We study:<br/>Results: good</p>"
    entry = only(rss_of(f"<item><title>A</title><description><![CDATA[{text}]]></description></item>"))
    assert (entry.abstract, entry.authors) == ("We study: Results: good", ("Ada Example", "Ben Sample"))


# --- people and dates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "authors"),
    [
        ("<author>ada@example.org (Ada Example)</author>", ("Ada Example",)),
        ("<author>ada@example.org</author>", ()),
        ("<dc:creator>Ada Example, Ben Sample and Cy Third</dc:creator>", ("Ada Example", "Ben Sample", "Cy Third")),
        ("<dc:creator>Example, Ada</dc:creator>", ("Example, Ada",)),
        ("<dc:creator>Example, A.; Sample, B.</dc:creator>", ("Example, A.", "Sample, B.")),
        ("<dc:creator>Ada</dc:creator><dc:creator>Ada</dc:creator>", ("Ada",)),
        ("<author/><dc:creator>Ada</dc:creator>", ("Ada",)),
    ],
)
def test_the_authors_of_a_story(item: str, authors: tuple[str, ...]) -> None:
    assert only(rss_of(f"<item><title>A</title>{item}</item>")).authors == authors


def test_the_authors_of_a_feed_are_those_of_its_stories() -> None:
    head = "<author><name>Ada Example</name><email>a@b.c</email></author>"
    assert only(atom(replace(post(1), authors=()), head=head)).authors == ("Ada Example",)
    assert only(json_feed(replace(post(1), authors=()), authors=[{"name": "Ada Example"}])).authors == ("Ada Example",)
    assert only(rss(replace(post(1), authors=()), head="<managingEditor>Ada</managingEditor>")).authors == ()


def test_the_day_of_publication_comes_before_that_of_a_change() -> None:
    dates = "<updated>2026-11-20T00:00:00Z</updated><published>2026-11-01T00:00:00Z</published>"
    assert only(atom_of(f"<entry><title>A</title>{dates}</entry>")).published == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_date_that_is_none_is_not_guessed() -> None:
    assert only(rss_of("<item><title>A</title><pubDate>yesterday</pubDate></item>")).published is None


def test_names_in_other_cases_are_the_same_names() -> None:
    entry = only(b"<RSS><Channel><Item><Title>A</Title><PubDate>2026-11-20</PubDate></Item></Channel></RSS>")
    assert (entry.title, entry.published) == ("A", datetime(2026, 11, 20, tzinfo=UTC))


# --- JSON Feed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"id": 7, "title": "A"}, {"id": "7"}),
        ({"id": True, "title": "A"}, {"id": None}),
        ({"title": "A", "url": "https://example.org/1"}, {"id": "https://example.org/1"}),
        ({"title": "A", "external_url": "https://example.org/2"}, {"url": "https://example.org/2"}),
        ({"title": "A", "summary": "s", "content_text": "t"}, {"abstract": "s"}),
        ({"title": "A &amp; b", "content_text": "<p>"}, {"title": "A &amp; b", "abstract": "<p>"}),
        ({"content_html": "<p>First words</p>"}, {"title": "First words", "abstract": ""}),
        ({"title": "A", "author": {"name": "Ada"}}, {"authors": ("Ada",)}),
        ({"title": "A", "date_modified": "2026-11-20"}, {"published": datetime(2026, 11, 20, tzinfo=UTC)}),
        ({"title": "A", "tags": "x", "authors": 3, "url": [], "id": {}}, {"categories": (), "authors": (), "id": None}),
    ],
)
def test_the_parts_of_an_item_in_json(item: dict[str, object], expected: dict[str, object]) -> None:
    entry = only(json_feed(items=[item]))
    assert {name: getattr(entry, name) for name in expected} == expected


def test_json_feeds_are_known_however_they_are_written() -> None:
    assert parse_saved(json_feed(post(1)).replace(b"/", rb"\/")).kind == "feed"
    assert parse_saved(b"\xef\xbb\xbf" + json_feed(post(1))).outcome is Outcome.COMPLETE


# --- reading ------------------------------------------------------------------------------------------------------


def test_a_feed_is_asked_for_at_its_address() -> None:
    assert KIND.read is not None
    now = datetime(2026, 11, 21, tzinfo=UTC)
    source = Source(name="a", kind="feed", url="https://example.org/feed")
    assert [request.url for request in KIND.read(source, Past(), now)] == ["https://example.org/feed"]
    with pytest.raises(SourceError, match="no url"):
        next(KIND.read(replace(source, url=None), Past(), now))
