"""DKIM: what we sign verifies as sent, and nothing that is covered can be changed, taken out or doubled."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.delivery.dkim import COVERED, public_key, read_key, relaxed_body, signer
from digest.errors import SetupError
from tests.services import skip_without

rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa", reason="cryptography is not installed")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")

HEAD = {
    "From": "Kite News <digest@example.org>",
    "To": "ada@example.org",
    "Subject": "=?utf-8?b?S8OkcyBhbmQga2l0ZXM=?=",
    "Date": "Mon, 17 Aug 2026 05:00:00 +0000",
    "Message-ID": "<0123@example.org>",
    "Reply-To": "owner@example.org",
    "MIME-Version": "1.0",
    "Content-Type": 'multipart/alternative;\r\n boundary="=_1"',
    "Content-Transfer-Encoding": "7bit",
    "Auto-Submitted": "auto-generated",
    "List-Id": "<digest.example.org>",
    "List-Unsubscribe": "<https://example.org/unsubscribe/x>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}
BODY = b"--=_1\r\nContent-Type: text/plain\r\n\r\nKites  fly. \r\n.\r\n\r\n--=_1--\r\n"


def message(head: dict[str, str] = HEAD, body: bytes = BODY) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + b"\r\n" + body


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    try:
        import dkim
    except ImportError:
        skip_without("dkimpy")
        raise
    return dkim


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGN = signer("example.org", "digest", KEY)


def record(name: bytes, timeout: int = 5) -> bytes:
    assert name == b"digest._domainkey.example.org."
    return b"v=DKIM1; k=rsa; p=" + public_key(KEY).encode()


@pytest.fixture
def is_genuine(oracle: ModuleType) -> Callable[[bytes], bool]:
    def verified(data: bytes) -> bool:
        try:
            return bool(oracle.DKIM(data).verify(dnsfunc=record))
        except oracle.ValidationError:  # how dkimpy says that the body is another one
            return False

    return verified


def test_what_is_signed_is_genuine_and_stays_as_it_was(is_genuine: Callable[[bytes], bool]) -> None:
    signed = SIGN(message())
    assert is_genuine(signed)
    assert signed.startswith(b"DKIM-Signature: ")
    assert signed.endswith(message())
    assert max(map(len, signed.partition(b"\r\nFrom:")[0].split(b"\r\n"))) <= 78


def test_the_same_message_gets_the_same_signature() -> None:
    assert SIGN(message()) == SIGN(message())


def test_no_length_and_no_old_algorithm(oracle: ModuleType) -> None:
    signature = SIGN(message()).partition(b"\r\nFrom:")[0]
    assert b"a=rsa-sha256; c=relaxed/relaxed;" in signature
    assert not re.search(rb"[;\s]l=", signature)


@pytest.mark.parametrize("name", list(HEAD))
def test_a_covered_header_cannot_be_changed_taken_out_or_doubled(
    name: str, is_genuine: Callable[[bytes], bool]
) -> None:
    assert name.lower() in COVERED
    signed = SIGN(message())
    line = f"{name}: {HEAD[name]}\r\n".encode()
    assert signed.count(line) == 1
    assert not is_genuine(signed.replace(line, line.replace(b": ", b": x", 1)))
    assert not is_genuine(signed.replace(line, b""))
    assert not is_genuine(line + signed)
    assert not is_genuine(signed.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n", 1))


@pytest.mark.parametrize("name", ["Reply-To", "List-Unsubscribe-Post", "Content-Transfer-Encoding"])
def test_a_header_that_is_not_there_cannot_be_added(name: str, is_genuine: Callable[[bytes], bool]) -> None:
    signed = SIGN(message({other: value for other, value in HEAD.items() if other != name}))
    assert is_genuine(signed)
    assert not is_genuine(f"{name}: {HEAD[name]}\r\n".encode() + signed)


@pytest.mark.parametrize("change", [b"one more line\r\n", b"x"])
def test_the_body_cannot_be_changed(change: bytes, is_genuine: Callable[[bytes], bool]) -> None:
    signed = SIGN(message())
    assert not is_genuine(signed + change)
    assert not is_genuine(signed.replace(b"Kites", b"Mites"))


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.text(st.sampled_from("ab \t.=é"), max_size=12), max_size=8),
    subject=st.text(st.sampled_from("ab  \t:"), max_size=40),
    is_folded=st.booleans(),
)
def test_any_body_and_any_white_space_verify(lines: list[str], subject: str, is_folded: bool) -> None:
    dkim = pytest.importorskip("dkim", reason="dkimpy is not installed")
    said = subject.replace(" ", "\r\n ", 1) if is_folded and subject.strip() else subject
    head = HEAD | {"Subject": f"x{said}x"}
    data = message(head, "".join(f"{line}\r\n" for line in lines).encode())
    assert dkim.DKIM(SIGN(data)).verify(dnsfunc=record)


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b"a  b \r\n\r\n", b"a b\r\n"),
        (b"a", b"a\r\n"),
        (b"\ta\t\r\nb\r\n", b" a\r\nb\r\n"),
    ],
)
def test_the_form_of_a_body(body: bytes, relaxed: bytes) -> None:
    assert relaxed_body(body) == relaxed


# --- keys ---


def pem(key: object, path: Path, mode: int = 0o600) -> Path:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.touch(mode=mode)
    path.write_bytes(key.private_bytes(*form))  # type: ignore[attr-defined]
    path.chmod(mode)
    return path


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    assert public_key(read_key(pem(KEY, tmp_path / "key"))) == public_key(KEY)


def test_a_key_that_cannot_be_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    (tmp_path / "text").touch(mode=0o600)
    (tmp_path / "text").write_text("no key")
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    refused = {
        tmp_path / "absent": "No such file",
        tmp_path / "text": "no private key in PEM form",
        pem(short, tmp_path / "short"): "1024 bits",
        pem(Ed25519PrivateKey.generate(), tmp_path / "other"): "no RSA key",
        pem(KEY, tmp_path / "open", 0o644): "chmod 640",
    }
    for path, said in refused.items():
        with pytest.raises(SetupError, match=said) as error:
            read_key(path)
        assert "openssl genrsa" in str(error.value) or "chmod" in str(error.value)
