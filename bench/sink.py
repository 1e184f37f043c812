"""A mail server on loopback that costs little, logs every letter it takes, and can be slow, busy, rude or cut off.

    python bench/sink.py LOG [--delay SECONDS] [--defer SHARE] [--refuse SHARE] [--cut SHARE] [--no-pipelining]

Prints its port and serves until its standard input ends. LOG gets a line for each letter taken: time, recipient,
Message-ID. Shares are of recipients, always the same ones: `--defer` answers their first RCPT with 450, `--refuse` the
end of their letters with 554, `--cut` takes their first letter and hangs up without an answer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from zlib import crc32

END = b"\r\n.\r\n"


@dataclass(frozen=True)
class Habits:
    """How the server behaves."""

    log: int  #: file descriptor
    delay: float
    defer: float
    refuse: float
    cut: float
    pipelining: bool
    met: set[bytes]  #: recipients that were put off or cut off once


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.heard = bytearray()
        self.in_body = False
        self.searched = 0  # octets of the letter that hold no end
        self.recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio asks."""
        self.transport = cast("asyncio.Transport", transport)
        self.say([b"220 sink"])

    def data_received(self, data: bytes) -> None:
        """As asyncio asks; what is heard at once is answered at once."""
        self.heard += data
        replies: list[bytes] = []
        while (reply := self.answer()) is not None:
            replies.append(reply)
        self.say([reply for reply in replies if reply])

    def say(self, replies: list[bytes]) -> None:
        """Answer, as late as the round trip is long."""
        if not replies:
            return
        said = b"\r\n".join(replies) + b"\r\n"
        if self.habits.delay:
            asyncio.get_running_loop().call_later(self.habits.delay, self.transport.write, said)
        else:
            self.transport.write(said)

    def answer(self) -> bytes | None:
        """The reply to what was heard next; empty for none, None where more has to be heard first."""
        if self.in_body:
            return self.take_letter()
        end = self.heard.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self.heard[:end])
        del self.heard[: end + 2]
        return self.obey(line)

    def obey(self, line: bytes) -> bytes:
        """The reply to a command."""
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME" if self.habits.pipelining else b"250 sink"
        if verb == b"RCPT":
            self.recipient = line[line.index(b"<") + 1 : line.rindex(b">")]
            if self.is_first_of(b"defer", self.habits.defer):
                self.recipient = b""
                return b"450 4.2.0 come back later"
            return b"250 fine"
        if verb == b"DATA":
            self.in_body = bool(self.recipient)
            return b"354 go ahead" if self.recipient else b"503 no recipient"
        if verb == b"QUIT":
            return b"221 bye"
        return b"250 fine"

    def take_letter(self) -> bytes | None:
        """The reply to a letter; None before its end was heard."""
        end = self.heard.find(END, max(0, self.searched - len(END)))
        self.searched = len(self.heard) if end < 0 else 0
        if end < 0:
            return None
        letter = bytes(self.heard[:end])
        del self.heard[: end + len(END)]
        self.in_body = False
        if self.is_one_of(b"refuse", self.habits.refuse):
            return b"554 5.6.0 not like this"
        start = letter.lower().find(b"\r\nmessage-id:")
        name = letter[start + 13 : letter.find(b"\r\n", start + 2)].strip()
        os.write(self.habits.log, b"%.6f\t%s\t%s\n" % (time.time(), self.recipient, name))
        if self.is_first_of(b"cut", self.habits.cut):
            self.transport.abort()
            return b""
        self.recipient = b""
        return b"250 taken"

    def is_one_of(self, habit: bytes, share: float) -> bool:
        """Whether the recipient belongs to a share."""
        return crc32(habit + self.recipient) % 1000 < share * 1000

    def is_first_of(self, habit: bytes, share: float) -> bool:
        """The same, once for each recipient."""
        mark = habit + self.recipient
        if not self.is_one_of(habit, share) or mark in self.habits.met:
            return False
        self.habits.met.add(mark)
        return True


async def serve(habits: Habits) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(habits), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    for share in ("--delay", "--defer", "--refuse", "--cut"):
        parser.add_argument(share, type=float, default=0.0)
    parser.add_argument("--no-pipelining", action="store_true")
    given = parser.parse_args()
    log = os.open(given.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.run(
        serve(
            Habits(
                log=log,
                delay=given.delay,
                defer=given.defer,
                refuse=given.refuse,
                cut=given.cut,
                pipelining=not given.no_pipelining,
                met=set(),
            )
        )
    )


if __name__ == "__main__":
    main()
