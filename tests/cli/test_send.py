"""`digest send` by hand: one letter a day each, whatever is typed, how often, and from how many places at once."""

from __future__ import annotations

from collections import Counter

import pytest

from digest.store.schema import delivery, subscriber
from tests.cli.papers import captured, title
from tests.cli.place import FRIDAY, Place, ended
from tests.services import free_port

NAMES = ("ada", "bea", "cy", "dot")
EVERYBODY = Counter({f"{name}@example.org": 1 for name in NAMES})


@pytest.fixture
def stocked(place: Place) -> Place:
    """A place with two papers to be read."""
    place.list("2026-11-20", "one", "two")
    return place


def rows(place: Place) -> list[tuple[str, str, str]]:
    """(slot, kind, state) of every ledger row."""
    columns = [column.name for column in delivery.columns]
    found = [dict(zip(columns, row, strict=True)) for row in place.contents()["delivery"]]
    return sorted((row["slot"], row["kind"], row["state"]) for row in found)


def floors(place: Place) -> list[object]:
    at = [column.name for column in subscriber.columns].index("floor")
    return [row[at] for row in place.contents()["subscriber"]]


# --- once --------------------------------------------------------------------------------------------------------


def test_twice_gives_no_second_letter(stocked):
    first = stocked.at(FRIDAY, "send", "--json")
    assert (first.status, first.json["verdict"], first.json["sent"]) == (0, "sent", 1)
    for typed in (("send",), ("send", "--now")):
        second = stocked.at(FRIDAY, *typed, "--json")
        assert (second.status, second.json["verdict"]) == (0, "nothing-due")
        assert second.json["reason"]
    assert len(stocked.letters()) == 1
    assert len(stocked.contents()["delivery"]) == 1


@pytest.mark.parametrize("transport", ["files", "smtp"])
def test_several_at_once_give_each_reader_one_letter(stocked, store, sink, transport):
    stocked.readers(*NAMES)
    stocked.configure(store=store)
    if transport == "smtp":
        stocked.mail_to(sink.port)
    together = [stocked.start("send", "--now", "--json") for _ in range(3)]
    reports = [ended(process) for process in together]
    assert [(done.status, done.err) for done in reports] == [(0, "")] * 3
    assert sum(done.json["sent"] for done in reports) == len(NAMES)
    assert sum(done.json["planned"] for done in reports) == len(NAMES)
    if transport == "smtp":
        assert sink.letters() == EVERYBODY
    else:
        assert len(stocked.letters()) == len(NAMES)
    assert Counter(state for _, _, state in rows(stocked)) == {"sent": len(NAMES)}


def test_to_names_one_reader_and_adds_none(stocked):
    stocked.readers(*NAMES)
    done = stocked.at(FRIDAY, "send", "--to", "bea@example.org", "--json")
    assert (done.json["planned"], done.json["sent"]) == (1, 1)
    assert len(stocked.letters()) == 1
    unknown = stocked.at(FRIDAY, "send", "--to", "eve@example.org")
    assert unknown.status == 2
    assert "eve@example.org" in unknown.err
    rest = stocked.at(FRIDAY, "send", "--json")
    assert rest.json["sent"] == len(NAMES) - 1


@pytest.mark.parametrize("word", ["pause", "unsubscribe"])
def test_to_overrules_nobodys_word(stocked, word):
    assert stocked.at(FRIDAY, "subscribers", word, "ada@example.org").status == 0
    done = stocked.at(FRIDAY, "send", "--now", "--to", "ada@example.org", "--json")
    assert (done.status, done.json["sent"]) == (0, 0)
    assert stocked.letters() == []


def test_a_file_without_most_of_its_readers_is_taken_for_a_mistake(stocked):
    stocked.readers(*NAMES, *(f"reader{number}" for number in range(6)))
    assert stocked.at(FRIDAY, "subscribers", "list").status == 0
    stocked.readers("ada")
    before = stocked.contents()
    done = stocked.at(FRIDAY, "send", "--json")
    assert (done.status, done.out) == (2, "")
    assert "digest send --yes" in done.err
    assert stocked.contents() == before | {"meta": stocked.contents()["meta"]}
    meant = stocked.at(FRIDAY, "send", "--yes", "--json")
    assert (meant.status, meant.json["sent"]) == (0, 1)
    assert "gone from the file" in stocked.at(FRIDAY, "subscribers", "show", "bea@example.org").out


def test_a_run_that_reads_nothing_has_failed(place):
    done = place.at(FRIDAY, "send", "--json")
    assert (done.status, done.json["verdict"]) == (1, "failed")
    assert "saved" in done.json["reason"]


def test_a_run_whose_letters_nobody_takes_has_failed(stocked):
    stocked.mail_to(free_port())
    done = stocked.at(FRIDAY, "send", "--json")
    assert (done.status, done.json["verdict"], done.json["deferred"]) == (1, "failed", 1)
    assert "refused" in done.json["reason"]


# --- rehearsals --------------------------------------------------------------------------------------------------


def test_a_dry_run_leaves_no_trace_in_the_store(stocked, store):
    stocked.configure(store=store)
    assert stocked.run("send", "--now").status == 0
    stocked.list("2026-11-21", "three")
    stocked.readers("ada", "bea")
    before = stocked.contents()
    for typed in (("send", "--now", "--dry-run"), ("--clock", "2027-01-04T12:00:00+00:00", "send", "--dry-run")):
        done = stocked.run(*typed, "--json")
        assert (done.status, done.json["verdict"]) == (0, "sent")
        assert stocked.contents() == before
    assert any(title("three") in " ".join(text.split()) for text in stocked.letters("out/dry-run"))
    assert len(stocked.letters()) == 1


def test_a_dry_run_on_nothing_makes_nothing_but_letters(stocked):
    done = stocked.run("send", "--now", "--dry-run")
    assert done.status == 0
    assert "Open out/dry-run/index.html" in done.out
    assert not (stocked.folder / "var" / "digest.db").exists()
    assert not (stocked.folder / "var" / "secret").exists()
    assert stocked.run("send", "--now", "--json").json["sent"] == 1


def test_a_dry_run_for_smtp_mails_nothing_and_promises_what_will_be_sent(stocked, sink):
    assert stocked.run("send", "--now").status == 0
    stocked.mail_to(sink.port)
    before = stocked.contents()
    rehearsed = stocked.run("send", "--now", "--dry-run", "--json")
    assert (rehearsed.status, rehearsed.json["sent"]) == (0, 1)
    assert sink.taken == []
    assert stocked.contents() == before
    played = stocked.run("send", "--now", "--json")
    assert played.json == rehearsed.json
    assert sink.letters() == {"ada@example.org": 1}


def test_the_links_of_a_dry_run_do_nothing(stocked):
    assert stocked.run("send", "--now", "--dry-run").status == 0
    assert stocked.run("send", "--now").status == 0
    (rehearsed,) = (stocked.folder / "out/dry-run").glob("20*/*.eml")
    token = rehearsed.read_text().split("unsubscribe%20")[1].split(">")[0]
    assert stocked.run("subscribers", "unsubscribe", token).status == 2


# --- once more ----------------------------------------------------------------------------------------------------


def test_again_sends_a_copy_that_says_so_and_changes_nothing_else(stocked, sink):
    stocked.mail_to(sink.port)
    stocked.readers("ada", "bea")
    assert stocked.at(FRIDAY, "send", "--to", "ada@example.org").status == 0
    stocked.list("2026-11-21", "three")
    before, floors_before = stocked.contents(), floors(stocked)
    done = stocked.at(FRIDAY, "send", "--again", "--to", "ada@example.org", "--json")
    assert (done.status, done.json["planned"], done.json["sent"]) == (0, 0, 1)
    first, second = sink.taken
    assert "test" in second.message["Subject"].lower()
    assert "test" not in first.message["Subject"].lower()
    assert second.message["Message-ID"] != first.message["Message-ID"]
    assert all(title(name) in one.text for one in (first, second) for name in ("one", "two"))
    assert sorted(kind for _, kind, _ in rows(stocked)) == ["digest", "test"]
    after = stocked.contents()
    assert floors(stocked) == floors_before
    assert [after[name] for name in ("mention", "subscriber", "edition")] == [
        before[name] for name in ("mention", "subscriber", "edition")
    ]


def test_again_for_everybody_repeats_only_what_was_sent(stocked, sink):
    stocked.mail_to(sink.port)
    stocked.readers("ada", "bea")
    assert stocked.at(FRIDAY, "send", "--to", "ada@example.org").status == 0
    for number in (2, 3):
        assert stocked.at(FRIDAY, "send", "--again").status == 0
        assert sink.letters() == {"ada@example.org": number}


# --- clocks ------------------------------------------------------------------------------------------------------

WRITING = [("send", "--now"), ("ingest",), ("subscribers", "pause", "ada@example.org")]


@pytest.mark.parametrize("typed", WRITING, ids=" ".join)
@pytest.mark.parametrize("is_pretended", [True, False], ids=["pretended on real", "real on simulated"])
def test_a_clock_leaves_the_other_clocks_store_alone(stocked, typed, is_pretended):
    mine, other = (("--clock", FRIDAY), ()) if is_pretended else ((), ("--clock", FRIDAY))
    assert stocked.run(*other, "send", "--now").status == 0
    before = stocked.contents()
    done = stocked.run(*mine, *typed)
    assert (done.status, done.out) == (1, "")
    assert "clock" in done.err
    assert stocked.contents() == before


def test_a_pretended_clock_mails_only_to_this_machine(stocked):
    stocked.mail_to(25)
    stocked.configure(delivery={"transport": "smtp", "smtp": {"host": "mail.example.org", "port": 25}})
    done = stocked.at(FRIDAY, "send", "--now")
    assert (done.status, done.out) == (1, "")
    assert "this machine" in done.err
    assert not stocked.contents()["subscriber"]


# --- from files to mail and back ---------------------------------------------------------------------------------


def test_what_lay_on_disk_is_mailed_once_mail_begins(stocked, sink):
    assert stocked.run("send", "--now").status == 0
    stocked.mail_to(sink.port)
    done = stocked.run("send", "--now", "--json")
    assert (done.status, done.json["sent"]) == (0, 1)
    assert any("set aside" in warning for warning in done.json["warnings"])
    assert all(title(name) in sink.taken[0].text for name in ("one", "two"))
    again = stocked.run("send", "--now", "--json")
    assert again.json["sent"] == 0
    assert not any("set aside" in warning for warning in again.json["warnings"])
    stocked.configure(delivery={"transport": "files"})
    back = stocked.run("send", "--now", "--json")
    assert (back.status, back.json["verdict"]) == (0, "nothing-due")
    assert len(stocked.letters()) == 1


def test_after_mail_and_back_on_disk_nothing_is_told_twice(stocked, sink):
    monday, tuesday, wednesday = (f"2026-11-{day}T08:00:00+00:00" for day in (23, 24, 25))
    stocked.mail_to(sink.port)
    assert stocked.at(monday, "send").status == 0
    stocked.configure(delivery={"transport": "files"})
    stocked.list("2026-11-24", "three")
    assert stocked.at(tuesday, "send").status == 0
    (text,) = stocked.letters()
    assert title("three") in " ".join(text.split())
    assert title("one") not in " ".join(text.split())
    stocked.mail_to(sink.port)
    assert stocked.at(wednesday, "send").status == 0
    names = {name: title(name) for name in ("one", "two", "three")}
    assert sink.mentions("ada@example.org", names) == {"one": 1, "two": 1, "three": 1}


def test_made_up_papers_are_never_mailed(place, sink):
    real = {"name": "saved", "kind": "folder", "path": "listings/*"}
    place.readers("ada", interests="language models\nneural networks\nkites", trending=10, quiet_days="trending")
    place.configure(sources=[real, {"name": "sample", "kind": "sample"}])
    assert place.run("send", "--now", "--json").json["sent"] == 1
    assert "sample" in place.letters()[0].lower()
    place.mail_to(sink.port)
    done = place.run("send", "--now", "--json")
    assert done.json["sent"] == 0
    assert sink.taken == []
    place.list("2026-11-20", "one")
    assert place.run("send", "--now").status in (0, 1)
    assert all("sample" not in one.text.lower() for one in sink.taken)


REFUSED = [
    ({"site": {"name": "Kite News", "contact": "owner@example.org"}}, "postal_address"),
    ({"delivery": {"dkim": {"selector": "s", "domain": "example.org", "key_file": "key"}}}, "dkim"),
    ({"delivery": {"smtp": {"username": "ada"}}}, "password"),
]


@pytest.mark.parametrize(("change", "named"), REFUSED, ids=[named for _, named in REFUSED])
def test_what_must_not_be_mailed_is_refused_before_anything_changes(stocked, sink, change, named):
    assert stocked.run("send", "--now").status == 0
    stocked.mail_to(sink.port)
    delivery_block = stocked.settings["delivery"]
    more = change.get("delivery", {})
    smtp = delivery_block["smtp"] | more.get("smtp", {})
    stocked.configure(**(change | {"delivery": delivery_block | more | {"smtp": smtp}}))
    before = stocked.contents()
    done = stocked.run("send", "--now")
    assert done.status in (1, 2)
    assert done.out == ""
    assert named in done.err
    assert "Traceback" not in done.err
    assert stocked.contents() == before
    assert sink.taken == []


def test_a_capture_and_its_listing_are_one_paper(stocked):
    stocked.file("listings/page.txt", captured("one", "two"))
    assert stocked.at(FRIDAY, "send", "--json").json["sent"] == 1
    (text,) = stocked.letters()
    assert all(" ".join(text.split()).count(title(name)) == 1 for name in ("one", "two"))
