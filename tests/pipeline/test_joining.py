"""Joining: who is written to because an address was typed, how often, and what a yes does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from digest.model import Asking, Errand, Kind, Profile, Status
from digest.pipeline.joining import Joining
from digest.store import askings
from digest.subscribers.limits import same_mailbox, same_network
from digest.subscribers.tokens import Keyring
from tests.world import World

DAY = timedelta(days=1)
PROFILE = Profile(interests="graph neural networks")


@pytest.fixture
def world(database: Any) -> World:
    return World(database).at("2026-08-17 12:00")


@pytest.fixture
def joining(world: World) -> Joining:
    return Joining(world.standing, Keyring(b"a key for tests"), transport="files")


def asking(world: World, email: str, errand: Errand = Errand.JOIN, **values: Any) -> Asking:
    made = Asking(
        what=errand, email=email, profile=PROFILE, network="192.0.2.7", door="web", wording="1", asked_at=world.now
    )
    return replace(made, **values)


@pytest.fixture
def join(world: World, joining: Joining) -> Callable[..., list[tuple[Kind, str]]]:
    """Ask for an address and see to it; what is then written to it, as (kind, first word of the cause)."""

    def joined(email: str, errand: Errand = Errand.JOIN, **values: Any) -> list[tuple[Kind, str]]:
        assert joining.ask(asking(world, email, errand, **values))
        joining.see_to(world.now)
        return written(world, email)

    return joined


def written(world: World, email: str) -> list[tuple[Kind, str]]:
    with world.database.read() as connection:
        person = world.people.find(connection, email)
        if person is None:
            return []
        rows = world.ledger.history(connection, person.id)
    return [(row.kind, row.slot.split()[0] if " " in row.slot else "") for row in reversed(rows)]


def status(world: World, email: str) -> Status:
    with world.database.read() as connection:
        return world.standing.known(connection, email).status


def test_a_stranger_is_asked_first_and_gets_nothing_else(world: World, join: Any) -> None:
    assert join("ada@example.org") == [(Kind.CONFIRM, "")]
    assert status(world, "ada@example.org") is Status.PENDING
    world.list("A paper on graph neural networks")
    world.run()
    assert written(world, "ada@example.org") == [(Kind.CONFIRM, "")]
    assert [message.subject for message in world.transport.taken] == ["Shall we write to you?"]


def test_the_page_says_the_same_whoever_has_the_address(world: World, joining: Joining) -> None:
    """Asking looks nobody up: it writes one row, of the same size for everybody."""
    for email in ("new@example.org", "ada@example.org"):
        assert joining.ask(asking(world, email)) is True
    assert not written(world, "new@example.org")


def test_ten_thousand_errands_for_one_address_are_one_letter(world: World, joining: Joining) -> None:
    for number in range(300):  # the row is the same one, so that more of them add nothing but time
        spelt = f"v.ic.tim+{number}@gmail.com" if number % 2 else "victim@gmail.com"
        joining.ask(asking(world, spelt, network=f"198.51.{number % 250}.9"))
        if number % 50 == 49:
            joining.see_to(world.now)
    for _ in range(10):
        joining.see_to(world.now)
    world.run()
    assert len(world.transport.taken) == 1


def test_an_address_is_asked_once_a_day_and_three_times_a_month(world: World, join: Any) -> None:
    sent = []
    for _ in range(40):
        join("ada@example.org")
        world.run()
        sent.append(len(world.transport.taken))
        world.now += timedelta(hours=20)
    assert sent[0] == 1
    assert sent[1] == 1
    assert 3 <= sent[20] <= 3
    assert sent[-1] <= 5


def test_yes_makes_a_reader_whose_first_letter_is_due_at_once(world: World, join: Any) -> None:
    join("ada@example.org")
    world.list("A paper on graph neural networks")
    first = world.standing.confirm("ada@example.org", world.now)
    world.run()
    assert status(world, "ada@example.org") is Status.ACTIVE
    assert (Kind.DIGEST, "") in written(world, "ada@example.org")
    again = world.standing.confirm("ada@example.org", world.now + DAY)
    assert first is not None
    assert again is not None
    assert again.confirmed_at == first.confirmed_at


def test_who_reads_already_is_told_so(world: World, join: Any) -> None:
    join("ada@example.org")
    world.standing.confirm("ada@example.org", world.now)
    world.now += 2 * DAY
    assert join("ada@example.org", profile=Profile(interests="something else"))[-1] == (Kind.REPLY, "already")
    with world.database.read() as connection:
        assert world.standing.known(connection, "ada@example.org").profile.interests == PROFILE.interests


def test_who_has_left_is_asked_again_and_stays_away_until_they_say_yes(world: World, join: Any) -> None:
    join("ada@example.org")
    world.standing.confirm("ada@example.org", world.now)
    world.standing.unsubscribe("ada@example.org", world.now)
    world.now += 2 * DAY
    assert join("ada@example.org")[-1] == (Kind.CONFIRM, "")
    assert status(world, "ada@example.org") is Status.PENDING


def test_nobody_suppressed_or_erased_is_written_to(world: World, join: Any) -> None:
    world.standing.suppress("gone@example.org", reason="bounce", evidence="", now=world.now)
    assert join("gone@example.org") == []
    join("left@example.org")
    world.standing.erase("left@example.org", world.now)
    world.now += 2 * DAY
    assert join("left@example.org") == []


def test_a_link_is_mailed_only_to_who_is_here(world: World, join: Any) -> None:
    assert join("stranger@example.org", Errand.LINK) == []
    join("ada@example.org")
    assert join("ada@example.org", Errand.LINK) == [(Kind.CONFIRM, "")]
    world.standing.confirm("ada@example.org", world.now)
    assert join("ada@example.org", Errand.LINK)[-1] == (Kind.REPLY, "link")


def test_a_network_that_asks_too_often_waits_and_loses_nothing(world: World, joining: Joining) -> None:
    for number in range(40):
        joining.ask(asking(world, f"student{number}@example{number}.org", network=f"192.0.2.{number}"))
    seen = joining.see_to(world.now)
    assert (len(seen.people), seen.held) == (30, 10)
    world.now += timedelta(minutes=61)
    assert len(joining.see_to(world.now).people) == 10


def test_the_brake_holds_a_wave_and_lets_go_by_itself(world: World, joining: Joining) -> None:
    for number in range(150):
        joining.ask(asking(world, f"a@example{number}.org", network=f"10.{number}.0.1"))
    first, second = joining.see_to(world.now), joining.see_to(world.now)
    assert len(first.people) == 100
    assert (len(second.people), second.is_braked, second.held) == (0, True, 50)
    world.now += timedelta(minutes=61)
    assert len(joining.see_to(world.now).people) == 50


def test_what_one_address_is_refused_uses_up_nobody_elses_share(world: World, joining: Joining) -> None:
    for number in range(300):
        joining.ask(asking(world, f"victim+{number}@example.org", network=f"10.{number % 250}.0.1"))
    while joining.see_to(world.now).people:
        pass
    for _ in range(5):
        joining.see_to(world.now)
    joining.ask(asking(world, "honest@example.net"))
    assert len(joining.see_to(world.now).people) == 1


def test_a_wish_that_is_asked_for_anew_meanwhile_is_seen_to_once(world: World, joining: Joining) -> None:
    """Two clicks: the second one takes the place of the first while somebody looks at it."""
    joining.ask(asking(world, "ada@example.org"))
    with world.database.read() as connection:
        [read] = askings.waiting(connection, world.now, longest=DAY, limit=10)
    world.now += timedelta(seconds=1)
    joining.ask(asking(world, "ada@example.org"))
    with world.database.write() as connection:
        assert not askings.stands(connection, read)
    assert len(joining.see_to(world.now).people) == 1
    assert written(world, "ada@example.org") == [(Kind.CONFIRM, "")]


def test_errands_of_an_old_backup_are_not_seen_to(world: World, joining: Joining) -> None:
    joining.ask(asking(world, "ada@example.org"))
    world.now += timedelta(days=3)
    assert joining.see_to(world.now).people == ()
    assert written(world, "ada@example.org") == []


def test_limits_count_over_restarts_and_workers(world: World, joining: Joining, database: Any) -> None:
    for number in range(30):
        joining.ask(asking(world, f"a@example{number}.org"))
    joining.see_to(world.now)
    other = Joining(World(database).standing, Keyring(b"a key for tests"), transport="files")
    other.ask(asking(world, "late@example.org"))
    assert other.see_to(world.now).people == ()


def test_who_never_says_yes_is_forgotten_and_still_counted(world: World, joining: Joining, join: Any) -> None:
    join("ada@example.org")
    world.run()
    world.now += timedelta(days=8)
    joining.tidy(world.now)
    with world.database.read() as connection:
        assert world.people.find(connection, "ada@example.org") is None
    for _ in range(2):
        join("ada@example.org")
        world.now += 2 * DAY
    assert len(written(world, "ada@example.org")) == 2
    assert len(join("ada@example.org")) == 2, "a fourth letter within thirty days"


def test_who_had_left_and_never_says_yes_has_left_again(world: World, joining: Joining, join: Any) -> None:
    join("ada@example.org")
    world.standing.confirm("ada@example.org", world.now)
    world.standing.unsubscribe("ada@example.org", world.now)
    world.now += 2 * DAY
    join("ada@example.org")
    world.now += timedelta(days=8)
    joining.tidy(world.now)
    assert status(world, "ada@example.org") is Status.UNSUBSCRIBED


def test_the_question_holds_nothing_that_was_typed(world: World, join: Any) -> None:
    join("ada@example.org")
    world.run()
    (letter,) = world.transport.taken
    assert b"graph" not in letter.data
    assert len(letter.data) < 10_240


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.da+papers@Gmail.com", "ada@googlemail.com"),
        ("Ada+x@example.org", "ada@example.org"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_spellings_of_one_mailbox(one: str, other: str) -> None:
    assert same_mailbox(one) == same_mailbox(other)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.200", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("::ffff:192.0.2.9", "192.0.2.1", True),
        ("2001:db8:1:200::1", "2001:db8:1:2ff::9", True),
        ("2001:db8:1:200::1", "2001:db8:1:300::1", False),
        ("testclient", "testclient", True),
    ],
)
def test_networks(one: str, other: str, is_same: bool) -> None:
    assert (same_network(one) == same_network(other)) is is_same
