"""Letters as files: one folder a day, a web page, a text and the raw message per reader, and an index to open."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import date
from email import policy
from email.message import Message as Headers
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from html import escape
from itertools import chain, count, groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote

from digest.model import Fault, Message, SendResult, State
from digest.ports import Ask, Talk, always, nothing

# A name made of these, with one hyphen for the @, belongs to one address only, on any file system.
_PLAIN = re.compile(r"[a-z0-9_+][a-z0-9._+]{0,49}@[a-z0-9.-]{1,60}")
_DAY_FOLDER = "[0-9]" * 4 + "-" + "[0-9]" * 2 + "-" + "[0-9]" * 2

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Letters</title>
<style>
body {{ font: 1rem/1.6 Georgia, serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
ul {{ list-style: none; padding: 0; }}
small {{ font-family: system-ui, sans-serif; opacity: .75; }}
</style>
</head>
<body>
<h1>Letters</h1>
{days}
</body>
</html>
"""


class _Letter(NamedTuple):
    """A line of the index."""

    day: str
    name: str  #: of its files, without suffix
    reader: str
    subject: str


class FilesTransport:
    """Writes letters into a folder, as `2026-11-21/ada-example.org.html`, `.txt` and `.eml`, with an `index.html`.

    The day is the calendar date of the message's Date, in the zone that it is written in. A message written again
    replaces itself; another one to the same reader on the same day stands beside it (`ada-example.org~2`). What is
    made here is open to its owner alone, since letters carry live links.
    """

    name = "files"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._letters: set[_Letter] = set()  # all that the index lists; empty before the first look at the folder

    def send(
        self,
        message: Message,
        begin: Ask,
        *,
        is_held: Callable[[], bool] = always,
        upcoming: Callable[[], Message | None] = nothing,
    ) -> Talk[SendResult]:
        """How writing one message ended: sent with the path of its page, or deferred where the folder refuses.

        Raises:
            ValueError: the message has no Date.
        """
        headers = _headers(message.data)
        day = self.folder / _date(headers).isoformat()
        try:
            _make_private(self.folder)
            _make_private(day)
            with TemporaryDirectory(dir=day, prefix=".") as draft:
                _write_parts(Path(draft), message)
                if not (yield begin):
                    return SendResult(state=State.CANCELLED, text="stopped by the last check")
                if not is_held():
                    return SendResult(state=State.DEFERRED, fault=Fault.NETWORK, text="stopped for too long")
                page = self._publish(Path(draft), day, message, headers)
        except OSError as error:
            text = f"letters cannot be written to {self.folder}: {error.strerror or error}"
            return SendResult(state=State.DEFERRED, fault=Fault.OURS, text=text)
        return SendResult(state=State.SENT, text=str(page))

    def close(self) -> Talk[None]:
        """Forget what the folder holds; the next message looks again."""
        yield from ()  # nothing here is waited for
        self._letters.clear()

    def abort(self) -> None:
        """Nothing here takes long."""

    def _publish(self, draft: Path, day: Path, message: Message, headers: Headers) -> Path:
        """Give a draft its names, the record (.eml) last, and list it in the index."""
        name = _free_name(day, message.recipient, _message_id(headers))
        for part in sorted(draft.iterdir(), key=lambda part: part.suffix == ".eml"):
            part.replace(day / (name + part.suffix))
        if not self._letters:
            self._letters.update(_letters(self.folder))
        self._letters = {letter for letter in self._letters if (letter.day, letter.name) != (day.name, name)}
        self._letters.add(_Letter(day.name, name, message.recipient, message.subject))
        index = draft / "index.html"
        _write_private(index, _index(self._letters).encode())
        index.replace(self.folder / index.name)
        return day / f"{name}.html"


# --- names --------------------------------------------------------------------------------------------------------


def stem(address: str) -> str:
    """A file name for an address: safe on any file system, and different for different addresses."""
    readable = re.sub(r"[^a-z0-9._+-]", "-", address.lower())[:120]
    if _PLAIN.fullmatch(address):
        return readable
    return f"{readable.lstrip('.')}~{hashlib.sha256(address.encode()).hexdigest()[:12]}"


def _free_name(day: Path, address: str, message_id: str) -> str:
    """The reader's name, numbered where another message of the day has taken it."""
    first = stem(address)
    names = chain([first], (f"{first}~{number}" for number in count(2)))
    return next(name for name in names if _is_free(day / f"{name}.eml", message_id))


def _is_free(record: Path, message_id: str) -> bool:
    return not record.exists() or _message_id(_headers(record.read_bytes())) == message_id


# --- headers ------------------------------------------------------------------------------------------------------


def _headers(data: bytes) -> Headers:
    return BytesHeaderParser(policy=policy.default).parsebytes(data)


def _date(headers: Headers) -> date:
    if "Date" not in headers:
        raise ValueError("a message without a Date")
    return parsedate_to_datetime(headers["Date"]).date()


def _message_id(headers: Headers) -> str:
    return str(headers["Message-ID"] or "").strip()


# --- files --------------------------------------------------------------------------------------------------------


def _make_private(folder: Path) -> None:
    """Make a folder for its owner alone; one that was there before keeps the mode its owner gave it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _write_parts(draft: Path, message: Message) -> None:
    parts = {".html": message.html.encode(), ".txt": message.text.encode(), ".eml": message.data}
    for suffix, data in parts.items():
        _write_private(draft / f"letter{suffix}", data)


def _write_private(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


# --- the index ----------------------------------------------------------------------------------------------------


def _letters(folder: Path) -> Iterator[_Letter]:
    """The letters that a folder holds."""
    for record in folder.glob(f"{_DAY_FOLDER}/*.eml"):
        headers = _headers(record.read_bytes())
        yield _Letter(record.parent.name, record.stem, str(headers["To"] or ""), str(headers["Subject"] or ""))


def _index(letters: set[_Letter]) -> str:
    """A page that links to every letter, the newest day first."""
    by_name = sorted(letters, key=lambda letter: letter.name)
    by_day = groupby(sorted(by_name, key=lambda letter: letter.day, reverse=True), key=lambda letter: letter.day)
    return _PAGE.format(days="\n".join(_day(day, list(group)) for day, group in by_day))


def _day(day: str, letters: list[_Letter]) -> str:
    lines = "\n".join(_line(letter) for letter in letters)
    return f"<h2>{day}</h2>\n<ul>\n{lines}\n</ul>"


def _line(letter: _Letter) -> str:
    link = quote(f"{letter.day}/{letter.name}")
    return (
        f'<li><a href="{link}.html">{escape(letter.subject)}</a><br><small>{escape(letter.reader)} · '
        f'<a href="{link}.txt">text</a> · <a href="{link}.eml">message</a></small></li>'
    )


# --- what is to be forgotten --------------------------------------------------------------------------------------


def forget_letters(folder: Path, is_theirs: Callable[[str], bool]) -> int:
    """Remove the letters to some addresses, wherever they lie in a folder, and their lines in its indexes; how many."""
    theirs = [record for record in folder.rglob("*.eml") if is_theirs(_reader(record))]
    for record in theirs:
        for part in (".html", ".txt", ".eml"):  # the record last: a try that dies in between begins again
            record.with_suffix(part).unlink(missing_ok=True)
    for index in folder.rglob("index.html"):
        draft = index.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        _write_private(draft, _index(set(_letters(index.parent))).encode())
        draft.replace(index)
    return len(theirs)


def _reader(record: Path) -> str:
    return str(_headers(record.read_bytes())["To"] or "").strip()
