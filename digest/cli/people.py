"""The commands about people: who they are, what they decided, and which addresses must not be mailed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from digest.cli.output import Email, Json, because, checked_address, print_json, program, say, warn
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.app import App
    from digest.model import Profile, Subscriber

_WRITTEN_DOWN = "{}: written down; it counts as soon as the store can be written to"

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Consent = Annotated[
    str | None,
    typer.Option(help="How and when these people agreed; without it they are pending.", metavar="TEXT"),
]


@commands.command("list")
def list_people(context: typer.Context, *, as_json: Json = False) -> None:
    """Everybody, with their standing and when they are due."""
    app = _synced(context)
    with app.database.read() as connection:
        everybody = app.standing.people.all(connection)
    if as_json:
        print_json([_row(person) for person in everybody])
        return
    for person in everybody:
        due = person.next_due_at.isoformat(timespec="minutes") if person.next_due_at else "never"
        say(f"{person.email}: {_standing(person)}, due {due}, profile of the {person.owner}")
    say(f"{len(everybody)} in all")


@commands.command()
def show(context: typer.Context, email: Email, *, as_json: Json = False) -> None:
    """One reader: profile, standing, latest letters."""
    app = _synced(context)
    with app.database.read() as connection:
        person = app.standing.known(connection, email)
        rows = app.standing.ledger.history(connection, person.id)
    if as_json:
        letters = [{"slot": row.slot, "kind": row.kind, "state": row.state, "reason": row.reason} for row in rows]
        print_json(_row(person) | {"deliveries": letters})
        return
    say(f"{person.email}: {_standing(person)}")
    for name, value in _profile(person.profile).items():
        say(f"  {name}: {value}" if "\n" not in str(value) else f"  {name}:")
        for line in str(value).splitlines() if "\n" in str(value) else []:
            say(f"    {line}")
    for row in rows:
        say(f"  {row.slot} {row.kind}: {row.state}" + (f" ({row.reason})" if row.reason else ""))


@commands.command()
def add(
    context: typer.Context,
    email: Email,
    interests: Annotated[str, typer.Option(help="What to look for.", metavar="TEXT")] = "",
    consent: Consent = None,
) -> None:
    """Add a reader: pending, or active where you say how they agreed."""
    app = _synced(context)
    person = _add(app, email, _interested(app, interests), consent)
    say(f"{person.email}: {_standing(person)}")


@commands.command("import")
def import_people(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with a column `email`, and perhaps `interests`.", metavar="FILE")],
    consent: Consent = None,
) -> None:
    """Add many readers at once; the good lines are kept, the others told with their line."""
    app = _synced(context)
    added, refused = 0, 0
    for number, email, interests in _lines(file):
        try:
            _add(app, checked_address(email) or "", _interested(app, interests), consent)
            added += 1
        except UsageError as error:
            warn(f"{file}:{number}: {error}")
            refused += 1
    say(f"{added} added, {refused} not")
    if refused:
        raise typer.Exit(1)


@commands.command()
def export(context: typer.Context, email: Email) -> None:
    """Everything that is kept about one person, as JSON."""
    app = _synced(context)
    print_json(app.standing.record_of(email))


@commands.command()
def pause(
    context: typer.Context,
    email: Email,
    until: Annotated[
        datetime | None, typer.Option(help="The first day with letters again.", formats=["%Y-%m-%d"], metavar="DATE")
    ] = None,
) -> None:
    """No letters until a day, or until `resume`."""
    app = _about(context, email)
    start = _start_of(app, email, until.date()) if until else None
    _tell(email, app.standing.pause(email, start, app.clock()))


@commands.command()
def resume(context: typer.Context, email: Email) -> None:
    """Letters again, from now on."""
    app = _about(context, email)
    _tell(email, app.standing.resume(email, app.clock()))


@commands.command()
def unsubscribe(
    context: typer.Context,
    who: Annotated[str, typer.Argument(metavar="EMAIL|TOKEN", help="An address, or the token of a letter.")],
) -> None:
    """No letters any more."""
    app = program(context)
    email = (checked_address(who) or who) if "@" in who else _email_of(app, who)
    _tell(email, _about(context, email).standing.unsubscribe(email, app.clock()))


@commands.command()
def erase(
    context: typer.Context, email: Email, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Remove everything that is kept about one person."""
    from digest.store.restore import replaced_stores

    app = program(context)
    app.check_clock()
    if email in dict(app.config.subscribers):
        raise UsageError(f"{email} stands in {app.config.path.name}: take it out there first")
    if not yes:
        typer.confirm(f"Erase everything about {email}?", abort=True)
    is_done = app.standing.erase(email, app.clock())
    say(f"{email}: erased" if is_done else _WRITTEN_DOWN.format(email))
    for kept in replaced_stores(app.database):
        warn(f"{kept} is older and may still name {email}: delete it once you do not need it")


# --- addresses that must not be mailed ---


@commands.command()
def suppressions(context: typer.Context, *, as_json: Json = False) -> None:
    """Addresses that must not be mailed, why, and which of them were freed again."""
    from digest.store.suppressions import every_suppression

    app = program(context)
    with app.database.read() as connection:
        everyone = every_suppression(connection)
    if as_json:
        print_json(everyone)
        return
    for one in everyone:
        freed = f", freed {one.lifted_at:%Y-%m-%d}" if one.lifted_at else ""
        say(f"{one.address}: {one.reason}, {one.created_at:%Y-%m-%d}{freed}{because(one.evidence)}")
    say(f"{sum(one.lifted_at is None for one in everyone)} not to be mailed")


@commands.command()
def suppress(
    context: typer.Context,
    email: Email,
    reason: Annotated[str, typer.Option(help="Why, in a word or two.", metavar="TEXT")] = "by hand",
    evidence: Annotated[str, typer.Option(help="What shows it.", metavar="TEXT")] = "",
) -> None:
    """Never write to an address, whoever has it."""
    app = program(context)
    app.check_clock()
    is_done = app.standing.suppress(email, reason=reason, evidence=evidence, now=app.clock())
    say(f"{email}: suppressed" if is_done else _WRITTEN_DOWN.format(email))


@commands.command()
def unsuppress(
    context: typer.Context,
    email: Email,
    why: Annotated[str, typer.Option("--reason", help="Why it may be written to again.", metavar="TEXT")],
) -> None:
    """Let an address be written to again."""
    app = program(context)
    app.check_clock()
    is_done = app.standing.unsuppress(email, why=why, now=app.clock())
    say(f"{email}: may be mailed again" if is_done else _WRITTEN_DOWN.format(email))


# --- the pieces ---


def _about(context: typer.Context, email: str) -> App:
    """The program, for a word about a reader; the file is looked into only where the store does not know them.

    So a word counts even while another process keeps the store from being written to.
    """
    app = program(context)
    app.check_clock()
    with app.database.read() as connection:
        is_known = app.standing.people.find(connection, email) is not None
    return app if is_known else _synced(context)


def _tell(email: str, person: Subscriber | None) -> None:
    say(f"{email}: {_standing(person)}" if person else _WRITTEN_DOWN.format(email))


def _synced(context: typer.Context) -> App:
    """The program, with the readers of the file as they stand in it now."""
    app = program(context)
    app.check_clock()
    app.standing.sync(app.config.subscribers, operator=app.operator, now=app.clock())
    return app


def _add(app: App, email: str, profile: Profile, consent: str | None) -> Subscriber:
    now = app.clock()
    words = {"source": "command", "by": app.config.site.contact, "at": now.isoformat(), "text": consent}
    by = app.config.site.contact if consent else None
    return app.standing.add(email, profile, consent=words, vouched_by=by, now=now)


def _start_of(app: App, email: str, day: date) -> datetime:
    """When a day begins where the reader lives."""
    with app.database.read() as connection:
        zone = ZoneInfo(app.standing.known(connection, email).profile.timezone)
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    if start <= app.clock():
        raise UsageError(f"--until {day}: that day has begun already")
    return start


def _interested(app: App, interests: str) -> Profile:
    from digest.matching.grammar import understand

    problems = understand(interests).problems
    if problems:
        raise UsageError("; ".join(f"{one.text}: {one.reason}" for one in problems))
    return replace(app.config.profile, interests=interests)


def _lines(file: Path) -> Iterator[tuple[int, str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as handle:
            rows = csv.DictReader(handle)
            if "email" not in (rows.fieldnames or ()):
                raise UsageError(f"{file}:1: the first line must name a column `email`")
            for row in rows:
                yield rows.line_num, (row["email"] or "").strip(), row.get("interests") or ""
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file}: {error}") from error


def _email_of(app: App, token: str) -> str:
    from digest.store.people import People

    said = app.keyring.read(token, "unsubscribe", app.clock().date())
    with app.database.read() as connection:
        person = People(app.database).get(connection, said.person) if said else None
    if person is None:
        raise UsageError("this token is not one of ours, or it is too old")
    return person.email


def _standing(person: Subscriber) -> str:
    words = [str(person.status)]
    if person.paused_until:
        day = person.paused_until.astimezone(ZoneInfo(person.profile.timezone)).date()
        words.append(f"until {day.isoformat()}")
    if person.is_absent:
        words.append("gone from the file")
    if person.is_suppressed:
        words.append("suppressed")
    return ", ".join(words)


def _row(person: Subscriber) -> dict[str, Any]:
    return asdict(person) | {"profile": _profile(person.profile)}


def _profile(profile: Profile) -> dict[str, Any]:
    return asdict(profile) | {"send_at": profile.send_at.strftime("%H:%M"), "days": sorted(profile.days)}
