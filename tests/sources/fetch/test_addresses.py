"""Which machines a crawl may talk to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.sources.fetch.addresses import check_address, is_public, resolve_checked
from cyclegan_glasses.sources.fetch.result import FetchError

PRIVATE = [
    "127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
    "64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:101::",
]  # fmt: skip
PUBLIC = [
    "93.184.215.14", "8.8.8.8", "172.32.0.1", "172.15.255.255", "100.63.255.255",
    "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2a00:1450:4001::1",
]  # fmt: skip


@pytest.mark.parametrize("ip", PRIVATE)
def test_private(ip):
    assert not is_public(ip)


@pytest.mark.parametrize("ip", PUBLIC)
def test_public(ip):
    assert is_public(ip)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_the_same_in_ipv6_clothes(four):
    mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + four.packed)
    nat64 = ipaddress.IPv6Address(ipaddress.ip_address("64:ff9b::").packed[:12] + four.packed)
    assert is_public(str(mapped)) == is_public(str(nat64)) == is_public(str(four))


@given(
    st.text(max_size=60)
    | st.text(max_size=40).map("http://".__add__)
    | st.text(max_size=40).map("//".__add__)
)
def test_anything_is_an_address_or_a_reason(text):
    try:
        address = check_address(text)
    except FetchError as error:
        assert error.error == "address" and error.status == "refused"
    else:
        assert address.startswith(("http://", "https://")) and check_address(address) == address


def test_addresses_are_sent_as_they_were_checked():
    assert check_address("HTTP://Example.ORG/a/../b c#frag") == "http://example.org/b%20c"
    assert check_address("https://例え.jp/ü") == "https://xn--r8jz45g.jp/%C3%BC"
    for wrong in (
        "data:image/png;base64,AA",
        "javascript:alert(1)",
        "http://u@h/",
        "http://\x1f/",
        "http://h/" + "a" * 5000,
    ):
        with pytest.raises(FetchError):
            check_address(wrong)


def test_names_that_cannot_be_looked_up():
    for host in ("a" * 300 + ".example", "\ud800.example"):
        with pytest.raises(FetchError, match="not known"):
            resolve_checked(host, 80, allow_private=True)
    with pytest.raises(FetchError, match="no address"):
        resolve_checked("empty.example", 80, allow_private=False, resolve=lambda *_, **__: [])
