"""The commands that run the line: ingest, send, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.output import Json, checked_address, print_json, program, progress, say
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.pipeline import Result
    from digest.pipeline.ingest import Ingested


def register(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(ingest)
    commands.command()(send)
    commands.command()(run)
    commands.command()(web)


def ingest(
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="Read this source only.", metavar="NAME")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Fetch, parse, diff and record the sources."""
    app = program(context)
    sources = app.real_sources(source)
    if not sources:
        known = ", ".join(one.name for one in app.real_sources())
        raise UsageError(f"no source is called {source!r}; there are: {known or 'none'}")
    app.check_clock()
    with progress("reading sources"):
        done = app.ingest().run(sources, app.clock())
    if as_json:
        print_json(
            {
                "edition": done.edition,
                "sources": done.sources,
                "new_items": done.new_items,
                "listed_items": done.listed_items,
            }
        )
    else:
        _show_sources(done)
        say(f"edition {done.edition}" if done.edition else "nothing to announce")
    if done.sources and not any(one.outcome.is_read or one.entries for one in done.sources):
        raise typer.Exit(1)


def send(
    context: typer.Context,
    to: Annotated[str | None, typer.Option(help="Only this reader.", metavar="EMAIL", callback=checked_address)] = None,
    *,
    now: Annotated[bool, typer.Option("--now", help="Due or not; still one letter a day each.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Repeat today's letter as a test.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compose into out/dry-run, record nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, many readers are gone from the file.")] = False,
    as_json: Json = False,
) -> None:
    """Ingest, plan those who are due, deliver."""
    if again and (dry_run or now):
        raise UsageError("--again repeats a letter that was sent: it goes with --to, not with --now or --dry-run")
    app = program(context)
    from digest.run import rehearse, run_by_hand
    from digest.stopping import stops_on_signals

    folder = app.folder / "dry-run" if dry_run else app.folder
    with stops_on_signals(app.stopping):
        if dry_run:
            result = rehearse(app, to, is_forced=now, stage=progress)
        else:
            result = run_by_hand(app, to, is_forced=now, is_repeat=again, is_sure=yes, stage=progress)
    if as_json:
        print_json(result.report)
    else:
        _show(result)
        if result.report.sent and (dry_run or app.transport == "files"):
            say(f"\nOpen {_shown(folder / 'index.html')}")
    if result.report.is_bad or result.delivered.was_interrupted:
        raise typer.Exit(1)


def run(context: typer.Context) -> None:
    """Read and send whatever is due, and serve the pages, until stopped."""
    from digest.schedule import run_scheduler
    from digest.web.serve import serving

    run_scheduler(program(context), serving)


def web(context: typer.Context) -> None:
    """Serve the pages alone, until stopped; letters of a `digest run` elsewhere go out on time all the same."""
    from digest.web.serve import serve

    serve(program(context))


def _show(result: Result) -> None:
    report = result.report
    _show_sources(result.ingested)
    parts = [f"{report.planned} planned", f"{report.sent} sent"]
    parts += [f"{number} skipped ({reason})" for reason, number in report.skipped.items()]
    for name in ("deferred", "failed", "unknown", "cancelled"):
        number = getattr(report, name)
        parts += [f"{number} {name}"] if number else []
    say(", ".join(parts))
    for warning in report.warnings:
        if not warning.startswith("source "):  # told above
            say(f"! {warning}")
    say(f"{report.verdict}: {report.reason}")


def _show_sources(done: Ingested) -> None:
    for one in done.sources:
        counts = f"{one.entries} read, {one.new} new"
        counts += f", {one.listed} listed" if one.listed else ""
        counts += f", {one.revised} revised" if one.revised else ""
        say(f"{one.name}: {one.outcome}, {counts}" + (f" ({one.reason})" if one.reason else ""))


def _shown(path: Path) -> str:
    """A path as short as it can be written here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
