"""The commands for the place itself: init, and the store's upgrade and backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.output import program, say
from digest.errors import UsageError

database = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def register(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(init)


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to start.")] = Path()) -> None:
    """Write a commented config.yaml and a place of its own for the store."""
    from digest.config import starter_text

    file = folder / "config.yaml"
    if file.exists():
        raise UsageError(f"{file} is there already; nothing was changed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "var").mkdir(mode=0o700, exist_ok=True)
    file.write_text(starter_text(), encoding="utf-8")
    say(f"Wrote {file}: put your name and your interests in, then run")
    say(f"  digest --config {file} send --now" if folder != Path() else "  digest send --now")


@database.command()
def upgrade(context: typer.Context) -> None:
    """Bring the store's schema up to date."""
    from digest.store.connect import HEAD, Database

    app = program(context)
    done = Database(app.config.store).upgrade()
    say(f"the store has schema {HEAD} now" if done else f"the store has schema {HEAD} already")


@database.command()
def backup(context: typer.Context, file: Annotated[Path, typer.Argument(help="A new file for the copy.")]) -> None:
    """Write a copy of the store into one file, while others go on working."""
    from digest.store.backup import back_up
    from digest.store.connect import Database

    if file.exists():
        raise UsageError(f"{file} is there already; a backup never replaces anything")
    back_up(Database(program(context).config.store), file)  # as it stands, before any upgrade
    say(f"wrote {file}")
