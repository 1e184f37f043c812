"""The commands for the place itself: init, and the store's upgrade, backup and restore."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.output import program, say
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.store.connect import Database

database = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def register(commands: typer.Typer) -> None:
    """Add the commands of this file."""
    commands.command()(init)


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to start.")] = Path()) -> None:
    """Write a config.yaml to start from."""
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
    from digest.store.connect import HEAD

    with closing(_unopened(context)) as store:
        done = store.upgrade()
    say(f"the store has schema {HEAD} now" if done else f"the store has schema {HEAD} already")


@database.command()
def backup(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="A new file for the copy.", metavar="FILE")]
) -> None:
    """Write a copy of the store into one file, while others go on working."""
    from digest.store.backup import back_up

    if file.exists():
        raise UsageError(f"{file} is there already; a backup never replaces anything")
    with closing(_unopened(context)) as store:
        back_up(store, file)
    say(f"wrote {file}")


@database.command()
def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="What `digest db backup` wrote.", metavar="FILE")] = None,
    *,
    after: Annotated[bool, typer.Option("--after", help="The store was brought back by other means.")] = False,
) -> None:
    """Put a backup in the place of the store, so that nothing of the past is mailed again."""
    from digest.restore import bring_back
    from digest.schedule import only_scheduler
    from digest.store.connect import Database
    from digest.store.restore import require_alone

    if (file is None) != after:
        raise UsageError("name the FILE of a backup, or say --after where the store was brought back by other means")
    app = program(context)
    with closing(Database(app.config.store)) as store:
        require_alone(store)
        with only_scheduler(store):
            done = bring_back(app, file)
    settled = done.settled
    say(f"{settled.readers} readers, whose letters go on after today; {settled.cancelled} open letters cancelled")
    say(f"{settled.decisions} decisions of people brought in from the opt-out log")
    if done.kept:
        say(f"the store that was replaced is kept as {done.kept}")


def _unopened(context: typer.Context) -> Database:
    """The store as it stands: the program itself upgrades what it opens."""
    from digest.store.connect import Database

    return Database(program(context).config.store)
