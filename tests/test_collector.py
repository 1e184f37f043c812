"""The garbage collector is as it was, whatever happens while it is off or seldom called."""

from __future__ import annotations

import gc

import pytest

from digest.collector import no_collection, rare_collection


def fail_with_it_off() -> None:
    with no_collection():
        assert not gc.isenabled()
        raise KeyError


def fail_with_it_rare() -> None:
    before = gc.get_threshold()
    with rare_collection():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > 0
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


def test_it_looks_seldom_and_then_as_often_as_before_even_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError):
        fail_with_it_rare()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
