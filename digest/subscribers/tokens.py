"""Tokens that let a reader act without a password: bound to a purpose, a person and a date."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Purpose = Literal["unsubscribe"]

#: unsubscribe links work for 400 days: longer than any law asks, and than most people keep a letter
LIFETIME: dict[Purpose, timedelta] = {"unsubscribe": timedelta(days=400)}

#: layout version, person, day; then 136 bits of HMAC-SHA-256. 32 characters: a link in a header has only 77
_HEAD = struct.Struct(">BIH")
_MAC_BYTES = 17
_EPOCH = date(1970, 1, 1)

#: Python's decoder would take the other alphabet's "+" and "/" as well, so that two texts were one token
_SHAPE = re.compile("[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Token:
    """What a genuine token says."""

    person: int
    day: date  #: the slot of the letter that carries it


class Keyring:
    """Signs with one key and still knows older ones."""

    def __init__(self, key: bytes, older: tuple[bytes, ...] = ()) -> None:
        self._keys = (key, *older)

    @classmethod
    def of(cls, secret: bytes) -> Keyring:
        """The keys of a secret, one a line: the first signs, those below it are still read."""
        first, *older = [line.strip() for line in secret.splitlines() if line.strip()] or [b""]
        return cls(first, tuple(older))

    def sign(self, purpose: Purpose, person: int, day: date) -> str:
        """A token for a link: URL-safe, 32 characters."""
        head = _HEAD.pack(1, person, (day - _EPOCH).days)
        return base64.urlsafe_b64encode(head + _mac(self._keys[0], purpose, head)).decode()

    def read(self, token: str, purpose: Purpose, today: date) -> Token | None:
        """What a token says; None where it is forged, meant for something else, or too old."""
        if not _SHAPE.fullmatch(token):
            return None
        raw = base64.urlsafe_b64decode(token)
        head, mac = raw[: _HEAD.size], raw[_HEAD.size :]
        genuine = [hmac.compare_digest(mac, _mac(key, purpose, head)) for key in self._keys]  # every key, every time
        if not any(genuine):
            return None
        layout, person, days = _HEAD.unpack(head)
        day = _EPOCH + timedelta(days=days)
        return Token(person, day) if layout == 1 and today - day <= LIFETIME[purpose] else None

    def fingerprint(self, text: str) -> str:
        """A keyed hash of a text: 32 hex digits that reveal neither the text nor its order among others."""
        return hmac.digest(self._keys[0], b"fingerprint:" + text.encode(), hashlib.sha256).hex()[:32]

    def hashed(self, address: str) -> str:
        """An address that nobody can read any more, `hash:KEYID:…`: what stays of a person after an erasure."""
        return _hashed(self._keys[0], address)

    def hashes(self, address: str) -> tuple[str, ...]:
        """What an address is hashed to by each key that was ever used here."""
        return tuple(_hashed(key, address) for key in self._keys)


def _hashed(key: bytes, address: str) -> str:
    name = hmac.digest(key, b"name of this key", hashlib.sha256).hex()[:8]
    return f"hash:{name}:{hmac.digest(key, b'address:' + address.encode(), hashlib.sha256).hex()[:40]}"


def _mac(key: bytes, purpose: str, head: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b":" + head, hashlib.sha256)[:_MAC_BYTES]
