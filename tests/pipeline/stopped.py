"""A courier in a process of its own that is stopped between the last check and the end of a letter.

python -m tests.pipeline.stopped STORE PORT LEASE_IN_SECONDS
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from digest.delivery.smtp import SmtpTransport
from digest.model import Message, SendResult
from digest.pipeline.deliver import Courier
from digest.pipeline.typeset import Imprint
from digest.ports import Ask, Talk, Tell
from digest.store.connect import Database
from digest.subscribers.tokens import Keyring
from tests.world import NOTICES, PRESS, SENDER


class Stopped(SmtpTransport):
    """Lets the whole process be stopped once the ledger says that a letter is being sent."""

    def send(self, message: Message, begin: Ask, **more: Callable[[], object]) -> Talk[SendResult]:
        def begin_and_stop(tell: Tell) -> None:
            def stop_and_tell(may_leave: bool) -> None:
                os.kill(os.getpid(), signal.SIGSTOP)
                tell(may_leave)

            begin(stop_and_tell)

        return super().send(message, begin_and_stop, **more)  # type: ignore[arg-type]


def courier(database: Database, transport: Callable[[], SmtpTransport], lease: timedelta) -> Courier:
    """A courier that keeps real time."""
    return Courier(
        database,
        imprint=Imprint(
            press=PRESS,
            notices=NOTICES,
            domain="example.org",
            envelope_from=SENDER.address,
            attributions={},
            sample_sources=frozenset(),
        ),
        keyring=Keyring(b"a key for tests"),
        transport=transport,
        clock=lambda: datetime.now(UTC),
        resend_unknown=True,
        random=Random(1),
        sending_lease=lease,
        sleep=lambda _: None,
    )


if __name__ == "__main__":
    place, port, seconds = sys.argv[1:]
    one = courier(
        Database(place),
        lambda: Stopped("127.0.0.1", int(port), tls="none", hello="stopped"),
        timedelta(seconds=float(seconds)),
    )
    sys.stdout.write(f"{dict(one.run().states)}\n")
