"""Makes the message of a ledger row, the same for every try; what it needs is read for many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

import sqlalchemy as sa

from digest.letter.notices import Notices
from digest.letter.press import Press
from digest.model import (
    Delivery,
    Digest,
    ItemText,
    Kind,
    Letter,
    LetterPick,
    Message,
    Popularity,
    Sign,
    Subscriber,
)
from digest.pipeline.notices import NOTICES, Correspondent
from digest.pipeline.shelf import understood
from digest.store.connect import Database
from digest.store.items import Items
from digest.store.moves import items_of
from digest.store.outbox import Frozen, Outbox
from digest.store.people import People
from digest.subscribers.tokens import Keyring, stamp_of

#: texts kept between batches, about 10 MB of them; the readers of a day share most of theirs
_TEXTS = 5_000

#: most papers of a day have been read by nobody yet, or by as many as others
_popularity = lru_cache(maxsize=1_000)(Popularity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What every letter of a site shares."""

    press: Press
    notices: Notices
    domain: str  #: right side of Message-IDs
    envelope_from: str
    attributions: Mapping[str, str]  #: {source name: sentence for the foot of letters}
    sample_sources: frozenset[str]  #: names of sources whose letters are labelled as samples
    sign: Callable[[bytes], bytes] | None = None  #: signs the complete message; what it gives is sent as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What some rows are made into letters from."""

    people: Mapping[int, Subscriber]
    digests: Mapping[int, Digest]  #: {row: its picks as they stand today}
    texts: Mapping[tuple[int, int], ItemText]  #: {(item, revision): words}
    regulars: frozenset[int]  #: people who have had a letter before


class Typesetter:
    """Makes the letters of ledger rows."""

    def __init__(self, database: Database, imprint: Imprint, keyring: Keyring) -> None:
        self.database = database
        self.imprint = imprint
        self.keyring = keyring
        self._correspondent = Correspondent(imprint.notices, keyring)
        self._items = Items(database)
        self._people = People(database)
        self._outbox = Outbox(database)
        self._texts: dict[tuple[int, int], ItemText] = {}

    def read(self, rows: Sequence[Delivery]) -> Copy:
        """What these rows are made into letters from, in a few statements."""
        with self.database.read() as connection:
            people = self._people.with_ids(connection, {row.subscriber for row in rows})
            digests = self._digests(connection, rows)
            regulars = self._outbox.regulars(connection, rows)
            texts = self._words(connection, digests.values())
        return Copy(people=people, digests=digests, texts=texts, regulars=regulars)

    def typeset(self, row: Delivery, now: datetime, copy: Copy | None = None) -> tuple[Message, Frozen] | None:
        """A row's message, and what its first move to `sending` freezes; None where merges have left nothing to say."""
        copy = copy or self.read([row])
        person, digest = copy.people.get(row.subscriber), copy.digests[row.id]
        if person is not None and row.kind in NOTICES:
            return self._notice(row, person, now)
        if person is None or not digest.all_picks:
            return None
        chosen = {
            pick.item: LetterPick(
                pick=pick, text=copy.texts[pick.item, pick.revision], popularity=_popularity(pick.votes)
            )
            for pick in digest.all_picks
        }
        day = date.fromisoformat(row.slot[:10])
        letter = letter_of(
            person,
            digest,
            chosen,
            day,
            self.imprint,
            is_first=person.id not in copy.regulars,
            is_test=row.kind is Kind.TEST,
            token=self.keyring.sign("unsubscribe", person.id, day),
        )
        return self._pressed(row, letter, digest, now)

    def _notice(self, row: Delivery, person: Subscriber, now: datetime) -> tuple[Message, Frozen]:
        with self.database.read() as connection:
            stamp = stamp_of(person.email, self._people.last_word_at(connection, person.id))
        notice = self._correspondent.notice(row, person, stamp)
        frozen = Frozen(
            digest=row.digest,
            subject=row.subject or notice.subject,
            language=notice.language,
            date_header=row.date_header or now,
            message_id=row.message_id or self.message_id(row),
            template_version=self.imprint.press.template_version,
        )
        message = self.imprint.notices.typeset(
            replace(notice, subject=frozen.subject),
            message_id=frozen.message_id,
            date=frozen.date_header,
            envelope_from=self.imprint.envelope_from,
        )
        return self._signed(message), frozen

    def _signed(self, message: Message) -> Message:
        sign = self.imprint.sign
        return message if sign is None else replace(message, data=sign(message.data))

    def _digests(self, connection: sa.Connection, rows: Sequence[Delivery]) -> dict[int, Digest]:
        """{row: its picks}, read through merges but for those that repeat what may have been read."""
        named = self._outbox.named(connection, [row.id for row in rows])
        return {row.id: self._standing(connection, row, named[row.id]) for row in rows}

    def _standing(self, connection: sa.Connection, row: Delivery, named: set[int]) -> Digest:
        items = items_of(row.digest)
        if row.is_repeat or (len(items) == len(named) and named.issuperset(items)):
            return row.digest
        return self._outbox.present_picks(connection, row)

    def _words(self, connection: sa.Connection, digests: Iterable[Digest]) -> Mapping[tuple[int, int], ItemText]:
        wanted = {(pick.item, pick.revision) for digest in digests for pick in digest.all_picks}
        if len(self._texts) > _TEXTS:
            self._texts.clear()
        self._texts.update(self._items.texts(connection, wanted - self._texts.keys()))
        return {key: self._texts[key] for key in wanted}

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
        return self._signed(message), frozen

    def message_id(self, row: Delivery) -> str:
        """The same for every try of one generation of a row; it reveals neither the reader nor how many there are."""
        name = f"{row.subscriber}:{row.kind}:{row.slot}:{row.generation}"
        return f"<{self.keyring.fingerprint(name)}@{self.imprint.domain}>"


def letter_of(
    person: Subscriber,
    digest: Digest,
    chosen: Mapping[int, LetterPick],
    day: date,
    imprint: Imprint,
    *,
    is_first: bool,
    is_test: bool = False,
    token: str | None,
) -> Letter:
    """What a digest says to a person, with its picks as {item: pick}; without a token it has no link that acts."""
    sources = dict.fromkeys(pick.text.source for pick in chosen.values())
    thanks = (imprint.attributions[source] for source in sources if source in imprint.attributions)
    interests = understood(person.profile.interests).interests
    return Letter(
        recipient=person.email,
        day=day,
        picks=tuple(chosen[pick.item] for pick in digest.picks),
        trending=tuple(chosen[pick.item] for pick in digest.trending),
        misses=tuple(chosen[pick.item] for pick in digest.misses),
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
