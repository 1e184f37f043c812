"""How a run ended: the verdict, why, and sums that balance. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from digest.model import Outcome, SkipReason, State, Verdict
from digest.pipeline.deliver import Delivered
from digest.pipeline.ingest import Ingested
from digest.pipeline.plan import Planned

_INTERRUPTED = "stopped as asked; what has not left waits for the next run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `digest send` tells: the JSON of docs/commands.md has exactly these keys."""

    verdict: Verdict
    reason: str
    warnings: tuple[str, ...] = ()
    planned: int = 0
    sent: int = 0
    skipped: dict[str, int] = field(default_factory=dict)  #: {reason: slots}
    deferred: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look: exit status 1."""
        return self.verdict in (Verdict.FAILED, Verdict.STALE)


def report_of(ingested: Ingested, planned: Planned, delivered: Delivered) -> Report:
    """The report of a run from what its three stages did."""
    warnings = tuple(_warnings(ingested, planned, delivered))
    verdict, reason = _verdict(ingested, planned, delivered)
    states = delivered.states
    return Report(
        verdict=verdict,
        reason=reason,
        warnings=warnings,
        planned=planned.letters,
        sent=states[State.SENT],
        skipped=dict(sorted(planned.skipped.items())),
        deferred=states[State.DEFERRED],
        failed=states[State.FAILED],
        unknown=states[State.UNKNOWN],
        cancelled=states[State.CANCELLED] + planned.folded,
    )


def _verdict(ingested: Ingested, planned: Planned, delivered: Delivered) -> tuple[Verdict, str]:
    if delivered.states[State.SENT]:
        return Verdict.SENT, _count(delivered.states[State.SENT], "letter") + " sent"
    if delivered.stopped_by:
        return Verdict.FAILED, delivered.stopped_by
    tried = sum(delivered.states[state] for state in (State.FAILED, State.DEFERRED, State.UNKNOWN))
    if tried:
        said = delivered.texts.most_common(1)
        return Verdict.FAILED, f"{_count(tried, 'letter')} not accepted" + (f": {said[0][0]}" if said else "")
    if delivered.was_interrupted:
        return Verdict.PARTIAL, _INTERRUPTED
    return _quiet(ingested, planned, delivered)


def _quiet(ingested: Ingested, planned: Planned, delivered: Delivered) -> tuple[Verdict, str]:
    """Why no letter has left, and none was tried."""
    unread = [source.name for source in ingested.sources if not source.outcome.is_read]
    if planned.skipped[SkipReason.STALE]:
        return Verdict.STALE, f"nothing to send, because {_named(unread)} could not be read"
    if unread and not any(source.outcome.is_read or source.entries for source in ingested.sources):
        return Verdict.FAILED, f"no source could be read: {_named(unread)}"
    if unread and (planned.skipped or planned.waiting):
        return Verdict.PARTIAL, f"nothing to send yet; {_named(unread)} could not be read"
    if delivered.states[State.CANCELLED]:
        return Verdict.NOTHING_DUE, f"{_count(delivered.states[State.CANCELLED], 'letter')} cancelled before leaving"
    if planned.letters:
        return Verdict.PARTIAL, f"{_count(planned.letters, 'letter')} planned, and none has left yet"
    if planned.waiting:
        return Verdict.PARTIAL, f"nothing to send yet; {_count(planned.waiting, 'reader')} kept waiting"
    if any(SkipReason(reason).moves_floor for reason in planned.skipped):
        return Verdict.NOTHING_NEW, "nothing new for anybody who was due"
    if planned.skipped:
        return Verdict.NOTHING_DUE, "no turn that was still to be served: " + _listed(planned.skipped)
    if planned.served:
        return Verdict.NOTHING_DUE, "everybody has had today's turn already"
    return Verdict.NOTHING_DUE, "nobody is due"


def _warnings(ingested: Ingested, planned: Planned, delivered: Delivered) -> Iterator[str]:
    for source in ingested.sources:
        if not source.outcome.is_read:
            yield f"source {source.name}: {source.outcome}: {source.reason}"
        elif source.outcome is Outcome.COMPLETE and source.reason:
            yield f"source {source.name}: {source.reason}"
    if ingested.used_sample:
        yield "no source has answered yet: the shipped sample stands in, and its letters say so"
    for email, row in planned.served:
        yield f"{email}: {_served(row.slot, row.state, row.reason)}"
    if planned.more_served:
        yield f"{_count(planned.more_served, 'more reader')} had today's turn before"
    for text, times in delivered.texts.most_common():
        yield f"{_count(times, 'letter')} not accepted: {text}"
    for text in delivered.pauses:
        yield f"sending paused after a burst of failures: {text}"
    if delivered.stopped_by:
        yield f"sending stopped: {delivered.stopped_by}"
    if delivered.was_interrupted:
        yield _INTERRUPTED
    if not delivered.balances:
        yield (
            f"the books do not balance: {delivered.claimed} letters taken up, {delivered.tried} tried, "
            f"{delivered.given_back} given back, {delivered.lost} taken over by another worker"
        )


def _served(slot: str, state: State, reason: str | None) -> str:
    """Why nothing was planned for a reader who was asked for by hand."""
    match state:
        case State.SENT:
            return f"has the letter of {slot} already"
        case State.SKIPPED:
            return f"the turn of {slot} was skipped: {reason}"
        case State.UNKNOWN:
            return f"the letter of {slot} may have arrived; nobody can say"
    return f"the letter of {slot} is {state} and will be tried in its turn"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in sorted(counts.items()))


def _named(names: list[str]) -> str:
    return ", ".join(names) or "a source"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
