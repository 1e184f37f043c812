"""How many papers a reader would get at each strictness: counted over days that are past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from digest.matching.compose import Reader, batches
from digest.matching.line import threshold
from digest.matching.scores import EditionScores
from digest.matching.window import Window
from digest.model import Interest, Profile, Strictness


def volume(
    profile: Profile, interests: Sequence[Interest], editions: Sequence[EditionScores], days: int
) -> Mapping[Strictness, float]:
    """{strictness: papers that reach its line, a day} of a reader over so many days that the editions cover.

    Not cut at what a letter holds, since whoever tunes strictness wants to see what is left out. Only days on which
    something was announced are days: at a weekend nothing could have fitted, whatever the line.
    """
    [batch] = batches([Reader(profile=profile, interests=interests)], Window(editions))
    scores = batch.scored.score[batch.scored.is_wanted]
    lines = {each: threshold(replace(profile, strictness=each), interests) for each in Strictness}
    return {each: int((scores >= line).sum()) / max(1, days) for each, line in lines.items()}
