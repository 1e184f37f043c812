"""The forms of arXiv's listings against each other: one day says the same in all of them, however it is served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.items.diff import diff
from digest.items.works import works_of
from digest.model import Entry, Known, Outcome, Parsed, Source
from digest.sources import parse_saved
from digest.sources.arxiv import looks_like, parse, parser_for
from tests.sources.arxiv_shapes import DAY, Paper, answer, atom, batch, batches, mailing, new_page, rss

FORMS: dict[str, Callable[[Sequence[Paper]], bytes]] = {
    "rss": rss,
    "atom": atom,
    "api": answer,
    "list": new_page,
    "mail": mailing,
}
#: whether a form says what sort of announcement each entry is
ANNOUNCING = ("rss", "atom", "list", "mail")

each_form = pytest.mark.parametrize("form", FORMS)
each_announcement = pytest.mark.parametrize("form", ANNOUNCING)


def keys(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    return [work.keys for work in works_of(entries, "arxiv")]


def known_after(parsed: Parsed) -> dict[str, Known]:
    """What a store would hold after a first read."""
    known = {}
    for number, work in enumerate(works_of(parsed.entries, "arxiv"), start=1):
        text = replace(work.text, item=number, revision=1)
        known |= dict.fromkeys(work.keys, Known(item=number, keys=frozenset(work.keys), text=text))
    return known


def announced(before: Parsed, after: Parsed) -> list[str]:
    """The titles that a second read announces."""
    changes = diff(works_of(after.entries, "arxiv"), known_after(before), is_curated=False)
    return [change.work.text.title for change in changes if change.announce]


@each_form
@given(papers=batches())
def test_every_form_gives_the_papers_in_their_order(form: str, papers: list[Paper]) -> None:
    parsed = parse_saved(FORMS[form](papers))
    assert (parsed.kind, parsed.outcome) == ("arxiv", Outcome.COMPLETE if papers else Outcome.EMPTY)
    assert [entry.title for entry in parsed.entries] == [paper.title for paper in papers]
    assert [entry.authors for entry in parsed.entries] == [paper.authors for paper in papers]
    assert [entry.categories for entry in parsed.entries] == [paper.categories for paper in papers]
    assert all(f"arxiv:{paper.id}" in entry.identifiers[0] for paper, entry in zip(papers, parsed.entries, strict=True))


@each_announcement
@given(papers=batches())
def test_the_sort_of_an_announcement_and_its_day_are_told(form: str, papers: list[Paper]) -> None:
    parsed = parse(FORMS[form](papers))
    assert [entry.announce_type for entry in parsed.entries] == [paper.type for paper in papers]
    assert parsed.day == DAY


@each_form
@given(papers=batches(types=("new", "cross")))
def test_abstracts_are_whole(form: str, papers: list[Paper]) -> None:
    assert [entry.abstract for entry in parse(FORMS[form](papers)).entries] == [paper.abstract for paper in papers]


@given(papers=batches())
def test_all_forms_name_the_same_works(papers: list[Paper]) -> None:
    found = {form: keys(parse(listing(papers)).entries) for form, listing in FORMS.items()}
    assert all(one == found["rss"] for one in found.values())


@each_form
@given(papers=batches(types=("new", "cross")), data=st.data())
def test_order_and_repeats_announce_nothing_again(form: str, papers: list[Paper], data: st.DataObject) -> None:
    first = parse(FORMS[form](papers))
    again = data.draw(st.permutations(papers)) + papers
    again.sort(key=lambda paper: paper.type != "new")  # a listing keeps its sections
    assert announced(first, parse(FORMS[form](again))) == []


@each_form
@given(papers=batches(types=("new",)), data=st.data())
def test_a_day_read_in_two_parts_announces_each_paper_once(form: str, papers: list[Paper], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(papers)))
    part, whole = parse(FORMS[form](papers[:at])), parse(FORMS[form](papers))
    assert len(announced(part, whole)) == len(papers) - at


@pytest.mark.parametrize("later", FORMS)
@pytest.mark.parametrize("earlier", FORMS)
def test_a_new_version_and_a_cross_list_announce_nothing_again(earlier: str, later: str) -> None:
    before = [Paper(id="2611.00007"), Paper(id="math/0601007", title="An old one")]
    revised = [replace(one, version=2, title=f"{one.title}, revised", type="replace") for one in before]
    crossed = [replace(one, categories=("cs.LG", "cs.CL"), type="cross") for one in before]
    for after in (revised, crossed):
        assert announced(parse(FORMS[earlier](before)), parse(FORMS[later](after))) == []


@each_announcement
def test_a_replacement_of_an_unknown_paper_is_not_announced(form: str) -> None:
    assert announced(parse(b""), parse(FORMS[form](batch("new", "replace")))) == ["Paper 1"]


@each_announcement
def test_replacements_are_left_out_unless_they_are_wanted(form: str) -> None:
    plain, curious = (Source(name="a", kind="arxiv", replacements=wanted) for wanted in (False, True))
    body, revised = FORMS[form](batch("new", "cross", "replace")), FORMS[form](batch("replace"))
    assert [entry.announce_type for entry in parser_for(plain)(body).entries] == ["new", "cross"]
    assert parser_for(plain)(revised).outcome is Outcome.EMPTY
    assert parser_for(plain)(revised).reason == "only new versions of older papers are listed"
    assert parser_for(curious)(body) == parse(body)
    assert parser_for(plain)(b"").outcome is Outcome.FAILED


@each_form
@given(at=st.floats(0, 1, exclude_max=True))
def test_a_cut_listing_is_never_complete(form: str, at: float) -> None:
    body = FORMS[form](batch("new", "new", "cross", "replace")).rstrip()
    rest = body[: int(at * (len(body) - 90))]  # a last rule of a mailing may lose some of its signs
    assert parse(rest).outcome not in (Outcome.COMPLETE, Outcome.EMPTY, Outcome.UNCHANGED)


@each_form
@given(data=st.data())
def test_damage_gives_an_answer(form: str, data: st.DataObject) -> None:
    body = FORMS[form](batch("new", "cross", "replace"))
    at = data.draw(st.integers(0, len(body)))
    damaged = body[:at] + data.draw(st.binary(max_size=6)) + body[at + data.draw(st.integers(0, 40)) :]
    assert isinstance(looks_like(damaged), bool)
    assert parse(damaged).kind == "arxiv"


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0'><channel><title>Blog</title></channel></rss>",
        b'<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://arxiv.org/abs/2611.00001"/></feed>',
        b"<html><a href='https://arxiv.org/abs/2611.00001'>A paper</a></html>",
        b"Dear all,\n\nplease read arXiv:2611.00001.\n",
        b'[{"paper": {"id": "2611.00001"}}]',
    ],
)
def test_what_only_mentions_arxiv_is_none_of_its_listings(body: bytes) -> None:
    assert not looks_like(body)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html><title>Busy</title></html>", b"<rss><item/></rss>", b"\xff\xfe"])
def test_what_is_no_listing_is_refused_with_a_reason(body: bytes) -> None:
    parsed = parse(body)
    assert (parsed.outcome, parsed.entries) == (Outcome.FAILED, ())
    assert parsed.reason


@each_form
def test_a_long_listing_is_read_whole(form: str) -> None:
    assert len(parse(FORMS[form](batch(*["new"] * 2_000))).entries) == 2_000
