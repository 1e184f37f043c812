"""Small listings of our own in the shapes of bioRxiv's and PubMed's, for the tests of this room."""

from __future__ import annotations

import json
from typing import Any


def preprint(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A record of the API of bioRxiv and medRxiv."""
    return {
        "title": f"Cells of the kind {number}",
        "authors": "Example, A.; Person, B. C.",
        "author_corresponding": "Ada Example",
        "doi": f"10.64898/2026.11.19.{number:06}",
        "date": "2026-11-20",
        "version": "1",
        "type": "new results",
        "license": "cc_by",
        "category": "cell biology",
        "abstract": f"We look at cells of the kind {number}.",
        "funder": "NA",
        "published": "NA",
        "server": "bioRxiv",
    } | changes


def preprints(*rows: Any, **message: Any) -> bytes:
    """A page of that API; `message` is laid over what it says of itself."""
    told = {"status": "ok", "category": "all", "interval": "2026-11-20:2026-11-20", "cursor": 0, "count": len(rows)}
    told |= {"count_new_papers": "9", "total": str(len(rows))}
    return json.dumps({"messages": [told | message], "collection": rows}).encode()


NO_PREPRINTS = json.dumps({"messages": [{"status": "no posts found"}], "collection": []}).encode()


def search(*numbers: Any, total: int | None = None, start: int = 0) -> bytes:
    """The answer to a search of PubMed; without a total, all of it."""
    total = len(numbers) if total is None else total
    result = {"count": str(total), "retmax": str(len(numbers)), "retstart": str(start), "idlist": numbers}
    return json.dumps({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}).encode()


def records(*each: str) -> bytes:
    """PubMed's answer with these records, behind the line that names their grammar."""
    head = (
        '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN"'
        ' "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
    )
    return f"{head}<PubmedArticleSet>{''.join(each)}</PubmedArticleSet>".encode()


AUTHOR = "<Author><LastName>Example</LastName><ForeName>Ada</ForeName><Initials>A</Initials></Author>"


def record(
    number: int = 1,
    *,
    title: str = "A trial of tea.",
    abstract: str = "<AbstractText>Tea was drunk.</AbstractText>",
    authors: str = AUTHOR,
    issued: str = "<Year>2026</Year><Month>Nov</Month><Day>20</Day>",
    article: str = "",
    data: str = "",
) -> str:
    """An article; `article` and `data` are put into its two parts."""
    return f"""<PubmedArticle><MedlineCitation Status="Publisher" Owner="NLM"><PMID Version="1">{number}</PMID>
      <Article PubModel="Print"><Journal><JournalIssue CitedMedium="Print"><PubDate>{issued}</PubDate></JournalIssue>
      <Title>Journal of Beverages</Title></Journal><ArticleTitle>{title}</ArticleTitle>
      <Abstract>{abstract}</Abstract><AuthorList CompleteYN="Y">{authors}</AuthorList>{article}</Article>
      </MedlineCitation><PubmedData>{data}<ArticleIdList><ArticleId IdType="pubmed">{number}</ArticleId>
      <ArticleId IdType="doi">10.5555/tea.{number}</ArticleId><ArticleId IdType="pmc">PMC{number}</ArticleId>
      </ArticleIdList></PubmedData></PubmedArticle>"""


def chapter(number: int = 1, *, title: str = "<ArticleTitle>On cups</ArticleTitle>") -> str:
    """A chapter of a book, or with an empty title the book."""
    return f"""<PubmedBookArticle><BookDocument><PMID Version="1">{number}</PMID><ArticleIdList>
      <ArticleId IdType="bookaccession">NBK{number}</ArticleId></ArticleIdList><Book><BookTitle>All of tea</BookTitle>
      <PubDate><Year>2026</Year></PubDate><AuthorList Type="editors"><Author><LastName>Editor</LastName></Author>
      </AuthorList></Book>{title}<AuthorList Type="authors">{AUTHOR}</AuthorList><Abstract><AbstractText>Cups hold
      tea.</AbstractText></Abstract><ContributionDate><Year>2026</Year><Month>11</Month><Day>5</Day></ContributionDate>
      </BookDocument><PubmedBookData><History><PubMedPubDate PubStatus="pubmed"><Year>2026</Year><Month>11</Month>
      <Day>6</Day></PubMedPubDate></History></PubmedBookData></PubmedBookArticle>"""
