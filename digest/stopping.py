"""Being asked to stop: the first signal lets the work in hand end, the second ends the process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stops_on_signals(asked: threading.Event) -> Iterator[None]:
    """Set `asked` at SIGTERM or SIGINT, for as long as the block runs; afterwards they do what they did before.

    A second signal ends the process at once; the store stands that as it stands a power cut. Only the main thread of a
    process hears signals; in any other one the block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        asked.set()

    former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
