"""Bodies unfolded as they come, within limits: a small archive can unfold into gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from digest.sources.fetch.failures import HostError

ENCODINGS = "gzip"  #: what may be sent packed, as Accept-Encoding names it
RATIO = 100  #: how many times larger than what is sent a body may be: deflate reaches 1032, real listings 15

_GZIP = 16 + zlib.MAX_WBITS  # zlib's own sign for that format


def unpacked(chunks: Iterable[bytes], encoding: str, *, max_bytes: int) -> bytes:
    """The body that comes in these chunks, in a Content-Encoding ("" for none).

    Raises:
        HostError: it is packed in another way, damaged, cut off, larger than `max_bytes`, or unfolds too far.
    """
    packed, body = 0, bytearray()
    for sent, piece in _pieces(chunks, encoding, max_bytes):
        packed += sent
        body += piece
        if len(body) > max_bytes:
            raise HostError(f"sent more than {max_bytes / 1e6:g} MB")
        if len(body) > RATIO * packed:
            raise HostError(f"sent an archive that unfolds to over {RATIO} times its size")
    return bytes(body)


def _pieces(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[tuple[int, bytes]]:
    """(octets sent, what they unfold to) of each chunk; no piece is much larger than what is allowed in all."""
    if encoding.lower() in ("gzip", "x-gzip"):
        return _from_gzip(chunks, max_bytes)
    if encoding.lower() in ("", "identity"):
        return ((len(chunk), chunk) for chunk in chunks)
    raise HostError(f"sent a body packed as {encoding[:50]!r}, which was not asked for")


def _from_gzip(chunks: Iterable[bytes], max_bytes: int) -> Iterator[tuple[int, bytes]]:
    """An archive may have several members, one after the other (RFC 1952, 2.2)."""
    member = zlib.decompressobj(_GZIP)
    try:
        for chunk in chunks:
            sent, rest = len(chunk), chunk
            while rest:
                if member.eof:
                    member = zlib.decompressobj(_GZIP)
                yield sent, member.decompress(rest, max_bytes + 1)
                sent, rest = 0, member.unused_data or member.unconsumed_tail
    except zlib.error as error:
        raise HostError("sent a damaged archive") from error
    if not member.eof:
        raise HostError("sent an archive that is cut off")
