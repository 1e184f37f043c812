"""The press against the plain way: the same parts and the same headers, whatever the letter says, in every form."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.letter.fit import BUDGET, forms
from digest.letter.frame import main_picks
from digest.letter.headers import guard
from digest.letter.pieces import Pieces
from digest.letter.press import Press
from digest.letter.quoted import decoded, decoded_size
from digest.letter.reference import Reference
from digest.letter.templates import Templates, shipped_folder
from digest.model import Field, ItemText, Letter, LetterPick, Mark, Match, Pick, Popularity
from tests.letter import samples

TEMPLATES = Templates()
SITES = (
    samples.SITE,
    samples.LOCAL,
    replace(samples.SITE, url="https://x.example/?a=b&c='", contact="o" * 30 + "@x.example"),
)
WAYS = [(Pieces(site, TEMPLATES), Reference(site, TEMPLATES)) for site in SITES]


AWKWARD = [
    "", " ", ".", "...", ". . .", "From here", "=", "=3D", "=\r\n", "100 % of %s %b", "<b>&amp;\"'", "a\r\n.\r\nb",
    "\x00\x01why\x02", "שלום \u200fעולם", "e\u0301\u0302 ạ̈", "👩\u200d🔬 𝒪(n)", "字" * 90, "w" * 1_200, "word " * 300,
    ".NET " * 40, "\ud800", "\u2028", "{{ 7 * 7 }}", "--=_x--", "\xa0end\xa0", "ends with From ",
]  # fmt: skip
words = st.one_of(st.sampled_from(AWKWARD), st.text(st.characters(), max_size=30), st.text("a .=F<é", max_size=160))
marks = st.none() | st.builds(Mark, field=st.sampled_from(Field), start=st.integers(-2, 60), end=st.integers(-2, 90))
matches = st.lists(
    st.builds(
        Match,
        interest=words,
        field=st.sampled_from(Field),
        points=st.integers(-40, 120),
        words=st.lists(words, max_size=2).map(tuple),
        mark=marks,
        related=st.lists(words, max_size=3).map(tuple),
    ),
    max_size=5,
).map(tuple)


@st.composite
def picks(draw: st.DrawFn) -> LetterPick:
    text = ItemText(
        item=draw(st.integers(1, 3)),  # the same number for other texts, as previews have
        revision=1,
        title=draw(words),
        abstract=draw(words),
        authors=tuple(draw(st.lists(words, max_size=5))),
        categories=tuple(draw(st.lists(words, max_size=3))),
        url=draw(
            st.sampled_from([None, "https://arxiv.org/abs/2411.00001", "https://a.example/?a=b&c='d'", "http://["])
        ),
        code_url=draw(st.none() | words),
        version=draw(st.none() | st.integers(1, 2)),
        source=draw(words),
    )
    found = draw(matches)
    chosen = Pick(
        item=text.item,
        revision=1,
        score=sum(match.points for match in found),
        matches=found,
        topic=draw(st.sampled_from([None, "One", "Two", ".\r\n<Three>"])),
    )
    return LetterPick(pick=chosen, text=text, popularity=Popularity(upvotes=draw(st.integers(0, 2))))


some = st.lists(picks(), max_size=6).map(tuple)
letters = st.builds(
    Letter,
    recipient=st.just("ada@example.org"),
    day=st.just(samples.DAILY.day),
    picks=some,
    trending=some,
    misses=some,
    line=st.integers(0, 90),
    considered=st.integers(0, 2_000),
    is_first=st.booleans(),
    vouched_by=st.none() | words,
    is_sample=st.booleans(),
    is_test=st.booleans(),
    has_interests=st.booleans(),
    send_at=st.just(time(6, 45)),
    unread=st.lists(words, max_size=2).map(tuple),
    attributions=st.lists(words, max_size=2).map(tuple),
    token=st.none() | st.sampled_from(["Vm9pY2k_u7-", "T" * 32, "a b=<&>'é"]),
)


@settings(max_examples=150, deadline=None)
@given(letter=letters, subject=words, way=st.sampled_from(WAYS))
def test_every_form_comes_out_of_pieces_as_it_does_of_the_plain_way(
    letter: Letter, subject: str, way: tuple[Pieces, Reference]
) -> None:
    pieces, reference = way
    for form in forms(len(main_picks(letter)), len(letter.trending)):
        html, text = pieces.set(letter, guard(subject), form)
        assert (decoded(html), decoded(text)) == reference.bodies(letter, guard(subject), form)
        for line in (*html.split(b"\r\n"), *text.split(b"\r\n")):
            assert len(line) <= 76 and line.isascii() and b"\n" not in line
            assert not line.startswith((b".", b"From ")) and not line.endswith(b" ")


@settings(max_examples=60, deadline=None)
@given(letter=letters, subject=words, site=st.sampled_from(SITES))
def test_the_message_has_the_parts_and_the_headers_of_the_standard_library(letter: Letter, subject: str, site) -> None:
    press, reference = Press(site, samples.SENDER, TEMPLATES), Reference(site, TEMPLATES)
    letter = replace(letter, token=letter.token and "T" * 32)  # a token as it is, so that no address is too long
    ours = samples.set_letter(press, letter, subject=subject[:120])  # a longer one is cut in the header
    form = next(forms(len(main_picks(letter)), len(letter.trending)))
    html, text = reference.bodies(letter, ours.subject, form)
    theirs = reference.message(
        letter, ours.subject, html, text, sender=samples.SENDER, message_id="<abc.1@example.org>", date=samples.WRITTEN
    )
    assert headers_of(email.message_from_bytes(ours.data, policy=email.policy.default)) == headers_of(theirs)
    assert (ours.html, ours.text) == (html, text)


def headers_of(message: EmailMessage) -> dict[str, str]:
    """The headers by name, decoded and unfolded; the boundary is each writer's own."""
    return {name: " ".join(str(value).split()) for name, value in message.items() if name != "Content-Type"}


@pytest.mark.parametrize("count", [1, 20, 60, 300])
def test_a_letter_too_large_is_shortened_by_the_plain_way_as_well(count: int) -> None:
    long = replace(
        samples.NINE[0], text=replace(samples.NINE[0].text, abstract="字 & 词 " * 500, authors=("&" * 80,) * 3)
    )
    letter = replace(samples.DAILY, picks=(long,) * count)
    message = samples.set_letter(Press(samples.SITE, samples.SENDER, TEMPLATES), letter)
    reference = Reference(samples.SITE, TEMPLATES)
    all_forms = list(forms(count, len(letter.trending)))
    sizes = [decoded_size(reference.set(letter, message.subject, form)[0]) for form in all_forms]
    form = next(form for form, size in zip(all_forms, sizes, strict=True) if size <= BUDGET)
    assert (message.html, message.text) == reference.bodies(letter, message.subject, form)
    assert len(message.html.encode()) <= BUDGET


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("parts.html.j2", "{{ paper.rank }}</b>", "{{ 'best' if paper.rank == 1 else paper.rank }}</b>"),
        ("parts.html.j2", '{% for section in view.sections %}', '{% for section in view.sections | reverse %}'),
        ("letter.mjml.j2", "{{ view.headline }}", "{{ view.headline | upper }}"),
        ("letter.mjml.j2", "{{ rows }}", "{{ rows }}{{ rows }}"),
        ("letter.txt.j2", "{{ view.lead | wrap }}", "{{ view.lead[:9] }}"),
        ("parts.txt.j2", "{{ rank }}  {{ why }}", "{{ '%03d' | format(rank) }}  {{ why }}"),
    ],
)  # fmt: skip
def test_templates_that_look_into_what_they_print_are_set_the_plain_way(
    tmp_path: Path, name: str, old: str, new: str
) -> None:
    source = (shipped_folder() / name).read_text(encoding="utf-8")
    assert old in source
    (tmp_path / name).write_text(source.replace(old, new), encoding="utf-8")
    templates = Templates(tmp_path)
    message = samples.set_letter(Press(samples.SITE, samples.SENDER, templates), samples.DAILY)
    form = next(forms(len(samples.NINE), len(samples.READ_BY_OTHERS)))
    assert (message.html, message.text) == Reference(samples.SITE, templates).bodies(
        samples.DAILY, message.subject, form
    )
