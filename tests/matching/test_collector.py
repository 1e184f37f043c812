"""The garbage collector is as it was, whatever happens while it is off."""

from __future__ import annotations

import gc

import pytest

from digest.matching.collector import no_collection


def fail_with_it_off() -> None:
    with no_collection():
        assert not gc.isenabled()
        raise KeyError


def test_it_is_off_and_then_on_again_even_after_an_error() -> None:
    with pytest.raises(KeyError):
        fail_with_it_off()
    assert gc.isenabled()


def test_who_has_turned_it_off_finds_it_off() -> None:
    with no_collection():
        with no_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
