"""Interests tried out on the papers of late: as data, and as the pieces of a page that change while one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from digest.letter.links import web_address
from digest.model import LetterPick, Profile
from digest.store.items import Items
from digest.web.api.shapes import Fragment, Reason, Trial, Tried
from digest.web.desk import Desk
from digest.web.shown import trial_of


def routes(desk: Desk) -> APIRouter:
    """The two ways to try."""
    router = APIRouter()
    words = desk.pages.words

    @router.post("/preview", response_model=Trial)
    def preview(tried: Tried) -> dict[str, Any]:
        """What these interests would have picked from the last days that had papers; nothing is kept."""
        profile = _profile(desk, tried)
        trial = desk.trials.of(profile)
        told = trial_of(trial, profile.strictness, words)
        return {name: told[name] for name in Trial.model_fields if name in told} | {"picks": _picks(desk, trial.picks)}

    @router.post("/preview/fragment", response_model=Fragment)
    def fragment(tried: Tried) -> dict[str, Any]:
        """What the front page shows beside its form."""
        profile = _profile(desk, tried)
        trial = trial_of(desk.trials.of(profile), profile.strictness, words) if profile.interests else None
        return {
            "lines": desk.pages.text("lines.html", trial=trial),
            "week": desk.pages.text("week.html", trial=trial),
            "strictness": trial["strictness"] if trial else {},
        }

    return router


def _profile(desk: Desk, tried: Tried) -> Profile:
    default = desk.app.config.profile
    interests = tried.interests.replace("\r\n", "\n").strip()
    return replace(default, interests=interests, strictness=tried.strictness or default.strictness)


def _picks(desk: Desk, picks: Sequence[LetterPick]) -> list[dict[str, Any]]:
    """The papers of a letter with their reasons, as `digest preview --json` tells them."""
    items = Items(desk.app.database)
    with desk.app.database.read() as connection:
        return [
            {
                "rank": rank,
                "id": items.keys_of(connection, one.text.item)[0],
                "title": one.text.title,
                "url": web_address(one.text.url),
                "score": one.pick.score,
                "reasons": [Reason.model_validate(match) for match in one.pick.matches],
            }
            for rank, one in enumerate(picks, 1)
        ]
