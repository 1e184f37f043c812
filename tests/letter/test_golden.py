"""Letters as they are meant to be, to the character; `DIGEST_GOLDEN=refresh` writes them anew for review as a diff."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from digest.letter.notices import Notices
from digest.letter.press import Press
from digest.letter.templates import Templates
from digest.model import Field, Letter, Message
from tests.letter import samples

_FOLDER = Path(__file__).parent / "golden"
_DAILY = samples.DAILY
_SHORT = replace(_DAILY, trending=(), unread=())

_NON_LATIN = samples.text(
    "מפות שקטות: למידה בלי תוויות",
    "本文提出一种无需标注的学习方法。它比以往的方法更简单。" * 12,
    "דנה לוי, 王小明, Зоя Круг",
    categories=("cs.CV",),
)
_MATH = samples.text(
    "ϵ-Optimal Search in O(n log n): When a<b & xᵢ² > ℝᵈ",
    "We show p < 0.05 for all \\foo{x}; it costs $5 and $10 per query.",
    "P. Q. Erdős",
)
_LONG = samples.text(
    "A Long Story", "Every sentence here says the same, at some length, once more. " * 400, "A. Writer"
)

LETTERS: dict[str, Letter] = {
    "one": replace(_SHORT, picks=samples.NINE[:1]),
    "topics": _DAILY,
    "non-latin": replace(_SHORT, picks=(samples.pick(_NON_LATIN, ("למידה", 31, Field.TITLE)),)),
    "math": replace(_SHORT, picks=(samples.pick(_MATH, ("search", 31, Field.TITLE), ("costs", 9, Field.ABSTRACT)),)),
    "long": replace(_SHORT, picks=(samples.pick(_LONG, ("story", 9, Field.TITLE)),) * 5),
    "trending": replace(_DAILY, picks=(), has_interests=False, days=frozenset(range(7))),
    "quiet": replace(_DAILY, picks=()),
    "nearest": samples.LETTERS["quiet"],
    "learned": samples.LETTERS["daily"],
    "sample": replace(_SHORT, picks=samples.NINE[:1], is_sample=True, token=None),
    "vouched": replace(_SHORT, picks=samples.NINE[:2], is_first=True, vouched_by="config.yaml by the operator"),
    "sunday": replace(_SHORT, picks=samples.NINE[:1], day=date(2024, 12, 1), considered=1, days=frozenset((0, 3, 6))),
}  # fmt: skip

DESK = Notices(samples.SITE, samples.SENDER, Templates())
NOTICES = samples.written(DESK)


@pytest.fixture(scope="module")
def press() -> Press:
    return Press(samples.SITE, samples.SENDER)


@pytest.mark.parametrize("name", LETTERS)
def test_the_letter_is_as_it_was(name: str, press: Press) -> None:
    assert_as_it_was(name, samples.set_letter(press, LETTERS[name]))


@pytest.mark.parametrize("name", NOTICES)
def test_the_notice_is_as_it_was(name: str) -> None:
    assert_as_it_was(f"notice-{name}", samples.set_notice(DESK, NOTICES[name]))


def assert_as_it_was(name: str, message: Message) -> None:
    for path, content in _files(name, message).items():
        if os.environ.get("DIGEST_GOLDEN") == "refresh":
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        assert content == path.read_text(encoding="utf-8"), f"{path.name} differs; DIGEST_GOLDEN=refresh rewrites it"


def _files(name: str, message: Message) -> dict[Path, str]:
    with_subject = f"Subject: {message.subject}\n\n{message.text}"
    return {_FOLDER / f"{name}.txt": with_subject, _FOLDER / f"{name}.html": message.html}
