"""Encodings, texts, addresses, dates and names as strangers write them."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.dates import printed_moment
from digest.sources.links import absolute, arxiv_id, doi, host_of, without_tracking
from digest.sources.markup import decode_markup, html_lines
from digest.sources.people import names_in


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("plain", ["plain"]),
        ("<p>one</p><p>two<br>three</p>", ["one", "two", "three"]),
        ("<ul><li>a<li>b</ul>c", ["a", "b", "c"]),
        ("<b>bo</b>ld H<sub>2</sub>O <a href='x'>link</a>.", ["bold H2O link."]),
        ("a<!-- hidden -->b", ["ab"]),
        ("<style>p {}</style><script>1 < 2</script>a<noscript>b</noscript>", ["a"]),
        ("AT&amp;T &lt;b&gt; &amp;lt; R&D &copy; &copycat", ["AT&T <b> &lt; R&D © &copycat"]),
        ("$<a,x>=0$ and $a<b$ and x <y> z", ["$<a,x>=0$ and $a<b$ and x <y> z"]),
        ("a<b and c>d, p < q", ["a<b and c>d, p < q"]),
        ("<VIDEO controls>a</VIDEO><input disabled>", ["a"]),
        ("<math><mi>x</mi><mo>=</mo><annotation>tex</annotation></math>", ["x="]),
        ("line one\nline\ttwo", ["line one", "line two"]),
        ("<div>" * 1000 + "deep", ["deep"]),
        ("", []),
    ],
)
def test_html_as_people_see_it(written: str, lines: list[str]) -> None:
    assert html_lines(written) == lines


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_escaped_text_comes_back_whole(text: str) -> None:
    assert " ".join(html_lines(html.escape(text))) == " ".join(text.split())


@given(st.text(alphabet="<>/bip a=\"'&;!-x#1\n", max_size=80) | st.text())
def test_any_text_gives_clean_lines(text: str) -> None:
    assert all(line == " ".join(line.split()) != "" for line in html_lines(text))


@pytest.mark.parametrize(
    "name", ["rot13", "zlib", "unicode_escape", "undefined", "idna", "punycode", "utf-7", "x" * 40]
)
def test_a_codec_that_is_no_encoding_of_texts_is_not_asked(name: str) -> None:
    body = f'<?xml version="1.0" encoding="{name}"?><rss>\\u0041 ü</rss>'.encode()
    assert decode_markup(body) == (body.decode(), False)


@pytest.mark.parametrize("body", [b"", b" \n", b"a\0b", b"\x7fELF\0"])
def test_what_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(SourceError):
        decode_markup(body)


@given(st.binary(min_size=1))
def test_any_bytes_are_a_text_or_refused(body: bytes) -> None:
    try:
        text, _ = decode_markup(body)
    except SourceError:
        return
    assert text.encode("utf-8")


@pytest.mark.parametrize(
    ("link", "bases", "whole"),
    [
        ("b", ("https://a.example/x/y",), "https://a.example/x/b"),
        ("/b", ("https://a.example/x/", None), "https://a.example/b"),
        ("b", ("https://a.example/", "c/"), "https://a.example/c/b"),
        ("//c.example/d", ("https://a.example/",), "https://c.example/d"),
        (" https://a.example/b\n", (None,), "https://a.example/b"),
        ("b", (None,), None),
        ("javascript:alert(1)", ("https://a.example/",), None),
        ("file:///etc/passwd", ("https://a.example/",), None),
        ("https://[", (), None),
        ("", ("https://a.example/",), None),
        (None, ("https://a.example/",), None),
    ],
)
def test_links_are_made_whole(link: object, bases: tuple[str | None, ...], whole: str | None) -> None:
    assert absolute(link, *bases) == whole


@given(st.text(), st.text(), st.text())
def test_any_links_are_addresses_or_nothing(link: str, one: str, other: str) -> None:
    whole = absolute(link, one, other)
    assert whole is None or whole.startswith(("http://", "https://", "HTTP", "Http"))


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://a.example/b?utm_source=x", "https://a.example/b"),
        ("https://a.example/b?id=1&UTM_Medium=x&gclid=2&c", "https://a.example/b?id=1&c"),
        ("https://a.example/b?outm_source=x#utm_source=y", "https://a.example/b?outm_source=x#utm_source=y"),
    ],
)
def test_tracking_is_taken_off(address: str, clean: str) -> None:
    assert without_tracking(address) == clean
    assert host_of(address) == "a.example"


@pytest.mark.parametrize(
    ("address", "paper"),
    [
        ("https://arxiv.org/abs/2611.00001", ("2611.00001", None)),
        ("http://export.arxiv.org/abs/2611.00001v12", ("2611.00001", 12)),
        ("https://arxiv.org/pdf/2611.00001v2.pdf", ("2611.00001", 2)),
        ("https://arxiv.org/pdf/2611.00001#page=2", ("2611.00001", None)),
        ("https://arxiv.org/abs/math.GT/0309136v1", ("math.GT/0309136", 1)),
        ("https://arxiv.org/abs/hep-th/9901001", ("hep-th/9901001", None)),
        ("oai:arXiv.org:2611.00001v3", ("2611.00001", 3)),
        ("https://reader.example/paper/2611.00001", ("2611.00001", None)),
        ("https://reader.example/en/papers/2611.00001/?ref=x", ("2611.00001", None)),
        ("https://huggingface.co/papers/2611.00001", ("2611.00001", None)),
        ("https://shop.example/2611.00001", None),
        ("https://shop.example/p/2699.00001", None),
        ("https://blog.example/p/on-2611.00001", None),
        ("https://blog.example/?url=https://arxiv.org/abs/2611.00001", None),
        ("https://arxiv.org/list/cs.LG/new", None),
        ("https://notarxiv.org/list/2611.00001", None),
        ("", None),
    ],
)
def test_the_paper_that_an_address_names(address: str, paper: tuple[str, int | None] | None) -> None:
    assert arxiv_id(address) == paper


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.1234/a.b", "10.1234/a.b"),
        ("doi: 10.1234/a", "10.1234/a"),
        ("https://doi.org/10.1234/a", "10.1234/a"),
        ("see 10.1234/a", None),
        ("10.12/a", None),
    ],
)
def test_a_doi_is_one_only_if_it_is_all(text: str, found: str | None) -> None:
    assert doi(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-20T06:30:00Z", (2026, 11, 20, 6, 30)),
        ("2026-11-20T06:30:00.123+02:00", (2026, 11, 20, 4, 30, 0, 123_000)),
        ("2026-11-20 06:30:00 +0200", (2026, 11, 20, 4, 30)),
        ("2026-11-20", (2026, 11, 20)),
        ("2026-11", (2026, 11, 1)),
        ("Fri, 20 Nov 2026 06:30:00 GMT", (2026, 11, 20, 6, 30)),
        ("Fri, 20 Nov 2026 06:30:00 EST", (2026, 11, 20, 11, 30)),
        ("20 Nov 26 06:30 +0100", (2026, 11, 20, 5, 30)),
        ("Nov 20, 2026", (2026, 11, 20)),
        ("November 20, 2026", (2026, 11, 20)),
        ("Fri, 20 November 2026", (2026, 11, 20)),
        ("20.11.2026", (2026, 11, 20)),
        ("2026/11/20", (2026, 11, 20)),
        ("3/4/2026", None),
        ("31 Feb 2026", None),
        ("Fri, 31 Feb 2026 06:30:00 GMT", None),
        ("yesterday", None),
        ("", None),
        ("2026-11-20" + " " * 200 + "x" * 200, None),
        (20261120, None),
    ],
)
def test_dates_as_they_are_printed(text: object, found: tuple[int, ...] | None) -> None:
    assert printed_moment(text) == (datetime(*found, tzinfo=UTC) if found else None)


@given(st.text() | st.text(alphabet="0123456789:-+, TZNovFri/.", max_size=40))
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    found = printed_moment(text)
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_survives_being_printed(moment: datetime) -> None:
    assert printed_moment(moment.isoformat()) == moment
    assert printed_moment(f"{moment:%d.%m.}{moment.year:04}") == datetime(*moment.timetuple()[:3], tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ada Example", ("Ada Example",)),
        ("Ada Example, Ben Sample, and Cy Third", ("Ada Example", "Ben Sample", "Cy Third")),
        ("Ada Example & Ben Sample", ("Ada Example", "Ben Sample")),
        ("Example, Ada", ("Example, Ada",)),
        ("Ada Example, PhD", ("Ada Example, PhD",)),
        ("Example, Ada; Sample, Ben;", ("Example, Ada", "Sample, Ben")),
        ("Plato and Socrates", ("Plato and Socrates",)),
        ("no-reply@site.example (Ada Example)", ("Ada Example",)),
        ("no-reply@site.example", ()),
        ("Ada Example, Ada Example", ("Ada Example",)),
        ("", ()),
        (None, ()),
    ],
)
def test_names_in_one_line(text: object, names: tuple[str, ...]) -> None:
    assert names_in(text) == names
