"""What a server's reply means for a letter: decided by the phase it was given in and its code, and by nothing else."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from digest.model import Fault, SendResult, State

LONGEST_TEXT = 300

# RFC 3463, at the start of a reply's text: "5.1.1 no such user"
_ENHANCED = re.compile(r"[245]\.([0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_THROTTLED = re.compile(r"[^:]*: 4[0-9]{2} 4\.7\.")  # as `outcome` writes it
_ABOUT_OUR_ADDRESS = ("1.7", "1.8")  # the sender's syntax and system, though 5.1.x otherwise speaks of the recipient


class Phase(StrEnum):
    """What a reply answers."""

    CONNECT = "connection"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "end of the letter"


class Reply(NamedTuple):
    """What a server answered."""

    code: int  #: -1 where it was unreadable
    text: str

    def agrees(self, phase: Phase) -> bool:
        """Whether the next phase may follow."""
        return self.code == 354 if phase is Phase.DATA else 200 <= self.code < 300


def outcome(phase: Phase, reply: Reply) -> SendResult:
    """How a message stands after this reply, which is the last one that counts.

    A refusal of the recipient that blames neither the address (5.1.x) nor us (5.7.x) fails with no fault stated: the
    reader's mailbox may be full or blocked, which is no reason to suppress the address or to stop other letters.
    """
    state, fault = _judged(phase, reply)
    return SendResult(state=state, fault=fault, code=reply.code, text=one_line(f"{phase}: {reply.code} {reply.text}"))


def _judged(phase: Phase, reply: Reply) -> tuple[State, Fault | None]:
    match phase, reply.code // 100:
        case Phase.DOT, 2:
            return State.SENT, None
        case _, 5:
            return State.FAILED, _fault(phase, reply.text)
        case Phase.DOT, first if first != 4:
            return State.UNKNOWN, Fault.NETWORK
        case _:
            return State.DEFERRED, Fault.NETWORK


def _fault(phase: Phase, text: str) -> Fault | None:
    match = _ENHANCED.match(text)
    detail = match.group(1) if match else ""
    if phase is Phase.DOT:
        # 5.7.0 and 5.7.1 are what filters say of a letter; the others speak of signatures and standing (RFC 7372)
        return Fault.OURS if detail.startswith("7.") and detail not in ("7.0", "7.1") else Fault.CONTENT
    if phase is not Phase.RCPT:
        return Fault.OURS
    if detail.startswith("7.") or detail in _ABOUT_OUR_ADDRESS:
        return Fault.OURS
    return Fault.RECIPIENT if detail.startswith("1.") else None


def asks_for_patience(result: SendResult) -> bool:
    """Whether a destination has said that it gets too much from us, or does not know us yet (4.7.x, 421)."""
    is_about_recipient = result.text.startswith((f"{Phase.RCPT}:", f"{Phase.DOT}:"))
    return is_about_recipient and (result.code == 421 or _THROTTLED.match(result.text) is not None)


def one_line(text: str) -> str:
    """Text from a server, fit for a log and a page."""
    printable = text
    if not text.isprintable():
        printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LONGEST_TEXT]
