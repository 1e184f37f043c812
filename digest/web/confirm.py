"""Saying yes: a page with one button, whose GET says nothing for anybody."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from digest.model import Status, Subscriber
from digest.web.desk import Desk
from digest.web.forms import Posted


def routes(desk: Desk) -> APIRouter:
    """The page behind the link of the first letter."""
    router = APIRouter()

    @router.get("/confirm/{token}")
    def show(token: str) -> Response:
        """One button; or that there is nothing left to confirm."""
        person = _person(desk, token)
        if person is None:
            return _gone(desk)
        if person.status is not Status.PENDING:
            return _done(desk, person, is_new=False)
        return desk.pages.page("confirm.html", person=person, signature=desk.forms.sign("confirm", token))

    @router.post("/confirm/{token}")
    def confirm(token: str, _posted: Posted = desk.forms.posted("confirm")) -> Response:
        """Yes. A second one changes nothing and says the same."""
        person = _person(desk, token)
        if person is None:
            return _gone(desk)
        if person.status is not Status.PENDING:
            return _done(desk, person, is_new=False)
        confirmed = desk.joining.say_yes(person, desk.clock()) or person
        if confirmed.id != person.id:
            return desk.pages.page("moved.html", email=person.email)
        desk.postman.ring(person.id)
        return _done(desk, confirmed, is_new=True)

    return router


def _person(desk: Desk, token: str) -> Subscriber | None:
    """Who holds a token that confirms; None where it is none, or has ended."""
    one = desk.keyring.person_of(token)
    if one is None:
        return None
    with desk.app.database.read() as connection:
        person = desk.app.standing.people.get(connection, one)
    if person is None or not desk.keyring.is_valid(token, "confirm", person.email, desk.clock()):
        return None
    return person


def _done(desk: Desk, person: Subscriber, *, is_new: bool) -> Response:
    if person.status in (Status.UNSUBSCRIBED, Status.PENDING) and not is_new:
        return _gone(desk)
    return desk.pages.page("welcome.html", person=person, is_new=is_new)


def _gone(desk: Desk) -> Response:
    return desk.pages.refusal(410, "This link no longer works. Nothing was changed; you can ask for another one.")
