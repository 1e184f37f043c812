"""Holds one talk to its end, with nobody else about: what waits, waits."""

from __future__ import annotations

import select
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from digest.model import Message, SendResult
from digest.ports import Ask, Talk, Tell, Transport, Wait

_T = TypeVar("_T")


def alone(talk: Talk[_T]) -> _T:
    """What came of a talk."""
    need = next_of(talk, None)
    while not isinstance(need, StopIteration):
        need = next_of(talk, answer_to(need))
    return need.value


def next_of(talk: Talk[Any], answer: Any) -> Any:
    """What a talk waits for next; the StopIteration that it ended with, once it has."""
    try:
        return talk.throw(answer) if isinstance(answer, BaseException) else talk.send(answer)
    except StopIteration as end:
        return end


def answer_to(need: Wait | Ask) -> Any:
    """The answer that a talk has to be sent."""
    if isinstance(need, Wait):
        poll = select.poll()
        poll.register(need.socket, need.events)
        return bool(poll.poll(need.seconds * 1000))
    told: SimpleQueue[Any] = SimpleQueue()
    need(told.put)
    return told.get()


def check(begin: Callable[[], bool]) -> Ask:
    """A last check that answers at once, or raises."""

    def ask(tell: Tell) -> None:
        try:
            tell(begin())
        except Exception as error:  # it is the answer
            tell(error)

    return ask


def send(transport: Transport, message: Message, begin: Callable[[], bool], **more: Any) -> SendResult:
    """How handing over one message ended."""
    return alone(transport.send(message, check(begin), **more))


def close(transport: Transport) -> None:
    """Let a transport go."""
    alone(transport.close())
