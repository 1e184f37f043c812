"""What an examination comes to: fine, or not, with what was found and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digest.app import App
from digest.errors import DigestError


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    fix: str = ""  #: what to do; empty where there is nothing to be done


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what to do about it."""

    detail: str
    fix: str


#: examines one thing: what was found, where it is fine; else the trouble
Examine = Callable[[App], str | Trouble]


def made(name: str, how: Examine, app: App) -> Check:
    """An examination, made; whatever the machine or the network refuses on the way is trouble, too."""
    try:
        found = how(app)
    except (DigestError, OSError) as error:
        found = Trouble(str(error), "mend that, and ask again")
    if isinstance(found, Trouble):
        return Check(name=name, ok=False, detail=found.detail, fix=found.fix)
    return Check(name=name, ok=True, detail=found)
