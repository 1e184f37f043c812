"""Python's garbage collector, kept off while what is made either stays or dies with its batch."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the collector off, and then as it was.

    It looks for rings of objects each time that so many more of them live. Where phrases are read by the hundred
    thousand it would walk over all of them again and again, for a seventh of the time, and find none.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
