"""The command that looks whether everything is fine: doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from digest.cli.output import Json, print_json, program, say
from digest.errors import ConfigError

if TYPE_CHECKING:
    from digest.doctor import Check


def register(commands: typer.Typer) -> None:
    """Add the command of this file."""
    commands.command()(doctor)


def doctor(context: typer.Context, *, as_json: Json = False) -> None:
    """Look at everything that a digest depends on; exit 1 where something is wrong."""
    checks = _checks(context)
    if as_json:
        print_json({"checks": checks})
    else:
        for one in checks:
            say(f"{'ok' if one.ok else 'NO'}  {one.name}: {one.detail}")
            if one.fix:
                say(f"      {one.fix}")
    if not all(one.ok for one in checks):
        raise typer.Exit(1)


def _checks(context: typer.Context) -> list[Check]:
    from digest.doctor import Check, examine
    from digest.doctor.names import WorldResolver

    try:
        app = program(context)
    except ConfigError as error:
        return [Check(name="config", ok=False, detail=str(error), fix="mend config.yaml: docs/configuration.md")]
    config = Check(name="config", ok=True, detail=str(app.config.path))
    return [config, *examine(app, WorldResolver())]
