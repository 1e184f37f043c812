"""The books: every slot that was due ends in one state, and the sums say so. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from digest.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """due = planned + skipped, planned = sent + failed + cancelled + unknown + open."""

    due: int
    skipped: int
    planned: int
    sent: int
    failed: int
    cancelled: int
    unknown: int
    open: int

    @classmethod
    def of(cls, totals: Mapping[str, Mapping[str, int]], due: int) -> Books:
        """From {state: {reason: rows}}, and from how many rows there are, counted by itself."""
        rows = {State(state): sum(reasons.values()) for state, reasons in totals.items()}
        skipped = rows.get(State.SKIPPED, 0)
        return cls(
            due=due,
            skipped=skipped,
            planned=due - skipped,
            sent=rows.get(State.SENT, 0),
            failed=rows.get(State.FAILED, 0),
            cancelled=rows.get(State.CANCELLED, 0),
            unknown=rows.get(State.UNKNOWN, 0),
            open=sum(number for state, number in rows.items() if state.is_open),
        )

    @property
    def balance(self) -> bool:
        """Whether the sums hold."""
        return self.planned == self.sent + self.failed + self.cancelled + self.unknown + self.open

    def __str__(self) -> str:
        sums = (
            f"{self.due} due = {self.planned} planned + {self.skipped} skipped; {self.planned} planned = "
            f"{self.sent} sent + {self.failed} failed + {self.cancelled} cancelled + {self.unknown} unknown "
            f"+ {self.open} open"
        )
        return sums if self.balance else f"the books do not balance: {sums}"
