"""The letter of docs/matching.md, composed: whoever changes the rules changes the page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from digest.matching.choose import choose, rank
from digest.matching.gather import Part, Profiles, score
from digest.matching.line import LINES
from digest.matching.scores import Table
from digest.model import Strictness

PAGE = Path(__file__).parents[2] / "docs" / "matching.md"
ROW = re.compile(r"^\| [A-Z][^|]+ \| (\d*) ?\| (\d*) ?\| (\d+) \| ([\d-]) \| ([\w ]+) \|$", re.MULTILINE)


def test_the_letter_of_the_page_is_what_the_rules_make() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) == 6
    points = np.array([[int(one or 0) for one in row[:2]] for row in rows]).T
    has = [np.flatnonzero(each) for each in points]
    shares = np.concatenate([each[at] for each, at in zip(points, has, strict=True)]) / 100
    table = Table(
        np.array([0, len(has[0]), len(shares)]),
        np.concatenate(has).astype(np.int32),
        shares.astype(np.float32),
        np.zeros(len(shares), np.bool_),
    )
    follows_two = Profiles(
        starts=np.array([0, 2]),
        sought=np.array([0, 1], np.int32),
        weights=np.ones(2),
        signs=np.ones(2, np.int8),
        groups=np.array([0, 1]),
        lines=np.array([LINES[Strictness.NORMAL]]),
        caps=np.array([4]),
        shows_misses=np.zeros(1, np.bool_),
        excluded=np.empty((0, 2), np.int64),
    )
    fame = np.zeros(6, np.int64)
    scored = score(follows_two, [Part(table, np.arange(2, dtype=np.int32), np.arange(6))], 6)
    ranked = scored.paper[rank(scored, np.flatnonzero(scored.fits(follows_two)), fame)].tolist()
    picked = set(scored.paper[choose(follows_two, scored, fame).picks].tolist())
    assert dict(zip(scored.paper.tolist(), scored.score.tolist(), strict=True)) == {
        at: int(row[2]) for at, row in enumerate(rows)
    }
    assert [str(ranked.index(at) + 1) if at in ranked else "-" for at in range(6)] == [row[3] for row in rows]
    assert picked == {at for at, row in enumerate(rows) if row[4] in ("first turn", "by score")}
