"""Joining: from an address that somebody typed to a reader who has said yes, and how readers come to change things.

    page --ask--> a wish that waits --see_to--> a letter with a link --confirm--> a reader

A page only writes a wish down: the same for every address, so that nobody learns from it who reads here. What becomes
of it depends on who has the address and on limits, and is seen to afterwards. Wishes that a limit holds back wait.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.model import Asking, Kind, Status, Subscriber, Wish
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
    """What seeing to the wishes did."""

    people: tuple[int, ...] = ()  #: who is written to because of it
    held: int = 0  #: wishes that wait because a limit is used up
    is_braked: bool = False  #: so many people join at once that nobody is written to for now


class Joining:
    """Takes wishes in, and sees to them."""

    def __init__(self, standing: Standing, keyring: Keyring, *, transport: str) -> None:
        """`transport` is how the letters of wishes leave."""
        self._standing = standing
        self._database = standing.database
        self._people = standing.people
        self._keyring = keyring
        self._transport = transport

    def ask(self, wish: Asking) -> bool:
        """Write a wish down; False where so many wait already that there is no room."""
        with self._database.write() as connection:
            return askings.ask(connection, wish)

    def see_to(self, now: datetime) -> Seen:
        """See to the wishes that wait, each in a transaction of its own."""
        with self._database.read() as connection:
            waiting = askings.waiting(connection, now, _BATCH)
        written: list[int] = []
        is_braked = False
        for wish in waiting:
            with self._database.write() as connection:
                cap = self._held_by(connection, wish, now)
                if cap is not None:
                    askings.hold(connection, wish, now + rules.LOOK_AGAIN)
                    is_braked = is_braked or cap.key == self._key(_EVERYBODY)
                elif askings.take(connection, wish):
                    person = self._seen_to(connection, wish, now)
                    written += [person] if person is not None else []
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
        """Let go of wishes, counts and network addresses that have been kept for long enough."""
        with self._database.write() as connection:
            askings.forget_askings(connection, now, rules.LONGEST_WAIT)
            limits.forget_attempts(connection, now - rules.LONGEST_SPAN)
            newcomers.forget_origins(connection, now - _ORIGINS_KEPT)
            newcomers.forget_unconfirmed(connection, now - _TIME_TO_CONFIRM)

    # --- one wish ---

    def _held_by(self, connection: sa.Connection, wish: Asking, now: datetime) -> Cap | None:
        """The limit of everybody, of the network or of the recipient's domain that a wish has to wait for."""
        if wish.wish is Wish.LINK:
            return None
        domain = wish.email.rpartition("@")[2].casefold()
        hourly = rules.brake(limits.count(connection, self._key(_EVERYBODY), now - timedelta(days=7)))
        caps = [
            Cap(self._key(_EVERYBODY), hourly, rules.HOUR),
            *self._caps(f"network {rules.same_network(wish.network)}", rules.OF_NETWORK),
            *self._caps(f"domain {domain}", rules.OF_DOMAIN),
        ]
        return limits.take(self._database, connection, caps, now)

    def _seen_to(self, connection: sa.Connection, wish: Asking, now: datetime) -> int | None:
        """Carry out a wish; who is written to because of it, None where nobody is."""
        if is_suppressed(connection, [wish.email, *self._keyring.hashes(wish.email)]):
            return None
        person = self._people.find(connection, wish.email)
        is_reader = person is not None and person.status in (Status.ACTIVE, Status.PAUSED)
        has_left = person is not None and person.status is Status.UNSUBSCRIBED
        match wish.wish:
            case Wish.LINK:
                answer = Kind.REPLY if is_reader or has_left else None
            case Wish.MOVE:
                answer = Kind.CONFIRM if person is None else None
            case Wish.JOIN:
                answer = Kind.REPLY if is_reader else Kind.CONFIRM
        if answer is None or not self._may_write(connection, wish, now):
            return None
        if answer is Kind.CONFIRM or person is None:
            return self._confirm_first(connection, wish, person, now)
        cause = f"link {wish.id} {wish.place}".strip() if wish.wish is Wish.LINK else f"already {wish.id}"
        return self._written(connection, person.id, Kind.REPLY, cause, now)

    def _may_write(self, connection: sa.Connection, wish: Asking, now: datetime) -> bool:
        """Whether the address has not had too many letters of this sort, whoever has typed it."""
        amounts = rules.OF_LINKS if wish.wish is Wish.LINK else rules.OF_ADDRESS
        sort = "link" if wish.wish is Wish.LINK else "join"
        caps = self._caps(f"{sort} {rules.same_mailbox(wish.email)}", amounts)
        return limits.take(self._database, connection, caps, now) is None

    def _confirm_first(
        self, connection: sa.Connection, wish: Asking, person: Subscriber | None, now: datetime
    ) -> int | None:
        """Ask whoever has the address; until they say yes, nothing else is ever sent to it."""
        consent = {"source": wish.door, "at": wish.asked_at.isoformat(), "wording": wish.wording}
        if person is None:
            one = self._people.add(
                connection,
                wish.email,
                profile=wish.profile,
                status=Status.PENDING,
                owner="person",
                vouched_by=None,
                consent=consent,
                now=now,
            )
        else:
            one = person.id
            values = profile_columns(wish.profile) | {"status": Status.PENDING, "owner": "person", "consent": consent}
            self._people.change(connection, one, **values)
        origin = {"asked_at": wish.asked_at, "asked_from": wish.network, "replaces": wish.person}
        self._people.change(connection, one, **origin)
        return self._written(connection, one, Kind.CONFIRM, str(wish.id), now)

    def _written(self, connection: sa.Connection, one: int, kind: Kind, cause: str, now: datetime) -> int | None:
        return one if enqueue_notice(connection, one, kind, cause, transport=self._transport, now=now) else None

    def _caps(self, what: str, amounts: Sequence[tuple[int, timedelta]]) -> list[Cap]:
        return [Cap(self._key(what), most, span) for most, span in amounts]

    def _key(self, what: str) -> str:
        """What a limit is counted under: it reveals no address."""
        return self._keyring.fingerprint(f"limit {what}")
