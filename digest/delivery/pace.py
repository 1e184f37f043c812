"""How fast letters leave: never two closer together than the operator's rate allows."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Keeps one worker at no more than `rate` letters a second."""

    def __init__(
        self, rate: float, *, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gap = 1 / rate
        self._sleep = sleep
        self._clock = clock
        self._next = clock()

    def wait(self) -> None:
        """Return when the next letter may leave."""
        pause = self._next - self._clock()
        if pause > 0:
            self._sleep(pause)
        self._next = max(self._next, self._clock()) + self._gap
