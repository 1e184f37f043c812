"""Captures of a papers page: three layouts, and all that goes wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Outcome
from digest.sources.capture import looks_like, parse
from tests.sources.shapes import abstract, dated_capture, dense_capture, detail, papers, plain_capture

ONE, TWO, THREE = ("A First Paper", abstract(1)), ("eTwo: $x^2$ and more", abstract(2)), ("Why Three?", abstract(3))

LAYOUTS: dict[str, Callable[..., bytes]] = {"plain": plain_capture, "dense": dense_capture}


def clean(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0], pair[1].strip()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_titles_and_abstracts_are_paired_as_printed(layout: str) -> None:
    parsed = parse(LAYOUTS[layout](*ONE, *TWO, *THREE))
    assert (parsed.outcome, parsed.reason) == (Outcome.COMPLETE, "")
    assert papers(parsed.entries) == [clean(ONE), clean(TWO), clean(THREE)]


def test_details_belong_to_the_paper_above_them() -> None:
    body = dated_capture(*ONE, detail("Nov 7, 2023"), *TWO, detail("Jun 20 2"), *THREE, detail("Oct 2, 2024 12"))
    parsed = parse(body)
    assert parsed.outcome is Outcome.COMPLETE
    assert [(entry.published, entry.popularity.comments) for entry in parsed.entries] == [
        (datetime(2023, 11, 7, tzinfo=UTC), 0),
        (None, 2),
        (datetime(2024, 10, 2, tzinfo=UTC), 12),
    ]


@pytest.mark.parametrize("who", ["  • 1 authors", "• 12 authors", "some-lab Some Laboratory", "LAB The 3 Authors"])
def test_an_organisation_may_stand_for_the_authors(who: str) -> None:
    parsed = parse(dated_capture(*ONE, detail("May 2, 2025", who), *TWO, detail("May 3, 2025")))
    assert parsed.outcome is Outcome.COMPLETE
    assert papers(parsed.entries) == [clean(ONE), clean(TWO)]
    assert all(entry.published for entry in parsed.entries)


@pytest.mark.parametrize("when", ["Feb 30, 2025", "Foo 3, 2025", "Jul 6", "Dec 14 3"])
def test_a_date_that_is_none_or_lacks_its_year_is_left_open(when: str) -> None:
    (entry,) = parse(dated_capture(*ONE, detail(when))).entries
    assert entry.published is None


def test_the_year_of_the_capture_completes_dates_without_one() -> None:
    body = dated_capture(*ONE, detail("Jun 20 2")).replace(b"Mar 18", b"Dec 12, 2025")
    parsed = parse(body)
    assert parsed.day == date(2025, 12, 12)
    assert parsed.entries[0].published == datetime(2025, 6, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("SubscribeIdentity", "Identity"),
        ("Subscribe3D Worlds", "3D Worlds"),
        ("Subscribe$x$ in Numbers", "$x$ in Numbers"),
        ("SubscribeeTwo: Lower Case", "eTwo: Lower Case"),
        ("Subscribe: A Study of Bells", "Subscribe: A Study of Bells"),
        ("Subscribe to Nothing", "Subscribe to Nothing"),
        ("SubscribeSubscribe to Nothing", "Subscribe to Nothing"),
    ],
)
def test_only_a_subscribe_that_is_glued_to_the_first_title_goes(printed: str, title: str) -> None:
    body = dense_capture("", abstract(1), "SubscribeMe: A Later Title", abstract(2)).replace(
        b"\nSubscribe\n", f"\n{printed}\n".encode(), 1
    )
    assert [entry.title for entry in parse(body).entries] == [title, "SubscribeMe: A Later Title"]


@pytest.mark.parametrize("title", ["new", "Subscribe", "Daily Papers"])
def test_words_of_the_head_are_titles_further_down(title: str) -> None:
    parsed = parse(plain_capture(*ONE, title, abstract(2)))
    assert parsed.outcome is Outcome.COMPLETE
    assert [entry.title for entry in parsed.entries] == [ONE[0], title]


@pytest.mark.parametrize(
    ("blocks", "kept", "reason"),
    [
        ((*ONE, "Lone Title"), [ONE], "line 15: a title without an abstract"),
        ((*ONE, "Lone Title", *TWO), [ONE, TWO], "line 15: a title without an abstract"),
        ((*ONE, abstract(9), *TWO), [ONE, TWO], "line 15: an abstract without a title"),
        ((abstract(9), *ONE), [ONE], "line 11: an abstract without a title"),
        ((ONE[0], *ONE, *TWO), [ONE, TWO], "line 11: a title without an abstract"),
    ],
)
def test_an_odd_block_costs_only_itself(blocks: tuple[str, ...], kept: list[tuple[str, str]], reason: str) -> None:
    parsed = parse(plain_capture(*blocks))
    assert (parsed.outcome, parsed.reason) == (Outcome.PARTIAL, reason)
    assert papers(parsed.entries) == [clean(pair) for pair in kept]


def test_a_long_list_of_oddities_is_cut() -> None:
    lone = [block for number in range(5) for block in (abstract(number), abstract(number + 50))]
    reason = parse(plain_capture(*ONE, *lone)).reason
    assert reason.count("line") == 3
    assert reason.endswith("and 7 more")


def test_a_paper_listed_twice_is_one_entry() -> None:
    parsed = parse(plain_capture(*ONE, *TWO, *ONE))
    assert parsed.outcome is Outcome.COMPLETE
    assert papers(parsed.entries) == [clean(ONE), clean(TWO)]


def test_a_title_with_two_abstracts_is_two_entries() -> None:
    assert len(parse(plain_capture(*ONE, ONE[0], abstract(8))).entries) == 2


def test_a_dated_capture_that_loses_its_last_date_may_be_cut_off() -> None:
    parsed = parse(dated_capture(*ONE, detail("Nov 7, 2023"), *TWO))
    assert parsed.outcome is Outcome.PARTIAL
    assert "cut off" in parsed.reason
    assert papers(parsed.entries) == [clean(ONE), clean(TWO)]


@pytest.mark.parametrize("layout", [plain_capture, dense_capture])
def test_a_capture_that_stops_within_a_sentence_may_be_cut_off(layout: Callable[..., bytes]) -> None:
    whole = layout(*ONE, *TWO).rstrip()
    assert parse(whole).outcome is Outcome.COMPLETE
    cut = parse(whole[:-10])
    assert (cut.outcome, len(cut.entries)) == (Outcome.PARTIAL, 2)
    assert "within a sentence" in cut.reason
    at_an_address = parse(whole.rstrip(b".") + b" at https://example.org/code")
    assert at_an_address.outcome is Outcome.COMPLETE


def test_details_without_a_paper_are_reported() -> None:
    parsed = parse(dated_capture(*ONE, detail("Nov 7, 2023"), detail("Nov 8, 2023")))
    assert papers(parsed.entries) == [clean(ONE)]
    assert "without a paper above it" in parsed.reason


def test_a_lost_blank_line_changes_nothing() -> None:
    glued = dated_capture(*ONE, detail("Nov 7, 2023"), *TWO, detail("Nov 8, 2023"))
    for pair in (f"{ONE[0]}\n\n", f"{ONE[1]}\n\n"):
        assert papers(parse(glued.replace(pair.encode(), pair[:-1].encode())).entries) == [clean(ONE), clean(TWO)]


def test_a_stray_blank_line_in_a_dense_capture_changes_nothing() -> None:
    body = dense_capture(*ONE, *TWO, *THREE).replace(f"{TWO[0]}\n".encode(), f"{TWO[0]}\n\n".encode())
    assert papers(parse(body).entries) == [clean(ONE), clean(TWO), clean(THREE)]


def test_an_abstract_broken_within_a_sentence_is_joined() -> None:
    start, end = "Its first half is long enough to be one, " * 9 + "and then", "the line breaks, " * 5 + "and it ends."
    for layout in LAYOUTS.values():
        parsed = parse(layout(*ONE, "Broken", f"{start}\n{end}", *TWO))
        assert parsed.outcome is Outcome.COMPLETE
        assert papers(parsed.entries)[1] == ("Broken", f"{start} {end}")


def test_text_of_a_fixed_width_is_joined() -> None:
    wrapped = "\n".join(["Every line of it has about the same number of characters."] * 20)
    parsed = parse(plain_capture("A Title\nin Two Lines", wrapped, *TWO))
    assert parsed.outcome is Outcome.COMPLETE
    assert parsed.entries[0].title == "A Title in Two Lines"
    assert len(parsed.entries) == 2


def test_windows_line_ends_and_a_mark_of_encoding_change_nothing() -> None:
    body = plain_capture(*ONE, *TWO)
    assert parse(b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n")) == parse(body)


def test_only_line_ends_end_a_line() -> None:
    odd = abstract(2).replace("what was", "what\u2028was\x0cdone,\x85was")
    (entry,) = parse(dense_capture("A\u2028Title", odd)).entries
    assert entry.title == "A Title"
    assert "what was done, was done" in entry.abstract


def test_blank_lines_at_the_end_mean_nothing() -> None:
    headless = dense_capture("One", abstract(1) + "It is open", *THREE).split(b"Subscribe")[1]
    assert parse(headless + b"\n \n") == parse(headless)
    assert papers(parse(headless).entries) == [("One", abstract(1) + "It is open"), clean(THREE)]


def test_short_abstracts_and_long_titles_keep_their_turns() -> None:
    long_title, short = (
        "A Very Long Title With Many Words " * 9,
        "It works, as we show in this short note on a small case.",
    )
    parsed = parse(dense_capture(*ONE, long_title, abstract(2), "Short", short * 3, *THREE))
    assert parsed.outcome is Outcome.COMPLETE
    assert len(parsed.entries) == 4


@pytest.mark.parametrize("body", [plain_capture(), plain_capture("Just One Title"), dated_capture(detail("May 3"))])
def test_a_head_without_papers_is_suspicious(body: bytes) -> None:
    parsed = parse(body)
    assert parsed.outcome is Outcome.SUSPICIOUS
    assert parsed.reason.startswith("no paper found: ")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty file"),
        (b" \n", "nothing but white space"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (b"a\0b", "binary"),
    ],
)
def test_what_is_no_text_fails(body: bytes, reason: str) -> None:
    parsed = parse(body)
    assert parsed.outcome is Outcome.FAILED
    assert reason in parsed.reason


def test_a_file_that_ends_within_a_character_is_partial() -> None:
    parsed = parse(plain_capture(*ONE, TWO[0], abstract(2) + "naïve")[:-3])
    assert parsed.outcome is Outcome.PARTIAL
    assert "within a character" in parsed.reason


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (plain_capture(*ONE), True),
        (dense_capture(*ONE), True),
        (dated_capture(*ONE, detail("May 3")), True),
        ("\n\n".join([*ONE, detail("May 3")]).encode(), True),
        ("\n\n".join([*ONE, *TWO]).encode(), False),
        (b"# Notes\n\nSome text about daily papers.\n", False),
        (b"[]", False),
        (b"\xff\xfe", False),
    ],
)
def test_a_capture_is_known_by_its_head_or_its_details(body: bytes, is_one: bool) -> None:
    assert looks_like(body) is is_one


# --- laws ---------------------------------------------------------------------------------------------------------

WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ$^_éß漢", min_size=2, max_size=12)
TITLE = st.lists(WORD, min_size=2, max_size=12).map(" ".join)
ABSTRACT = st.tuples(st.lists(WORD, min_size=4, max_size=8), st.integers(25, 60)).map(
    lambda drawn: (" ".join(drawn[0]) + " ") * drawn[1] + "end."
)
PAIRS = st.lists(
    st.tuples(TITLE, ABSTRACT).filter(lambda pair: len(pair[1]) > 6 * len(pair[0]) and len(pair[1]) > 600),
    min_size=2,
    max_size=8,
    unique_by=lambda pair: pair[0],
)
LAYOUT = st.sampled_from(["plain", "dated", "dense"])


def capture(layout: str, pairs: list[list[str]]) -> bytes:
    if layout == "dated":
        return dated_capture(*[block for pair in pairs for block in (*pair, detail("Nov 7, 2023"))])
    return LAYOUTS[layout](*[block for pair in pairs for block in pair])


@given(LAYOUT, PAIRS)
def test_every_paper_comes_back(layout: str, pairs: list[tuple[str, str]]) -> None:
    parsed = parse(capture(layout, [[*pair] for pair in pairs]))
    assert parsed.outcome is Outcome.COMPLETE
    assert papers(parsed.entries) == pairs


@given(LAYOUT, PAIRS, st.data())
def test_a_missing_block_costs_one_paper_and_is_said(
    layout: str, pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    blocks = [[*pair] for pair in pairs]
    hit = data.draw(st.integers(1 if layout == "dense" else 0, len(pairs) - 1))
    del blocks[hit][data.draw(st.integers(0, 1))]
    parsed = parse(capture(layout, blocks))
    assert parsed.outcome is Outcome.PARTIAL
    assert papers(parsed.entries) == pairs[:hit] + pairs[hit + 1 :]


@given(LAYOUT, PAIRS, st.data())
def test_a_repeated_block_costs_nothing_and_is_said(
    layout: str, pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    blocks = [[*pair] for pair in pairs]
    hit, part = data.draw(st.integers(1, len(pairs) - 1)), data.draw(st.integers(0, 1))
    blocks[hit].insert(part, blocks[hit][part])
    parsed = parse(capture(layout, blocks))
    assert parsed.outcome is Outcome.PARTIAL
    assert papers(parsed.entries) == pairs


@given(LAYOUT, PAIRS, st.integers(1))
def test_a_capture_cut_anywhere_yields_only_papers_that_were_in_it(
    layout: str, pairs: list[tuple[str, str]], cut: int
) -> None:
    body = capture(layout, [[*pair] for pair in pairs])
    found = papers(parse(body[: cut % len(body)]).entries)
    assert found[:-1] == pairs[: max(len(found) - 1, 0)]
