"""How a run ended: one stated verdict for every way in which the three stages can end, and sums that balance."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Delivery, Kind, Outcome, SkipReason, State, Verdict
from digest.pipeline.deliver import Delivered
from digest.pipeline.ingest import Ingested, SourceReport
from digest.pipeline.plan import Planned
from digest.pipeline.report import Report, report_of

NOW = datetime(2026, 8, 17, 5, tzinfo=UTC)


def ingested(*outcomes: str, entries: int = 0) -> Ingested:
    """Sources called a, b, … that were read like this."""
    sources = [
        SourceReport(name=name, outcome=Outcome(outcome), reason="a reason", entries=entries)
        for name, outcome in zip("abc", outcomes, strict=False)
    ]
    return Ingested(sources=tuple(sources))


def planned(letters: int = 0, **values: Any) -> Planned:
    """Letters, and slots skipped by reason: nothing_new=2."""
    names = {reason.name.lower(): reason for reason in SkipReason}
    skipped = Counter({names[name]: number for name, number in values.items() if name in names})
    rest = {name: value for name, value in values.items() if name not in names}
    return Planned(letters=letters, skipped=skipped, **rest)


def delivered(stopped_by: str = "", said: str = "", **states: int) -> Delivered:
    """Rows by state: sent=2."""
    return Delivered(
        states=Counter({State(name): number for name, number in states.items()}),
        texts=Counter({said: 1} if said else {}),
        stopped_by=stopped_by,
    )


def row(state: State, reason: str | None = None) -> Delivery:
    return Delivery(
        id=1, subscriber=1, kind=Kind.DIGEST, slot="2026-08-17", state=state, reason=reason, due_at=NOW, deadline=NOW
    )


READ, HALF, BROKEN = ingested("complete"), ingested("complete", "failed"), ingested("failed", "suspicious")


@pytest.mark.parametrize(
    ("brought", "plan", "delivery", "verdict", "said"),
    [
        # something was sent: all else is a warning
        (READ, planned(2), delivered(sent=2), "sent", "2 letters sent"),
        (READ, planned(1), delivered(sent=1), "sent", "1 letter sent"),
        (BROKEN, planned(2, stale=1), delivered(sent=1, failed=1, deferred=1), "sent", "1 letter sent"),
        (HALF, planned(2), delivered(sent=1, stopped_by="login refused"), "sent", "1 letter sent"),
        # letters were tried, and none was accepted
        (READ, planned(2), delivered(stopped_by="login refused"), "failed", "login refused"),
        (READ, planned(2), delivered(failed=2, said="550 no"), "failed", "2 letters not accepted: 550 no"),
        (READ, planned(1), delivered(deferred=1, said="refused"), "failed", "1 letter not accepted: refused"),
        (READ, planned(1), delivered(unknown=1), "failed", "1 letter not accepted"),
        # nothing to try, and a source is missing
        (HALF, planned(stale=1), delivered(), "stale", "b could not be read"),
        (BROKEN, planned(stale=1), delivered(), "stale", "a, b could not be read"),
        (READ, planned(stale=1), delivered(), "stale", "a source could not be read"),
        (BROKEN, planned(), delivered(), "failed", "no source could be read: a, b"),
        (BROKEN, planned(nothing_new=1), delivered(), "failed", "no source could be read: a, b"),
        (HALF, planned(waiting=1), delivered(), "partial", "b could not be read"),
        (HALF, planned(nothing_new=1), delivered(), "partial", "b could not be read"),
        (ingested("partial", entries=3), planned(nothing_new=1), delivered(), "partial", "a could not be read"),
        (HALF, planned(), delivered(), "nothing-due", "nobody is due"),
        # everything was read
        (READ, planned(waiting=2), delivered(), "partial", "2 readers kept waiting"),
        (READ, planned(2), delivered(), "partial", "2 letters planned, and none has left yet"),
        (READ, planned(1), delivered(cancelled=1), "nothing-due", "1 letter cancelled before leaving"),
        (READ, planned(nothing_new=3), delivered(), "nothing-new", "nothing new"),
        (READ, planned(nothing_matched=1), delivered(), "nothing-new", "nothing new"),
        (READ, planned(too_late=2, nothing_new=1), delivered(), "nothing-new", "nothing new"),
        (READ, planned(too_late=2), delivered(), "nothing-due", "2 too-late"),
        (READ, planned(too_late=2, paused=1), delivered(), "nothing-due", "1 paused, 2 too-late"),
        (READ, planned(served=[("ada", row(State.SENT))]), delivered(), "nothing-due", "had today's turn already"),
        (ingested("empty"), planned(), delivered(), "nothing-due", "nobody is due"),
        (ingested("unchanged"), planned(), delivered(), "nothing-due", "nobody is due"),
        (Ingested(), planned(), delivered(), "nothing-due", "nobody is due"),
    ],
)
def test_a_run_ends_in_a_verdict_that_says_why(
    brought: Ingested, plan: Planned, delivery: Delivered, verdict: str, said: str
) -> None:
    report = report_of(brought, plan, delivery)
    assert report.verdict == verdict
    assert said in report.reason


@pytest.mark.parametrize("verdict", Verdict)
def test_somebody_should_look_at_what_failed_or_is_stale(verdict: Verdict) -> None:
    assert Report(verdict=verdict, reason="").is_bad is (verdict in ("failed", "stale"))


@pytest.mark.parametrize(
    ("outcome", "is_told"),
    [("complete", True), ("unchanged", False), ("empty", False), ("partial", True), ("suspicious", True)],
)
def test_what_a_source_had_to_say_is_a_warning(outcome: str, is_told: bool) -> None:
    assert bool(report_of(ingested(outcome), planned(), delivered()).warnings) is is_told


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (State.SENT, None, "has the letter of 2026-08-17 already"),
        (State.SKIPPED, "paused", "was skipped: paused"),
        (State.UNKNOWN, None, "nobody can say"),
        (State.DEFERRED, "network", "is deferred and will be tried in its turn"),
        (State.PLANNED, None, "is planned and will be tried in its turn"),
    ],
)
def test_who_was_asked_for_by_hand_and_has_had_a_turn_is_told(state: State, reason: str | None, said: str) -> None:
    [warning] = report_of(READ, planned(served=[("ada@example.org", row(state, reason))]), delivered()).warnings[1:]
    assert warning.startswith("ada@example.org: ")
    assert said in warning


def test_of_many_who_have_had_their_turn_the_rest_is_counted() -> None:
    planned_before = planned(served=[("ada@example.org", row(State.SENT))], more_served=12)
    assert report_of(READ, planned_before, delivered()).warnings[-1] == "12 more readers had today's turn before"


def test_what_went_wrong_beside_letters_that_were_sent_is_told() -> None:
    report = report_of(HALF, planned(3), delivered(sent=1, failed=1, said="550 no", stopped_by="login refused"))
    assert "source b: failed: a reason" in report.warnings
    assert "1 letter not accepted: 550 no" in report.warnings
    assert "sending stopped: login refused" in report.warnings


def test_letters_made_from_the_sample_are_told() -> None:
    report = report_of(Ingested(used_sample=True), planned(1), delivered(sent=1))
    assert any("sample" in warning for warning in report.warnings)


COUNTS = st.integers(0, 3)
ENDS = (State.SENT, State.DEFERRED, State.FAILED, State.UNKNOWN, State.CANCELLED)


@given(
    st.lists(st.sampled_from(Outcome), max_size=3),
    st.dictionaries(st.sampled_from(SkipReason), COUNTS),
    st.dictionaries(st.sampled_from(ENDS), COUNTS),
    COUNTS,
    COUNTS,
    COUNTS,
)
def test_the_sums_are_those_of_the_stages(
    outcomes: list[Outcome], skips: dict[SkipReason, int], states: dict[State, int], letters: int, folds: int, wait: int
) -> None:
    plan = Planned(letters=letters, skipped=Counter(skips), folded=folds, waiting=wait)
    report = report_of(ingested(*outcomes), plan, delivered(**{str(state): number for state, number in states.items()}))
    ended = report.sent + report.deferred + report.failed + report.unknown + report.cancelled
    assert ended == sum(states.values()) + folds
    assert report.planned == letters
    assert sum(report.skipped.values()) == sum(skips.values())
    assert (report.verdict == Verdict.SENT) is (report.sent > 0)
    assert report.reason
