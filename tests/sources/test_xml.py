"""XML from strangers: encodings, damage, and the attacks that XML is known for."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.xml import parse_xml, text_at

TITLE = "<a><t>Éveillé</t></a>"


@pytest.mark.parametrize(
    "body",
    [
        TITLE.encode(),
        TITLE.encode("utf-8-sig"),
        f'\n  <?xml version="1.0"?>{TITLE}'.encode(),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{TITLE}'.encode("latin-1"),
        f'<?xml version="1.0" encoding="windows-1252"?>{TITLE}'.encode("cp1252"),
        f'<?xml version="1.0" encoding="UTF-16"?>{TITLE}'.encode("utf-16"),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{TITLE}'.encode("utf-8-sig"),
        f"<!DOCTYPE a>{TITLE}".encode(),
        TITLE.replace("v", "v\x0b\x01").encode(),
        TITLE.replace("v", "v<!-- c --><?p i?>").encode(),
        TITLE.replace("Éveillé", "  <b>Éve</b>ill&#233;\n").encode(),
        TITLE.replace("Éveillé", "<![CDATA[Éveillé]]>").encode(),
    ],
)
def test_a_text_is_read_whatever_it_is_written_in(body: bytes) -> None:
    assert text_at(parse_xml(body), "t") == "Éveillé"


def test_what_is_not_there_is_empty() -> None:
    assert text_at(parse_xml(b"<a><t/></a>"), "t") == text_at(parse_xml(b"<a/>"), "t") == ""


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 50}">' for n in range(9))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "broken or cut-off XML"),
        (b"   ", "broken or cut-off XML"),
        (b"<a><b></a>", "broken or cut-off XML"),
        (b"<a>cut", "broken or cut-off XML"),
        (b"<a/><a/>", "broken or cut-off XML"),
        (b"<a>\xe9</a>", "broken or cut-off XML"),
        (b"<a>" * 300 + b"</a>" * 300, "depth"),
        (b"<a>&nbsp;</a>", "broken or cut-off XML"),
        (b'<!DOCTYPE a SYSTEM "x.dtd"><a>&nbsp;</a>', "names for characters"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "entities of its own"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "entities of its own"),
        (b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]><a/>', "entities of its own"),
        (f"<!DOCTYPE a [{LAUGHS}]><a>&e8;</a>".encode(), "entity amplification"),
        (f'<!DOCTYPE a [{LAUGHS}]><a b="&e8;"/>'.encode(), "entity amplification"),
    ],
)
def test_what_is_broken_or_dangerous_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        parse_xml(body)


def test_a_dtd_is_never_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x.dtd"
        root = parse_xml(f'<!DOCTYPE a PUBLIC "-//X//DTD//EN" "{address}"><a><t>read</t></a>'.encode())
        assert text_at(root, "t") == "read"
        with pytest.raises(TimeoutError):
            listener.accept()


@given(st.binary() | st.text("<>/&;!?[]ab \0\x01é").map(str.encode))
def test_any_bytes_are_opened_or_refused(body: bytes) -> None:
    with suppress(SourceError):
        assert parse_xml(body).tag
