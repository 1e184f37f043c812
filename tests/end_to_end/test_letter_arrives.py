"""A letter from `digest send` through a real Postfix into a real mailbox: what is read there is what was typeset."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import sqlalchemy as sa

from digest.app import build
from digest.clock import system_clock
from digest.delivery.dkim import public_key, read_key
from digest.model import Message
from digest.pipeline.typeset import Typesetter
from digest.store.moves import delivery_of
from digest.store.schema import delivery
from tests.cli.papers import title
from tests.cli.place import Place
from tests.end_to_end.post_office import PostOffice, post_office
from tests.services import skip_without

READER, MAILBOX, OWNER = "ada+papers@readers.test", "ada@readers.test", "owner@readers.test"


@dataclass(frozen=True)
class Arrived:
    """A letter as it was typeset, and as it lies in the mailbox."""

    place: Place
    office: PostOffice
    typeset: Message
    data: bytes

    @property
    def message(self) -> EmailMessage:
        return cast("EmailMessage", message_from_bytes(self.data, policy=policy.default))

    def part(self, kind: str) -> str:
        found = self.message.get_body((kind,))
        assert found is not None
        return str(found.get_content()).replace("\r\n", "\n")


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arrived]:
    place = Place(tmp_path_factory.mktemp("end to end"))
    with post_office() as office:
        _configure(place, office)
        place.list(f"{datetime.now(UTC):%Y-%m-%d}", "Ærø — 風箏", "two")
        done = place.command("send", "--now", "--json", SSL_CERT_FILE=str(office.authority))
        assert (done.status, done.json["sent"]) == (0, 1), done.err or done.out
        (data,) = office.read(MAILBOX)
        yield Arrived(place, office, _typeset(place), data)


def _configure(place: Place, office: PostOffice) -> None:
    key = _key(place.folder / "dkim.pem")
    place.configure(
        site={"name": "Kite News", "contact": OWNER, "postal_address": "1 Quay, Galway"},
        sender={"name": "Kites, daily", "address": "digest@readers.test"},
        delivery={
            "transport": "smtp",
            "smtp": {"host": "localhost", "port": office.smtp, "tls": "starttls"},
            "dkim": {"selector": "s2026", "domain": "readers.test", "key_file": str(key)},
        },
        subscribers=[{"email": READER, "interests": "kites"}],
    )


def _key(path: Path) -> Path:
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa", reason="cryptography is not installed")
    form = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    return path


def _typeset(place: Place) -> Message:
    """The letter of the ledger's one row, made again from the store."""
    app = build(place.folder / "config.yaml", system_clock, is_pretended=False)
    with closing(app):
        with app.database.read() as connection:
            row = delivery_of(connection.execute(sa.select(delivery)).one())
        typeset = Typesetter(app.database, app.imprint, app.keyring).typeset(row, app.clock())
    assert typeset is not None
    return typeset[0]


def test_not_an_octet_is_changed_on_the_way(arrived: Arrived) -> None:
    trace, data = arrived.data[: -len(arrived.typeset.data)], arrived.data[-len(arrived.typeset.data) :]
    assert data == arrived.typeset.data
    names = {line.split(b":")[0] for line in trace.splitlines() if line[:1].strip()}
    assert names == {b"Return-Path", b"Delivered-To", b"Received"}


def test_it_came_over_tls(arrived: Arrived) -> None:
    assert any("using TLSv1" in str(one) for one in arrived.message.get_all("Received", []))


def test_headers_are_whole_and_stand_once(arrived: Arrived) -> None:
    message = arrived.message
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe"):
        assert len(message.get_all(name, [])) == 1, name
    assert message["To"] == READER
    assert message["From"] == '"Kites, daily" <digest@readers.test>'
    assert message["Subject"] == arrived.typeset.subject
    assert message["Return-Path"] == "<digest@readers.test>"
    assert not message.defects
    lists = [value for name, value in message.items() if name.startswith("List-")]
    assert lists
    assert not any("=?" in value for value in lists)


def test_both_parts_read_as_they_were_written(arrived: Arrived) -> None:
    assert (arrived.part("plain"), arrived.part("html")) == (arrived.typeset.text, arrived.typeset.html)
    assert title("Ærø — 風箏") in " ".join(arrived.part("plain").split())


def test_the_signature_holds(arrived: Arrived) -> None:
    try:
        import dkim
    except ImportError:
        skip_without("dkimpy")
        raise
    record = b"v=DKIM1; k=rsa; p=" + public_key(read_key(arrived.place.folder / "dkim.pem")).encode()

    def published(name: bytes, timeout: int = 5) -> bytes | None:
        return record if name == b"s2026._domainkey.readers.test." else None

    assert dkim.verify(arrived.data, dnsfunc=published)
    assert not dkim.verify(arrived.data.replace(b"Kites and more", b"Kites and less", 1), dnsfunc=published)


def test_the_address_for_leaving_takes_mail_and_its_token_works(arrived: Arrived) -> None:
    address = next(uri for uri in _uris(arrived.message["List-Unsubscribe"]) if uri.startswith("mailto:"))
    parts = urlsplit(address)
    subject = parse_qs(parts.query)["subject"][0]
    with smtplib.SMTP("localhost", arrived.office.smtp) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=str(arrived.office.authority)))
        smtp.sendmail(READER, [unquote(parts.path)], f"Subject: {subject}\r\n\r\n")  # or it raises
    (answer,) = arrived.office.read(OWNER)
    said = str(message_from_bytes(answer, policy=policy.default)["Subject"])
    done = arrived.place.command("subscribers", "unsubscribe", said.split()[-1])
    assert done.status == 0, done.err
    shown = arrived.place.command("subscribers", "show", READER, "--json")
    assert shown.json["status"] == "unsubscribed"


def _uris(header: str) -> list[str]:
    return [uri.strip("<>") for uri in "".join(header.split()).split(",")]
