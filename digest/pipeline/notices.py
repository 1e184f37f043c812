"""Makes the letters that are no digest from ledger rows: what each kind says, and which links it carries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.letter.notice import Notice
from digest.letter.notices import Notices
from digest.model import Delivery, Kind, Subscriber
from digest.subscribers.tokens import Keyring

#: how long what a letter carries can be used, from the moment at which it was asked for
TIME_TO_CONFIRM = timedelta(hours=72)
TIME_OF_LINK = timedelta(hours=1)
TIME_TO_UNDO = timedelta(days=30)

#: the kinds that are made here
NOTICES = frozenset((Kind.CONFIRM, Kind.GOODBYE, Kind.REPLY))


class Correspondent:
    """Says what a row of one of these kinds has to say to its person; the same for every try."""

    def __init__(self, notices: Notices, keyring: Keyring) -> None:
        self.notices = notices
        self._keyring = keyring

    def notice(self, row: Delivery, person: Subscriber, stamp: str) -> Notice:
        """The letter; `stamp` is what links to preferences of the person are bound to.

        Raises:
            ValueError: nobody knows what such a row says.
        """
        return self._sayer(row)(row, person, stamp)

    def _sayer(self, row: Delivery) -> Callable[[Delivery, Subscriber, str], Notice]:
        match row.kind, row.slot.partition(" ")[0]:
            case Kind.CONFIRM, _:
                return self._confirm
            case Kind.GOODBYE, _:
                return self._goodbye
            case Kind.REPLY, "already":
                return self._already
            case Kind.REPLY, "link":
                return self._link
        raise ValueError(f"a {row.kind} with the cause {row.slot!r}")

    def _confirm(self, row: Delivery, person: Subscriber, _stamp: str) -> Notice:
        until = row.due_at + TIME_TO_CONFIRM
        return self.notices.confirm(
            person.email,
            token=self._keyring.sign_briefly("confirm", person.id, until, person.email),
            leave=self._leave(row, person),
            until=_local(until, person).date(),
            language=person.profile.language,
        )

    def _goodbye(self, row: Delivery, person: Subscriber, stamp: str) -> Notice:
        until = row.due_at + TIME_TO_UNDO
        return self.notices.goodbye(
            person.email,
            token=self._keyring.sign_briefly("undo", person.id, until, stamp),
            until=_local(until, person).date(),
            language=person.profile.language,
        )

    def _already(self, row: Delivery, person: Subscriber, _stamp: str) -> Notice:
        profile = person.profile
        return self.notices.already(
            person.email,
            token=self._leave(row, person),
            days=profile.days,
            send_at=profile.send_at,
            next_day=person.due_slot if person.is_mailable else None,
            language=profile.language,
        )

    def _link(self, row: Delivery, person: Subscriber, stamp: str) -> Notice:
        until = row.due_at + TIME_OF_LINK
        return self.notices.link(
            person.email,
            token=self._keyring.sign_briefly("preferences", person.id, until, stamp),
            until=_local(until, person),
            place=row.slot.partition(" ")[2].partition(" ")[2],
            language=person.profile.language,
        )

    def _leave(self, row: Delivery, person: Subscriber) -> str:
        return self._keyring.sign("unsubscribe", person.id, row.due_at.date())


def _local(moment: datetime, person: Subscriber) -> datetime:
    return moment.astimezone(ZoneInfo(person.profile.timezone))
