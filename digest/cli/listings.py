"""The commands that try things out and record nothing: parse, preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.output import Json, because, checked_address, print_json, program, say, warn
from digest.errors import SourceError, UsageError

if TYPE_CHECKING:
    from digest.app import App
    from digest.matching.scores import EditionScores
    from digest.model import Entry, Match, Parsed, Strictness, Subscriber
    from digest.pipeline.preview import Preview

#: a source of saved files has this name in a preview
_SAVED = "saved"


def register(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (parse, preview):
        commands.command()(command)


def parse(
    file: Annotated[Path, typer.Argument(help="A saved listing.", metavar="FILE")],
    kind: Annotated[str | None, typer.Option(help="Its kind, where it should not be guessed.", metavar="KIND")] = None,
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
            say(f"{number:4}  {one.title or one.url}" + (f"  [{one.id}]" if one.id else ""))
        say(f"{parsed.kind}: {parsed.outcome}, {len(parsed.entries)} entries" + because(parsed.reason))
    if not (parsed.outcome.is_read or parsed.entries):
        raise typer.Exit(1)


def preview(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Saved listings to compose from, instead of what was read.", metavar="FILE"),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="A reader, in the store or in the file.", metavar="EMAIL", callback=checked_address),
    ] = None,
    interests: Annotated[str | None, typer.Option(help="Interests to try.", metavar="TEXT")] = None,
    day: Annotated[
        datetime | None,
        typer.Option("--date", help="That day's editions, as 2026-11-21.", formats=["%Y-%m-%d"], metavar="DATE"),
    ] = None,
    days: Annotated[
        int | None, typer.Option(help="The newest so many days, 1 to 90; one, if not said.", min=1, max=90, metavar="N")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the letter.", metavar="DIR")] = None,
    *,
    open_it: Annotated[bool, typer.Option("--open", help="Open the letter in a browser.")] = False,
    as_json: Json = False,
) -> None:
    """Compose a letter and record nothing."""
    if (to is None) == (interests is None):
        raise UsageError('say for whom: --to EMAIL, or --interests "graph neural networks, grokking"')
    if days is not None and (day or files):
        raise UsageError("--days counts back over what was read: it goes neither with --date nor with files")
    app = program(context)
    person = reader(app, to) if to else _stranger(app, interests or "")
    made, day_of_letter = _compose(app, person, files or [], day.date() if day else None, days)
    written = _write(made, out or app.folder / "preview")
    if as_json:
        print_json(_preview_document(made, day_of_letter, written))
    else:
        _show_preview(made, written, person.profile.strictness)
    if open_it:
        typer.launch(written["html"])


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
    app: App, person: Subscriber, files: Sequence[Path], day: date | None, days: int | None
) -> tuple[Preview, date | None]:
    from digest.pipeline.preview import editions_of, preview

    if not files:
        editions, shown, counted = _stored_editions(app, day, days)
        return preview(person, editions, app.imprint, shown, counted), shown
    entries: list[Entry] = []
    newest: date | None = None
    for file in files:
        parsed = _read_file(file, None)
        if not (parsed.outcome.is_read or parsed.entries):
            raise SourceError(f"{file}: {parsed.outcome}{because(parsed.reason)}")
        if not parsed.outcome.is_read:
            warn(f"{file}: {parsed.outcome}{because(parsed.reason)}")
        entries += [one for one in parsed.entries if one.title]  # an index of identifiers has none
        newest = max(filter(None, (newest, parsed.day)), default=None)
    shown = day or newest or app.clock().date()
    return preview(person, editions_of(entries, _SAVED), app.imprint, shown), shown


def _stored_editions(app: App, day: date | None, days: int | None) -> tuple[list[EditionScores], date, int | None]:
    """The editions asked for, the day of their letter, and over how many days a volume is wanted."""
    from digest.pipeline.preview import days_with_editions, editions_between, last_days
    from digest.store.items import Items

    with app.database.read() as connection:
        span = (day, day) if day else last_days(connection, days or 1)
        if span is None:
            raise UsageError("nothing was read yet: run `digest ingest` first, or name saved listings")
        first, last = span
        editions = editions_between(connection, Items(app.database), app.shelf(), first=first, last=last)
        counted = days_with_editions(connection, first=first, last=last) if days else None
    return editions, last, counted


def reader(app: App, email: str) -> Subscriber:
    """A reader of the store, or one who so far only stands in the file.

    Raises:
        UsageError: nobody has this address.
    """
    from digest.model import Status, Subscriber

    person = _stored(app, email)
    if person is not None:
        return person
    in_file = dict(app.config.subscribers)
    if email not in in_file:
        raise UsageError(f"nobody has the address {email}, neither here nor in {app.config.path.name}")
    return Subscriber(id=0, email=email, status=Status.ACTIVE, profile=in_file[email], created_at=app.clock())


def _stranger(app: App, interests: str) -> Subscriber:
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
    volume = {strictness: round(papers, 2) for strictness, papers in (made.volume or {}).items()}
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
                "reasons": [reason(match) for match in pick.matches],
            }
            for rank, pick in enumerate(made.digest.picks, 1)
        ],
        "files": written,
        "bytes": {
            "html": len(message.html.encode()),
            "text": len(message.text.encode()),
            "message": len(message.data),
        },
    } | ({"volume": volume} if volume else {})


def _show_preview(made: Preview, written: dict[str, str], strictness: Strictness) -> None:
    say(made.message.subject)
    for rank, pick in enumerate(made.digest.picks, 1):
        say(f"{rank:3}  {pick.score:4}  {made.papers[pick.item].text.title}")
        for match in pick.matches:
            say(f"          {match.points:+4}  {match.interest} ({match.field}: {', '.join(match.words)})")
    if not made.digest.all_picks:
        say(f"none of {made.digest.considered} papers is near enough")
    for pick in made.digest.misses:
        say(f"   near miss  {pick.score:4}  {made.papers[pick.item].text.title}")
    for pick in made.digest.trending:
        say(f"     also  {made.papers[pick.item].text.title}")
    if made.volume:
        others = ", ".join(f"{name} {_rounded(papers)}" for name, papers in made.volume.items())
        say(f"about {_rounded(made.volume[strictness])} papers a day at this setting ({others})")
    say(f"\nOpen {written['html']}")


def _rounded(papers: float) -> str:
    """A count of papers a day; below two, tenths tell a quiet setting from a dead one."""
    return f"{papers:.0f}" if papers >= 2 else f"{papers:.1f}"


def reason(match: Match) -> dict[str, Any]:
    """A reason as scripts see it; `related` only where learned words helped."""
    told = {"interest": match.interest, "field": match.field, "points": match.points, "words": match.words}
    return told | ({"related": match.related} if match.related else {})
