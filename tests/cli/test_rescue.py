"""Whatever happens to the store: who left stays away, who was erased is gone, and the operator is told what to do."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from digest.store.connect import Database
from tests.cli.place import FRIDAY, Place, ended
from tests.cli.sink import Sink
from tests.disks import on_small_disk

SATURDAY = "2026-11-21T08:00:00+00:00"
ADA = "ada@example.org"
CANARY = "wilhelmina.canary@very-unlikely.example"


@pytest.fixture
def stocked(place: Place) -> Place:
    place.list("2026-11-19", "one", "two")
    return place


def store_of(place: Place) -> Path:
    return place.folder / "var" / "digest.db"


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Somebody else writes, and does not end."""
    with closing(sqlite3.connect(store_of(place), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


# --- restore -----------------------------------------------------------------------------------------------------


def test_a_restore_mails_nothing_of_the_past_and_nobody_who_left(stocked: Place, sink: Sink) -> None:
    stocked.mail_to(sink.port)
    stocked.readers("ada", "ben", "cy")
    assert stocked.run("db", "upgrade").status == 0
    assert stocked.run("subscribers", "list").status == 0
    assert stocked.run("db", "backup", "kept.db").status == 0
    assert stocked.run("send", "--now").status == 0
    assert len(sink.taken) == 3
    assert stocked.run("subscribers", "unsubscribe", "ben@example.org").status == 0
    done = stocked.run("db", "restore", "kept.db")
    assert done.status == 0, done.err
    assert "1 decisions" in done.out
    (aside,) = store_of(stocked).parent.glob("digest.db.replaced-*")
    assert aside.stat().st_mode & 0o777 == 0o600
    assert stocked.run("send", "--now").status == 0
    assert len(sink.taken) == 3
    people = {row["email"]: row["status"] for row in stocked.run("subscribers", "list", "--json").json}
    assert people == {ADA: "active", "ben@example.org": "unsubscribed", "cy@example.org": "active"}
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("SELECT count(*) FROM delivery WHERE state = 'sent'").fetchone() == (3,)


def test_a_restore_waits_for_nobody(stocked: Place) -> None:
    assert stocked.run("subscribers", "list").status == 0
    assert stocked.run("db", "backup", "kept.db").status == 0
    before = stocked.contents()
    with locked(stocked):
        done = stocked.run("db", "restore", "kept.db")
    assert done.status == 1
    assert "at work" in done.err
    assert stocked.contents() == before


def test_a_restore_beside_a_running_scheduler_is_refused(stocked: Place) -> None:
    assert stocked.run("subscribers", "list").status == 0
    assert stocked.run("db", "backup", "kept.db").status == 0
    process = stocked.start("run")
    try:
        assert process.stderr is not None
        while "running" not in process.stderr.readline():
            pass
        done = stocked.run("db", "restore", "kept.db")
        assert (done.status, "at work" in done.err or "another" in done.err) == (1, True)
    finally:
        process.send_signal(signal.SIGTERM)
        assert ended(process).status == 0
    assert stocked.run("db", "restore", "kept.db").status == 0


@pytest.mark.parametrize("what", ["text", "other", "cut", "absent"])
def test_what_is_no_backup_changes_nothing(stocked: Place, what: str) -> None:
    assert stocked.run("send", "--now").status == 0
    assert stocked.run("db", "backup", "kept.db").status == 0
    file = stocked.folder / "bad.db"
    if what == "text":
        file.write_text("not a store, but long enough to be looked at " * 40)
    elif what == "other":
        with closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE kites (name TEXT)")
    elif what == "cut":
        whole = (stocked.folder / "kept.db").read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
    before = stocked.contents()
    done = stocked.run("db", "restore", "bad.db")
    assert done.status == 1
    assert "Traceback" not in done.err
    assert stocked.contents() == before
    assert sorted(path.name for path in store_of(stocked).parent.iterdir() if "restoring" in path.name) == []


def test_a_file_or_after_is_asked_for(stocked: Place) -> None:
    assert stocked.run("db", "restore").status == 2
    assert stocked.run("db", "restore", "kept.db", "--after").status == 2


def test_a_store_is_brought_back_on_either_engine(place: Place, store: str) -> None:
    place.configure(store=store)
    place.list("2026-11-19", "one")
    assert place.run("subscribers", "list").status == 0
    assert place.run("db", "backup", "kept").status == 0
    assert place.run("send", "--now").status == 0
    assert place.run("subscribers", "unsubscribe", ADA).status == 0
    if store.startswith("postgresql"):
        refused = place.run("db", "restore", "kept")
        assert (refused.status, "empty database" in refused.err) == (1, True)
        emptied(store)
    done = place.run("db", "restore", "kept")
    assert done.status == 0, done.err
    assert place.run("subscribers", "show", ADA, "--json").json["status"] == "unsubscribed"
    again = place.run("db", "restore", "--after")
    assert again.status == 0, again.err


def test_links_of_letters_that_the_backup_knows_nothing_of_name_nobody_else(place: Place, store: str) -> None:
    place.configure(store=store)
    assert place.run("subscribers", "list").status == 0
    assert place.run("db", "backup", "kept").status == 0
    ben = added(place, "ben@example.org")
    if store.startswith("postgresql"):
        emptied(store)
    assert place.run("db", "restore", "kept").status == 0
    assert added(place, "cy@example.org") > ben


def added(place: Place, email: str) -> int:
    assert place.run("subscribers", "add", email, "--consent", "yes").status == 0
    return int(place.run("subscribers", "show", email, "--json").json["id"])


def emptied(store: str) -> None:
    """A database of the same name without anything in it."""
    with closing(Database(store)) as database, database.write() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")


# --- a store that is busy or a disk that is full -----------------------------------------------------------------


@pytest.mark.parametrize("word", ["unsubscribe", "pause"])
def test_a_word_counts_while_somebody_else_keeps_the_store_locked(stocked: Place, word: str) -> None:
    assert stocked.run("subscribers", "list").status == 0
    with locked(stocked):
        done = stocked.run("subscribers", word, ADA)  # waits as long as a writer does
        assert (done.status, done.out) == (
            0,
            f"{ADA}: written down; it counts as soon as the store can be written to\n",
        )
    sent = stocked.run("send", "--now", "--json")
    assert (sent.status, sent.json["sent"]) == (0, 0)
    assert stocked.run("subscribers", "show", ADA, "--json").json["status"].startswith(word)


def test_a_run_that_finds_the_store_locked_says_so_and_the_next_one_sends(stocked: Place) -> None:
    assert stocked.run("subscribers", "list").status == 0
    with locked(stocked):
        done = stocked.run("send", "--now")
        assert (done.status, "locked" in done.err) == (1, True)
    assert stocked.run("send", "--now", "--json").json["sent"] == 1


#: a disk of its own that is filled up to so many octets, a run on it, and one after it was freed and leases are over
_FULL = """
import sqlite3, sys
from pathlib import Path
from tests.cli.place import Place

folder, port, left = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
NOW, LATER = "2026-11-20T08:00:00+00:00", "2026-11-20T08:20:00+00:00"
place = Place(folder)
place.mail_to(port)
place.readers(*(f"reader{number}" for number in range(20)))
place.list("2026-11-19", "one", "two")
assert place.at(NOW, "send", "--to", "reader0@example.org").status == 0
with (folder / "ballast").open("wb", buffering=0) as ballast:
    try:
        while True:
            ballast.write(bytes(4096))
    except OSError:
        ballast.truncate(ballast.tell() - left)
done = place.at(NOW, "send", "--now")
assert "Traceback" not in done.err, done.err
word = place.at(NOW, "subscribers", "unsubscribe", "reader7@example.org")
assert "Traceback" not in word.err, word.err
(folder / "ballast").unlink()
with sqlite3.connect(folder / "var" / "digest.db") as store:
    assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    (unsettled,) = store.execute("SELECT count(*) FROM delivery WHERE state = 'sending'").fetchone()
last = place.at(LATER, "send", "--now")
assert last.status == 0 or unsettled, last.err
status = place.at(LATER, "subscribers", "show", "reader7@example.org", "--json").json["status"]
assert status == ("unsubscribed" if word.status == 0 else "active"), (status, word)
print(done.status, unsettled)
"""


@pytest.mark.parametrize("left", [0, 100_000, 300_000, 600_000])
def test_a_full_disk_sends_nothing_that_it_cannot_write_down_and_recovers(
    tmp_path: Path, sink: Sink, left: int
) -> None:
    done = on_small_disk(
        tmp_path, sys.executable, "-c", _FULL, str(tmp_path), str(sink.port), str(left), size=3_000_000
    )
    assert done.returncode == 0, done.stderr
    status, unsettled = map(int, done.stdout.split())
    arrived = Counter(one.recipients for one in sink.taken)
    assert len(arrived) >= 19  # everybody but perhaps the one who left
    # a letter comes twice only where there was no room left to write down that it had been accepted
    assert arrived.total() - len(arrived) <= unsettled <= 8
    assert len({one.message["Message-ID"] for one in sink.taken}) == len(arrived)
    assert left or (status, unsettled) == (1, 0)


# --- a clock that leaps ------------------------------------------------------------------------------------------


def test_a_clock_thirty_days_ahead_mails_nobody_until_somebody_says_it_is_right(stocked: Place) -> None:
    stocked.readers(*(f"reader{number}" for number in range(8)))
    assert stocked.at(FRIDAY, "send", "--json").json["sent"] == 8
    stocked.list("2026-12-19", "three")
    ahead = "2026-12-20T08:00:00+00:00"
    done = stocked.at(ahead, "send")
    assert done.status == 1
    assert "digest send --yes" in done.err
    assert "2026-11-20" in done.err
    assert stocked.at(ahead, "send", "--yes", "--json").json["sent"] == 8


def test_a_few_readers_are_written_to_after_any_holiday(stocked: Place) -> None:
    assert stocked.at(FRIDAY, "send", "--json").json["sent"] == 1
    stocked.list("2026-12-19", "three")
    assert stocked.at("2026-12-20T08:00:00+00:00", "send", "--json").json["sent"] == 1


@pytest.mark.parametrize(
    "moment", ["2026-11-20T07:00:00+00:00", "2026-11-20T09:00:00+00:00", "1999-01-01T08:00:00+00:00"]
)
def test_a_clock_an_hour_off_or_long_ago_sends_nothing_twice(stocked: Place, moment: str) -> None:
    stocked.readers(*(f"reader{number}" for number in range(8)))
    assert stocked.at(FRIDAY, "send", "--json").json["sent"] == 8
    again = stocked.at(moment, "send", "--json")
    assert again.json["sent"] == 0
    assert len(stocked.letters()) == 8


# --- erasure -----------------------------------------------------------------------------------------------------


def test_nothing_of_who_was_erased_is_left_anywhere(stocked: Place) -> None:
    stocked.configure(subscribers=[])
    consent = ("--consent", f"{CANARY} signed a sheet")
    assert stocked.run("subscribers", "add", CANARY, "--interests", "kites", *consent).status == 0
    assert stocked.run("subscribers", "add", "ben@example.org", "--interests", "kites", *consent[:1], "too").status == 0
    assert stocked.run("send", "--now").status == 0
    assert stocked.run("send", "--now", "--to", CANARY).status == 0  # its report names the address
    assert stocked.run("subscribers", "suppress", CANARY, "--evidence", f"{CANARY} complained").status == 0
    assert stocked.run("preview", "--to", CANARY).status == 0
    assert found(stocked, CANARY)
    assert stocked.run("subscribers", "erase", CANARY, "--yes").status == 0
    assert found(stocked, CANARY) == []
    assert found(stocked, "ben@example.org")
    assert len(stocked.letters()) == 1
    assert stocked.run("subscribers", "erase", CANARY, "--yes").status == 0
    assert found(stocked, CANARY) == []


def found(place: Place, address: str) -> list[str]:
    """Files that hold an address, spelt out or as a file name has it."""
    spelt = {address.encode(), address.replace("@", "-").encode()}
    files = [path for path in place.folder.rglob("*") if path.is_file() and path.name != "config.yaml"]
    return [str(path) for path in files if any(one in path.read_bytes() or one.decode() in path.name for one in spelt)]


def test_an_erasure_that_died_halfway_is_finished_by_the_next_run(stocked: Place) -> None:
    stocked.configure(subscribers=[])
    assert stocked.run("subscribers", "add", CANARY, "--interests", "kites", "--consent", "yes").status == 0
    assert stocked.run("send", "--now").status == 0
    with locked(stocked):
        done = stocked.run("subscribers", "erase", CANARY, "--yes")
        assert "written down" in done.out
    assert found(stocked, CANARY)
    assert stocked.run("send", "--now").status == 0
    assert found(stocked, CANARY) == []


def test_a_store_that_was_replaced_is_told_when_somebody_is_erased(stocked: Place) -> None:
    stocked.configure(subscribers=[])
    assert stocked.run("subscribers", "add", CANARY, "--consent", "yes").status == 0
    assert stocked.run("db", "backup", "kept.db").status == 0
    assert stocked.run("db", "restore", "kept.db").status == 0
    done = stocked.run("subscribers", "erase", CANARY, "--yes")
    assert "digest.db.replaced-" in done.err


def test_who_was_erased_is_not_brought_back_by_an_import(stocked: Place) -> None:
    stocked.configure(subscribers=[])
    assert stocked.run("subscribers", "erase", CANARY, "--yes").status == 0
    stocked.file("people.csv", f"email\n{CANARY}\n")
    done = stocked.run("subscribers", "import", "people.csv", "--consent", "a list")
    assert (done.status, "left for good" in done.err) == (1, True)


# --- export and suppressions -------------------------------------------------------------------------------------


def test_an_export_tells_everything(stocked: Place) -> None:
    assert stocked.run("send", "--now").status == 0
    assert stocked.run("subscribers", "pause", ADA).status == 0
    assert stocked.run("subscribers", "suppress", ADA, "--reason", "complaint", "--evidence", "report 7").status == 0
    kept = stocked.run("subscribers", "export", ADA).json
    assert set(kept) == {"subscriber", "deliveries", "mentions", "suppressions", "askings", "opt_out_log"}
    assert kept["subscriber"]["consent"]["source"] == "config.yaml"
    (letter,) = kept["deliveries"]
    assert letter["state"] == "sent"
    assert {pick["title"] for pick in letter["picks"]} == {one["title"] for one in kept["mentions"]}
    assert letter["picks"][0]["interests"] == ["kites"]
    assert kept["suppressions"][0]["evidence"] == "report 7"
    assert [line["word"] for line in kept["opt_out_log"]] == ["pause", "suppress"]


def test_addresses_are_suppressed_listed_and_freed(stocked: Place) -> None:
    assert stocked.run("subscribers", "suppress", ADA, "--reason", "complaint", "--evidence", "report 7").status == 0
    assert stocked.run("send", "--now", "--json").json["sent"] == 0
    listed = stocked.run("subscribers", "suppressions").out
    assert f"{ADA}: complaint" in listed
    assert "1 not to be mailed" in listed
    assert stocked.run("subscribers", "unsuppress", ADA, "--reason", "a mistake").status == 0
    (one,) = stocked.run("subscribers", "suppressions", "--json").json
    assert (one["reason"], one["evidence"]) == ("complaint", "report 7; lifted: a mistake")
    assert one["lifted_at"] is not None
    assert stocked.run("send", "--now", "--json").json["sent"] == 1
    assert stocked.run("subscribers", "unsuppress", ADA, "--reason", "again").status == 2


# --- keys --------------------------------------------------------------------------------------------------------


def test_links_signed_with_an_older_key_still_work(stocked: Place) -> None:
    from digest.subscribers.tokens import Keyring

    assert stocked.run("send", "--now").status == 0
    secret = stocked.folder / "var" / "secret"
    (person,) = stocked.run("subscribers", "list", "--json").json
    from datetime import UTC, datetime

    token = Keyring.of(secret.read_bytes()).sign("unsubscribe", person["id"], datetime.now(UTC).date())
    secret.write_bytes(b"a newer key\n" + secret.read_bytes())
    assert stocked.run("subscribers", "unsubscribe", token).out == f"{ADA}: unsubscribed\n"
