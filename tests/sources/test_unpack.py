"""Archives that unfold as they come."""

from __future__ import annotations

import gzip
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from digest.sources.fetch.failures import HostError
from digest.sources.fetch.unpack import unpacked


@given(st.binary(max_size=500), st.integers(1, 50))
def test_unpacking_gives_back_what_was_packed(whole: bytes, size: int) -> None:
    packed = gzip.compress(whole)
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert unpacked(chunks, "gzip", max_bytes=500) == whole


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_any_archive_at_all_gives_a_body_or_a_reason(chunks: list[bytes]) -> None:
    with suppress(HostError):
        unpacked([b"\x1f\x8b\x08\x00", *chunks], "gzip", max_bytes=100)
