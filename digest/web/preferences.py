"""Preferences: only through a link that was mailed afresh. A forwarded letter leads no further than to ask for one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from digest.model import Errand, Status, Subscriber
from digest.pipeline.notices import TIME_OF_LINK
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.forms import Posted
from digest.web.profiles import DAYS, Filled, days_name, filled, with_address
from digest.web.shown import trial_of
from digest.web.subscribe import ask

_ENDED = "This link has ended. Ask for another one: it comes by mail, and works for an hour."

_LONGEST_PAUSE = timedelta(days=366)


def routes(desk: Desk) -> APIRouter:
    """What a reader can change, take with them, and end."""
    router = APIRouter()

    @router.get("/preferences")
    def find() -> Response:
        """For who has no letter at hand: an address to mail a link to."""
        return desk.pages.page("find.html", signature=desk.forms.sign("find"), error="", email="")

    @router.post("/preferences")
    def mail_link(request: Request, posted: Posted = desk.forms.posted("find")) -> Response:
        """Mail a link to whoever reads here under this address; the same answer for every address."""
        form = with_address(Filled(desk.app.config.profile), posted)
        if form.errors:
            sentence = form.errors["email"]
            return desk.pages.page(
                "find.html", 422, signature=desk.forms.sign("find"), error=sentence, email=posted["email"][:254]
            )
        if not posted.is_by_program:
            ask(desk, request, Errand.LINK, form.email)
        return desk.pages.page("mailed.html", address=form.email)

    @router.get("/preferences/{token}")
    def show(token: str, to: str = "") -> Response:
        """The preferences; for the token of a letter, a button that mails a link to them."""
        person = desk.holder(token, "preferences")
        if person is None:
            return _from_letter(desk, token)
        if to:
            return RedirectResponse(_place(desk, person, token, to), 303)
        return _page(desk, token, person, Filled(person.profile))

    @router.post("/preferences/{token}/link")
    def mail_link_to_reader(request: Request, token: str, _posted: Posted = desk.forms.posted("link")) -> Response:
        """Mail a link to the reader of a letter."""
        person = _of_letter(desk, token)
        if person is None:
            raise Refused(410, _ENDED)
        ask(desk, request, Errand.LINK, person.email)
        return desk.pages.page("mailed.html", address="")

    @router.post("/preferences/{token}")
    def save(token: str, posted: Posted = desk.forms.posted("preferences")) -> Response:
        """Try what was typed, or keep it."""
        person = _holder(desk, token)
        form = filled(posted, person.profile)
        if "try" in posted.values or form.errors:
            return _page(desk, token, person, form, is_tried=True, status=422 if form.errors else 200)
        person = desk.standing.change_profile(person.email, form.profile, desk.clock())
        return _page(desk, token, person, replace(form, profile=person.profile), is_saved=True)

    @router.post("/preferences/{token}/pause")
    def pause(token: str, posted: Posted = desk.forms.posted("pause")) -> Response:
        """Rest until a day, or begin again."""
        person, now = _holder(desk, token), desk.clock()
        if posted["until"]:
            desk.standing.pause(person.email, _day(posted["until"], person, now), now)
        else:
            desk.standing.resume(person.email, now)
        return _again(desk, person)

    @router.get("/preferences/{token}/data.json")
    def download(token: str) -> Response:
        """Everything that is kept about a reader."""
        person = _holder(desk, token)
        kept = json.dumps(desk.standing.record_of(person.email), indent=2, ensure_ascii=False, default=str)
        named = {"content-disposition": 'attachment; filename="daily-digest.json"'}
        return Response(kept, media_type="application/json", headers=named)

    @router.get("/preferences/{token}/address")
    def ask_address(token: str) -> Response:
        """Where letters are to go from now on."""
        return _address_page(desk, token, _holder(desk, token))

    @router.post("/preferences/{token}/address")
    def move(request: Request, token: str, posted: Posted = desk.forms.posted("address")) -> Response:
        """Ask whoever has the new address; nothing moves before they say yes."""
        person = _holder(desk, token)
        if person.owner == "file":
            raise Refused(403, "Your address stands in the operator’s file, so only they can change it.")
        form = with_address(Filled(person.profile), posted)
        if form.errors:
            return _address_page(desk, token, person, form.errors["email"], form.email, status=422)
        ask(desk, request, Errand.MOVE, form.email, profile=person.profile, person=person.id)
        return desk.pages.page("mailed.html", address=form.email)

    @router.get("/preferences/{token}/erase")
    def ask_erase(token: str) -> Response:
        """Asked once more, since nothing brings it back."""
        person = _holder(desk, token)
        return desk.pages.page("erase.html", person=person, token=token, signature=desk.forms.sign("erase", token))

    @router.post("/preferences/{token}/erase")
    def erase(token: str, _posted: Posted = desk.forms.posted("erase")) -> Response:
        """Remove everything that names a reader but a keyed hash."""
        is_done = desk.standing.erase(_holder(desk, token).email, desk.clock())
        return desk.pages.page("erased.html", is_done=is_done)

    return router


# --- who ----------------------------------------------------------------------------------------------------------


def _holder(desk: Desk, token: str) -> Subscriber:
    """Who holds a fresh link.

    Raises:
        Refused: nobody.
    """
    person = desk.holder(token, "preferences")
    if person is None:
        raise Refused(410, _ENDED)
    return person


def _of_letter(desk: Desk, token: str) -> Subscriber | None:
    """Whose letter a token is of."""
    said = desk.keyring.read(token, "unsubscribe", desk.clock().date())
    return desk.person(said.person) if said else None


def _from_letter(desk: Desk, token: str) -> Response:
    """What the link of a letter shows: nothing of its reader, since letters are passed on."""
    person = _of_letter(desk, token)
    if person is None or person.status is Status.PENDING:
        return desk.pages.page(
            "find.html", 410 if person is None else 200, signature=desk.forms.sign("find"), error=_ENDED, email=""
        )
    return desk.pages.page("link.html", person=person, token=token, signature=desk.forms.sign("link", token))


def _place(desk: Desk, person: Subscriber, token: str, to: str) -> str:
    """Where a mailed link leads in the end: a paper of a letter of this person; else to the preferences."""
    day, _, rest = to.partition("/")
    rank, _, what = rest.partition("/")
    try:
        slot = datetime.fromisoformat(day).date()
    except ValueError:
        return f"/preferences/{token}"
    if what not in ("more", "less") or not (rank.isascii() and rank.isdigit()):
        return f"/preferences/{token}"
    return f"/l/{desk.keyring.sign('unsubscribe', person.id, slot)}/{int(rank)}/{what}?key={token}"


# --- the pages ----------------------------------------------------------------------------------------------------


def _page(
    desk: Desk,
    token: str,
    person: Subscriber,
    form: Filled,
    *,
    is_tried: bool = False,
    is_saved: bool = False,
    status: int = 200,
) -> Response:
    profile = form.profile
    trial = desk.trials.of(profile)
    days = [(name, text) for name, (_, text) in DAYS.items()]
    chosen = days_name(profile.days)
    zone = ZoneInfo(person.profile.timezone)
    return desk.pages.page(
        "preferences.html",
        status,
        token=token,
        person=person,
        form=form,
        profile=profile,
        days=[*days, ("other", desk.pages.words.days(profile.days).capitalize())] if chosen == "other" else days,
        chosen_days=chosen,
        trial=trial_of(trial, profile.strictness, desk.pages.words),
        is_tried=is_tried,
        is_saved=is_saved,
        next_at=person.due_at.astimezone(zone) if person.due_at and person.is_mailable else None,
        paused_until=person.paused_until.astimezone(zone) if person.paused_until else None,
        tomorrow=(desk.clock().astimezone(zone) + timedelta(days=1)).date(),
        leave_token=desk.keyring.sign("unsubscribe", person.id, desk.clock().date()),
        signatures={name: desk.forms.sign(name, token) for name in ("preferences", "pause")},
    )


def _again(desk: Desk, person: Subscriber) -> Response:
    """Back to the preferences by a new link: what the person has decided has ended the old one."""
    changed = desk.person(person.id) or person
    return RedirectResponse(f"/preferences/{desk.sign(changed, 'preferences', desk.clock() + TIME_OF_LINK)}", 303)


def _address_page(
    desk: Desk, token: str, person: Subscriber, error: str = "", email: str = "", *, status: int = 200
) -> Response:
    values: dict[str, Any] = {"error": error, "email": email, "signature": desk.forms.sign("address", token)}
    return desk.pages.page("address.html", status, person=person, token=token, **values)


def _day(text: str, person: Subscriber, now: datetime) -> datetime:
    """The moment at which a reader's day begins.

    Raises:
        Refused: it is no day, or lies behind us, or too far ahead.
    """
    try:
        day = datetime.combine(datetime.fromisoformat(text).date(), time(), ZoneInfo(person.profile.timezone))
    except ValueError:
        raise Refused(422, "This is no day, such as 2026-12-02.") from None
    if not now < day < now + _LONGEST_PAUSE:
        raise Refused(422, "A pause ends on a day from tomorrow on, and within a year.")
    return day
