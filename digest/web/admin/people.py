"""People on the admin pages: how many read, who came last, what one of them was sent, and who must not be mailed."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from digest.config.values import email as checked_email
from digest.errors import UsageError
from digest.model import Subscriber
from digest.pipeline.explain import Answer, answer, find_item
from digest.store import figures
from digest.store.items import Items
from digest.store.suppressions import every_suppression
from digest.web.admin.sheet import inside, page, posted
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.forms import Posted

_BY_HAND = "by hand on the admin page"

#: suppressed addresses on the page
_SHOWN = 500


def routes(desk: Desk) -> APIRouter:
    """People, one person, suppressed addresses."""
    router = inside(desk)
    people, database = desk.standing.people, desk.app.database

    @router.get("/admin/people")
    def everybody(request: Request) -> Response:
        """How many there are of each standing, and who came last."""
        return _list(desk, request)

    @router.post("/admin/people")
    def find(request: Request, posted: Posted = posted(desk, "admin-find")) -> Response:
        """Lead to a person: addresses stay out of the addresses of pages, which others may keep."""
        try:
            email = checked_email(posted["email"].strip())
        except ValueError:
            return _list(desk, request, posted["email"][:254], "This is no address that mail could go to.", 422)
        with database.read() as connection:
            person = people.find(connection, email)
        if person is None:
            return _list(desk, request, email, "Nobody here has this address.", 404)
        way = "/admin/preview" if "preview" in posted.values else "/admin/people"
        return RedirectResponse(f"{way}/{person.id}", 303)

    @router.get("/admin/people/{one}")
    def show(request: Request, one: int, item: str = "") -> Response:
        """What a person was sent, and why a paper was among it, or not."""
        person = known(desk, one)
        explained, error = _explained(desk, person, item[:1_000].strip())
        with database.read() as connection:
            rows = figures.history_of(connection, one)
        values = {"person": person, "rows": rows, "item": item, "explained": explained, "error": error}
        return page(desk, request, "admin-person.html", **values)

    @router.get("/admin/suppressed")
    def suppressed(request: Request) -> Response:
        """Addresses that must not be mailed, and why."""
        with database.read() as connection:
            everyone, count = every_suppression(connection)[:_SHOWN], figures.count_suppressed(connection)
        return page(desk, request, "admin-suppressed.html", everyone=everyone, count=count)

    @router.post("/admin/suppressed")
    def lift(posted: Posted = posted(desk, "admin-lift")) -> Response:
        """Let an address be mailed again."""
        try:
            desk.standing.unsuppress(posted["address"], why=_BY_HAND, now=desk.clock())
        except UsageError as error:
            raise Refused(409, f"{error}.") from error
        return RedirectResponse("/admin/suppressed", 303)

    return router


def known(desk: Desk, one: int) -> Subscriber:
    """A person by the number in an address of ours."""
    person = desk.person(one) if 0 < one < 2**31 else None
    if person is None:
        raise HTTPException(404)
    return person


def _list(desk: Desk, request: Request, email: str = "", error: str = "", code: int = 200) -> Response:
    people = desk.standing.people
    with desk.app.database.read() as connection:
        counts = people.count_by_status(connection)
        newest = figures.newest_people(connection)
        found = people.with_ids(connection, newest)
    values = {"counts": counts, "newest": [found[one] for one in newest], "email": email, "error": error}
    return page(desk, request, "admin-people.html", code, **values)


def _explained(desk: Desk, person: Subscriber, item: str) -> tuple[Answer | None, str]:
    """Why a paper was sent or not, if one is named; or what is wrong with the name."""
    if not item:
        return None, ""
    app, items = desk.app, Items(desk.app.database)
    try:
        with app.database.read() as connection:
            found = find_item(connection, items, item)
            return answer(connection, items, desk.standing.ledger, app.shelf(), person, found), ""
    except UsageError as error:
        said = str(error)
        return None, f"{said[:1].upper()}{said[1:]}."
