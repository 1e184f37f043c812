"""The doctor names each thing that is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from digest.app import App
from digest.clock import system_clock
from digest.config import load
from digest.delivery.dkim import public_key, read_key
from digest.doctor import Check, examine
from digest.doctor.names import UnreachableError, WorldResolver
from digest.doctor.store import file_system
from tests.cli.place import Place
from tests.cli.sink import Sink

GOOD = {
    "example.org": ["v=spf1 include:relay.example -all", "other=1"],
    "_dmarc.example.org": ["v=DMARC1; p=quarantine; rua=mailto:owner@example.org"],
}


@dataclass
class FakeResolver:
    """Name servers that say what they are told to say."""

    text: dict[str, list[str]] = field(default_factory=lambda: dict(GOOD))
    mail: list[str] = field(default_factory=lambda: ["mx.example.org"])
    forward: dict[str, list[str]] = field(default_factory=lambda: {"mail.example.org": ["192.0.2.7"]})
    backward: dict[str, list[str]] = field(default_factory=lambda: {"192.0.2.7": ["mail.example.org"]})
    is_down: bool = False

    def _answer(self, found: list[str]) -> list[str]:
        if self.is_down:
            raise UnreachableError("no name server has answered")
        return found

    def texts(self, name: str) -> list[str]:
        return self._answer(self.text.get(name, []))

    def mail_servers(self, name: str) -> list[str]:
        return self._answer(self.mail)

    def addresses(self, name: str) -> list[str]:
        return self._answer(self.forward.get(name, []))

    def names(self, address: str) -> list[str]:
        return self._answer(self.backward.get(address, []))


@pytest.fixture
def mailing(place: Place, sink: Sink) -> Place:
    place.mail_to(sink.port)
    smtp = place.settings["delivery"]["smtp"] | {"hello": "mail.example.org"}
    place.configure(delivery={"transport": "smtp", "smtp": smtp})
    return place


def checks(place: Place, resolver: Any = None) -> dict[str, Check]:
    app = App(load(place.folder / "config.yaml"), system_clock)
    try:
        return {one.name: one for one in examine(app, resolver or FakeResolver())}
    finally:
        app.close()


def troubles(place: Place, resolver: Any = None) -> dict[str, str]:
    found = {name: one for name, one in checks(place, resolver).items() if not one.ok}
    assert all(one.fix for one in found.values())
    return {name: one.detail for name, one in found.items()}


def test_a_place_where_everything_is_fine(mailing: Place) -> None:
    assert troubles(mailing) == {}
    assert {"spf", "dkim", "dmarc", "alignment", "mail server", "postal address"} <= set(checks(mailing))


def test_letters_on_disk_need_no_domain(place: Place) -> None:
    assert troubles(place) == {}
    assert "spf" not in checks(place)


def test_it_changes_nothing(mailing: Place) -> None:
    before = sorted(path.name for path in mailing.folder.rglob("*"))
    checks(mailing)
    assert sorted(path.name for path in mailing.folder.rglob("*")) in (before, sorted([*before, "var"]))


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"text": {"_dmarc.example.org": GOOD["_dmarc.example.org"]}}, "spf", "no SPF record"),
        ({"text": GOOD | {"example.org": ["v=spf1 -all", "v=spf1 ~all"]}}, "spf", "2 SPF records"),
        ({"text": GOOD | {"example.org": ["v=spf1 a +all"]}}, "spf", "lets everybody send"),
        ({"text": {"example.org": GOOD["example.org"]}}, "dmarc", "no DMARC record"),
        ({"text": GOOD | {"_dmarc.example.org": ["v=DMARC1"]}}, "dmarc", "no DMARC record"),
        ({"mail": []}, "answers", "nobody takes mail"),
        ({"forward": {}}, "reverse name", "has no address"),
        ({"backward": {"192.0.2.7": ["other.example"]}}, "reverse name", "does not point back"),
    ],
)
def test_each_record_that_is_missing_has_its_own_line(
    mailing: Place, changes: dict[str, Any], name: str, said: str
) -> None:
    found = troubles(mailing, replace(FakeResolver(), **changes))
    assert list(found) == [name]
    assert said in found[name]


def test_without_a_network_every_name_is_told_and_nothing_is_raised(mailing: Place) -> None:
    found = troubles(mailing, FakeResolver(is_down=True))
    assert set(found) == {"spf", "dmarc", "answers", "reverse name"}
    assert set(found.values()) == {"no name server has answered"}


class NameServer(threading.Thread):
    """A name server on loopback that knows a few records, and is silent about names in `silent.example`."""

    RECORDS: ClassVar = {
        ("example.org.", "TXT"): ['"v=spf1 include:a.example " "-all"', '"other"'],
        ("example.org.", "MX"): ["10 mx.example.org."],
        ("mx.example.org.", "A"): ["192.0.2.7"],
        ("mx.example.org.", "AAAA"): ["2001:db8::7"],
        ("7.2.0.192.in-addr.arpa.", "PTR"): ["mx.example.org."],
    }

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = self.socket.getsockname()

    def run(self) -> None:
        while True:
            try:
                wire, asker = self.socket.recvfrom(4096)
            except OSError:  # closed
                return
            question = dns.message.from_wire(wire).question[0]
            name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
            if not name.endswith("silent.example."):
                self.socket.sendto(self._answer(dns.message.from_wire(wire), name, kind).to_wire(), asker)

    def _answer(self, asked: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        answer = dns.message.make_response(asked)
        if said := self.RECORDS.get((name, kind)):
            answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", kind, said))
        elif name not in {known for known, _ in self.RECORDS}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


@pytest.fixture
def world_resolver() -> Iterator[WorldResolver]:
    server = NameServer()
    server.start()
    yield WorldResolver(server.address, patience=0.5)
    server.socket.close()


def test_the_world_answers_as_the_fake_does(world_resolver: WorldResolver) -> None:
    assert sorted(world_resolver.texts("example.org")) == ["other", "v=spf1 include:a.example -all"]
    assert world_resolver.mail_servers("example.org") == ["mx.example.org"]
    assert world_resolver.addresses("mx.example.org") == ["192.0.2.7", "2001:db8::7"]
    assert world_resolver.names("192.0.2.7") == ["mx.example.org"]
    assert world_resolver.texts("mx.example.org") == []
    assert world_resolver.texts("nowhere.example") == []


def test_a_silent_world_is_told(world_resolver: WorldResolver) -> None:
    with pytest.raises(UnreachableError, match=r"silent\.example"):
        world_resolver.texts("silent.example")


@pytest.fixture
def signing(mailing: Place) -> Place:
    from tests.delivery.test_dkim import KEY, pem

    pem(KEY, mailing.folder / "dkim.pem")
    dkim = {"selector": "s1", "domain": "example.org", "key_file": "dkim.pem"}
    mailing.configure(delivery=mailing.settings["delivery"] | {"dkim": dkim})
    return mailing


@pytest.mark.parametrize(("published", "said"), [(None, "has no key"), ("p=AAAA", "another key"), ("", None)])
def test_the_published_key_is_the_one_that_signs(signing: Place, published: str | None, said: str | None) -> None:
    right = f"v=DKIM1; p={public_key(read_key(signing.folder / 'dkim.pem'))}"
    texts = GOOD | ({} if published is None else {"s1._domainkey.example.org": [published or right]})
    found = troubles(signing, FakeResolver(text=texts))
    assert list(found) == (["dkim"] if said else [])
    assert said is None or said in found["dkim"]


@pytest.mark.parametrize(
    ("domain", "is_aligned"), [("example.org", True), ("news.example.org", True), ("relay.example", False)]
)
def test_what_is_signed_is_what_readers_see(signing: Place, domain: str, is_aligned: bool) -> None:
    dkim = signing.settings["delivery"]["dkim"] | {"domain": domain}
    signing.configure(delivery=signing.settings["delivery"] | {"dkim": dkim})
    assert ("alignment" not in troubles(signing)) is is_aligned


def test_a_key_that_cannot_be_used_is_told(signing: Place) -> None:
    (signing.folder / "dkim.pem").chmod(0o644)
    assert {"dkim", "private files"} <= set(troubles(signing))


def test_a_mail_server_that_is_not_there_is_told(mailing: Place) -> None:
    mailing.mail_to(1)
    assert "127.0.0.1:1" in troubles(mailing)["mail server"]


def test_bulk_mail_without_a_postal_address_is_told(mailing: Place) -> None:
    mailing.configure(site=mailing.settings["site"] | {"postal_address": ""})
    assert "postal address" in troubles(mailing)


def test_a_template_that_does_not_compile_is_told(place: Place) -> None:
    (place.folder / "mine").mkdir()
    place.file("mine/letter.txt.j2", "{% if %}")
    place.configure(templates="mine")
    assert list(troubles(place)) == ["templates"]


def test_a_damaged_store_is_told(place: Place) -> None:
    place.list("day", "one")
    assert place.run("send", "--now").status == 0
    store = place.folder / "var" / "digest.db"
    octets = bytearray(store.read_bytes())
    octets[4096 * 3 : 4096 * 5] = b"\xff" * 8192
    store.write_bytes(bytes(octets))
    found = troubles(place)
    assert any("malformed" in said or "damaged" in said for said in found.values()), found


def test_a_store_of_a_newer_version_is_told(place: Place) -> None:
    import sqlite3

    assert place.run("db", "upgrade").status == 0
    with sqlite3.connect(place.folder / "var" / "digest.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "9999" in troubles(place)["schema"]


@pytest.mark.parametrize(
    ("moment", "said"),
    [("2027-01-20T08:00:00+00:00", "days since the last run"), ("2026-11-20T06:00:00+00:00", "before the last run")],
)
def test_a_clock_that_leapt_is_told(place: Place, moment: str, said: str) -> None:
    place.list("day", "one")
    assert place.at("2026-11-20T08:00:00+00:00", "send").status == 0
    app = App(load(place.folder / "config.yaml"), lambda: datetime.fromisoformat(moment).astimezone(UTC), True)
    found = {one.name: one for one in examine(app, FakeResolver())}
    assert said in found["clock"].detail
    assert not found["clock"].ok


def test_a_file_system_is_known_by_its_name(tmp_path: Path) -> None:
    kind = file_system(tmp_path)
    assert kind == kind.strip()
    assert (kind == "") is not Path("/proc/mounts").exists()


def test_the_command_ends_in_one_where_something_is_wrong(mailing: Place) -> None:
    done = mailing.run("doctor", "--json")  # no name server can be asked in a test
    assert done.status == 1
    assert set(done.json["checks"][0]) == {"name", "ok", "detail", "fix"}
    assert "Traceback" not in done.err
    told = mailing.run("doctor")
    assert "NO  spf: " in told.out


def test_a_configuration_with_a_mistake_is_told(place: Place) -> None:
    place.configure(nonsense=1)
    done = place.run("doctor", "--json")
    assert done.status == 1
    assert [(one["name"], one["ok"]) for one in done.json["checks"]] == [("config", False)]


def test_fine_is_nought(place: Place) -> None:
    assert place.run("doctor").status == 0
