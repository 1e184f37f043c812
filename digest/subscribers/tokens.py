"""Tokens that let a reader act without a password: bound to a purpose, a person and a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Purpose = Literal["unsubscribe"]

#: confirm an address, open one's preferences from a mail, take back that one has left
BriefPurpose = Literal["confirm", "preferences", "undo"]

#: unsubscribe links work for 400 days: longer than any law asks, and than most people keep a letter
LIFETIME: dict[Purpose, timedelta] = {"unsubscribe": timedelta(days=400)}

#: layout version, person, day; then 136 bits of HMAC-SHA-256. 32 characters: a link in a header has only 77
_HEAD = struct.Struct(">BIH")
_MAC_BYTES = 17

#: of a brief token: layout version, person, the second in which it ends; then 144 bits. 36 characters
_BRIEF_HEAD = struct.Struct(">BII")
_BRIEF_MAC_BYTES = 18
_EPOCH = date(1970, 1, 1)

#: Python's decoder would take the other alphabet's "+" and "/" as well, so that two texts were one token
_SHAPE = re.compile("[A-Za-z0-9_-]{32}")
_BRIEF_SHAPE = re.compile("[A-Za-z0-9_-]{36}")


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

    def sign_briefly(self, purpose: BriefPurpose, person: int, until: datetime, stamp: str) -> str:
        """A token that ends at a moment, or as soon as the `stamp` of its person is another: URL-safe, 36 characters.

        A stamp says what must not have changed, such as the address; it stands in the token only as part of its MAC.
        """
        head = _BRIEF_HEAD.pack(2, person, int(until.timestamp()))
        return base64.urlsafe_b64encode(head + _brief_mac(self._keys[0], purpose, head, stamp)).decode()

    def person_of(self, token: str) -> int | None:
        """Whom a brief token claims to be of, genuine or not: whose stamp is needed to read it. None for no token."""
        if not _BRIEF_SHAPE.fullmatch(token):
            return None
        layout, person, _ = _BRIEF_HEAD.unpack(base64.urlsafe_b64decode(token)[: _BRIEF_HEAD.size])
        return int(person) if layout == 2 else None

    def is_valid(self, token: str, purpose: BriefPurpose, stamp: str, now: datetime) -> bool:
        """Whether a brief token was signed for this purpose and stamp, and has not ended."""
        if not _BRIEF_SHAPE.fullmatch(token):
            return False
        raw = base64.urlsafe_b64decode(token)
        head, mac = raw[: _BRIEF_HEAD.size], raw[_BRIEF_HEAD.size :]
        genuine = [hmac.compare_digest(mac, _brief_mac(key, purpose, head, stamp)) for key in self._keys]
        layout, _, until = _BRIEF_HEAD.unpack(head)
        return any(genuine) and layout == 2 and now < datetime.fromtimestamp(until, UTC)

    def is_same(self, one: str, other: str) -> bool:
        """Whether two signatures agree, told in a time that does not depend on where they differ."""
        return hmac.compare_digest(one.encode(), other.encode())

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


def stamp_of(email: str, last_word_at: datetime) -> str:
    """What links to a person's preferences are bound to: a new address, or their own word, ends them."""
    return f"{email} {last_word_at.astimezone(UTC).isoformat()}"


def _brief_mac(key: bytes, purpose: str, head: bytes, stamp: str) -> bytes:
    said = purpose.encode() + b"\0" + stamp.encode() + b"\0" + head
    return hmac.digest(key, b"brief:" + said, hashlib.sha256)[:_BRIEF_MAC_BYTES]
