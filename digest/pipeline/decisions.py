"""What people decide about themselves, and what is decided about their addresses: written down first, then carried out.

A decision stands in the opt-out log before it stands in the store. So it counts although the store is busy, and neither
a crash nor an old backup takes it back: replaying the log brings the store up to it. Of several the latest counts, and
none that is older than the person's last word in the store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from digest.delivery.files import forget_letters
from digest.errors import StoreError, UsageError
from digest.model import SkipReason, State, Status, Subscriber
from digest.pipeline.look import raised_floor
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.optouts import Entry, OptOutLog, Word
from digest.store.people import People
from digest.store.record import erase, erase_address, record_of
from digest.store.suppressions import Suppression, latest, lift, suppress
from digest.subscribers.due import next_due, today
from digest.subscribers.tokens import Keyring

_log = logging.getLogger(__name__)

#: the fact of a store that says how far it knows the opt-out log, in octets
_KNOWN = "optouts_known"

#: entries that are replayed in one transaction
_BATCH = 500

_LEAVING = (Word.UNSUBSCRIBE, Word.PAUSE, Word.ERASE)


class Decisions:
    """Takes one person's word at a time. Where a method gives None, the word is written down and the store is busy."""

    def __init__(
        self,
        database: Database,
        *,
        catch_up: timedelta,
        keyring: Keyring,
        optouts: OptOutLog | None = None,
        letters: Path | None = None,
    ) -> None:
        """`optouts` is None in a rehearsal, whose words count nowhere; `letters` is where letters lie on disk."""
        self.database = database
        self.catch_up = catch_up
        self.people = People(database)
        self.items = Items(database)
        self.ledger = Ledger(database)
        self._keyring = keyring
        self._optouts = optouts
        self._letters = letters

    # --- one person ---

    def pause(self, email: str, until: datetime | None, now: datetime) -> Subscriber | None:
        """Stop letters until a moment, or until the person comes back; open letters are cancelled at once."""
        return self._decide(Word.PAUSE, email, now, until=until)

    def resume(self, email: str, now: datetime) -> Subscriber | None:
        """Letters again, from now on; what a short absence has missed is caught up with."""
        with self.database.read() as connection:
            person = self.known(connection, email)
        if person.confirmed_at is None and person.vouched_by is None:
            raise UsageError(f"{email} has not confirmed yet")
        return self._decide(Word.RESUME, email, now)

    def confirm(self, email: str, now: datetime) -> Subscriber | None:
        """Yes, letters: the first one at once, today's. Who has confirmed before is left as they are."""
        with self.database.read() as connection:
            person = self.known(connection, email)
        return self._decide(Word.CONFIRM, email, now) if person.status is Status.PENDING else person

    def undo(self, email: str, now: datetime) -> Subscriber | None:
        """Take back that one has left; today's cancelled letter is opened again."""
        with self.database.read() as connection:
            person = self.known(connection, email)
        return self._decide(Word.UNDO, email, now) if person.status is Status.UNSUBSCRIBED else person

    def unsubscribe(self, email: str, now: datetime) -> Subscriber | None:
        """Never again, until the person says otherwise; open letters are cancelled at once."""
        return self._decide(Word.UNSUBSCRIBE, email, now)

    def leave(self, one: int, now: datetime) -> bool:
        """Unsubscribe whom a link names; False where it is written down and the store cannot be asked or told now."""
        try:
            with self.database.read() as connection:
                person = self.people.get(connection, one)
        except StoreError as error:
            if self._optouts is not None:
                self._optouts.append(Entry(at=now, word=Word.UNSUBSCRIBE, person=one))
            return self._put_off(error)
        if person is None or person.status is Status.UNSUBSCRIBED:
            return True
        return self.unsubscribe(person.email, now) is not None

    def erase(self, email: str, now: datetime) -> bool:
        """Remove everything that names a person but a keyed hash; False where it is written down and still to be done.

        An address that is unknown is erased as well: a first try may have died before its letters were gone.
        """
        entry, span = self._write_down(Word.ERASE, email, now)
        try:
            self._forget_letters({email})
            with self.database.write() as connection:
                self._erase(connection, email, entry)
            self.database.wipe()
            with self.database.write() as connection:
                self._note(connection, span)
        except StoreError as error:
            return self._put_off(error)
        return True

    def record_of(self, email: str) -> dict[str, Any]:
        """Everything that is kept about a person, as plain values."""
        with self.database.read() as connection:
            person = self.known(connection, email)
            kept = record_of(connection, self.items, person.id, self._names(email))
        mine = self._keyring.hashes(email)
        said = [] if self._optouts is None else [entry for _, entry in self._optouts.read() if entry.who in mine]
        return kept | {"opt_out_log": said}

    # --- an address ---

    def suppress(self, email: str, *, reason: str, evidence: str, now: datetime) -> bool:
        """Never write to an address, whoever has it; False where it is written down and the store is busy."""
        return self._decide_address(Word.SUPPRESS, email, reason, evidence, now)

    def unsuppress(self, email: str, *, why: str, now: datetime) -> bool:
        """Let an address be written to again; False where it is written down and the store is busy.

        Raises:
            UsageError: it is not suppressed.
        """
        with self.database.read() as connection:
            said = latest(connection, self._names(email))
        if said is None or said.lifted_at is not None:
            raise UsageError(f"{email} is not suppressed")
        return self._decide_address(Word.UNSUPPRESS, email, why, "", now)

    # --- what the store has not heard of yet ---

    def replay(self, now: datetime, *, is_whole: bool = False) -> int:
        """Carry out what the opt-out log says and the store does not know; how many decisions that was.

        `is_whole` begins at the first line, for a store that was brought back.
        """
        if self._optouts is None:
            return 0
        self._optouts.keep_reserve()
        known = 0 if is_whole else self._known_of_log()
        if known == self._optouts.size:
            return 0
        lines = self._optouts.read(known if known < self._optouts.size else 0)
        return sum(self._replay(batch, now) for batch in iter(lambda: list(islice(lines, _BATCH)), []))

    def _replay(self, lines: Sequence[tuple[int, Entry]], now: datetime) -> int:
        erased = {entry.who for _, entry in lines if entry.word is Word.ERASE and entry.who}
        if erased:
            self._forget_letters(erased)
        with self.database.write() as connection:
            whose = _Whose(connection, self.people, self._keyring)
            done = sum(self._heard(connection, entry, whose(entry), now) for _, entry in lines)
        if erased:
            self.database.wipe()
        with self.database.write() as connection:
            self.database.set_fact(connection, _KNOWN, str(lines[-1][0]))
        return done

    def _heard(self, connection: sa.Connection, entry: Entry, person: Subscriber | None, now: datetime) -> bool:
        """Carry out a decision from the log, unless the store knows something newer; whether it did."""
        if entry.word in (Word.SUPPRESS, Word.UNSUPPRESS) or person is None:
            return self._heard_of_address(connection, entry, person, now)
        if entry.at <= self.people.last_word_at(connection, person.id):
            return False
        self._carry_out(connection, entry, person, now)
        return True

    def _heard_of_address(
        self, connection: sa.Connection, entry: Entry, person: Subscriber | None, now: datetime
    ) -> bool:
        """The same for an address; one that nobody here has is remembered by its hash, so that its wish stands."""
        names = self._names(person.email) if person else [entry.who] if entry.who else []
        said = latest(connection, names)
        if not names or (said is not None and said.said_at >= entry.at):
            return False
        if entry.word is Word.SUPPRESS or entry.word in _LEAVING:
            suppress(connection, Suppression(address=names[0], reason=_why(entry), created_at=entry.at))
            return True
        has_only_left = said is not None and said.reason in map(str, _LEAVING)
        if entry.word is Word.UNSUPPRESS or has_only_left:
            lift(connection, names, why=entry.reason, now=entry.at)
            self._look_again(connection, person, now)
        return entry.word is Word.UNSUPPRESS or has_only_left

    # --- writing down ---

    def _decide(self, word: Word, email: str, now: datetime, until: datetime | None = None) -> Subscriber | None:
        with self.database.read() as connection:
            self.known(connection, email)
        entry, span = self._write_down(word, email, now, until=until)
        try:
            with self.database.write() as connection:
                self._carry_out(connection, entry, self.known(connection, email), now)
                self._note(connection, span)
                return self.people.find(connection, email)
        except StoreError as error:
            self._put_off(error)
            return None

    def _decide_address(self, word: Word, email: str, reason: str, evidence: str, now: datetime) -> bool:
        entry, span = self._write_down(word, email, now, reason=reason)
        try:
            with self.database.write() as connection:
                if word is Word.SUPPRESS:
                    told = Suppression(address=email, reason=reason, evidence=evidence, created_at=entry.at)
                    suppress(connection, told)
                else:
                    lift(connection, self._names(email), why=reason, now=entry.at)
                self._look_again(connection, self.people.find(connection, email), now)
                self._note(connection, span)
        except StoreError as error:
            return self._put_off(error)
        return True

    def _write_down(
        self, word: Word, email: str, now: datetime, *, until: datetime | None = None, reason: str = ""
    ) -> tuple[Entry, tuple[int, int]]:
        """The decision as it stands in the log, and where; later than the last one, though the clock was set back."""
        with self.database.read() as connection:
            person, said = self.people.find(connection, email), latest(connection, self._names(email))
            word_at = self.people.last_word_at(connection, person.id) if person else None
        last = [moment + timedelta(microseconds=1) for moment in (word_at, said and said.said_at) if moment]
        entry = Entry(
            at=max([now, *last]),
            word=word,
            who=self._keyring.hashed(email),
            person=person.id if person else None,
            until=until,
            reason=reason,
        )
        return entry, self._optouts.append(entry) if self._optouts else (0, 0)

    def _note(self, connection: sa.Connection, span: tuple[int, int]) -> None:
        """Note that the store knows a line, where it knows all those before it."""
        if int(self.database.fact(connection, _KNOWN) or 0) == span[0]:
            self.database.set_fact(connection, _KNOWN, str(span[1]))

    def _put_off(self, error: StoreError) -> bool:
        """Leave a decision that is written down to the next replay; False, for convenience."""
        if self._optouts is None:
            raise error
        _log.warning("%s; it is written down, and counts as soon as the store can be written to", error)
        return False

    def _known_of_log(self) -> int:
        with self.database.read() as connection:
            return int(self.database.fact(connection, _KNOWN) or 0)

    # --- carrying out ---

    def _carry_out(self, connection: sa.Connection, entry: Entry, person: Subscriber, now: datetime) -> None:
        match entry.word:
            case Word.PAUSE:
                self._stop(connection, person, entry, Status.PAUSED, now)
            case Word.UNSUBSCRIBE:
                self._stop(connection, person, entry, Status.UNSUBSCRIBED, now)
            case Word.RESUME | Word.UNDO | Word.CONFIRM:
                confirmed = person.confirmed_at or (entry.at if entry.word is Word.CONFIRM else None)
                self._last_word(connection, person, entry, status=Status.ACTIVE, confirmed_at=confirmed)
                self._come_back(connection, self.known(connection, person.email), now)
                if entry.word is Word.CONFIRM:
                    self._welcome(connection, person, now)
            case Word.ERASE:
                self._erase(connection, person.email, entry)

    def _stop(self, connection: sa.Connection, person: Subscriber, entry: Entry, status: Status, now: datetime) -> None:
        self._last_word(connection, person, entry, status=status, paused_until=entry.until)
        self.ledger.cancel_open(connection, person.id, str(status), now)

    def _last_word(self, connection: sa.Connection, person: Subscriber, entry: Entry, **values: Any) -> None:
        self.people.change(connection, person.id, last_word_at=entry.at, **{"paused_until": None, **values})

    def _erase(self, connection: sa.Connection, email: str, entry: Entry) -> None:
        """Remove a person's rows; the hash that stays keeps config.yaml and imports from bringing them back."""
        said, person = latest(connection, self._names(email)), self.people.find(connection, email)
        if person is not None:
            erase(connection, person.id)
        erase_address(connection, email)
        reason = said.reason if said is not None and said.lifted_at is None else _why(entry)
        suppress(connection, Suppression(address=self._keyring.hashed(email), reason=reason, created_at=entry.at))

    def _forget_letters(self, names: set[str]) -> None:
        """Remove the letters on disk of those who have one of these addresses or hashes."""
        if self._letters is not None:
            forget_letters(self._letters, lambda address: not names.isdisjoint(self._names(address)))

    def _names(self, email: str) -> list[str]:
        """Under which names an address may be suppressed."""
        return [email, *self._keyring.hashes(email)]

    # --- the pieces ---

    def known(self, connection: sa.Connection, email: str) -> Subscriber:
        """The person with an address.

        Raises:
            UsageError: there is none.
        """
        person = self.people.find(connection, email)
        if person is None:
            raise UsageError(f"nobody here has the address {email}; `digest subscribers list` shows everybody")
        return person

    def _look_again(self, connection: sa.Connection, person: Subscriber | None, now: datetime) -> None:
        """After an address was suppressed or freed: cancel what is open, or look forward from now."""
        if person is None:
            return
        if person.is_suppressed:
            self.ledger.cancel_open(connection, person.id, "suppressed", now)
        elif person.status is Status.ACTIVE:
            self._come_back(connection, person, now)

    def look_forward(self, connection: sa.Connection, person: Subscriber, now: datetime) -> None:
        """The next due time after a change; a slot that has a row, or that is being waited for, is not given twice."""
        served = self.ledger.last_slot(connection, person.id)
        due = next_due(person.profile, after=now, last_slot=served, last_digest_at=person.last_digest_at)
        self.people.change(connection, person.id, due_slot=due.slot, due_at=due.at, next_due_at=due.at)

    def _come_back(self, connection: sa.Connection, person: Subscriber, now: datetime) -> None:
        """Keep the floor, as far as a catch-up reaches, and open today's cancelled letter again."""
        self.people.change(connection, person.id, floor=raised_floor(self.items, connection, person, self.catch_up))
        day = today(person.profile.timezone, now)
        row = self.ledger.slot(connection, person.id, day)
        if row is not None and row.state is State.CANCELLED and row.reason != SkipReason.RESTORED:
            self.people.change(connection, person.id, due_slot=day, due_at=now, next_due_at=now)
        else:
            self.look_forward(connection, person, now)

    def _welcome(self, connection: sa.Connection, person: Subscriber, now: datetime) -> None:
        """The first letter follows the confirmation at once, and is today's."""
        day = today(person.profile.timezone, now)
        if self.ledger.slot(connection, person.id, day) is None:
            self.people.change(connection, person.id, due_slot=day, due_at=now, next_due_at=now)


class _Whose:
    """Finds the person whom a line of the log means, within one transaction."""

    def __init__(self, connection: sa.Connection, people: People, keyring: Keyring) -> None:
        self._connection = connection
        self._people = people
        self._keyring = keyring

    def __call__(self, entry: Entry) -> Subscriber | None:
        """By the id where the address agrees; else by the address, since who comes back has another id."""
        person = self._people.get(self._connection, entry.person) if entry.person else None
        if person is not None and (entry.who is None or entry.who in self._keyring.hashes(person.email)):
            return person
        one = self._by_hash.get(entry.who) if entry.who else None
        return self._people.get(self._connection, one) if one else None

    @cached_property
    def _by_hash(self) -> dict[str, int]:
        """{hash of the address: id} of everybody; needed only where somebody's rows are gone."""
        addresses: Iterator[tuple[int, str]] = self._people.addresses(self._connection)
        return {name: one for one, email in addresses for name in self._keyring.hashes(email)}


def _why(entry: Entry) -> str:
    return entry.reason or str(entry.word)
