"""The links under a paper of a letter: more like it, or less. A forwarded letter shows phrases and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from digest.letter.links import web_address
from digest.letter.paper import paper
from digest.letter.plain import plain
from digest.letter.view import Extent
from digest.model import Errand, LetterPick, Popularity, Sign, Subscriber
from digest.pipeline.feedback import Feedback, Missing, Move, Named, grown, has
from digest.pipeline.offers import Offer
from digest.pipeline.shelf import understood
from digest.subscribers.tokens import Token
from digest.web.desk import Desk
from digest.web.errors import Refused
from digest.web.forms import Posted
from digest.web.profiles import LONGEST_INTERESTS
from digest.web.subscribe import ask

_SIGNS = {"more": Sign.MORE, "less": Sign.LESS}

_NO_PAGE = "There is no such page here."
_ENDED = "This link no longer works. Nothing was changed."
_WHY = {
    Missing.LETTER: (410, _ENDED),
    Missing.PICKS: (410, "This letter is so old that we have forgotten which papers it named. Nothing was changed."),
    Missing.PAPER: (404, "That letter has no paper with this number."),
}


def routes(desk: Desk) -> APIRouter:
    """The pages behind a letter's links, and what can be done there."""
    router = APIRouter()
    feedback = Feedback(desk.app.database, desk.trials, desk.app.shelf)

    @router.get("/l/{token}/{rank}/abstract")
    def lead_on(token: str, rank: str) -> Response:
        """To the paper itself."""
        _, named = _found(desk, feedback, token, rank)
        url = web_address(named.text.url)
        if url is None:
            raise Refused(404, "This paper has no page that we know of.")
        return RedirectResponse(url, 303)

    @router.get("/l/{token}/{rank}/{what}")
    def show(token: str, rank: str, what: str, key: str = "") -> Response:
        """The phrases of the paper; boxes to tick only for who holds a fresh link of the same reader."""
        place = _place(desk, feedback, token, rank, what)
        reader = _reader(desk, place, key)
        return _Page(desk, feedback, place, reader, key).answer(has_ended=bool(key))

    @router.post("/l/{token}/{rank}/{what}")
    def act(request: Request, token: str, rank: str, what: str, posted: Posted = desk.forms.posted("lean")) -> Response:
        """Mail a link to this page; with it, show what the phrases would change, or add them."""
        place, key = _place(desk, feedback, token, rank, what), posted["key"]
        reader = _reader(desk, place, key)
        page = _Page(desk, feedback, place, reader, key)
        if reader is None:
            return page.answer(410, has_ended=True) if key else _mailed(desk, request, place)
        ticked = list(dict.fromkeys(filter(None, posted["phrase[]"].split("\n"))))
        if not ticked:
            return page.answer(422, error="Tick at least one of these.")
        return page.tried(reader, ticked) if "try" in posted.values else page.added(reader, ticked)

    return router


# --- who and what -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where in whose letter a link stands, and what it asks for."""

    token: str
    said: Token
    rank: int
    what: str
    named: Named

    @property
    def path(self) -> str:
        """Of its page."""
        return f"/l/{self.token}/{self.rank}/{self.what}"

    @property
    def sign(self) -> Sign:
        """Of the lines that it adds."""
        return _SIGNS[self.what]


def _found(desk: Desk, feedback: Feedback, token: str, rank: str) -> tuple[Token, Named]:
    """The letter that a link stands in, and the paper.

    Raises:
        Refused: there is none, or none any more.
    """
    said = desk.keyring.read(token, "unsubscribe", desk.clock().date())
    if said is None:
        raise Refused(410, _ENDED)
    named = feedback.named(said.person, said.day, int(rank) if rank.isascii() and rank.isdigit() else 0)
    if isinstance(named, Missing):
        raise Refused(*_WHY[named])
    return said, named


def _place(desk: Desk, feedback: Feedback, token: str, rank: str, what: str) -> _Place:
    """What a link of a letter asks for.

    Raises:
        Refused: nothing, or nothing any more.
    """
    if what not in _SIGNS:
        raise Refused(404, _NO_PAGE)
    said, named = _found(desk, feedback, token, rank)
    return _Place(token=token, said=said, rank=int(rank), what=what, named=named)


def _reader(desk: Desk, place: _Place, key: str) -> Subscriber | None:
    """The reader of the letter, where a key proves that it is them."""
    person = desk.holder(key, "preferences") if key else None
    return person if person is not None and person.id == place.said.person else None


def _mailed(desk: Desk, request: Request, place: _Place) -> Response:
    """Mail the reader of the letter a link that comes back here."""
    person = desk.person(place.said.person)
    if person is None:
        raise Refused(410, _ENDED)
    ask(desk, request, Errand.LINK, person.email, place=f"{place.said.day}/{place.rank}/{place.what}")
    return desk.pages.page("mailed.html", address="")


# --- the page -----------------------------------------------------------------------------------------------------


class _Page:
    """One paper of one letter; without a reader it knows nothing of whoever got it but their masked address."""

    def __init__(self, desk: Desk, feedback: Feedback, place: _Place, reader: Subscriber | None, key: str) -> None:
        self._desk = desk
        self._feedback = feedback
        self._place = place
        self._reader = reader
        self._key = key
        self._text = reader.profile.interests if reader else ""

    def answer(self, code: int = 200, *, has_ended: bool = False, **values: Any) -> Response:
        """The page; `has_ended` is whether a key that is none any more led here."""
        desk, place = self._desk, self._place
        person = self._reader or desk.person(place.said.person)
        if person is None:
            raise Refused(410, _ENDED)
        shown = {
            "what": place.what,
            "action": place.path,
            "paper": _paper(desk, place.named, place.rank),
            "offers": self._offers(),
            "person": person,
            "key": self._key if self._reader else "",
            "has_ended": has_ended and self._reader is None,
            "signature": desk.forms.sign("lean", place.token),
            "day": place.said.day,
        }
        return desk.pages.page("feedback.html", code, **{**_NOTHING, **shown, **values})

    def tried(self, reader: Subscriber, ticked: Sequence[str]) -> Response:
        """The page with what these phrases would have made of the letter."""
        moves = self._feedback.moves(self._place.named.row, reader.profile, self._grown(self._new(ticked)))
        after = [_moved(move) for move in moves if move.after is not None]
        gone = [_moved(move) for move in moves if move.after is None]
        return self.answer(
            ticked=ticked, is_tried=True, after=after, gone=gone, is_same=not any(one["note"] for one in after + gone)
        )

    def added(self, reader: Subscriber, ticked: Sequence[str]) -> Response:
        """Add phrases to what the reader follows; those that are there already stay as they are."""
        new = self._new(ticked)
        if new:
            profile = replace(reader.profile, interests=self._grown(new))
            self._desk.standing.change_profile(reader.email, profile, self._desk.clock())
        return self.answer(added=ticked, offers=())

    def _offers(self) -> Sequence[Offer]:
        return self._feedback.offers(self._place.named.text, understood(self._text).interests)

    def _new(self, ticked: Sequence[str]) -> list[str]:
        """Those of the ticked phrases that are not followed yet.

        Raises:
            Refused: one was not offered.
        """
        interests = understood(self._text).interests
        new = [each for each in ticked if not has(interests, each, self._place.sign)]
        if not set(new) <= {offer.phrase for offer in self._offers()}:
            raise Refused(422, "One of these phrases is not on offer any more. Load the page again.")
        return new

    def _grown(self, new: Sequence[str]) -> str:
        """The reader's interests with these phrases.

        Raises:
            Refused: they do not fit in.
        """
        text = grown(self._text, new, self._place.sign, self._place.named.pick.topic)
        if len(text) > LONGEST_INTERESTS:
            raise Refused(422, f"Your interests hold {LONGEST_INTERESTS:,} characters, and there is no room left.")
        interests = understood(text).interests
        if not all(has(interests, each, self._place.sign) for each in new):
            raise Refused(422, "A quote in your interests is not closed. Close it in your preferences, then try again.")
        return text


_NOTHING: dict[str, Any] = {
    "error": "",
    "ticked": (),
    "added": (),
    "is_tried": False,
    "after": (),
    "gone": (),
    "is_same": False,
}


def _paper(desk: Desk, named: Named, rank: int) -> Any:
    """The paper as a letter prints it, without what tells of its reader."""
    bare = replace(named.pick, matches=(), topic=None)
    pick = LetterPick(pick=bare, text=named.text, popularity=Popularity(bare.votes))
    return paper(rank, plain(pick), desk.pages.words, Extent.TITLE, None)


def _moved(move: Move) -> dict[str, Any]:
    """A paper of the letter that would have been, and where it stood."""
    note = ""
    if move.before is None:
        note = "new"
    elif move.after is None:
        note = f"was {move.before}"
    elif move.after != move.before:
        note = f"{'up' if move.after < move.before else 'down'} from {move.before}"
    return {"title": plain(move.text.title), "url": web_address(move.text.url), "number": move.after, "note": note}
