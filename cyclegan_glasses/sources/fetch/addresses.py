"""Which web addresses may be asked, and which machines may be connected to."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from cyclegan_glasses.sources.fetch.result import LONGEST, FetchError

Resolver = Callable[..., list[Any]]
_HOST = re.compile(r"[a-z0-9._:-]+(%[a-z0-9._-]+)?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def check_address(address: str) -> str:
    """A web address that we are willing to ask, written as it will be sent (no `..` left in its path).

    Raises:
        FetchError: not http or https, no host, a password inside, too long, or not an address at all.
    """
    if len(address) > LONGEST:
        raise FetchError("address", f"the address is longer than {LONGEST} characters")
    scheme = address.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise FetchError("address", f"only http and https are fetched, not {scheme[:20]!r}")
    request = requests.PreparedRequest()
    try:
        request.prepare_url(address, None)
        url = urlsplit(request.url or "")
        host, _ = url.hostname, url.port
    except (requests.RequestException, ValueError) as error:
        raise FetchError("address", f"not a web address ({str(error)[:100]})") from None
    if not host or not _HOST.fullmatch(host):
        raise FetchError("address", "the address names no host")
    if url.username is not None or url.password is not None:
        raise FetchError("address", "the address carries a user name or password")
    return url._replace(fragment="").geturl()


def is_public(ip: str) -> bool:
    """Whether an IPv4 or IPv6 address belongs to the open internet.

    An IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64) counts as what it is.
    """
    address = ipaddress.ip_address(ip.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner: list[ipaddress.IPv4Address | None] = [address.ipv4_mapped, address.sixtofour]
        inner += list(address.teredo or ())
        if address in _NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(four is not None and not is_public(str(four)) for four in inner):
            return False
        if address.is_site_local:
            return False
        if address.ipv4_mapped is not None or address in _NAT64:
            return True
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    )


def resolve_checked(
    host: str, port: int, *, allow_private: bool, resolve: Resolver = socket.getaddrinfo
) -> list[str]:
    """The IP addresses of a host, none of which lies in a private network.

    A host of which one address is private is refused as a whole.

    Raises:
        FetchError: the name is not known, or it leads into a private network.
    """
    try:
        ips = [str(address[0]) for *_, address in resolve(host, port, type=socket.SOCK_STREAM)]
    except (socket.gaierror, UnicodeError, ValueError) as error:
        again = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise FetchError("dns", f"the host {host[:100]} is not known", again=again) from None
    for ip in ips:
        if not allow_private and not is_public(ip):
            raise FetchError("private", f"{host[:100]} leads to {ip}, which is not on the open internet")
    if not ips:
        raise FetchError("dns", f"the host {host[:100]} has no address")
    return ips
