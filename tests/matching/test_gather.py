"""Scores and places of many readers in arrays, against the same rules written out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.matching.choose import choose, order
from digest.matching.gather import Part, Profiles, Scored, score, spans
from digest.matching.scores import Table

PAPERS, PHRASES = 40, 12
LAW = settings(deadline=None, max_examples=60)
SEEDS = st.integers(0, 2**32 - 1)


def table(chance: np.random.Generator) -> Table:
    """Shares of phrases in papers, some of them 0, as of words that are all there and fit badly."""
    sizes = chance.integers(0, PAPERS, PHRASES)
    papers = [np.sort(chance.choice(PAPERS, size, replace=False)) for size in sizes]
    shares = chance.choice([0.0, 0.35, 0.4, 0.425, 0.6, 1.0, 1.2], sizes.sum())
    return Table(
        np.append(0, np.cumsum(sizes)),
        np.concatenate(papers).astype(np.int32),
        shares.astype(np.float32),
        chance.random(sizes.sum()) < 0.5,
    )


def profiles(chance: np.random.Generator, readers: int) -> Profiles:
    followed = chance.integers(0, PHRASES, readers)
    starts = np.append(0, np.cumsum(followed))
    sought = np.concatenate([chance.choice(PHRASES, each, replace=False) for each in followed]).astype(np.int32)
    groups = [np.minimum(np.arange(each), chance.integers(0, 4)) for each in followed]
    return Profiles(
        starts=starts,
        sought=sought,
        weights=chance.choice([0.1, 0.3, 1.0, 2.0], len(sought)),
        signs=chance.choice([1, 1, 1, 1, -1, 0], len(sought)).astype(np.int8),
        groups=np.concatenate(groups),
        lines=chance.choice([0, 25, 40, 60], readers),
        caps=chance.integers(1, 12, readers),
        shows_misses=chance.random(readers) < 0.5,
        excluded=np.argwhere(chance.random((readers, PAPERS)) < 0.02),
    )


def plain_scores(wanted: Profiles, shares: Table) -> dict[tuple[int, int], tuple[int, list[tuple[int, int]]]]:
    """{(reader, paper): (score, [(points, slot) that count])} of what nothing keeps out and something speaks for."""
    found = {}
    for reader in range(len(wanted)):
        for paper in set(range(PAPERS)) - {paper for who, paper in wanted.excluded.tolist() if who == reader}:
            cells = list(cells_of(wanted, shares, reader, paper))
            if any(sign == 0 and is_whole for sign, _, _, is_whole in cells):
                continue
            # what is equal in points is told apart by what rounding took, as far as thousandths
            exact = [(round(points * 1000), sign, slot, points) for sign, slot, points, _ in cells if sign and points]
            more = sorted(((-each, slot, points) for each, sign, slot, points in exact if sign > 0))[:3]
            less = [(each, slot, points) for each, sign, slot, points in exact if sign < 0]
            if more:
                reasons = [(round(points), slot) for _, slot, points in (*more, *less)]
                found[reader, paper] = sum(points for points, _ in reasons), reasons
    return found


def cells_of(wanted: Profiles, shares: Table, reader: int, paper: int) -> Iterator[tuple[int, int, float, bool]]:
    for slot, at in enumerate(range(wanted.starts[reader], wanted.starts[reader + 1])):
        row = slice(*shares.starts[wanted.sought[at] : wanted.sought[at] + 2])
        for cell in np.flatnonzero(shares.papers[row] == paper):
            points = 100 * float(wanted.weights[at]) * float(shares.shares[row][cell]) * int(wanted.signs[at])
            yield int(wanted.signs[at]), slot, points, bool(shares.is_whole[row][cell])


def parts_of(shares: Table) -> list[Part]:
    return [Part(shares, np.arange(PHRASES, dtype=np.int32), np.arange(PAPERS))]


def reasons_of(scored: Scored, which: np.ndarray) -> list[list[tuple[int, int]]]:
    return [
        [(int(scored.points[at]), int(scored.slots[at])) for at in range(first, last) if scored.counts[at]]
        for first, last in zip(scored.first[which], scored.last[which], strict=True)
    ]


@LAW
@given(SEEDS, st.integers(1, 5))
def test_scores_and_reasons_are_the_sums_that_the_rules_name(seed: int, readers: int) -> None:
    chance = np.random.default_rng(seed)
    shares, wanted = table(chance), profiles(chance, readers)
    scored = score(wanted, parts_of(shares), PAPERS)
    which = np.flatnonzero(scored.is_wanted)
    found = zip(scored.reader[which].tolist(), scored.paper[which].tolist(), strict=True)
    values = zip(scored.score[which].tolist(), map(sorted, reasons_of(scored, which)), strict=True)
    expected = {pair: (total, sorted(reasons)) for pair, (total, reasons) in plain_scores(wanted, shares).items()}
    assert dict(zip(found, values, strict=True)) == expected
    starts, slots = scored.reasons(which)
    assert [slots[a:b].tolist() for a, b in pairwise(starts)] == [
        [slot for _, slot in reasons] for reasons in reasons_of(scored, which)
    ]


@LAW
@given(SEEDS, st.integers(1, 5))
def test_every_group_has_its_turn_and_the_others_go_by_score(seed: int, readers: int) -> None:
    chance = np.random.default_rng(seed)
    wanted, fame = profiles(chance, readers), chance.integers(0, 3, PAPERS)
    scored = score(wanted, parts_of(table(chance)), PAPERS)
    chosen = choose(wanted, scored, fame)
    for reader in range(readers):
        ranked = plain_ranking(wanted, scored, fame, reader)
        cap = int(wanted.caps[reader])
        groups: dict[int, list[int]] = {}
        for one in ranked:
            groups.setdefault(int(wanted.groups[scored.strongest(np.array([one]), wanted)][0]), []).append(one)
        turns = [group[at] for at in range(cap) for group in groups.values() if at < len(group)][: cap // 2]
        rest = [one for one in ranked if one not in turns][: cap - len(turns)]
        assert chosen.picks[scored.reader[chosen.picks] == reader].tolist() == [
            one for one in ranked if one in turns or one in rest
        ]
        assert all(group[0] in turns for group in list(groups.values())[: cap // 2])


def plain_ranking(wanted: Profiles, scored: Scored, fame: np.ndarray, reader: int) -> list[int]:
    fits = np.flatnonzero((scored.reader == reader) & scored.fits(wanted)).tolist()
    return sorted(
        fits, key=lambda at: (-scored.score[at], fame[scored.paper[at]], -scored.residue[at], scored.paper[at])
    )


@LAW
@given(SEEDS, st.integers(1, 30))
def test_readers_are_scored_alike_in_one_run_and_in_many(seed: int, readers: int) -> None:
    chance = np.random.default_rng(seed)
    parts, wanted = parts_of(table(chance)), profiles(chance, readers)
    whole = score(wanted, parts, PAPERS)
    together = sorted(zip(whole.reader.tolist(), whole.paper.tolist(), whole.score.tolist(), strict=True))
    alone = []
    for reader in range(readers):
        one = score(wanted.some(reader, reader + 1), parts, PAPERS)
        alone += sorted(
            (reader, paper, points) for paper, points in zip(one.paper.tolist(), one.score.tolist(), strict=True)
        )
    assert together == alone
    assert [at for first, last in spans(wanted, parts, PAPERS) for at in range(first, last)] == list(range(readers))


def test_runs_of_readers_end_before_they_are_large() -> None:
    chance = np.random.default_rng(1)
    wanted = profiles(chance, 3_000)
    runs = list(spans(wanted, parts_of(table(chance)), PAPERS))
    assert len(runs) > 1
    assert runs[0][0] == 0
    assert runs[-1][1] == 3_000
    assert all(end == start for (_, end), (start, _) in pairwise(runs))


@LAW
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-(2**62), 2**62), st.integers(0, 1)), max_size=30))
def test_an_order_is_that_of_the_rows(rows: list[tuple[int, int, int]]) -> None:
    # numbers of one digit, of some, and too long for one number
    for columns in (rows, *([(one, two % most, three) for one, two, three in rows] for most in (5, 2**20, 2**50))):
        arrays = np.array(columns, np.int64).reshape(-1, 3).T
        assert order(*arrays).tolist() == sorted(range(len(rows)), key=columns.__getitem__)
