"""Which addresses a user may make us connect to."""

from __future__ import annotations

import ipaddress

import pytest

from videoclip.errors import AddressRefused
from videoclip.net import AddressRules, Guard
from videoclip.net.guard import shown
from videoclip.settings import NetSettings


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "198.18.0.1", "192.0.2.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1",
    ],
)  # fmt: skip
def test_addresses_of_our_own_network_are_refused(text: str) -> None:
    assert AddressRules().fault(ipaddress.ip_address(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "223.5.5.5", "2606:4700::1111",
        "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
    ],
)  # fmt: skip
def test_public_addresses_are_allowed(text: str) -> None:
    assert AddressRules().fault(ipaddress.ip_address(text)) is None


def test_an_operator_allows_a_network_but_never_the_metadata_service() -> None:
    rules = AddressRules.of(["10.2.0.0/16", "169.254.0.0/16", "fd00::/8"])
    assert rules.fault(ipaddress.ip_address("10.2.3.4")) is None
    assert rules.fault(ipaddress.ip_address("::ffff:10.2.3.4")) is None
    assert rules.fault(ipaddress.ip_address("10.3.0.1")) is not None
    assert rules.fault(ipaddress.ip_address("fd00:1::1")) is None
    for text in (
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fd00:ec2::254",
    ):
        assert "metadata" in str(rules.fault(ipaddress.ip_address(text)))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a", "file:///etc/passwd", "gopher://example.com/", "//example.com/a", "example.com",
        "http://", "http:///a", "https://user:secret@example.com/", "https://user@example.com/",
        "http://example.com:22/", "http://example.com:6379/", "http://example.com:0/",
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/",
        "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.1./", "http://0/", "http://8.8.8/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/", "http://[::]/", "http://169.254.169.254/latest/meta-data/",
        "http://a b/", "http://example.com\\@127.0.0.1/", "http://example.com/\r\nHost: x", "http://ex\x00.com/",
        "http://example.com/" + "a" * 5000,
    ],
)  # fmt: skip
def test_addresses_are_refused_by_their_text(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        Guard().url(url)
    assert "secret" not in str(caught.value)


def test_a_usual_address_passes() -> None:
    guard = Guard.of(NetSettings())
    assert str(guard.url("https://example.com/a.mp4?x=1#part")) == "https://example.com/a.mp4?x=1"
    assert guard.url("http://例子.中国/视频.mp4").raw_host == b"xn--fsqu00a.xn--fiqs8s"
    assert guard.url("http://[2606:4700::1111]:8080/a").port == 8080


def test_a_shown_address_holds_no_secret() -> None:
    for path in (
        "services/T000/B000/topsecret?token=topsecret",
        "topsecret",
        "?topsecret",
        "a#topsecret",
    ):
        assert shown(f"https://hooks.example.com:8443/{path}") == "https://hooks.example.com:8443/…"
    assert shown("https://example.com/") == "https://example.com"
