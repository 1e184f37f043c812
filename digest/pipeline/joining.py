"""Joining: from an address that somebody typed to a reader who has said yes, and how readers come to change things.

    page --ask--> an errand that waits --see_to--> a letter with a link --confirm--> a reader

A page only writes an errand down: the same for every address, so that nobody learns from it who reads here. What
becomes of it depends on who has the address and on limits, and is seen to afterwards. Where a limit holds, it waits.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.model import Asking, Errand, Kind, Status, Subscriber
from digest.pipeline.standing import Standing
from digest.store import askings, limits, newcomers
from digest.store.limits import Cap
from digest.store.notices import enqueue_notice
from digest.store.people import profile_columns
from digest.store.suppressions import is_suppressed
from digest.subscribers import limits as rules
from digest.subscribers.tokens import Keyring

_log = logging.getLogger(__name__)

#: a sign-up that nobody confirms is forgotten after this time; what counts against limits stays
_TIME_TO_CONFIRM = timedelta(days=7)

#: how long the network address of a sign-up is kept, as evidence of consent
_ORIGINS_KEPT = timedelta(days=90)

_EVERYBODY = "everybody"
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """What seeing to the errands did."""

    people: tuple[int, ...] = ()  #: who is written to because of it
    held: int = 0  #: errands that wait because a limit is used up
    is_braked: bool = False  #: so many people join at once that nobody is written to for now


class Joining:
    """Takes errands in, and sees to them."""

    def __init__(self, standing: Standing, keyring: Keyring, *, transport: str) -> None:
        """`transport` is how the letters of errands leave."""
        self._standing = standing
        self._database = standing.database
        self._people = standing.people
        self._keyring = keyring
        self._transport = transport

    def ask(self, errand: Asking) -> bool:
        """Write an errand down; False where so many wait already that there is no room."""
        with self._database.write() as connection:
            return askings.ask(connection, errand)

    def see_to(self, now: datetime) -> Seen:
        """See to the errands that wait, each in a transaction of its own."""
        with self._database.read() as connection:
            waiting = askings.waiting(connection, now, longest=rules.LONGEST_WAIT, limit=_BATCH)
        written: list[int] = []
        is_braked = False
        for errand in waiting:
            with self._database.write() as connection:
                if not askings.stands(connection, errand):  # somebody else sees to it, or it was asked for anew
                    continue
                answer = self._answer(connection, errand)
                own, shared = self._caps_of(connection, errand, now)
                full = limits.take(self._database, connection, [*own, *shared], now) if answer else None
                if full in shared:
                    askings.hold(connection, errand, now + rules.LOOK_AGAIN)
                    is_braked = is_braked or full.key == self._key(_EVERYBODY)
                    continue
                askings.take(connection, errand)
                if answer and full is None:
                    written.append(self._written(connection, errand, answer, now))
        with self._database.read() as connection:
            held = askings.held(connection, now)
        if is_braked:
            _log.error("more people join than ever before: nobody new is written to until this calms down")
        return Seen(people=tuple(written), held=held, is_braked=is_braked)

    def say_yes(self, person: Subscriber, now: datetime) -> Subscriber | None:
        """Confirm a pending person; the reader they are now, which is another row where a reader's address moves.

        None where it is written down and the store is busy.
        """
        with self._database.write() as connection:
            moved = newcomers.move_address(connection, person.id, now)
            if moved is not None:
                return self._people.get(connection, moved)
        return self._standing.confirm(person.email, now)

    def tidy(self, now: datetime) -> None:
        """Let go of errands, counts and network addresses that have been kept for long enough."""
        with self._database.write() as connection:
            askings.forget_askings(connection, now, rules.LONGEST_WAIT)
            limits.forget_attempts(connection, now - rules.LONGEST_SPAN)
            newcomers.forget_origins(connection, now - _ORIGINS_KEPT)
            newcomers.forget_unconfirmed(connection, now - _TIME_TO_CONFIRM)

    # --- one errand ---

    def _answer(self, connection: sa.Connection, errand: Asking) -> Kind | None:
        """The letter that an errand is answered with, which depends on who has the address; None for no letter."""
        if is_suppressed(connection, [errand.email, *self._keyring.hashes(errand.email)]):
            return None
        person = self._people.find(connection, errand.email)
        is_reader = person is not None and person.status in (Status.ACTIVE, Status.PAUSED)
        match errand.what:
            case Errand.LINK:
                return Kind.REPLY if person is not None and person.status is not Status.PENDING else None
            case Errand.MOVE:
                return Kind.CONFIRM if person is None else None
            case Errand.JOIN:
                return Kind.REPLY if is_reader else Kind.CONFIRM

    def _caps_of(self, connection: sa.Connection, errand: Asking, now: datetime) -> tuple[list[Cap], list[Cap]]:
        """The limits of the address, whoever has typed it, and those that an errand waits for.

        All of them count a try, or none: what the address alone refuses uses nobody else's share up.
        """
        mailbox = rules.same_mailbox(errand.email)
        if errand.what is Errand.LINK:
            return self._caps(f"link {mailbox}", rules.OF_LINKS), []
        domain = errand.email.rpartition("@")[2].casefold()
        hourly = rules.brake(limits.count(connection, self._key(_EVERYBODY), now - timedelta(days=7)))
        return self._caps(f"join {mailbox}", rules.OF_ADDRESS), [
            Cap(self._key(_EVERYBODY), hourly, rules.HOUR),
            *self._caps(f"network {rules.same_network(errand.network)}", rules.OF_NETWORK),
            *self._caps(f"domain {domain}", rules.OF_DOMAIN),
        ]

    def _written(self, connection: sa.Connection, errand: Asking, answer: Kind, now: datetime) -> int:
        """Have the letter written; to whom."""
        person = self._people.find(connection, errand.email)
        if answer is Kind.CONFIRM or person is None:
            one, cause = self._made_pending(connection, errand, person, now), str(errand.id)
        elif errand.what is Errand.LINK:
            one, cause = person.id, f"link {errand.id} {errand.place}".strip()
        else:
            one, cause = person.id, f"already {errand.id}"
        enqueue_notice(connection, one, answer, cause, transport=self._transport, now=now)
        return one

    def _made_pending(self, connection: sa.Connection, errand: Asking, person: Subscriber | None, now: datetime) -> int:
        """Who has the address, asked and not answered: until they say yes, nothing else is ever sent to it."""
        consent = {"source": errand.door, "at": errand.asked_at.isoformat(), "wording": errand.wording}
        if person is None:
            one = self._people.add(
                connection,
                errand.email,
                profile=errand.profile,
                status=Status.PENDING,
                owner="person",
                vouched_by=None,
                consent=consent,
                now=now,
            )
        else:
            one = person.id
            values = profile_columns(errand.profile) | {"status": Status.PENDING, "owner": "person", "consent": consent}
            self._people.change(connection, one, **values)
        origin = {"asked_at": errand.asked_at, "asked_from": errand.network, "replaces": errand.person}
        self._people.change(connection, one, **origin)
        return one

    def _caps(self, what: str, amounts: Sequence[tuple[int, timedelta]]) -> list[Cap]:
        return [Cap(self._key(what), most, span) for most, span in amounts]

    def _key(self, what: str) -> str:
        """What a limit is counted under: it reveals no address."""
        return self._keyring.fingerprint(f"limit {what}")
