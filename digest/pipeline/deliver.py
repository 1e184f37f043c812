"""Deliver: claim rows, typeset, send, settle. The ledger is asked before the first octet of every letter leaves."""

from __future__ import annotations

import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from digest.delivery.pace import Pace
from digest.delivery.retry import next_try
from digest.errors import SetupError
from digest.letter.press import Press
from digest.model import (
    Delivery,
    Digest,
    Fault,
    Kind,
    Letter,
    LetterPick,
    Message,
    Pick,
    Popularity,
    SendResult,
    Sign,
    State,
    Subscriber,
)
from digest.pipeline.shelf import understood
from digest.ports import Transport
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.ledger import Ledger
from digest.store.outbox import Frozen, Outbox
from digest.store.people import People
from digest.subscribers.tokens import Keyring

_log = logging.getLogger(__name__)

#: rows claimed at a time; small enough to be sent well within their lease
_BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What every letter of a site shares."""

    press: Press
    domain: str  #: right side of Message-IDs
    envelope_from: str
    attributions: Mapping[str, str]  #: {source name: sentence for the foot of letters}
    sample_sources: frozenset[str]  #: names of sources whose letters are labelled as samples


@dataclass(slots=True)
class Delivered:
    """What a delivery run did, and what stopped it, if anything did."""

    rows: dict[int, State] = field(default_factory=dict)  #: {row: where its last try left it}
    texts: Counter[str] = field(default_factory=Counter)  #: {what a server or a disk said: times}, for what failed
    stopped_by: str = ""  #: our own set-up, in one sentence

    @property
    def states(self) -> Counter[State]:
        """{state: rows}; a row that was tried twice counts once."""
        return Counter(self.rows.values())


class Courier:
    """Drains the outbox through a transport."""

    def __init__(
        self,
        database: Database,
        *,
        imprint: Imprint,
        keyring: Keyring,
        transport: Callable[[], Transport],
        clock: Callable[[], datetime],
        resend_unknown: bool,
        random: Random,
        pace: Pace | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`transport` opens one on the first letter; `resend_unknown` sends a row once more that may have arrived.

        Once `is_stopping`, the letter in flight is finished and the others are given back.
        """
        self._is_stopping = is_stopping
        self._pace = pace
        self.database = database
        self.outbox = Outbox(database)
        self._typesetter = Typesetter(database, imprint, keyring)
        self._transport = transport
        self._clock = clock
        self._resend_unknown = resend_unknown
        self._random = random

    def run(self, *, only: int | None = None, report: Callable[[int], None] = lambda _: None) -> Delivered:
        """Send everything that may be sent now, to one reader with `only`; `report` is told how many were tried."""
        delivered = Delivered()
        self.sweep()
        token = secrets.token_hex(8)
        with ExitStack() as stack:
            transport: Transport | None = None
            while not self._is_over(delivered) and (rows := self._claim(token, only)):
                unsent = deque(rows)
                try:
                    if transport is None:
                        transport = self._transport()
                        stack.callback(transport.close)
                    while unsent and not self._is_stopping():
                        if self._pace is not None:
                            self._pace.wait()
                            if self._is_stopping():  # which has cut the wait short
                                break
                        self._send(unsent[0], transport, delivered)
                        unsent.popleft()
                        report(len(delivered.rows))
                except SetupError as error:
                    delivered.stopped_by = str(error)
                finally:
                    for row in unsent:  # a row that has moved on by now stays where it is
                        self.outbox.release(row, self._clock())
        return delivered

    def sweep(self) -> None:
        """End what time has ended: leases that ran out, letters that are no longer news."""
        self.outbox.sweep(self._clock())

    def _is_over(self, delivered: Delivered) -> bool:
        return bool(delivered.stopped_by) or self._is_stopping()

    def _claim(self, token: str, only: int | None) -> list[Delivery]:
        return self.outbox.claim(
            token=token, now=self._clock(), limit=_BATCH, only=only, resend_unknown=self._resend_unknown
        )

    def _send(self, row: Delivery, transport: Transport, delivered: Delivered) -> None:
        try:
            typeset = self._typesetter.typeset(row, self._clock())
        except Exception as error:  # one letter that cannot be made stops no other
            _log.exception("letter %s cannot be typeset", row.id)
            self._settle(row, SendResult(state=State.DEFERRED, text=f"cannot be typeset: {error!r}"), delivered)
            return
        if typeset is None:
            self.outbox.drop_merged(row, self._clock())
            delivered.rows[row.id] = State.CANCELLED
            return
        message, frozen = typeset
        result = transport.send(message, lambda: self.outbox.begin(row, frozen, now=self._clock()))
        if result.state is State.CANCELLED:  # the last check has said no, and has written why
            delivered.rows[row.id] = State.CANCELLED
            return
        self._settle(row, result, delivered)
        if result.fault is Fault.OURS:
            raise SetupError(result.text)

    def _settle(self, row: Delivery, result: SendResult, delivered: Delivered) -> None:
        now = self._clock()
        state = self.outbox.settle(row, result, now=now, next_try_at=next_try(row.attempts, now, self._random))
        if state is None:  # its lease ran out, and somebody else has it now
            return
        delivered.rows[row.id] = state
        if state is not State.SENT:
            delivered.texts[result.text] += 1


class Typesetter:
    """Makes the letter of a ledger row, the same for every try."""

    def __init__(self, database: Database, imprint: Imprint, keyring: Keyring) -> None:
        self.database = database
        self.imprint = imprint
        self.keyring = keyring
        self._items = Items(database)
        self._people = People(database)
        self._ledger = Ledger(database)
        self._outbox = Outbox(database)

    def typeset(self, row: Delivery, now: datetime) -> tuple[Message, Frozen] | None:
        """A row's message, and what its first move to `sending` freezes; None where merges have left nothing to say."""
        with self.database.read() as connection:
            person = self._people.get(connection, row.subscriber)
            digest = row.digest if row.is_repeat else self._outbox.present_picks(connection, row)
            if person is None or not digest.all_picks:
                return None
            is_first = not self._ledger.has_had_letter(connection, person.id, besides=row.id)
            wanted = [(pick.item, pick.revision) for pick in digest.all_picks]
            texts = self._items.texts(connection, wanted)
        chosen = {
            pick: LetterPick(pick=pick, text=texts[pick.item, pick.revision], popularity=Popularity(pick.votes))
            for pick in digest.all_picks
        }
        day = date.fromisoformat(row.slot[:10])
        token = self.keyring.sign("unsubscribe", person.id, day)
        letter = letter_of(
            person, digest, chosen, day, self.imprint, is_first=is_first, is_test=row.kind is Kind.TEST, token=token
        )
        return self._pressed(row, letter, digest, now)

    def _pressed(self, row: Delivery, letter: Letter, digest: Digest, now: datetime) -> tuple[Message, Frozen]:
        press = self.imprint.press
        subject = row.subject or press.subject(letter)
        frozen = Frozen(
            digest=digest,
            subject=subject,
            language=letter.language,
            date_header=row.date_header or now,
            message_id=row.message_id or self.message_id(row),
            template_version=press.template_version,
        )
        message = press.typeset(
            letter,
            message_id=frozen.message_id,
            date=frozen.date_header,
            subject=subject,
            envelope_from=self.imprint.envelope_from,
        )
        return message, frozen

    def message_id(self, row: Delivery) -> str:
        """The same for every try of one generation of a row; it reveals neither the reader nor how many there are."""
        name = f"{row.subscriber}:{row.kind}:{row.slot}:{row.generation}"
        return f"<{self.keyring.fingerprint(name)}@{self.imprint.domain}>"


def letter_of(
    person: Subscriber,
    digest: Digest,
    chosen: Mapping[Pick, LetterPick],
    day: date,
    imprint: Imprint,
    *,
    is_first: bool,
    is_test: bool = False,
    token: str | None,
) -> Letter:
    """What a digest says to a person; without a token it has no link that acts."""
    sources = dict.fromkeys(pick.text.source for pick in chosen.values())
    thanks = (imprint.attributions[source] for source in sources if source in imprint.attributions)
    interests = understood(person.profile.interests).interests
    return Letter(
        recipient=person.email,
        day=day,
        picks=tuple(chosen[pick] for pick in digest.picks),
        trending=tuple(chosen[pick] for pick in digest.trending),
        misses=tuple(chosen[pick] for pick in digest.misses),
        line=digest.line,
        considered=digest.considered,
        is_first=is_first,
        vouched_by=person.vouched_by,
        is_sample=any(source in imprint.sample_sources for source in sources),
        is_test=is_test,
        has_interests=any(interest.sign is Sign.MORE for interest in interests),
        send_at=person.profile.send_at,
        days=person.profile.days,
        language=person.profile.language,
        unread=digest.unread,
        since=digest.since,
        attributions=tuple(dict.fromkeys(thanks)),
        token=token,
    )
