"""The commands: thin doors that read what was typed, call the program and show what came of it.

Nothing heavy is imported before a command runs: `digest --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from digest import __version__
from digest.cli import health, line, listings, look, people, place
from digest.cli.output import Context, fail, say
from digest.errors import DigestError, UsageError

commands = typer.Typer(
    name="digest",
    help="A daily digest of new papers that you run yourself.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for room in (line, listings, look, health, place):
    room.register(commands)
commands.add_typer(people.commands, name="subscribers", help="People: list, show, add, import, pause and more.")
commands.add_typer(place.database, name="db", help="The store: upgrade, backup, restore.")


def _show_version(is_asked: bool) -> None:  # noqa: FBT001  # the signature is typer's
    if is_asked:
        say(f"digest {__version__}")
        raise typer.Exit


@commands.callback()
def _common(
    context: typer.Context,
    config: Annotated[Path, typer.Option(help="The configuration file.", metavar="FILE")] = Path("config.yaml"),
    clock: Annotated[
        str | None, typer.Option(help="Pretend that this moment is now (ISO 8601 with offset).", metavar="ISO-8601")
    ] = None,
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    context.obj = Context(config=config, clock=clock)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command, by default the one typed; exit status 0 done, 1 failed or stale, 2 wrong usage or config.yaml."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a title may hold what the terminal's encoding lacks
    try:
        commands(arguments)
    except UsageError as error:
        sys.exit(fail(error, 2))
    except DigestError as error:
        sys.exit(fail(error, 1))
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # a folder that is not writable, a full disk
        sys.exit(fail(error, 1))
