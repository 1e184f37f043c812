"""The opt-out log: what was appended is there, whoever died beside it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.store.optouts import Entry, OptOutLog, Word
from tests.disks import on_small_disk

AT = datetime(2026, 8, 17, 5, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))
ENTRIES = st.builds(
    Entry,
    at=MOMENTS,
    word=st.sampled_from(Word),
    who=st.none() | st.from_regex("hash:[0-9a-f]{8}:[0-9a-f]{40}", fullmatch=True),
    person=st.none() | st.integers(1, 2**32),
    until=st.none() | MOMENTS,
    reason=st.text(),
)


def entry(number: int = 1, word: Word = Word.UNSUBSCRIBE) -> Entry:
    return Entry(at=AT + timedelta(seconds=number), word=word, person=number)


def entries(log: OptOutLog, after: int = 0) -> list[Entry]:
    return [one for _, one in log.read(after)]


@given(ENTRIES)
def test_a_decision_is_read_back_as_it_was_written(one: Entry) -> None:
    line = one.to_line()
    assert line.count(b"\n") == 1
    assert Entry.of(line) == one


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    log = OptOutLog(tmp_path / "var" / "optout.log")
    assert (entries(log), log.size) == ([], 0)


def test_an_offset_reads_on_from_there(tmp_path: Path) -> None:
    log = OptOutLog(tmp_path / "var" / "optout.log")
    spans = [log.append(entry(number)) for number in (1, 2, 3)]
    assert [end for end, _ in log.read()] == [end for _, end in spans]
    assert entries(log, spans[0][1]) == [entry(2), entry(3)]
    assert [begin for begin, _ in spans] == [0, *[end for _, end in spans[:-1]]]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    log = OptOutLog(tmp_path / "var" / "optout.log")
    log.append(entry())
    assert [path.stat().st_mode & 0o777 for path in (log.path, log.path.parent)] == [0o600, 0o700]


@pytest.mark.parametrize("torn", range(1, 60, 7))
def test_a_line_that_was_torn_costs_no_other(tmp_path: Path, torn: int) -> None:
    log = OptOutLog(tmp_path / "optout.log")
    log.append(entry(1))
    with log.path.open("ab") as file:
        file.write(entry(2).to_line()[:torn])
    assert entries(log) == [entry(1)]
    log.append(entry(3))
    assert entries(log) == [entry(1), entry(3)]


def append_many(path: Path, first: int) -> None:
    log = OptOutLog(path)
    for number in range(first, first + 50):
        log.append(entry(number))


def test_several_processes_append_at_once(tmp_path: Path) -> None:
    path, context = tmp_path / "optout.log", get_context("spawn")
    writers = [context.Process(target=append_many, args=(path, first)) for first in (1, 101, 201)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    said = entries(OptOutLog(path))
    assert sorted(one.person or 0 for one in said) == [*range(1, 51), *range(101, 151), *range(201, 251)]
    assert [one for one in said if (one.person or 0) < 100] == [entry(number) for number in range(1, 51)]


#: fills a small disk of its own, and then goes on deciding
_ON_A_FULL_DISK = """
import sys
from pathlib import Path
from tests.store.test_optouts import OptOutLog, entries, entry
log = OptOutLog(Path(sys.argv[1]) / "optout.log")
log.append(entry(1))
try:
    with (Path(sys.argv[1]) / "other").open("wb") as file:
        while True:
            file.write(bytes(512))
            file.flush()
except OSError:
    pass
for number in range(2, 102):
    log.append(entry(number))
written = 101
try:
    while True:
        log.append(entry(written + 1))
        written += 1
except OSError:
    pass
assert entries(log) == [entry(number) for number in range(1, written + 1)]
(Path(sys.argv[1]) / "other").unlink()
log.append(entry(written + 1))
assert entries(log) == [entry(number) for number in range(1, written + 2)]
print("ok")
"""


def test_people_can_leave_while_the_disk_is_full_and_none_is_called_done_that_is_not(tmp_path: Path) -> None:
    done = on_small_disk(tmp_path, sys.executable, "-c", _ON_A_FULL_DISK, str(tmp_path), size=300_000)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
