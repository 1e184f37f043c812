"""Signs messages with DKIM (RFC 6376), for those whose relay does not: a pure function from bytes to bytes.

Our own lines rather than dkimpy's: that does RSA in Python, at 11 ms a letter, and by default leaves
List-Unsubscribe-Post out, which RFC 8058 wants signed. Tests verify with dkimpy.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import SetupError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Sign = Callable[[bytes], bytes]

#: Headers that are covered where they occur, each named once more than it occurs: so nobody can add one of them either
#: (RFC 6376, 8.15). The last two are what RFC 8058, section 4, asks for.
COVERED = (
    *("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"),
    *("content-transfer-encoding", "auto-submitted", "list-id", "list-unsubscribe", "list-unsubscribe-post"),
)

#: bits; shorter keys are refused by large receivers, and can be broken
SHORTEST = 2048

_MAKE_ONE = "make one with `openssl genrsa -out dkim.pem 2048`"

_WIDTH = 72  # characters of the signature on a line
_SPACES = re.compile(rb"[ \t]+")
_TRAILING = re.compile(rb"[ \t]+(?=\r\n)")
_FOLD = re.compile(rb"\r\n(?=[ \t])")


def signer(domain: str, selector: str, key: RSAPrivateKey) -> Sign:
    """Signs complete messages (CRLF line ends): what it gives has the signature on top and is otherwise the same.

    Equal messages get equal signatures, without a time in them: a letter that is sent once more stays word for word.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    start = f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};\r\n".encode("ascii")
    padding, algorithm = PKCS1v15(), hashes.SHA256()

    def sign(message: bytes) -> bytes:
        head, _, body = message.partition(b"\r\n\r\n")
        fields = list(_fields(head))
        names = list(_covered(name for name, _ in fields))
        hashed = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest())
        unsigned = start + b" h=" + b":\r\n  ".join(names) + b";\r\n bh=" + hashed + b";\r\n b="
        signature = key.sign(b"".join(_signed(fields, names)) + _relaxed(unsigned), padding, algorithm)
        return unsigned + _folded(base64.b64encode(signature)) + b"\r\n" + message

    return sign


def read_key(file: Path) -> RSAPrivateKey:
    """The private key in a PEM file.

    Raises:
        SetupError: it is absent, unreadable, open to others, no RSA key or too short; says what to do.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ModuleNotFoundError as missing:
        raise SetupError("delivery.dkim needs a library: pip install 'digest[dkim]'") from missing
    try:
        if file.stat().st_mode & 0o027:
            raise SetupError(f"{file}: holds a private key that others may read or change; run `chmod 640 {file}`")
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise SetupError(f"delivery.dkim.key_file: {file}: {error.strerror}; {_MAKE_ONE}") from error
    except (ValueError, TypeError) as error:
        raise SetupError(f"delivery.dkim.key_file: {file} holds no private key in PEM form; {_MAKE_ONE}") from error
    if not isinstance(key, RSAPrivateKey):
        raise SetupError(
            f"delivery.dkim.key_file: {file} is no RSA key, the one kind that everybody reads; {_MAKE_ONE}"
        )
    if key.key_size < SHORTEST:
        raise SetupError(f"delivery.dkim.key_file: {file} has {key.key_size} bits, fewer than {SHORTEST}; {_MAKE_ONE}")
    return key


def public_key(key: RSAPrivateKey) -> str:
    """The public half, as `p=` of the DNS record has it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    half = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(half).decode("ascii")


# --- what is signed -----------------------------------------------------------------------------------------------


def relaxed_body(body: bytes) -> bytes:
    """A body in the form of RFC 6376, 3.4.4: runs of white space as one space, none at line ends, one line end last."""
    if b"  " in body or b"\t" in body or b" \r" in body:  # a letter of ours has none of them
        body = _TRAILING.sub(b"", _SPACES.sub(b" ", body))
    body = body.rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name in lower case, the whole field) of each header field, top down."""
    for field in re.split(rb"\r\n(?![ \t])", head):
        yield field.partition(b":")[0].rstrip().lower(), field


def _covered(names: Iterable[bytes]) -> Iterator[bytes]:
    present = Counter(names)
    for name in COVERED:
        yield from [name.encode("ascii")] * (present[name.encode("ascii")] + 1)


def _signed(fields: list[tuple[bytes, bytes]], names: Iterable[bytes]) -> Iterator[bytes]:
    """The fields that these names stand for, of several the lowest first (RFC 6376, 5.4.2); of too few none."""
    left: dict[bytes, list[bytes]] = {}
    for name, field in fields:
        left.setdefault(name, []).append(field)
    for name in names:
        if left.get(name):
            yield _relaxed(left[name].pop()) + b"\r\n"


def _relaxed(field: bytes) -> bytes:
    """A header field in the form of RFC 6376, 3.4.2, without its line end."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _SPACES.sub(b" ", _FOLD.sub(b"", value)).strip()


def _folded(signature: bytes) -> bytes:
    return b"\r\n  ".join(signature[at : at + _WIDTH] for at in range(0, len(signature), _WIDTH))
