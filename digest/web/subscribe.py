"""The front page: one field for the address, one for interests, and what they would have picked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from digest.model import Asking, Errand, Profile
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.forms import Posted
from digest.web.profiles import DAYS, Filled, days_name, filled, with_address
from digest.web.shown import trial_of

#: version of the sentences on this page that somebody agrees to
WORDING = "subscribe 2026-11"


def routes(desk: Desk) -> APIRouter:
    """The front page, and the two things that its form does."""
    router = APIRouter()
    default = desk.app.config.profile

    @router.get("/")
    def show(interests: str = "", email: str = "") -> Response:
        """The form; the two fields may be filled in by a link from another site."""
        return _page(desk, Filled(replace(default, interests=interests[:10_000]), email=email[:254]))

    @router.post("/")
    def subscribe(request: Request, posted: Posted = desk.forms.posted("subscribe")) -> Response:
        """Try the interests, or write down that an address wants letters: the same answer for every address."""
        form = filled(posted, default)
        if "try" in posted.values:
            return _page(desk, replace(form, email=posted["email"][:254]), is_tried=True)
        form = with_address(form, posted)
        if form.errors:
            return _page(desk, form, is_tried=True, status=422)
        if not posted.is_by_program:
            ask(desk, request, Errand.JOIN, form.email, profile=form.profile)
        return desk.pages.page("asked.html", contact=desk.app.config.site.contact)

    return router


def ask(desk: Desk, request: Request, errand: Errand, email: str, *, door: str = "web", **more: Any) -> None:
    """Write an errand down, and have it seen to.

    Raises:
        Refused: more errands wait than anybody could have.
    """
    asking = Asking(
        what=errand,
        email=email,
        network=desk.visitors.address(request),
        door=door,
        wording=WORDING,
        asked_at=desk.clock(),
        **more,
    )
    if not desk.joining.ask(asking):
        raise Refused(503, "So many people ask at this moment that we cannot take more in. Try again in an hour.")
    if errand is Errand.JOIN:
        desk.meter.asked()
    desk.postman.ring()


def _page(desk: Desk, form: Filled, *, is_tried: bool = False, status: int = 200) -> Response:
    profile: Profile = form.profile
    trial = desk.trials.of(profile) if is_tried or profile.interests else None
    return desk.pages.page(
        "subscribe.html",
        status,
        form=form,
        profile=profile,
        days=[(name, text) for name, (_, text) in DAYS.items()],
        chosen_days=days_name(profile.days),
        trial=trial_of(trial, profile.strictness, desk.pages.words) if trial else None,
        signature=desk.forms.sign("subscribe"),
    )
