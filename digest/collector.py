"""Python's garbage collector, kept off or quiet where it would find nothing.

It looks for rings of objects each time that so many more objects live, among more of them the more there are. Where
they are made by the hundred thousand and either stay or go with their batch, that is a tenth to a fifth of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: new objects after which it looks: those of some hundred letters
_MANY = 50_000


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the collector off for a while, and then as it was."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def rare_collection() -> Iterator[None]:
    """Look for garbage less often, and not among what is in memory now."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_MANY, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
