"""What commands share: the program they talk to, one JSON document or plain lines, progress where a person looks."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.app import App


def checked_address(typed: str | None) -> str | None:
    """An address as the store writes it.

    Raises:
        UsageError: it is none.
    """
    if typed is None:
        return None
    from digest.config.values import email

    try:
        return email(typed)
    except ValueError as error:
        raise UsageError(f"{typed}: expected {error}") from error


Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The reader's address.", callback=checked_address)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@dataclass
class Context:
    """What was typed before the command."""

    config: Path
    clock: str | None

    @cached_property
    def app(self) -> App:
        """The program, put together; the configuration is read here."""
        from digest.app import build
        from digest.clock import pretended_clock, system_clock

        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Plain("%(levelname)s %(message)s"))
        logging.basicConfig(level=logging.WARNING, handlers=[handler])
        clock = pretended_clock(self.clock) if self.clock else system_clock
        return build(self.config, clock, is_pretended=self.clock is not None)


def program(context: typer.Context) -> App:
    """The program that a command talks to, until the command ends."""
    app: App = context.obj.app
    context.call_on_close(app.close)
    return app


def print_json(document: object) -> None:
    """One JSON document on standard output; dataclasses by their fields, moments in ISO 8601."""
    typer.echo(json.dumps(_plain(document), ensure_ascii=False, indent=None if _is_piped() else 2))


def say(text: str = "") -> None:
    """A line for people, without what could make a terminal do something else."""
    typer.echo(_printable(text))


def warn(text: str) -> None:
    """A line for people on standard error, likewise."""
    typer.echo(_printable(text), err=True)


def because(reason: str | None) -> str:
    """A reason as the end of a line, if there is one."""
    return f": {reason}" if reason else ""


def fail(error: BaseException, status: int) -> int:
    """Say on standard error what went wrong; the exit status, for convenience."""
    warn(f"digest: {error}" if "\n" not in str(error) else str(error))
    return status


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], None]]:
    """A counter on standard error while something long runs and a person is looking; else silence."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done: bar.update(task, completed=done)


class _Plain(logging.Formatter):
    """Log lines without what a listing or a server may have smuggled in for the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return _printable(super().format(record))


def _printable(text: str) -> str:
    return "".join(c for c in text if c == "\n" or c.isprintable())


def _is_piped() -> bool:
    return not sys.stdout.isatty()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, str | int | float | bool | None) else str(value)
