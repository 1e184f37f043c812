"""A mail server on loopback that takes every letter, or answers as it is told, and keeps what it took."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event, Thread
from typing import Any, cast

from aiosmtpd.smtp import SMTP


@dataclass(frozen=True)
class Taken:
    """A letter as it arrived."""

    recipients: tuple[str, ...]  #: of the envelope
    data: bytes

    @property
    def message(self) -> EmailMessage:
        return cast("EmailMessage", message_from_bytes(self.data, policy=policy.default))

    @property
    def text(self) -> str:
        """The part for plain mail programs, without line ends: words are compared, not lines."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return " ".join(str(part.get_content()).split())


class Sink:
    """Runs while its `with` block does."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.reached = Event()  #: somebody has sent the body of a letter
        self.may_answer = Event()  #: cleared, the answer to a body waits
        self.may_answer.set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Sink:
        factory = lambda: SMTP(self, hostname="mail.test", loop=self._loop, enable_SMTPUTF8=True)  # noqa: E731
        self._server = self._loop.run_until_complete(self._loop.create_server(factory, "127.0.0.1", 0))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.may_answer.set()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """As aiosmtpd asks."""
        self.reached.set()
        while not self.may_answer.is_set():
            await asyncio.sleep(0.01)
        self.taken.append(Taken(tuple(envelope.rcpt_tos), bytes(envelope.content)))
        return "250 2.0.0 kept"

    def letters(self) -> Counter[str]:
        """{recipient: letters taken}."""
        return Counter(address for one in self.taken for address in one.recipients)

    def mentions(self, address: str, titles: dict[str, str]) -> Counter[str]:
        """{name of a paper: letters to an address that tell of it}, for papers given as {name: title}."""
        texts = [one.text for one in self.taken if address in one.recipients]
        return Counter(name for text in texts for name, title in titles.items() if title in text)
