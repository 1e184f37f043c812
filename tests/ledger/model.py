"""The ledger as people see it: who may be written to, what has left for whom, and the laws that all of it obeys.

It knows nothing of leases, tokens and transactions. Works are the store's items; `today` reads them through merges.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from digest.model import Delivery, State
from tests.ledger.worker import Held

#: where a row that was ever in doubt may stand
_AFTER_DOUBT = {State.UNKNOWN, State.CLAIMED, State.SENDING, State.SENT}


@dataclass
class Person:
    """A reader."""

    is_active: bool = True
    is_suppressed: bool = False
    floor: int | None = None
    first_floor: int | None = None  #: what was announced up to here came before them

    @property
    def may_be_written_to(self) -> bool:
        """Whether a letter may begin to leave."""
        return self.is_active and not self.is_suppressed


@dataclass
class Model:
    """What has happened, without how."""

    people: dict[int, Person] = field(default_factory=dict)
    letters: dict[int, dict[str, set[int]]] = field(default_factory=dict)  #: {person: {Message-ID: works}}, accepted

    def begins(self, letter: Held, today: Mapping[int, int]) -> None:
        """A letter has been allowed to leave. Works that turn out to be one later than this may be named by two.

        A letter in doubt is sent once more word for word, whatever has become of its works.
        """
        person = letter.row.subscriber
        assert self.people[person].may_be_written_to, "a letter began to leave after its reader's word"
        works = set() if letter.row.is_repeat else {today[work] for work in letter.items}
        for other, named in self.letters.get(person, {}).items():
            again = {today[work] for work in named} & works
            assert other == letter.frozen.message_id or not again, f"works {again} are named twice"

    def accepted(self, letter: Held) -> None:
        """A server has taken a letter; one that is sent once more is the same letter."""
        self.letters.setdefault(letter.row.subscriber, {})[letter.frozen.message_id] = set(letter.items)

    # --- the laws, at any moment ---

    def check(self, rows: Collection[Delivery], floors: Mapping[int, int | None]) -> None:
        """Hold every law that speaks of one moment."""
        slots = [(row.subscriber, row.slot) for row in rows]
        assert len(slots) == len(set(slots)), "two rows for one slot"
        for person in self.people:
            mine = [row for row in rows if row.subscriber == person]
            assert sum(row.state.is_open for row in mine) <= 1, "two open letters for one reader"
            self._check_floor(self.people[person], floors[person])
        for row in rows:
            assert (row.lease_token is not None) == (row.state in (State.CLAIMED, State.SENDING)), row
            assert not row.was_unknown or row.state in _AFTER_DOUBT, row

    @staticmethod
    def _check_floor(person: Person, floor: int | None) -> None:
        assert person.floor is None or (floor is not None and floor >= person.floor), "a floor moved back"
        person.floor = floor
        if person.first_floor is None:
            person.first_floor = floor

    def check_mentions(self, rows: Collection[Delivery], mentions: Mapping[int, set[int]]) -> None:
        """Hold what a mention means: the letter is on its way, has left, or is given up for good."""
        for row in rows:
            named = mentions.get(row.id, set())
            is_given_up = row.state is State.FAILED and row.reason == "refused"
            if row.state in (State.FAILED, State.CANCELLED, State.SKIPPED) and not is_given_up:
                assert not named, f"{row.state} {row.reason} keeps mentions"

    # --- the laws, once everything is quiet ---

    def check_quiet(
        self, rows: Collection[Delivery], announced: Mapping[int, set[int]], mentioned: Mapping[int, set[int]]
    ) -> None:
        """Nothing is open, and of {edition: works} nothing was kept from a reader who is written to."""
        assert not [row for row in rows if row.state.is_open]
        for number, person in self.people.items():
            if person.may_be_written_to and person.first_floor is not None:
                due = {work for edition, works in announced.items() if edition > person.first_floor for work in works}
                lost = due - mentioned.get(number, set())
                assert not lost, f"reader {number} was never told of {lost}"
