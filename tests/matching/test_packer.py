"""Letters packed from columns read back as the digests that the same batch gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from readers import PAPERS, READERS
from shelf import announced, paper, scores

from digest.matching.compose import Reader, batches, compose_all
from digest.matching.window import Window
from digest.model import Announced, Digest, Profile, QuietDays
from digest.pipeline.packer import Packer
from digest.store.picks import Packed, unpack

DAY = date(2026, 8, 17)


def packed(packer: Packer, readers: list[Reader]) -> list[Packed]:
    return [letter for batch in batches(readers, packer.window) for letter in packer.pack(batch.letters())]


def check(packer: Packer, readers: list[Reader], **same: object) -> None:
    digests = [replace(digest, **same) for digest in compose_all(readers, packer.window)]  # type: ignore[arg-type]
    letters = packed(packer, readers)
    assert [unpack(letter.data) for letter in letters] == digests
    assert [letter.items for letter in letters] == [[pick.item for pick in digest.all_picks] for digest in digests]
    assert [letter.considered for letter in letters] == [digest.considered for digest in digests]


@settings(deadline=None)
@given(st.lists(READERS, max_size=6), PAPERS, st.lists(st.sampled_from(["arxiv", "a feed"]), unique=True))
def test_packed_letters_say_what_digests_say(readers: list[Reader], papers: list[Announced], unread: list[str]) -> None:
    editions = [scores(each for each in papers if each.edition == number) for number in (1, 2)]
    packer = Packer(Window(editions), since=DAY, unread=unread)
    check(packer, readers, since=DAY, unread=tuple(unread))
    check(packer, readers[::-1], since=DAY, unread=tuple(unread))  # with what is known from the first time


def test_picks_misses_and_popular_papers_side_by_side() -> None:
    papers = [announced(paper(10**6 + item, title), upvotes=item) for item, title in enumerate(["Tea", "Tea", "Birds"])]
    packer = Packer(Window([scores(papers)]), since=None, unread=())
    profiles = [
        Profile(interests="Food:\ntea ^3\nSky:\nbirds ^2\n-tea\n"),
        Profile(interests="tea ^0.5\n", quiet_days=QuietDays.LETTER),
        Profile(interests="tea\n", max_items=1),
        Profile(),
    ]
    check(packer, [Reader(profile=profile) for profile in profiles])
    first, quiet, short, silent = (
        unpack(letter.data) for letter in packed(packer, [Reader(profile=p) for p in profiles])
    )
    assert {pick.topic for pick in first.picks} == {"Food", "Sky"}
    assert quiet.misses
    assert not quiet.picks
    assert short.trending
    assert len(silent.trending) == len(papers)


def test_reasons_are_made_anew_once_wishes_have_other_numbers() -> None:
    window = Window([scores([announced(paper(1, "Tea")), announced(paper(2, "Birds"))])])
    packer = Packer(window, since=None, unread=())
    tea, birds = (Reader(profile=Profile(interests=f"{word}\n")) for word in ("tea", "birds"))
    before: list[Digest] = [unpack(letter.data) for letter in packed(packer, [tea, birds])]
    window.start_anew()
    assert [unpack(letter.data) for letter in packed(packer, [birds, tea])] == before[::-1]
