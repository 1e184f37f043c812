"""Destinations that asked for patience: their letters wait, and everybody else's go on."""

from __future__ import annotations

from datetime import datetime

from digest.delivery.replies import asks_for_patience
from digest.model import SendResult, State

#: destinations remembered at once; a run that meets more of them has another trouble
_MOST = 10_000


class Domains:
    """Which domains rest, and until when."""

    def __init__(self) -> None:
        self._rest: dict[str, datetime] = {}

    def note(self, recipient: str, result: SendResult, next_try_at: datetime) -> None:
        """Learn how a letter fared that would be tried again at this moment."""
        domain = _domain(recipient)
        if result.state is State.SENT:
            self._rest.pop(domain, None)
        elif asks_for_patience(result) and len(self._rest) < _MOST:
            self._rest[domain] = next_try_at

    def rests_until(self, recipient: str, now: datetime) -> datetime | None:
        """When a letter may be offered to this address; None where it may be now."""
        until = self._rest.get(_domain(recipient))
        return until if until is not None and until > now else None


def _domain(recipient: str) -> str:
    return recipient.rpartition("@")[2].lower()
