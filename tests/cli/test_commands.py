"""Every command as it is typed: exit status, the JSON that scripts rely on, and what a person reads."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest

from digest.store.connect import Database
from tests.cli.papers import number, title
from tests.cli.place import FRIDAY, Place

SEND = {
    "verdict",
    "reason",
    "warnings",
    "planned",
    "sent",
    "skipped",
    "deferred",
    "failed",
    "unknown",
    "cancelled",
}
DOCUMENTS = [
    (("parse", "listings/day.json"), {"file", "kind", "outcome", "reason", "entries"}),
    (("ingest",), {"edition", "sources", "new_items", "listed_items"}),
    (("preview", "listings/day.json", "--interests", "kites"), {"date", "considered", "picks", "files", "bytes"}),
    (("preview", "--to", "ada@example.org"), {"date", "considered", "picks", "files", "bytes"}),
    (("send",), SEND),
    (("send", "--now"), SEND),
    (("send", "--dry-run"), SEND),
    (("explain", "ada@example.org", title("one")), {"sent", "reason", "score", "threshold", "reasons"}),
    (
        ("status",),
        {"edition", "sources", "runs", "subscribers", "ledger", "skipped", "books", "unknown", "overdue"},
    ),
    (("doctor",), {"checks"}),
]


@pytest.fixture
def stocked(place: Place) -> Place:
    """A place that has read two papers."""
    place.list("day", "one", "two")
    assert place.at(FRIDAY, "ingest").status == 0
    return place


@pytest.mark.parametrize(("arguments", "keys"), DOCUMENTS, ids=[" ".join(typed) for typed, _ in DOCUMENTS])
def test_a_report_is_one_document_with_its_keys(stocked, arguments, keys):
    done = stocked.at(FRIDAY, *arguments, "--json")
    assert (done.status, done.err) == (0, "")
    assert set(done.json) == keys
    assert done.out.count("\n") == 1


def test_the_parts_of_the_documents_have_their_keys(stocked):
    parsed = stocked.run("parse", "listings/day.json", "--json").json
    entry = {"id", "title", "url", "abstract", "authors", "published", "announce_type", "version", "categories"}
    assert set(parsed["entries"][0]) == entry | {"popularity"}
    source = stocked.at(FRIDAY, "ingest", "--json").json["sources"][0]
    assert set(source) == {"name", "outcome", "reason", "entries", "new", "listed", "revised"}
    shown = stocked.run("preview", "listings/day.json", "--interests", "kites", "--json").json
    assert set(shown["picks"][0]) == {"rank", "id", "title", "url", "score", "reasons"}
    assert set(shown["picks"][0]["reasons"][0]) == {"interest", "field", "points", "words"}
    assert set(shown["files"]) == {"html", "text", "eml"}
    assert set(shown["bytes"]) == {"html", "text", "message"}


def test_the_reasons_of_a_pick_add_up(stocked):
    shown = stocked.run("preview", "listings/day.json", "--interests", "kites, flying ^2, -ground", "--json").json
    assert len(shown["picks"]) == 2
    for pick in shown["picks"]:
        assert pick["score"] == sum(reason["points"] for reason in pick["reasons"])


def test_a_preview_writes_the_files_that_it_names(stocked):
    shown = stocked.run("preview", "listings/day.json", "--interests", "kites", "--out", "look", "--json").json
    for part, length in (("html", "html"), ("text", "text"), ("eml", "message")):
        assert (stocked.folder / shown["files"][part]).stat().st_size == shown["bytes"][length]
    assert title("one") in (stocked.folder / "look" / "letter.txt").read_text(encoding="utf-8")


def test_a_preview_of_the_store_counts_days_back_from_the_newest(stocked):
    stocked.list("next", "three")
    listing = stocked.folder / "listings" / "next.json"
    listing.write_text(listing.read_text(encoding="utf-8").replace('"next', '"2026-11-23'), encoding="utf-8")
    assert stocked.at("2026-11-23T08:00:00+00:00", "ingest").status == 0

    def considered(*arguments: str) -> int:
        return int(stocked.run("preview", "--interests", "kites", *arguments, "--json").json["considered"])

    assert considered() == considered("--days", "3") == 1
    assert considered("--days", "4") == 3
    assert considered("--date", "2026-11-20") == 2
    assert considered("--date", "2026-11-21") == 0
    month = stocked.run("preview", "--interests", "kites", "--days", "30", "--json").json
    assert month["volume"] == dict.fromkeys(("strict", "normal", "broad"), 1.5)  # three papers on two days
    assert (
        "about 1.5 papers a day at this setting" in stocked.run("preview", "--interests", "kites", "--days", "30").out
    )


def test_explain_answers_for_what_was_sent_and_for_what_was_not(stocked):
    stocked.readers("ada", interests="kites\n! two")
    assert stocked.at(FRIDAY, "send").status == 0
    sent = stocked.run("explain", "ada@example.org", f"arxiv:{number('one')}", "--json").json
    assert sent["sent"] is True
    assert sent["score"] == sum(reason["points"] for reason in sent["reasons"]) >= sent["threshold"]
    kept_out = stocked.run("explain", "ada@example.org", title("two"), "--json").json
    assert kept_out["sent"] is False
    assert "two" in kept_out["reason"]


def test_status_is_bad_when_somebody_was_forgotten(stocked):
    assert stocked.run("subscribers", "list").status != 0  # a simulated store
    assert stocked.at("2026-11-20T07:00:00+00:00", "subscribers", "list").status == 0
    assert stocked.at("2026-11-20T08:00:00+00:00", "status").status == 0
    late = stocked.at("2026-11-20T08:31:00+00:00", "status", "--json")
    assert (late.status, late.json["overdue"]) == (1, 1)


# --- what is wrong with what was typed ----------------------------------------------------------------------------

WRONG = [
    ((), "Usage"),
    (("frobnicate",), "No such command"),
    (("send", "--frobnicate"), "No such option"),
    (("parse",), "Missing argument"),
    (("parse", "absent.json"), "No such file"),
    (("parse", "listings"), "directory"),
    (("parse", "listings/day.json", "--kind", "telegram"), "huggingface"),
    (("ingest", "--source", "other"), "saved"),
    (("preview",), "--to"),
    (("preview", "--to", "ada@example.org", "--interests", "kites"), "--to"),
    (("preview", "--to", "nobody@example.org"), "nobody@example.org"),
    (("preview", "--to", "not an address"), "not an address"),
    (("preview", "--interests", "kites", "--days", "0"), "--days"),
    (("preview", "--interests", "kites", "--date", "2026-11-20", "--days", "2"), "--days"),
    (("preview", "listings/day.json", "--interests", "kites", "--days", "2"), "--days"),
    (("preview", "--interests", "kites", "--date", "20.11.2026"), "--date"),
    (("preview", "--interests", "kites", "absent.json"), "No such file"),
    (("explain", "nobody@example.org", "kites"), "nobody@example.org"),
    (("explain", "ada@example.org", "No such paper"), "No such paper"),
    (("send", "--to", "nobody@example.org"), "nobody@example.org"),
    (("send", "--to", "nobody"), "nobody"),
    (("send", "--again"), "no letter of today"),
    (("send", "--again", "--now"), "--again"),
    (("send", "--again", "--dry-run"), "--again"),
    (("subscribers", "show", "nobody@example.org"), "nobody@example.org"),
    (("subscribers", "add", "ada@example.org"), "known already"),
    (("subscribers", "add", "bea@example.org", "--interests", "kites ^9"), "kites"),
    (("subscribers", "pause", "ada@example.org", "--until", "2026-11-20"), "begun"),
    (("subscribers", "unsubscribe", "some.token"), "token"),
    (("subscribers", "erase", "ada@example.org", "--yes"), "config.yaml"),
    (("subscribers", "import", "absent.csv"), "No such file"),
    (("init",), "there already"),
    (("db", "backup", "config.yaml"), "there already"),
    (("--config", "absent.yaml", "send"), "digest init"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(typed) or "nothing" for typed, _ in WRONG])
def test_wrong_usage_is_told_and_changes_nothing(stocked, arguments, said):
    stocked.at(FRIDAY, "subscribers", "list")
    before = stocked.contents()
    done = stocked.at(FRIDAY, *arguments)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert stocked.contents() == before | {"meta": stocked.contents()["meta"]}  # facts about the store may be noted


@pytest.mark.parametrize("moment", ["2026-11-20T08:00:00", "tomorrow", "2026-13-01T00:00:00Z"])
def test_a_clock_needs_a_moment_with_its_offset(place, moment):
    done = place.at(moment, "status")
    assert (done.status, done.out) == (2, "")
    assert moment in done.err


def test_nothing_runs_without_a_configuration(tmp_path, place):
    (tmp_path / "config.yaml").unlink()
    for arguments in (("send",), ("ingest",), ("status",), ("run",), ("subscribers", "list"), ("db", "upgrade")):
        done = place.run(*arguments)
        assert (done.status, done.out) == (2, "")
        assert "digest init" in done.err


@pytest.mark.parametrize("arguments", [("init", "file/place"), ("db", "backup", "file/backup.db")])
def test_what_the_disk_refuses_is_told_in_one_line(place, arguments):
    place.file("file", "not a folder")
    assert place.run("subscribers", "list").status == 0
    done = place.run(*arguments)
    assert done.status == 1
    assert done.err.startswith("digest: ")
    assert done.err.count("\n") == 1


def test_a_store_that_is_none_is_told_in_one_line(place):
    (place.folder / "var").mkdir()
    place.file("var/digest.db", "This is not a database. " * 100)
    for arguments in (("send",), ("status",), ("db", "backup", "copy.db")):
        done = place.run(*arguments)
        assert done.status == 1
        assert done.err.startswith("digest: ")
        assert done.err.count("\n") == 1
    assert not (place.folder / "copy.db").exists()


def test_a_store_of_a_newer_version_is_left_alone(stocked):
    database = Database(f"sqlite:///{stocked.folder}/var/digest.db")
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    for arguments in (("send",), ("send", "--dry-run"), ("db", "upgrade")):
        done = stocked.at(FRIDAY, *arguments)
        assert (done.status, done.out) == (1, "")
        assert "9999" in done.err


# --- people ------------------------------------------------------------------------------------------------------


def test_people_come_and_go_by_command(place):
    assert place.run("subscribers", "add", "bea@example.org", "--interests", "kites").out.startswith(
        "bea@example.org: pending"
    )
    added = place.run("subscribers", "add", "cy@example.org", "--interests", "kites", "--consent", "in person")
    assert added.out == "cy@example.org: active\n"
    assert place.run("subscribers", "resume", "bea@example.org").status == 2  # she has not confirmed
    rows = {row["email"]: row for row in place.run("subscribers", "list", "--json").json}
    assert {email: row["status"] for email, row in rows.items()} == {
        "ada@example.org": "active",
        "bea@example.org": "pending",
        "cy@example.org": "active",
    }
    assert rows["ada@example.org"]["owner"] == "file"
    assert place.run("subscribers", "unsubscribe", "cy@EXAMPLE.org").out == "cy@example.org: unsubscribed\n"
    kept = place.run("subscribers", "export", "cy@example.org").json
    assert kept["subscriber"]["status"] == "unsubscribed"
    assert place.run("subscribers", "erase", "cy@example.org", "--yes").status == 0
    assert "cy@example.org" not in place.run("subscribers", "list").out


def test_the_token_of_a_letter_unsubscribes_its_reader(place):
    place.list("day", "one")
    assert place.run("send", "--now").status == 0
    (record,) = place.folder.glob("out/*/*.eml")
    header = message_from_bytes(record.read_bytes(), policy=policy.default)["List-Unsubscribe"]
    token = re.search(r"subject=(?:unsubscribe%20)?([^>]+)>", header)[1]
    done = place.run("subscribers", "unsubscribe", token)
    assert (done.status, done.out) == (0, "ada@example.org: unsubscribed\n")


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Asia/Tokyo", "2026-11-24T15:00:00+00:00"),
        ("America/Los_Angeles", "2026-11-25T08:00:00+00:00"),
        ("UTC", "2026-11-25T00:00:00+00:00"),
    ],
)
def test_a_pause_ends_with_the_day_where_the_reader_lives(place, zone, moment):
    place.readers("ada", timezone=zone)
    done = place.at(FRIDAY, "subscribers", "pause", "ada@example.org", "--until", "2026-11-25")
    assert done.out == "ada@example.org: paused, until 2026-11-25\n"
    shown = place.at(FRIDAY, "subscribers", "show", "ada@example.org", "--json").json
    assert shown["paused_until"] == moment


def test_an_import_keeps_the_good_lines_and_tells_the_others(place):
    place.file(
        "people.csv", 'email,interests\nbea@example.org,kites\nnot an address,kites\ncy@example.org,"kites ^9"\n'
    )
    done = place.run("subscribers", "import", "people.csv", "--consent", "signed a sheet in June")
    assert (done.status, done.out) == (1, "1 added, 2 not\n")
    assert "people.csv:3: " in done.err
    assert "people.csv:4: " in done.err
    assert "bea@example.org: active" in place.run("subscribers", "list").out
    again = place.run("subscribers", "import", "people.csv", "--consent", "signed a sheet in June")
    assert (again.status, again.out) == (1, "0 added, 3 not\n")


# --- the place ---------------------------------------------------------------------------------------------------


def test_a_backup_is_the_store_and_belongs_to_its_owner(stocked):
    done = stocked.run("db", "backup", "kept/copy.db")
    assert (done.status, done.out) == (0, "wrote kept/copy.db\n")
    copy = stocked.folder / "kept" / "copy.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    held = stocked.contents()
    stocked.configure(store=f"sqlite:///{copy}")
    assert stocked.contents() == held


def test_a_backup_has_the_form_of_its_store(place, store):
    place.configure(store=store)
    assert place.run("subscribers", "list").status == 0
    assert place.run("db", "backup", "copy").status == 0
    begins = b"SQLite format 3" if store.startswith("sqlite") else b"PGDMP"
    assert (place.folder / "copy").read_bytes().startswith(begins)


def test_there_is_no_backup_of_nothing(place):
    done = place.run("db", "backup", "copy.db")
    assert done.status == 1
    assert "no store" in done.err
    assert sorted(path.name for path in place.folder.iterdir()) == ["config.yaml", "listings", "var"]


def test_an_upgrade_says_whether_there_was_anything_to_do(place):
    assert "already" not in place.run("db", "upgrade").out
    assert "already" in place.run("db", "upgrade").out


# --- in a process of its own -------------------------------------------------------------------------------------


def test_output_is_plain_where_nobody_looks(stocked):
    stocked.file("listings/other.json", "not a listing")
    done = stocked.command("--clock", FRIDAY, "send")
    assert done.status == 0
    assert "\x1b" not in done.out + done.err
    assert "\r" not in done.out + done.err
    assert (stocked.folder / "out" / "index.html").exists()


def test_logs_stay_off_standard_output(stocked):
    stocked.file("listings/other.json", "not a listing")
    done = stocked.command("--clock", FRIDAY, "send", "--json", TERM="xterm", PYTHONWARNINGS="default")
    assert set(done.json) == SEND
    assert any("other.json" in warning for warning in done.json["warnings"])


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_titles_are_told_in_the_encoding_of_any_terminal(place, encoding):
    place.list("day", "Dračí 風箏")
    done = place.command("parse", "listings/day.json", PYTHONIOENCODING=encoding)
    assert done.status == 0
    assert "Kites and more kites: Dra" in done.out


def test_a_title_cannot_steer_the_terminal(place):
    place.list("day", "red \x1b[31m\x07 and ‮back")
    done = place.run("parse", "listings/day.json")
    assert done.status == 0
    assert not set("\x1b\x07‮") & set(done.out)


def test_the_version_can_be_asked_for(place):
    done = place.command("--version")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("digest ")


def test_help_names_every_command(place):
    done = place.command("--help")
    assert done.status == 0
    for name in ("parse", "ingest", "preview", "send", "explain", "subscribers", "status", "run", "db", "init"):
        assert f"  {name} " in done.out
