"""Leaving: one click from a mail program, a page with one button for people, and what can be done instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from digest.model import Kind, Profile, Status, Strictness, Subscriber
from digest.pipeline.notices import TIME_TO_UNDO
from digest.store.notices import enqueue_notice
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.forms import Posted, fields

#: how long a rest is that is offered in place of leaving
REST = timedelta(days=30)

_STRICTER = {Strictness.BROAD: Strictness.NORMAL, Strictness.NORMAL: Strictness.STRICT}

#: {what a form says: the profile that asks for less}
_LESS: Mapping[str, Callable[[Profile], Profile]] = {
    "mondays": lambda profile: replace(profile, days=frozenset((0,))),
    "stricter": lambda profile: replace(profile, strictness=_STRICTER.get(profile.strictness, profile.strictness)),
    "rest": lambda profile: profile,
}

_GONE = "This link no longer works. Nothing was changed."


def routes(desk: Desk) -> APIRouter:
    """Leaving, undoing it, and less instead."""
    router = APIRouter()

    @router.get("/unsubscribe/{token}")
    def show(token: str) -> Response:
        """State and a button: opening it changes nothing. The link of a goodbye letter shows how to undo it."""
        if (undoer := _undoer(desk, token)) is not None:
            return _goodbye(desk, undoer, token)
        person = _leaver(desk, token)
        if person is None:
            return desk.pages.refusal(410, _GONE)
        return desk.pages.page("leave.html", person=person, has_left=person.status is Status.UNSUBSCRIBED)

    @router.post("/unsubscribe/{token}")
    async def leave(request: Request, token: str) -> Response:
        """Leave (RFC 8058): no cookie, no redirect; done or written down before the answer, as often as it is asked.

        The token is all the authority there is: of all forms this is the one that is not signed.
        """
        try:
            is_page = "page" in await fields(request)
        except HTTPException:  # a body that is no form: what counts is that it was posted here
            is_page = False
        return await run_in_threadpool(_left_by_page if is_page else _left, desk, token)

    @router.post("/undo/{token}")
    def undo(token: str, _posted: Posted = desk.forms.posted("undo")) -> Response:
        """Take it back."""
        person = _undoing(desk, token)
        desk.standing.undo(person.email, desk.clock())
        desk.postman.ring(person.id)
        return desk.pages.page("back.html", person=person, instead="")

    @router.post("/fewer/{token}")
    def fewer(token: str, posted: Posted = desk.forms.posted("fewer")) -> Response:
        """Take it back and get less from now on: this link asks for no more and for nothing else."""
        person, now, instead = _undoing(desk, token), desk.clock(), posted["instead"]
        if instead not in _LESS:
            raise Refused(422, "Choose one of the three.")
        profile = _LESS[instead](person.profile)
        desk.standing.undo(person.email, now)
        if instead == "rest":
            desk.standing.pause(person.email, now + REST, now)
        else:
            desk.standing.change_profile(person.email, profile, now)
        return desk.pages.page("back.html", person=replace(person, profile=profile), instead=instead)

    return router


# --- who ----------------------------------------------------------------------------------------------------------


def _leaver(desk: Desk, token: str) -> Subscriber | None:
    """Whom the token of a letter unsubscribes."""
    said = desk.keyring.read(token, "unsubscribe", desk.clock().date())
    return desk.person(said.person) if said else None


def _undoer(desk: Desk, token: str) -> Subscriber | None:
    """Who has left and may take it back with this token: who had said yes, and has not come back by another way."""
    person = desk.holder(token, "undo")
    return person if person is not None and person.status is Status.UNSUBSCRIBED and _had_agreed(person) else None


def _had_agreed(person: Subscriber) -> bool:
    return person.confirmed_at is not None or person.vouched_by is not None


def _undoing(desk: Desk, token: str) -> Subscriber:
    person = _undoer(desk, token)
    if person is None:
        raise Refused(410, _GONE)
    return person


# --- leaving ------------------------------------------------------------------------------------------------------


def _left(desk: Desk, token: str) -> Response:
    """One click of a mail program, which cannot do anything about a link that is too old; a stranger learns nothing."""
    said = desk.keyring.read(token, "unsubscribe", desk.clock().date())
    if said is not None:
        desk.standing.leave(said.person, desk.clock())
    return PlainTextResponse("unsubscribed\n")


def _left_by_page(desk: Desk, token: str) -> Response:
    person, now = _leaver(desk, token), desk.clock()
    if person is None:
        return desk.pages.refusal(410, _GONE)
    is_done = desk.standing.leave(person.id, now)
    if person.status in (Status.ACTIVE, Status.PAUSED) and is_done:
        with desk.app.database.write() as connection:
            enqueue_notice(connection, person.id, Kind.GOODBYE, now.isoformat(), transport=desk.app.transport, now=now)
        desk.postman.ring(person.id)
    undo = desk.sign(person, "undo", now + TIME_TO_UNDO)
    return _goodbye(desk, person, undo)


def _goodbye(desk: Desk, person: Subscriber, undo: str) -> Response:
    return desk.pages.page(
        "goodbye.html",
        person=person,
        undo=undo,
        until=desk.clock() + TIME_TO_UNDO,
        rest_ends=desk.clock() + REST,
        can_undo=_had_agreed(person),
        is_strictest=person.profile.strictness not in _STRICTER,
        undo_signature=desk.forms.sign("undo", undo),
        fewer_signature=desk.forms.sign("fewer", undo),
    )
