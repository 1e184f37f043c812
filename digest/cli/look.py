"""The commands that only look: parse, preview, explain, status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.output import Email, Json, checked_address, print_json, program, say, warn
from digest.errors import SourceError, UsageError

if TYPE_CHECKING:
    from digest.app import App
    from digest.matching.scores import EditionScores
    from digest.model import Entry, Match, Parsed, Subscriber
    from digest.pipeline.preview import Preview

#: a source of saved files has this name in a preview
_SAVED = "saved"

#: a reader whose turn came longer ago than this has been forgotten by somebody
_OVERDUE = timedelta(hours=1)


def register(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (parse, preview, explain, status):
        commands.command()(command)


def parse(
    file: Annotated[Path, typer.Argument(help="A saved listing.")],
    kind: Annotated[str | None, typer.Option(help="Its kind, where it should not be guessed.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Read one saved listing and show its entries."""
    parsed = _read_file(file, kind)
    if as_json:
        keys = ("id", "title", "url", "abstract", "authors", "published", "announce_type", "version", "categories")
        entries = [{key: getattr(one, key) for key in keys} | {"popularity": one.popularity} for one in parsed.entries]
        document = {"file": file, "kind": parsed.kind, "outcome": parsed.outcome, "reason": parsed.reason}
        print_json(document | {"entries": entries})
    else:
        for number, one in enumerate(parsed.entries, 1):
            say(f"{number:4}  {one.title}" + (f"  [{one.id}]" if one.id else ""))
        say(f"{parsed.kind}: {parsed.outcome}, {len(parsed.entries)} entries" + _because(parsed.reason))
    if not (parsed.outcome.is_read or parsed.entries):
        raise typer.Exit(1)


def preview(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Saved listings to compose from.", show_default=False)
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="A reader, in the store or in the file.", metavar="EMAIL", callback=checked_address),
    ] = None,
    interests: Annotated[str | None, typer.Option(help="Interests to try.", metavar="TEXT")] = None,
    day: Annotated[datetime | None, typer.Option("--date", help="That day's editions.", formats=["%Y-%m-%d"])] = None,
    days: Annotated[
        int | None, typer.Option(help="The newest so many days; one, if not said.", min=1, max=90, show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the letter.", metavar="DIR")] = None,
    *,
    open_it: Annotated[bool, typer.Option("--open", help="Open the letter in a browser.")] = False,
    as_json: Json = False,
) -> None:
    """Compose a letter and record nothing; with FILES from those alone."""
    if (to is None) == (interests is None):
        raise UsageError('say for whom: --to EMAIL, or --interests "graph neural networks, grokking"')
    if days is not None and (day or files):
        raise UsageError("--days counts back over what was read: it goes neither with --date nor with files")
    app = program(context)
    person = _reader(app, to) if to else _stranger(app, interests or "")
    made, day_of_letter = _compose(app, person, files or [], day.date() if day else None, days or 1)
    written = _write(made, out or app.folder / "preview")
    if as_json:
        print_json(_preview_document(made, day_of_letter, written))
    else:
        _show_preview(made, written)
    if open_it:
        typer.launch(written["html"])


def explain(
    context: typer.Context,
    email: Email,
    item: Annotated[str, typer.Argument(help="An arXiv id, DOI, address or title.")],
    *,
    as_json: Json = False,
) -> None:
    """Why a paper was sent to a reader, or why not."""
    from digest.pipeline.explain import answer, find_item
    from digest.store.items import Items
    from digest.store.ledger import Ledger

    app = program(context)
    person = _stored(app, email)
    items = Items(app.database)
    with app.database.read() as connection:
        if person is None:
            raise UsageError(f"nobody here has the address {email}; `digest subscribers list` shows everybody")
        found = find_item(connection, items, item)
        said = answer(connection, items, Ledger(app.database), app.shelf(), person, found)
    if as_json:
        print_json(
            {
                "sent": said.sent,
                "reason": said.reason,
                "score": said.score,
                "threshold": said.threshold,
                "reasons": [_reason(one) for one in said.reasons],
            }
        )
        return
    say(said.reason)
    for one in said.reasons:
        say(f"  {one.points:+5}  {one.interest} ({one.field}: {', '.join(one.words)})")
    say(f"  {said.score:5}  score; the line is {said.threshold}")


def status(context: typer.Context, *, as_json: Json = False) -> None:
    """Sources, last runs, the ledger's totals, letters of which nobody knows. Exit 1 when a run is overdue."""
    from digest.store.items import Items
    from digest.store.ledger import Ledger
    from digest.store.people import People
    from digest.store.runs import last_runs
    from digest.store.sources import state_of

    app = program(context)
    now = app.clock()
    ledger, people = Ledger(app.database), People(app.database)
    with app.database.read() as connection:
        sources = [state_of(connection, one.name) for one in app.real_sources()]
        runs = last_runs(connection)
        totals = ledger.totals(connection)
        unknowns = ledger.unknowns(connection)
        overdue = people.count_due(connection, now - _OVERDUE)
        counts = people.count_by_status(connection)
        edition = Items(app.database).newest_edition(connection)
    document: dict[str, Any] = {
        "edition": edition,
        "sources": [
            {
                "name": one.name,
                "outcome": one.outcome,
                "reason": one.reason,
                "last_read_at": one.last_read_at,
                "last_complete_at": one.last_complete_at,
                "next_read_at": one.next_read_at,
                "failures": one.failures,
            }
            for one in sources
            if one is not None
        ],
        "runs": [
            {"command": one.command, "finished_at": one.finished_at, "verdict": one.verdict, "reason": one.reason}
            for one in runs
        ],
        "subscribers": counts,
        "ledger": {state: sum(reasons.values()) for state, reasons in sorted(totals.items())},
        "skipped": totals.get("skipped", {}),
        "unknown": [
            {"email": email, "slot": row.slot, "message_id": row.message_id, "generation": row.generation}
            for row, email in unknowns
        ],
        "overdue": overdue,
    }
    if as_json:
        print_json(document)
    else:
        _show_status(document, now)
    if overdue:
        raise typer.Exit(1)


# --- parse ---


def _read_file(file: Path, kind: str | None) -> Parsed:
    from digest.sources import KINDS, parse_saved, too_large
    from digest.sources.kind import MAX_BYTES, failed

    if kind is not None and kind not in KINDS:
        raise UsageError(f"no kind is called {kind!r}; there are {', '.join(KINDS)}")
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            return failed(kind or "unknown", too_large(size))
        return parse_saved(file.read_bytes(), kind)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error


# --- preview ---


def _compose(
    app: App, person: Subscriber, files: Sequence[Path], day: date | None, days: int
) -> tuple[Preview, date | None]:
    from digest.pipeline.preview import editions_of, preview

    if not files:
        editions, shown = _stored_editions(app, day, days)
        return preview(person, editions, app.imprint, shown), shown
    entries: list[Entry] = []
    newest: date | None = None
    for file in files:
        parsed = _read_file(file, None)
        if not (parsed.outcome.is_read or parsed.entries):
            raise SourceError(f"{file}: {parsed.outcome}{_because(parsed.reason)}")
        if not parsed.outcome.is_read:
            warn(f"{file}: {parsed.outcome}{_because(parsed.reason)}")
        entries += parsed.entries
        newest = max(filter(None, (newest, parsed.day)), default=None)
    shown = day or newest or app.clock().date()
    return preview(person, editions_of(entries, _SAVED), app.imprint, shown), shown


def _stored_editions(app: App, day: date | None, days: int) -> tuple[list[EditionScores], date]:
    from digest.pipeline.preview import editions_between, last_days
    from digest.store.items import Items

    with app.database.read() as connection:
        span = (day, day) if day else last_days(connection, days)
        if span is None:
            raise UsageError("nothing was read yet: run `digest ingest` first, or name saved listings")
        editions = editions_between(connection, Items(app.database), app.shelf(), first=span[0], last=span[1])
    return editions, span[1]


def _reader(app: App, email: str) -> Subscriber:
    from digest.model import Status, Subscriber

    person = _stored(app, email)
    if person is not None:
        return person
    in_file = dict(app.config.subscribers)
    if email not in in_file:
        raise UsageError(f"nobody has the address {email}, neither here nor in {app.config.path.name}")
    return Subscriber(id=0, email=email, status=Status.ACTIVE, profile=in_file[email], created_at=app.clock())


def _stranger(app: App, interests: str) -> Subscriber:
    from dataclasses import replace

    from digest.matching.grammar import understand
    from digest.model import Status, Subscriber

    problems = understand(interests).problems
    if problems:
        raise UsageError("\n".join(f"interests:{one.line}: {one.text}: {one.reason}" for one in problems))
    profile = replace(app.config.profile, interests=interests)
    return Subscriber(id=0, email="reader@example.org", status=Status.ACTIVE, profile=profile, created_at=app.clock())


def _stored(app: App, email: str) -> Subscriber | None:
    from digest.store.connect import Database
    from digest.store.people import People

    if not Database(app.config.store).exists:  # looking creates nothing
        return None
    with app.database.read() as connection:
        return People(app.database).find(connection, email)


def _write(made: Preview, folder: Path) -> dict[str, str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = {"html": made.message.html.encode(), "text": made.message.text.encode(), "eml": made.message.data}
    names = {"html": "letter.html", "text": "letter.txt", "eml": "letter.eml"}
    for part, data in parts.items():
        (folder / names[part]).write_bytes(data)
    return {part: str(folder / name) for part, name in names.items()}


def _preview_document(made: Preview, day: date | None, written: dict[str, str]) -> dict[str, Any]:
    message = made.message
    return {
        "date": day,
        "considered": made.digest.considered,
        "picks": [
            {
                "rank": rank,
                "id": made.papers[pick.item].keys[0],
                "title": made.papers[pick.item].text.title,
                "url": made.papers[pick.item].text.url,
                "score": pick.score,
                "reasons": [_reason(match) for match in pick.matches],
            }
            for rank, pick in enumerate(made.digest.picks, 1)
        ],
        "files": written,
        "bytes": {
            "html": len(message.html.encode()),
            "text": len(message.text.encode()),
            "message": len(message.data),
        },
    }


def _show_preview(made: Preview, written: dict[str, str]) -> None:
    say(made.message.subject)
    for rank, pick in enumerate(made.digest.picks, 1):
        say(f"{rank:3}  {pick.score:4}  {made.papers[pick.item].text.title}")
        for match in pick.matches:
            say(f"          {match.points:+4}  {match.interest} ({match.field}: {', '.join(match.words)})")
    if not made.digest.all_picks:
        say(f"none of {made.digest.considered} papers is near enough")
    for pick in made.digest.trending:
        say(f"     also  {made.papers[pick.item].text.title}")
    say(f"\nOpen {written['html']}")


def _reason(match: Match) -> dict[str, Any]:
    reason = asdict(match)
    del reason["mark"]
    return reason


# --- status ---


def _show_status(document: dict[str, Any], now: datetime) -> None:
    say(f"edition {document['edition']}" if document["edition"] else "nothing was read yet")
    for one in document["sources"]:
        outcome = one["outcome"] or "never read"
        say(f"  {one['name']}: {outcome}{_because(one['reason'])}, {_ago(one['last_read_at'], now)}")
    for one in document["runs"]:
        say(f"  {one['command']} {_ago(one['finished_at'], now)}: {one['verdict']}: {one['reason']}")
    for name in ("subscribers", "ledger", "skipped"):
        if document[name]:
            say(f"{name}: " + ", ".join(f"{number} {what}" for what, number in document[name].items()))
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


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""
