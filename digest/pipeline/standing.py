"""What people decide about themselves, and what the file says about its readers: subscribe, pause, leave, come back.

Every change of hour, zone, days or status looks only forward from now. A person's own word always wins over the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from digest.errors import UsageError
from digest.model import Profile, Status, Subscriber
from digest.pipeline.decisions import Decisions
from digest.store.connect import Database
from digest.store.optouts import OptOutLog
from digest.store.people import profile_columns
from digest.store.suppressions import is_suppressed
from digest.subscribers.due import next_due, today
from digest.subscribers.tokens import Keyring

#: a reload that removes more than this many readers, and this share of them, is more likely a mistake than a wish
_MANY, _SHARE = 5, 0.2

#: any number will do, as long as every process of the same store uses it
_SYNC_LOCK = 0x66696C65

_WHEN = ("timezone", "send_at", "days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a look into the file changed."""

    added: int = 0
    changed: int = 0
    returned: int = 0
    gone: int = 0


class Standing(Decisions):
    """Changes people's rows, one transaction each: newcomers, what the file says, and what they say themselves."""

    def __init__(
        self,
        database: Database,
        *,
        catch_up: timedelta,
        max_lateness: timedelta,
        keyring: Keyring,
        optouts: OptOutLog | None = None,
        letters: Path | None = None,
    ) -> None:
        """See `Decisions`; `max_lateness` is how long today's letter is news to a newcomer."""
        super().__init__(database, catch_up=catch_up, keyring=keyring, optouts=optouts, letters=letters)
        self.max_lateness = max_lateness

    def add(
        self,
        email: str,
        profile: Profile,
        *,
        consent: dict[str, Any],
        vouched_by: str | None,
        now: datetime,
    ) -> Subscriber:
        """A new subscriber: pending, or active where somebody vouches for their consent.

        Raises:
            UsageError: the address is known already, or has gone for good.
        """
        with self.database.write() as connection:
            if self.people.find(connection, email) is not None:
                raise UsageError(f"{email} is known already; `digest subscribers show {email}` tells more")
            if self._has_gone(connection, email):
                raise UsageError(f"{email} has left for good; if they ask: `digest subscribers unsuppress {email}`")
            return self._add(connection, email, profile, owner="person", consent=consent, by=vouched_by, now=now)

    def change_profile(self, email: str, profile: Profile, now: datetime) -> Subscriber:
        """What a reader wants from now on, in their own words: a profile of the file is theirs from then on."""
        with self.database.write() as connection:
            person = self.known(connection, email)
            self.people.change(connection, person.id, owner="person")
            self._change_profile(connection, person, profile, now)
            return self.known(connection, email)

    # --- the file ---

    def sync(
        self, readers: Sequence[tuple[str, Profile]], *, operator: str, now: datetime, is_sure: bool = False
    ) -> Synced:
        """Bring the readers of config.yaml in: new ones, changed profiles, who came back, who is gone.

        Raises:
            UsageError: suspiciously many are gone, and `is_sure` is False; nothing was changed.
        """
        with self.database.write() as connection:
            self.database.take_turns(connection, _SYNC_LOCK)  # or two runs at once add a newcomer twice
            present = [person for person in self.people.of_file(connection) if not person.is_absent]
            named = {email for email, _ in readers}
            gone = [person for person in present if person.email not in named]
            theirs = len(present)
            if len(gone) > max(_MANY, _SHARE * theirs) and not is_sure:
                raise UsageError(
                    f"config.yaml would take {len(gone)} of {theirs} readers away; if meant, say `digest send --yes`"
                )
            counts = dict.fromkeys(("added", "changed", "returned"), 0)
            for email, profile in readers:
                person = self.people.find(connection, email)
                if person is None and self._has_gone(connection, email):
                    continue
                what = self._sync_one(connection, person, email, profile, operator, now)
                if what:
                    counts[what] += 1
            for person in gone:
                self.people.change(connection, person.id, is_absent=True)
                self.ledger.cancel_open(connection, person.id, "absent", now)
            return Synced(**counts, gone=len(gone))

    def _sync_one(
        self,
        connection: sa.Connection,
        person: Subscriber | None,
        email: str,
        profile: Profile,
        operator: str,
        now: datetime,
    ) -> str | None:
        """What changed for one reader of the file: "added", "returned", "changed" or nothing."""
        consent = {"source": "config.yaml", "by": operator, "at": now.isoformat()}
        if person is None:
            self._add(connection, email, profile, owner="file", consent=consent, by=operator, now=now)
            return "added"
        if person.status is Status.PENDING:  # the operator's word takes the place of a click
            values = {"status": Status.ACTIVE, "vouched_by": operator, "consent": consent, "owner": "file"}
            self.people.change(connection, person.id, **values)
            person = replace(person, status=Status.ACTIVE, vouched_by=operator, owner="file")
            self._come_back(connection, person, now)
        if person.owner == "file" and person.profile != profile:
            self._change_profile(connection, person, profile, now)
            return "changed" if not person.is_absent else self._return(connection, email, now)
        return self._return(connection, email, now) if person.is_absent else None

    def _return(self, connection: sa.Connection, email: str, now: datetime) -> str:
        """Coming back in the file clears the absence, and nothing that the person has said."""
        person = self.known(connection, email)
        self.people.change(connection, person.id, is_absent=False)
        if person.status is Status.ACTIVE:
            self._come_back(connection, replace(person, is_absent=False), now)
        return "returned"

    # --- the pieces ---

    def _has_gone(self, connection: sa.Connection, email: str) -> bool:
        """Whether somebody with this address was erased, or left before the store was brought back."""
        return is_suppressed(connection, self._keyring.hashes(email))

    def _add(
        self,
        connection: sa.Connection,
        email: str,
        profile: Profile,
        *,
        owner: str,
        consent: dict[str, Any],
        by: str | None,
        now: datetime,
    ) -> Subscriber:
        status = Status.ACTIVE if by else Status.PENDING
        one = self.people.add(
            connection, email, profile=profile, status=status, owner=owner, vouched_by=by, consent=consent, now=now
        )
        if is_suppressed(connection, [email]):
            self.people.change(connection, one, is_suppressed=True)
        if by:  # today's letter is still news until its deadline, so a newcomer need not wait for tomorrow's
            yesterday = today(profile.timezone, now) - timedelta(days=1)
            due = next_due(profile, after=now - self.max_lateness, last_slot=yesterday, last_digest_at=None)
            self.people.change(connection, one, due_slot=due.slot, due_at=due.at, next_due_at=due.at)
        return self.known(connection, email)

    def _change_profile(self, connection: sa.Connection, person: Subscriber, profile: Profile, now: datetime) -> None:
        self.people.change(connection, person.id, **profile_columns(profile))
        if any(getattr(person.profile, name) != getattr(profile, name) for name in _WHEN):
            self.look_forward(connection, replace(person, profile=profile), now)
