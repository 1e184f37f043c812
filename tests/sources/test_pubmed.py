"""PubMed's searches and records, and how they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from digest.errors import SourceError
from digest.items.diff import diff
from digest.items.works import works_of
from digest.model import Entry, Known, Outcome, Page, Parsed, Past, Source
from digest.sources.kind import Request
from digest.sources.pubmed import LIMIT, MOST_PAGES, looks_like, parse, read
from digest.sources.read import read_source
from tests.sources.biomedical import AUTHOR, chapter, record, records, search
from tests.sources.network import fetcher_on

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def entry_of(text: str) -> Entry:
    (entry,) = parse(records(text)).entries
    return entry


def test_an_article_is_read_as_it_stands() -> None:
    assert entry_of(record(42)) == Entry(
        id="42",
        title="A trial of tea.",
        url="https://pubmed.ncbi.nlm.nih.gov/42/",
        abstract="Tea was drunk.",
        authors=("Ada Example",),
        published=datetime(2026, 11, 20, tzinfo=UTC),
        identifiers=("pmid:42", "doi:10.5555/tea.42", "pmc:PMC42"),
    )


@pytest.mark.parametrize(
    ("title", "reads"),
    [
        ("<sup>99m</sup>Tc in <i>E. coli</i>: CD4<sup>+</sup>", "99mTc in E. coli: CD4+"),
        ("Doses of 10<sup>-6</sup> and 5&#xa0;g", "Doses of 10⁻⁶ and 5 g"),
        ("p &lt; 0.05, &lt;5 years, $a&lt;b$ &amp;amp;", "p < 0.05, <5 years, $a<b$ &amp;"),
        ("<b>Nested <u>marks</u></b> <!-- unseen -->here", "Nested marks here"),
        (
            '<mml:math xmlns:mml="x"><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:math> grows',
            "x² grows",
        ),
        ("Zwei\n   Zeilen", "Zwei Zeilen"),
    ],
)
def test_all_text_of_a_title_counts(title: str, reads: str) -> None:
    assert entry_of(record(title=title)).title == reads


def test_a_title_that_is_missing_is_taken_from_the_original() -> None:
    french = "<VernacularTitle>Du thé</VernacularTitle>"
    assert entry_of(record(title="", article=french)).title == "Du thé"


@pytest.mark.parametrize(
    ("abstract", "reads"),
    [
        ("", ""),
        ("<AbstractText>One.</AbstractText><AbstractText>Two.</AbstractText>", "One. Two."),
        (
            '<AbstractText Label="STUDY DESIGN">A.</AbstractText><AbstractText Label="Results">B.</AbstractText>',
            "Study design: A. Results: B.",
        ),
        ('<AbstractText Label="UNLABELLED">Alone.</AbstractText><AbstractText Label="AIM"/>', "Alone."),
        ("<AbstractText>x</AbstractText><CopyrightInformation>(c)</CopyrightInformation>", "x"),
    ],
)
def test_the_parts_of_an_abstract_keep_their_labels(abstract: str, reads: str) -> None:
    assert entry_of(record(abstract=abstract)).abstract == reads


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        (AUTHOR + "<Author><CollectiveName>The Tea Group</CollectiveName></Author>", ("Ada Example", "The Tea Group")),
        ("<Author><LastName>Solo</LastName></Author>", ("Solo",)),
        ("<Author><LastName>P</LastName><Initials>BC</Initials><Suffix>Jr</Suffix></Author>", ("BC P Jr",)),
        ("<Author/>", ()),
        ("", ()),
    ],
)
def test_authors_are_people_and_groups(authors: str, names: tuple[str, ...]) -> None:
    assert entry_of(record(authors=authors)).authors == names


@pytest.mark.parametrize(
    ("issued", "day"),
    [
        ("<Year>2026</Year><Month>Nov</Month><Day>9</Day>", "2026-11-09"),
        ("<Year>2026</Year><Month>07</Month><Day>24</Day>", "2026-07-24"),
        ("<Year>2026</Year><Month>Jul</Month>", "2026-07-01"),
        ("<Year>2026</Year><Season>Fall</Season>", "2026-01-01"),
        ("<Year>2026</Year>", "2026-01-01"),
        ("<MedlineDate>2019 Dec 21-28</MedlineDate>", "2019-12-21"),
        ("<MedlineDate>2020 Jul-Aug</MedlineDate>", "2020-07-01"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998-12-01"),
        ("<MedlineDate>2015 Nov 30-Dec 6</MedlineDate>", "2015-11-30"),
        ("<MedlineDate>Spring 2020</MedlineDate>", "2020-01-01"),
        ("<MedlineDate>2018-2019</MedlineDate>", "2018-01-01"),
        ("<MedlineDate>2020 Winter</MedlineDate>", "2020-01-01"),
        ("<Year>2026</Year><Month>Feb</Month><Day>30</Day>", None),
        ("<MedlineDate>in press</MedlineDate>", None),
        ("", None),
    ],
)
def test_dates_are_read_in_all_their_forms(issued: str, day: str | None) -> None:
    published = entry_of(record(issued=issued)).published
    assert (f"{published:%Y-%m-%d}" if published else None) == day


ONLINE = "<ArticleDate DateType='Electronic'><Year>2026</Year><Month>11</Month><Day>18</Day></ArticleDate>"
ADDED = (
    "<History><PubMedPubDate PubStatus='received'><Year>2025</Year><Month>1</Month><Day>1</Day></PubMedPubDate>"
    "<PubMedPubDate PubStatus='pubmed'><Year>2026</Year><Month>11</Month><Day>19</Day></PubMedPubDate></History>"
)


@pytest.mark.parametrize(
    ("issued", "article", "data", "day"),
    [
        ("<Year>2027</Year><Month>Jan</Month><Day>1</Day>", ONLINE, ADDED, 18),
        ("<Year>2027</Year><Month>Jan</Month>", "", ADDED, 19),
        ("<Year>2026</Year><Month>Nov</Month><Day>17</Day>", "", ADDED, 17),
    ],
)
def test_a_date_with_a_day_is_worth_more_than_one_in_print(issued: str, article: str, data: str, day: int) -> None:
    published = entry_of(record(issued=issued, article=article, data=data)).published
    assert published == datetime(2026, 11, day, tzinfo=UTC)


def test_only_the_identifiers_of_the_record_itself_count() -> None:
    cited = (
        "<ReferenceList><Reference><ArticleIdList><ArticleId IdType='doi'>10.1/other</ArticleId></ArticleIdList>"
        "</Reference></ReferenceList>"
    )
    places = '<ELocationID EIdType="doi" ValidYN="Y">10.5555/TEA.1</ELocationID>'
    places += (
        '<ELocationID EIdType="doi" ValidYN="N">10.1/wrong</ELocationID><ELocationID EIdType="pii">9</ELocationID>'
    )
    assert entry_of(record(1, article=places, data=cited)).identifiers == (
        "pmid:1",
        "doi:10.5555/TEA.1",
        "doi:10.5555/tea.1",
        "pmc:PMC1",
    )


def test_a_chapter_and_a_book_are_read_too() -> None:
    parsed = parse(records(chapter(7), chapter(8, title="")))
    assert parsed.outcome is Outcome.COMPLETE
    assert [(entry.id, entry.title, entry.authors) for entry in parsed.entries] == [
        ("7", "On cups", ("Ada Example",)),
        ("8", "All of tea", ("Ada Example",)),
    ]
    assert {entry.published for entry in parsed.entries} == {datetime(2026, 11, 5, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        (records(), Outcome.SUSPICIOUS, "an answer without any record"),
        (records(record(title="")), Outcome.SUSPICIOUS, "none of 1 rows names a paper"),
        (records(record(0), record(2)), Outcome.PARTIAL, "1 of 2 rows name no paper, first row 1"),
        (records(record(), "<DeleteCitation><PMID>9</PMID></DeleteCitation>"), Outcome.COMPLETE, ""),
        (b"<eFetchResult><ERROR>Empty id list</ERROR></eFetchResult>", Outcome.FAILED,
         "PubMed answered with an error: Empty id list"),
        (b"<html/>", Outcome.FAILED, "XML, but not a set of PubMed's records"),
        (search(total=0), Outcome.EMPTY, "the search finds nothing"),
        (search(total=9), Outcome.SUSPICIOUS, "an answer without any record"),
        (search("1", 2, "x"), Outcome.PARTIAL, "2 of 3 rows name no paper, first row 2"),
        (b'{"error": "API rate limit exceeded", "count": "4"}', Outcome.FAILED,
         "PubMed's search failed, or its answer is cut off: API rate limit exceeded"),
        (b'{"esearchresult": {"ERROR": "Search Backend failed"}}', Outcome.FAILED,
         "PubMed's search failed, or its answer is cut off: Search Backend failed"),
        (b'{"esearchresult": {"count": 1e999, "idlist": []}}', Outcome.FAILED, ""),
        (b'{"esearchresult": {"count": "1", "idlist": {}}}', Outcome.FAILED, "without a list of numbers"),
    ],
)  # fmt: skip
def test_the_outcome_tells_what_was_there(body: bytes, outcome: Outcome, reason: str) -> None:
    parsed = parse(body)
    assert parsed.outcome is outcome
    assert reason in parsed.reason
    assert bool(parsed.reason) is (outcome is not Outcome.COMPLETE)


def test_a_document_with_entities_of_its_own_is_refused() -> None:
    bomb = records(record(title="&a;")).replace(b'.dtd">', b'.dtd" [<!ENTITY a "aha">]>')
    parsed = parse(bomb)
    assert parsed.outcome is Outcome.FAILED
    assert "entities" in parsed.reason


def test_a_search_names_records_without_telling_of_them() -> None:
    parsed = parse(search("12", "9", total=11))
    assert (parsed.outcome, parsed.has_more) == (Outcome.COMPLETE, True)
    assert parsed.entries == (
        Entry(id="12", title="", url="https://pubmed.ncbi.nlm.nih.gov/12/"),
        Entry(id="9", title="", url="https://pubmed.ncbi.nlm.nih.gov/9/"),
    )


@pytest.mark.parametrize("body", [records(record(1), chapter(2)), search("1", "2")])
@given(data=st.data())
def test_an_answer_cut_anywhere_is_never_complete(body: bytes, data: st.DataObject) -> None:
    assert looks_like(body)
    assert parse(body[: data.draw(st.integers(0, len(body) - 1))]).outcome is Outcome.FAILED


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3))


@given(st.dictionaries(st.sampled_from(["count", "retstart", "idlist", "ERROR"]), ODD) | ODD)
def test_any_value_in_any_field_of_a_search_gives_an_answer(result: object) -> None:
    parsed = parse(json.dumps({"esearchresult": result}).encode())
    assert bool(parsed.entries) is (parsed.outcome in (Outcome.COMPLETE, Outcome.PARTIAL))
    assert bool(parsed.reason) is (parsed.outcome is not Outcome.COMPLETE)


# --- how it is asked ----------------------------------------------------------------------------------------------


class Host:
    """A PubMed with so many records, numbered from the newest down; keeps the questions it was asked."""

    def __init__(self, total: int, *, most: int = LIMIT) -> None:
        self.total, self.most = total, most
        self.questions: list[dict[str, list[str]]] = []
        self.fetched: list[str] = []

    def __call__(self, request: Request) -> Parsed:
        question = parse_qs(urlsplit(request.url).query)
        self.questions.append(question)
        assert request.is_index is ("term" in question)
        if request.is_index:
            start = int(question["retstart"][0])
            numbers = [str(number) for number in range(self.total - start, 0, -1)][: self.most]
            return parse(search(*numbers, total=self.total, start=start))
        self.fetched += question["id"][0].split(",")
        return Parsed(kind="pubmed", outcome=Outcome.COMPLETE)


def ask(answer: Callable[[Request], Parsed], past: Past, query: str | None = "tea AND cake") -> int:
    """How many requests a read makes."""
    reading = read(Source(name="tea", kind="pubmed", query=query), past, NOW)
    request, count = next(reading), 1
    while True:
        try:
            request = reading.send(answer(request))
        except StopIteration:
            return count
        count += 1


@pytest.mark.parametrize(
    ("last", "first_day"),
    [
        (None, "2026/11/18"),
        (NOW, "2026/11/20"),
        (datetime(2026, 11, 19, 1, tzinfo=UTC), "2026/11/18"),
        (datetime(2020, 1, 1, tzinfo=UTC), "2026/11/07"),
    ],
)
def test_what_was_added_since_the_last_read_is_searched(last: datetime | None, first_day: str) -> None:
    host = Host(0)
    assert ask(host, Past(last_complete_at=last)) == 1
    (question,) = host.questions
    assert question["term"] == ["tea AND cake"]
    assert (question["datetype"], question["mindate"], question["maxdate"]) == (["edat"], [first_day], ["2026/11/21"])


@given(total=st.integers(0, 900), most=st.sampled_from([20, 99, LIMIT]))
def test_every_record_found_is_asked_for_once(total: int, most: int) -> None:
    host = Host(total, most=most)
    ask(host, Past())
    assert host.fetched == [str(number) for number in range(total, 0, -1)]


def test_a_search_without_end_and_one_that_repeats_itself_end() -> None:
    assert ask(Host(10**6), Past()) == 2 * MOST_PAGES
    assert ask(lambda _: parse(search("1", "2", total=1000)), Past()) == 3


def test_a_search_that_fails_asks_for_no_record() -> None:
    assert ask(lambda _: parse(b"<html/>"), Past()) == 1


def test_a_source_without_a_query_cannot_be_read() -> None:
    with pytest.raises(SourceError, match="no query"):
        ask(Host(1), Past(), query=None)


def test_only_records_are_recorded_and_a_second_read_brings_nothing(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/esearch.fcgi").respond_with_data(search("2", "1"))
    httpserver.expect_request(
        "/efetch.fcgi", query_string={"db": "pubmed", "id": "2,1", "retmode": "xml", "tool": "digest"}
    ).respond_with_data(records(record(2), record(1, title="Cake.")))
    source = Source(name="tea", kind="pubmed", query="tea", url=httpserver.url_for("/"))
    found = read_source(source, Past(), fetcher_on(), NOW)
    assert (found.outcome, [entry.id for one in found.listings for entry in one.parsed.entries]) == (
        Outcome.COMPLETE,
        ["2", "1"],
    )
    (listing,) = found.listings
    past = Past(last_complete_at=NOW, pages={listing.url: Page(fingerprint=listing.parsed.fingerprint)})
    again = read_source(source, past, fetcher_on(), NOW)
    assert (again.outcome, again.listings) == (Outcome.UNCHANGED, ())


def test_a_day_without_hits_is_quiet_and_a_failed_record_page_is_told(httpserver: HTTPServer) -> None:
    source = Source(name="tea", kind="pubmed", query="tea", url=httpserver.url_for("/"))
    httpserver.expect_ordered_request("/esearch.fcgi").respond_with_data(search())
    httpserver.expect_ordered_request("/esearch.fcgi").respond_with_data(search("1"))
    httpserver.expect_ordered_request("/efetch.fcgi").respond_with_data(records())
    assert read_source(source, Past(), fetcher_on(), NOW).outcome is Outcome.EMPTY
    broken = read_source(source, Past(), fetcher_on(), NOW)
    assert (broken.outcome, broken.reason) == (Outcome.PARTIAL, "an answer without any record")
    assert broken.listings == ()


def test_a_saved_search_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(search("1", "2"))
    (tmp_path / "b.xml").write_bytes(records(record(1)))
    found = read_source(Source(name="saved", kind="folder", path=str(tmp_path / "*")), Past(), fetcher_on(), NOW)
    assert [entry.title for one in found.listings for entry in one.parsed.entries] == ["A trial of tea."]
    assert (found.outcome, found.reason) == (Outcome.PARTIAL, "a.json: 2 papers are named, but none of their titles")


# --- what it means ------------------------------------------------------------------------------------------------


def test_a_preprint_that_appears_in_pubmed_is_no_news() -> None:
    preprint = Entry(id="x", title="Tea, at first", identifiers=("doi:10.5555/tea.1",))
    (work,) = works_of([preprint], "bio")
    known = {key: Known(item=1, keys=frozenset(work.keys), text=work.text) for key in work.keys}
    changes = diff(
        works_of(parse(records(record(1), record(2, title="Cake."))).entries, "tea"), known, is_curated=False
    )
    assert [change.work.text.title for change in changes if change.announce] == ["Cake."]
    assert [change.item for change in changes if not change.announce] == [1]
