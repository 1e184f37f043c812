"""What the store holds of a person, and what is left of it after an erasure; whom it must not mail."""

from __future__ import annotations

from datetime import timedelta

from digest.model import Verdict
from digest.store.connect import Database
from digest.store.record import erase, erase_address, record_of
from digest.store.runs import Run, add_run, last_runs
from digest.store.schema import metadata
from digest.store.suppressions import Suppression, every_suppression, is_suppressed, latest, lift, suppress
from tests.world import World

ADA = "ada@example.org"


def told(world: World) -> World:
    """Ada and Ben have had one letter each."""
    for name in ("ada", "ben"):
        world.reader(name)
    world.at("2026-08-17 07:00").list("one", "two")
    world.at("2026-08-17 07:30").run()
    return world


def test_a_record_names_every_letter_with_its_papers(database: Database) -> None:
    world = told(World(database))
    with database.read() as connection:
        ada = world.standing.known(connection, ADA)
        kept = record_of(connection, world.items, ada.id, [ADA])
    (letter,) = kept["deliveries"]
    titles = {"Kites and more kites: one", "Kites and more kites: two"}
    assert {pick["title"] for pick in letter["picks"]} == titles
    assert kept["mentions"] == [{"title": title, "letter": "2026-08-17"} for title in sorted(titles)]
    assert kept["subscriber"]["email"] == ADA


def test_every_table_that_names_a_subscriber_is_told_and_erased() -> None:
    """A table that is added later must be thought of in record.py."""
    naming = {
        table.name
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in ("subscriber", "delivery")
    }
    assert naming == {"asking", "delivery", "mention"}


def test_an_erasure_leaves_nothing_that_names_the_person_and_others_alone(database: Database) -> None:
    world = told(World(database))
    with database.write() as connection:
        ada, ben = (world.standing.known(connection, email) for email in (ADA, "ben@example.org"))
        erase(connection, ada.id)
        assert [one.id for one in world.people.all(connection)] == [ben.id]
    assert (world.mentions(ada), world.rows(ada)) == (0, {})
    assert (world.mentions(ben), list(world.rows(ben))) == (2, ["2026-08-17"])


def test_reports_of_runs_lose_the_address_and_nothing_else(database: Database) -> None:
    world = World(database)
    with database.write() as connection:
        for email in (ADA, "ben@example.org", "bada@example.org.example"):
            add_run(
                connection,
                Run(
                    command="send",
                    started_at=world.now,
                    finished_at=world.now,
                    verdict=Verdict.NOTHING_DUE,
                    reason=f"asked for {email}",
                    summary={"warnings": [f"{email}: has had it"], "sent": 3},
                ),
            )
        erase_address(connection, ADA)
        said = [(run.reason, run.summary["warnings"], run.summary["sent"]) for run in last_runs(connection)]
    assert said[-1] == ("asked for (erased)", ["(erased): has had it"], 3)
    assert said[-2] == ("asked for ben@example.org", ["ben@example.org: has had it"], 3)
    assert ADA not in repr(said)


# --- addresses that must not be mailed ---


def test_a_suppressed_address_stays_so_when_somebody_comes_with_it(database: Database) -> None:
    world = World(database)
    with database.write() as connection:
        suppress(connection, Suppression(address=ADA, reason="complaint", created_at=world.now))
        assert is_suppressed(connection, [ADA])
    ben = world.reader("ben")
    with database.write() as connection:
        for reason in ("hard bounce", "complaint"):
            suppress(connection, Suppression(address=ben.email, reason=reason, created_at=world.now))
    assert world.reader().is_suppressed
    assert not world.get(ben).is_mailable
    with database.read() as connection:
        assert {(one.address, one.reason) for one in every_suppression(connection)} == {
            (ADA, "complaint"),
            (ben.email, "complaint"),
        }


def test_what_was_lifted_is_remembered_and_can_be_said_again(database: Database) -> None:
    world = World(database)
    one = Suppression(address=ADA, reason="complaint", evidence="report 7", created_at=world.now)
    later = world.now + timedelta(hours=1)
    with database.write() as connection:
        suppress(connection, one)
        assert lift(connection, [ADA, "hash:k:x"], why="a mistake", now=later) == 1
        assert lift(connection, [ADA], why="again", now=later) == 0
        assert not is_suppressed(connection, [ADA])
        said = latest(connection, [ADA])
        assert said is not None
        assert (said.said_at, said.evidence) == (later, "report 7; lifted: a mistake")
        suppress(connection, one)
        assert is_suppressed(connection, [ADA])
        assert latest(connection, ["nobody@example.org"]) is None
