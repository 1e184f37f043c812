"""One work has one key, however people write it; two works never share a strong one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.items.keys import key_of, keys_of, title_key
from digest.model import Entry


@pytest.mark.parametrize(
    "text",
    [
        "2408.00714",
        "2408.00714v3",
        "  2408.00714V12 ",
        "arXiv:2408.00714",
        "arxiv: 2408.00714v2",
        "oai:arXiv.org:2408.00714v1",
        "10.48550/arXiv.2408.00714",
        "doi:10.48550/ARXIV.2408.00714v2",
        "https://doi.org/10.48550/arXiv.2408.00714",
        "http://arxiv.org/abs/2408.00714v1",
        "https://www.arxiv.org/abs/2408.00714/",
        "https://arxiv.org/abs/2408.00714?context=cs.LG#comments",
        "https://arxiv.org/pdf/2408.00714",
        "https://arxiv.org/pdf/2408.00714v2.pdf",
        "https://arxiv.org/html/2408.00714v1",
        "https://arxiv.org/e-print/2408.00714",
        "http://export.arxiv.org/abs/2408.00714",
        "https://ar5iv.labs.arxiv.org/html/2408.00714",
        "https://huggingface.co/papers/2408.00714",
        "http://www.huggingface.co/papers/2408.00714#community",
        "https://hf.co/papers/2408.00714",
        "huggingface.co/papers/2408.00714",
        "arxiv.org/abs/2408.00714",
        "HTTPS://ARXIV.ORG/abs/2408.00714",
        "arXiv:https://arxiv.org/abs/2408.00714",
    ],
)
def test_an_arxiv_paper_has_one_key(text: str) -> None:
    assert key_of(text) == "arxiv:2408.00714"


@pytest.mark.parametrize(
    "text",
    [
        "math/0309136",
        "math.GT/0309136",
        "arXiv:math/0309136v2",
        "http://arxiv.org/abs/math.GT/0309136",
        "https://arxiv.org/pdf/math/0309136v1.pdf",
        "http://arxiv.org/abs/math%2F0309136",
        "oai:arXiv.org:math/0309136",
        "https://doi.org/10.48550/arXiv.math/0309136",
    ],
)
def test_an_old_arxiv_paper_has_one_key_with_and_without_its_class(text: str) -> None:
    assert key_of(text) == "arxiv:math/0309136"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("cond-mat/9901001", "arxiv:cond-mat/9901001"),
        ("astro-ph.EP/0601001", "arxiv:astro-ph/0601001"),
        ("0704.0001", "arxiv:0704.0001"),
    ],
)
def test_other_shapes_of_arxiv_ids(text: str, key: str) -> None:
    assert key_of(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "２４０８.00714",  # digits, but not those of an id
        "2408.007",
        "240.00714",
        "arxiv: the first thirty years",
        "https://arxiv.org/list/cs.LG/new",
        "https://huggingface.co/papers/date/2024-08-01",
        "https://notarxiv.org/abs/2408.00714",
        "https://example.org/papers/2408.00714",
    ],
)
def test_what_only_looks_like_an_arxiv_id_is_none(text: str) -> None:
    assert not key_of(text).startswith("arxiv:")


@pytest.mark.parametrize(
    "text",
    [
        "10.1000/AbC.1",
        "doi:10.1000/abc.1",
        "DOI: 10.1000/ABC.1",
        "https://doi.org/10.1000/abc.1",
        "http://dx.doi.org/10.1000/Abc.1/",
        "doi.org/10.1000/abc.1",
        "doi:https://doi.org/10.1000/abc.1",
        "https://doi.org/10.1000%2Fabc.1",
    ],
)
def test_a_doi_has_one_key(text: str) -> None:
    assert key_of(text) == "doi:10.1000/abc.1"


@pytest.mark.parametrize("prefix", ["10.1101", "10.64898"])
@pytest.mark.parametrize(
    "text",
    [
        "{}/2026.07.15.123456",
        "doi:{}/2026.07.15.123456v3",
        "https://doi.org/{}/2026.07.15.123456",
        "https://www.biorxiv.org/content/{}/2026.07.15.123456v1",
        "http://medrxiv.org/content/{}/2026.07.15.123456v2.full.pdf?rss=1",
    ],
)
def test_the_versions_of_a_preprint_are_one_work(prefix: str, text: str) -> None:
    assert key_of(text.format(prefix)) == f"doi:{prefix}/2026.07.15.123456"


def test_a_doi_of_another_publisher_keeps_what_looks_like_a_version() -> None:
    assert key_of("10.1000/report-123456v2") != key_of("10.1000/report-123456")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a/b?x=1&y=2",
        "http://example.org/a/b?x=1&y=2",
        "https://www.example.org/a/b/?x=1&y=2",
        "https://EXAMPLE.org/a/b?y=2&x=1",
        "https://example.org:443/a/b?x=1&y=2",
        "http://example.org:80/a/b?x=1&y=2#part",
        "https://user:word@example.org/a/b?x=1&y=2",
        "https://example.org/a/b?utm_source=rss&x=1&y=2&UTM_Medium=mail&fbclid=z&gclid=z&mc_cid=z&ref_src=z",
        "https://example.org/%61/b?x=1&y=2",
    ],
)
def test_an_address_has_one_key(text: str) -> None:
    assert key_of(text) == "url:example.org/a/b?x=1&y=2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a?p=1", "https://example.org/a?p=2"),
        ("https://example.org/a?first", "https://example.org/a?second"),  # parameters without a value
        ("https://example.org/a?id=", "https://example.org/a"),
        ("https://example.org/A", "https://example.org/a"),  # only hosts are the same in any case
        ("https://example.org:8080/a", "https://example.org/a"),
        ("https://blog.example.org/a", "https://example.org/a"),
        ("https://example.org/a%3Fb", "https://example.org/a?b"),
        ("https://example.org/" + "x" * 300 + "1", "https://example.org/" + "x" * 300 + "2"),
        ("10.1000/" + "x" * 300 + "1", "10.1000/" + "x" * 300 + "2"),
        ("word " * 80 + "one", "word " * 80 + "two"),
    ],
)
def test_what_tells_two_works_apart_stays_in_the_key(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize("text", ["http://[half/a", "http://example.org:port/", "https://", "url: a story", "http:"])
def test_an_address_that_is_none_is_a_title(text: str) -> None:
    assert key_of(text).startswith("title:")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SAM 2: Segment Anything", "sam 2 segment\n  anything"),
        ("ﬁne-tuning at scale", "Fine-Tuning at Scale"),  # a ligature
        ("Ｆｕｌｌ width", "Full Width"),
        ("Straße", "STRASSE"),
        ("Éclair", "E\u0301clair"),
        ("“Quoted” — dashed…", '"Quoted" - dashed...'),
        ("论文：大模型", "论文 大模型"),
        ("title: of things", "Title of Things"),
    ],
)
def test_a_title_has_one_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("🚀", "🪁"), ("???", "!!!"), ("大模型", "小模型"), ("GPT-2", "GPT-3"), ("C", "C++ 2"), ("日本", "中国")],
)
def test_different_titles_have_different_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


def test_the_keys_of_an_entry_stand_strongest_first() -> None:
    entry = Entry(
        title="On Kites",
        url="https://example.org/kites/",
        identifiers=("doi:10.1000/K", "arxiv:2408.00714v2", "https://arxiv.org/abs/2408.00714"),
    )
    assert keys_of(entry) == ("arxiv:2408.00714", "doi:10.1000/k", "url:example.org/kites", "title:on kites")


@pytest.mark.parametrize("identifier", ["doi:NA", "arxiv:none", "", "unknown"])
@pytest.mark.parametrize("url", [None, "", "not an address"])
def test_what_is_no_identifier_joins_nothing(identifier: str, url: str | None) -> None:
    assert keys_of(Entry(title="On Kites", identifiers=(identifier,), url=url)) == ("title:on kites",)


def test_a_missing_title_joins_nothing_that_is_known_otherwise() -> None:
    assert keys_of(Entry(title=" ", identifiers=("arxiv:2408.00714",))) == ("arxiv:2408.00714",)


def test_an_entry_without_anything_has_a_key_all_the_same() -> None:
    assert len(keys_of(Entry(title=""))) == 1


#: pieces of which keys, addresses and hostile things are made
PIECES = """
    http:// https:// url: doi: arxiv: title: oai:arXiv.org: www. example.org / ? & = # % %2F %FF [ ] ::1 : :80 :8080
    @ 10.1101/ 10.48550/arXiv. 2408.00714 math.GT/0309136 v2 .pdf arxiv.org/abs/ doi.org/ huggingface.co/papers/
    biorxiv.org/content/ utm_source=a İ ß ſ K ﬀ
"""
HOSTILE = [*PIECES.split(), " ", "\0", "\u00a0", "\x85", "\ud800", "long " * 50, "x" * 190]
ANYTHING = st.text(st.characters(exclude_categories=[])) | st.lists(st.sampled_from(HOSTILE) | st.text(max_size=3)).map(
    "".join
)


@given(ANYTHING)
@example("url:example.org:8080/a")
@example("https://[::1]:8080/a")
@example("https://www.www.example.org")
@example("https://example.org/" + "%E4" * 90)
@example("title:title: twice")
@example("doi:" * 2_000)
def test_any_text_has_a_key_that_stands_for_itself_and_can_be_stored(text: str) -> None:
    key = key_of(text)
    assert key_of(key) == key
    assert len(key) <= 200
    assert key.encode()
    assert "\0" not in key


@given(ANYTHING, st.lists(ANYTHING, max_size=3), st.none() | ANYTHING)
def test_every_key_of_an_entry_stands_for_itself(title: str, identifiers: list[str], url: str | None) -> None:
    keys = keys_of(Entry(title=title, identifiers=tuple(identifiers), url=url))
    assert keys
    assert [key_of(key) for key in keys] == list(keys)
