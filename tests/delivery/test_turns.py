"""Talks in one thread: who waits lets the others go on, and is woken by a socket, by time, or by an answer."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any

import pytest

from digest.delivery.turns import Turns, aside
from digest.ports import Talk, Tell, Wait


@pytest.fixture
def turns() -> Iterator[Turns]:
    turns = Turns()
    yield turns
    turns.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def ended(turns: Turns) -> None:
    """Let all talks go on until they have ended."""
    while turns.talks:
        turns.turn(60)


def noting(notes: list[Any], need: Wait | Callable[[Tell], None]) -> Talk[None]:
    """A talk that notes the answer to what it waits for."""
    notes.append((yield need))


def test_a_talk_that_waits_lets_the_others_go_on(turns: Turns) -> None:
    said: list[str] = []
    later: list[Tell] = []

    def talk(name: str) -> Talk[None]:
        said.append(f"{name} asks")
        said.append(f"{name} hears {(yield later.append)}")

    turns.start(talk("one"))
    turns.start(talk("two"))
    turns.turn(0)
    assert said == ["one asks", "two asks"]
    later[1]("yes")
    later[0]("no")
    ended(turns)
    assert said[2:] == ["two hears yes", "one hears no"]


def test_a_socket_wakes_who_waits_for_it(turns: Turns, pair: tuple[socket.socket, socket.socket]) -> None:
    notes: list[bool] = []
    here, there = pair
    turns.start(noting(notes, Wait(here.fileno(), select.POLLIN, 60)))
    turns.turn(0)
    turns.turn(0)
    assert notes == []
    there.send(b"x")
    ended(turns)
    assert notes == [True]


def test_a_socket_that_stays_silent_for_too_long_is_told(
    turns: Turns, pair: tuple[socket.socket, socket.socket]
) -> None:
    notes: list[bool] = []
    turns.start(noting(notes, Wait(pair[0].fileno(), select.POLLIN, 0.01)))
    ended(turns)
    assert notes == [False]


def test_what_blocks_goes_on_in_a_thread_of_its_own(turns: Turns) -> None:
    notes: list[int] = []
    turns.start(noting(notes, aside(get_ident)))
    ended(turns)
    assert len(notes) == 1
    assert notes != [get_ident()]


def test_what_was_raised_aside_is_raised_where_it_was_asked_for(turns: Turns) -> None:
    caught: list[str] = []

    def talk() -> Talk[None]:
        try:
            yield aside(lambda: int("no number"))
        except ValueError as error:
            caught.append(str(error))

    turns.start(talk())
    ended(turns)
    assert "no number" in caught[0]


def test_what_a_talk_raises_ends_it_and_no_other(turns: Turns) -> None:
    def broken() -> Talk[None]:
        yield lambda tell: tell(None)
        raise RuntimeError("broken")

    notes: list[str] = []
    turns.start(broken())
    turns.start(noting(notes, lambda tell: tell("fine")))
    with pytest.raises(RuntimeError, match="broken"):
        ended(turns)
    ended(turns)
    assert notes == ["fine"]
