"""The opt-out log: what people have decided, a line each in a file beside the store, which it outlives.

A line is on the disk before anybody is told that it counts. It is written ahead of the store, so that a store which is
busy, full or brought back from a backup learns it later. Addresses stand in it as keyed hashes.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

#: kept free on the disk, so that some hundreds of people can leave while it is full
_RESERVE = 64 * 1024


class Word(StrEnum):
    """What somebody decided about an address."""

    UNSUBSCRIBE = "unsubscribe"
    PAUSE = "pause"
    RESUME = "resume"
    UNDO = "undo"
    CONFIRM = "confirm"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision. Of `who` and `person` one may be missing: a token names no address, a stranger has no id."""

    at: datetime
    word: Word
    who: str | None = None  #: the address, hashed: `hash:KEYID:…`
    person: int | None = None  #: the subscriber's id, which is never given to anybody else
    until: datetime | None = None  #: when a pause ends by itself
    reason: str = ""  #: why an address is suppressed

    def to_line(self) -> bytes:
        """The line that says so, with its end."""
        said: dict[str, object] = {"at": self.at.isoformat(), "word": self.word, "who": self.who, "person": self.person}
        said |= {"until": self.until and self.until.isoformat(), "reason": self.reason}
        return json.dumps({key: value for key, value in said.items() if value}).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Entry:
        """The decision that a line tells; keys of a later version are passed over.

        Raises:
            ValueError: it tells none.
        """
        try:
            said: dict[str, Any] = json.loads(line)
            return cls(
                at=_moment(said["at"]),
                word=Word(said["word"]),
                who=said.get("who"),
                person=said.get("person"),
                until=_moment(said["until"]) if "until" in said else None,
                reason=said.get("reason", ""),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no decision: {line!r}") from error


class OptOutLog:
    """The file. Any number of processes may append to it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reserve = path.with_name(path.name + ".reserve")

    def append(self, entry: Entry) -> tuple[int, int]:
        """Write a decision down for good; where its line begins and ends in the file.

        Raises:
            OSError: it could not be written, and must not be called done.
        """
        try:
            return self._append(entry.to_line())
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self._reserve.exists():
                raise
            self._reserve.unlink()
            return self._append(entry.to_line())

    def read(self, after: int = 0) -> Iterator[tuple[int, Entry]]:
        """The decisions from an offset on, in the order of the file: (where the line ends, what it says).

        What is no whole line, since somebody died or the disk was full, is passed over.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(after)
            for line in file:
                after += len(line)
                try:
                    entry = Entry.of(line)
                except ValueError:
                    _log.warning("%s: passed over what is no whole line, before octet %d", self.path.name, after)
                    continue
                yield after, entry

    @property
    def size(self) -> int:
        """How long the file is, in octets."""
        return self.path.stat().st_size if self.path.exists() else 0

    def _append(self, line: bytes) -> tuple[int, int]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            span = _add_line(descriptor, line)
        finally:
            os.close(descriptor)
        if is_new:  # the name of a new file is a change of its folder
            _flush_folder(self.path.parent)
        self.keep_reserve()
        return span

    def keep_reserve(self) -> None:
        """Put some room aside for the day on which the disk is full."""
        if self._reserve.exists():
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self._reserve, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                os.posix_fallocate(file.fileno(), 0, _RESERVE)
        except OSError:  # no room for it now; the next line tries again
            self._reserve.unlink(missing_ok=True)


def _add_line(descriptor: int, line: bytes) -> tuple[int, int]:
    """Append a line and flush it; a part of it that was written before the disk was full goes again."""
    start = end = os.fstat(descriptor).st_size
    if start and os.pread(descriptor, 1, start - 1) != b"\n":  # somebody died in the middle of a line
        line = b"\n" + line
    try:
        while line:
            written = os.write(descriptor, line)
            end, line = end + written, line[written:]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, start)
        raise
    return start, end


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a moment without its offset: {text}")
    return moment
