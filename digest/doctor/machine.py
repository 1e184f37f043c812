"""What the machine has to bring: a Python whose traps we know, a clock that is right, files that nobody else reads."""

from __future__ import annotations

import platform
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from digest.app import App
from digest.doctor.check import Trouble
from digest.letter.headers import text_header
from digest.store.connect import Database
from digest.store.runs import last_runs

#: a title that some Pythons turn into a header of its own (CVE-2024-6923)
_SMUGGLED = "=?UTF-8?Q?=0A?=Bcc: victim@example.org"

_DAY = timedelta(days=1)


def check_python(_app: App) -> str | Trouble:
    """By what it does, not by its number: whether an encoded word in a title can become a header."""
    if b"\nBcc:" in text_header("Subject", _SMUGGLED):
        return Trouble("a title can smuggle a header into letters", "do not send; tell us which version this is")
    version = f"Python {platform.python_version()}"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _SMUGGLED
    if b"\nBcc:" in message.as_bytes():
        return f"{version}; its own email package lets titles smuggle headers, ours does not; a newer one is mended"
    return version


def check_clock(app: App) -> str | Trouble:
    """Whether the clock goes on from where the last run has left it."""
    now = app.clock()
    database = Database(app.config.store)
    if not database.exists or database.revision() is None:
        return f"{now:%Y-%m-%d %H:%M} UTC"
    with database.read() as connection:
        last = next(iter(last_runs(connection, 1)), None)
    database.close()
    if last is not None and last.finished_at > now + timedelta(minutes=1):
        return Trouble(
            f"it is {now:%Y-%m-%d %H:%M} UTC, before the last run, on {last.finished_at:%Y-%m-%d %H:%M}",
            "set the clock",
        )
    if last is not None and now - last.finished_at > 14 * _DAY:
        days = (now - last.finished_at) // _DAY
        return Trouble(f"{days} days since the last run", "look whether the clock is right, then `digest send --yes`")
    return f"{now:%Y-%m-%d %H:%M} UTC"


def check_private_files(app: App) -> str | Trouble:
    """Secrets and letters with live links must not be open to every user of the machine."""
    places = [*_secrets(app), app.folder, app.optout_log.parent]
    there = [place for place in places if place.exists()]
    for place in there:
        if place.stat().st_mode & 0o007:
            return Trouble(f"{place} is open to every user of this machine", f"run `chmod o= {place}`")
    return f"{len(there)} looked at"


def _secrets(app: App) -> list[Path]:
    delivery = app.config.delivery
    named = (delivery.smtp.password_file, delivery.dkim.key_file)
    return [app.config.path.parent / "var" / "secret", app.optout_log, *filter(None, named)]
