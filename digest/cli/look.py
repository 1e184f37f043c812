"""The commands that look into the store: explain, status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.listings import reader, reason
from digest.cli.output import Email, Json, because, print_json, program, say

if TYPE_CHECKING:
    import sqlalchemy as sa

    from digest.app import App

#: a reader whose turn came longer ago than this has been forgotten by somebody
_OVERDUE = timedelta(hours=1)


def register(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (explain, status):
        commands.command()(command)


def explain(
    context: typer.Context,
    email: Email,
    item: Annotated[str, typer.Argument(help="An arXiv id, DOI, address or title.", metavar="ITEM")],
    *,
    as_json: Json = False,
) -> None:
    """Why a paper was sent to a reader, or why not."""
    from digest.pipeline.explain import answer, find_item
    from digest.store.items import Items
    from digest.store.ledger import Ledger

    app = program(context)
    person = reader(app, email)
    items = Items(app.database)
    with app.database.read() as connection:
        found = find_item(connection, items, item)
        said = answer(connection, items, Ledger(app.database), app.shelf(), person, found)
    if as_json:
        print_json(
            {
                "sent": said.sent,
                "reason": said.reason,
                "score": said.score,
                "threshold": said.threshold,
                "reasons": [reason(one) for one in said.reasons],
            }
        )
        return
    say(said.reason)
    for one in said.reasons:
        related = f"; related: {', '.join(one.related)}" if one.related else ""
        say(f"  {one.points:+5}  {one.interest} ({one.field}: {', '.join(one.words)}{related})")
    say(f"  {said.score:5}  score; the line is {said.threshold}")


def status(context: typer.Context, *, as_json: Json = False) -> None:
    """How it is going; exit 1 when it is overdue."""
    app = program(context)
    now = app.clock()
    with app.database.read() as connection:
        document = _state(app, connection, now)
    if as_json:
        print_json(document)
    else:
        _show_status(document, now)
    if document["overdue"]:
        raise typer.Exit(1)


# --- status ---


def _state(app: App, connection: sa.Connection, now: datetime) -> dict[str, Any]:
    from digest.pipeline.books import Books
    from digest.store.items import Items
    from digest.store.ledger import Ledger
    from digest.store.people import People

    people, ledger = People(app.database), Ledger(app.database)
    totals = ledger.totals(connection)
    return {
        "edition": Items(app.database).newest_edition(connection),
        "sources": _sources(app, connection, now),
        "runs": _runs(connection),
        "subscribers": people.count_by_status(connection),
        "ledger": {state: sum(reasons.values()) for state, reasons in sorted(totals.items())},
        "skipped": totals.get("skipped", {}),
        "books": str(Books.of(totals, ledger.count(connection))),
        "unknown": _unknowns(app, connection, now),
        "overdue": people.count_due(connection, now - _OVERDUE),
    }


def _sources(app: App, connection: sa.Connection, now: datetime) -> list[dict[str, Any]]:
    from digest.store.sources import state_of

    told = ("name", "outcome", "reason", "last_read_at", "last_complete_at", "next_read_at", "failures")
    states = [state_of(connection, one.name) for one in app.real_sources()]
    late = app.ingest().late(app.real_sources(), now)
    return [
        {key: getattr(state, key) for key in told} | {"late": state.name in late}
        for state in states
        if state is not None
    ]


def _runs(connection: sa.Connection) -> list[dict[str, Any]]:
    from digest.store.runs import last_runs

    told = ("command", "finished_at", "verdict", "reason")
    return [{key: getattr(run, key) for key in told} for run in last_runs(connection)]


def _unknowns(app: App, connection: sa.Connection, now: datetime) -> list[dict[str, Any]]:
    from digest.store.ledger import Ledger

    return [
        {"email": email, "slot": row.slot, "message_id": row.message_id, "generation": row.generation}
        for row, email in Ledger(app.database).unknowns(connection, now)
    ]


def _show_status(document: dict[str, Any], now: datetime) -> None:
    say(f"edition {document['edition']}" if document["edition"] else "nothing was read yet")
    for one in document["sources"]:
        outcome = one["outcome"] or "never read"
        fresh = f", last read whole {_ago(one['last_complete_at'], now)}" if one["late"] else ""
        say(f"  {one['name']}: {outcome}{because(one['reason'])}, {_ago(one['last_read_at'], now)}{fresh}")
    for one in document["runs"]:
        say(f"  {one['command']} {_ago(one['finished_at'], now)}: {one['verdict']}: {one['reason']}")
    for name in ("subscribers", "ledger", "skipped"):
        if document[name]:
            say(f"{name}: " + ", ".join(f"{number} {what}" for what, number in document[name].items()))
    say(document["books"])
    for one in document["unknown"]:
        say(f"unknown: {one['email']}, letter of {one['slot']}, {one['message_id']}")
    if document["overdue"]:
        say(f"! {document['overdue']} readers have been due for more than an hour: is `digest run` running?")


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    minutes = int((now - moment.astimezone(UTC)).total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 0)} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"
