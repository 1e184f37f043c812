"""Which addresses may be asked: tables of those that may and those that never may."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SourceError
from digest.sources.fetch.addresses import PORTS, Fence, check_url

PUBLIC = """
    1.1.1.1  8.8.8.8  9.255.255.255  11.0.0.0  93.184.216.34  100.63.255.255  100.128.0.0  126.255.255.255  128.0.0.1
    168.63.129.15  168.63.129.17  169.253.255.255  169.255.0.0  172.15.255.255  172.32.0.0  192.0.1.0  192.88.98.255
    192.167.255.255  192.169.0.0  198.17.255.255  198.20.0.0  203.0.112.255  223.255.255.255
    2001:200::1  2001:4860:4860::8888  2003::1  2606:4700:4700::1111  2a00:1450:4001::1  3ffe::1  ::ffff:8.8.8.8
"""

PRIVATE = """
    0.0.0.0  0.1.2.3  10.0.0.1  10.255.255.255  100.64.0.1  100.100.100.200  100.127.255.255  127.0.0.1  127.255.255.255
    168.63.129.16  169.254.0.1  169.254.169.254  172.16.0.1  172.31.255.255  192.0.0.1  192.0.0.192  192.0.2.1
    192.88.99.1  192.168.0.1  192.168.255.255  198.18.0.1  198.19.255.255  198.51.100.7  203.0.113.7  224.0.0.1
    239.255.255.250  240.0.0.1  255.255.255.254  255.255.255.255
    ::  ::1  ::7f00:1  ::8.8.8.8  ::ffff:127.0.0.1  ::ffff:10.0.0.1  ::ffff:a9fe:a9fe  ::ffff:0:127.0.0.1
    64:ff9b::a9fe:a9fe  64:ff9b::8.8.8.8  64:ff9b:1::1  100::1  2001::1  2001:0:4136:e378::1  2001:2::1  2001:10::1
    2001:db8::1  2002:a9fe:a9fe::  2002:7f00:1::1  3fff::1  4000::1  5f00::1  fc00::1  fd00:ec2::254  fdff::1
    fe80::1  fe80::1%eth0  febf::1  fec0::1  ff02::1  ff0e::1
"""


@pytest.mark.parametrize("address", PUBLIC.split())
@pytest.mark.parametrize("port", PORTS)
def test_a_public_address_may_be_asked(address: str, port: int) -> None:
    assert Fence().refusal("papers.example", port, address) is None


@pytest.mark.parametrize("address", PRIVATE.split())
def test_a_private_address_may_not(address: str) -> None:
    assert "not a public address" in (Fence().refusal("papers.example", 443, address) or "")


@given(st.ip_addresses(v=4))
def test_an_address_counts_the_same_wrapped_or_not(address: IPv4Address) -> None:
    fence = Fence()
    assert fence.refusal("h.example", 80, f"::ffff:{address}") == fence.refusal("h.example", 80, str(address))


@given(st.ip_addresses())
def test_what_the_standard_library_holds_for_private_is_never_asked(address: object) -> None:
    found = ip_address(str(address))
    is_wrapped = found.version == 6 and getattr(found, "ipv4_mapped", None) is not None
    if not found.is_global and not is_wrapped:
        assert Fence().refusal("papers.example", 443, str(address))


@pytest.mark.parametrize("port", [1, 21, 22, 25, 81, 587, 3306, 5432, 6379, 9200, 11211, 65535])
def test_a_public_host_is_asked_on_ports_of_the_web_only(port: int) -> None:
    assert Fence().refusal("papers.example", port, "93.184.216.34") == f"port {port} is not one of the web's"
    assert Fence.open_to(["papers.example"]).refusal("papers.example", port, "93.184.216.34") is None


OPEN = Fence.open_to(["Intranet.example.org", "10.1.0.0/16", "192.168.7.7/32", "fd12::/16", "127.0.0.1"])


@pytest.mark.parametrize(
    ("host", "address", "may"),
    [
        ("intranet.example.org", "10.9.9.9", True),
        ("INTRANET.example.org.", "fe80::1%eth0", True),
        ("sub.intranet.example.org", "10.9.9.9", False),
        ("example.org", "10.9.9.9", False),
        ("example.org", "10.1.200.3", True),
        ("example.org", "::ffff:10.1.200.3", True),
        ("example.org", "64:ff9b::a01:c803", False),
        ("10.1.200.3", "10.1.200.3", True),
        ("example.org", "192.168.7.7", True),
        ("example.org", "192.168.7.8", False),
        ("example.org", "fd12::5", True),
        ("example.org", "fd13::5", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", False),
    ],
)
def test_the_operator_lets_hosts_and_networks_in(host: str, address: str, *, may: bool) -> None:
    assert (OPEN.refusal(host, 9999, address) is None) is may


@pytest.mark.parametrize(
    "url",
    [
        "",
        "daily",
        "//host/x",
        "ftp://host/x",
        "file:///etc/hostname",
        "gopher://host/",
        "javascript:alert(1)",
        "data:text/plain,x",
        "http:///x",
        "http://",
        "http://:80/",
        "http://[::1",
        "http://host:99999/",
        "http://host:-1/",
        "http://host:0/",
        "http://host:x/",
        "https://a@b/",
        "https://a:b@c/",
        "https://@b/",
        "http://public.example\\@127.0.0.1/",
        "http://127%2e0%2e0%2e1/",
        "http://exa%00mple.org/",
        "http://a b/",
        "http://a\x7fb/",
        "http://public.example＠127.0.0.1/",
    ],
)
def test_an_address_that_looks_wrong_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="not an address that may be asked"):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://papers.example",
        "HTTPS://papers.example:443/x?y=1#z",
        "http://papers.example./",
        "http://93.184.216.34/",
        "http://[2606:4700::1111]:8080/",
        "http://[fe80::1%25eth0]/",
        "https://bücher.example/",
        "https://papers.example/a b?c=%2e",
    ],
)
def test_an_address_that_looks_right_is_not(url: str) -> None:
    check_url(url)


@given(st.text())
def test_any_text_at_all_is_an_address_or_is_refused(text: str) -> None:
    for url in (text, f"http://{text}/"):
        try:
            check_url(url)
        except SourceError as error:
            assert "not an address" in str(error)  # noqa: PT017
