"""Sessions whose connections go only to checked addresses and are cut when their time is up.

A name is resolved once, at the moment of connecting; its addresses are checked and the socket is opened to a
checked address, so a name that changes its mind between check and use (DNS rebinding) gains nothing. The host
name stays what it was for TLS and the Host header.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from cyclegan_glasses.sources.fetch.addresses import Resolver, resolve_checked

_TRIED = 4


class Guard:
    """Opens the sockets of one session and cuts the one in use when its time is up. For one thread."""

    def __init__(self, allow_private: bool, resolve: Resolver = socket.getaddrinfo) -> None:
        self.allow_private = allow_private
        self.expired = False
        self._resolve = resolve
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """Open a socket to one of the checked addresses of `host`.

        Raises:
            FetchError: the host is not known or leads into a private network.
            OSError: none of the first addresses answers.
        """
        failure: OSError = OSError("no address")
        for ip in resolve_checked(host, port, allow_private=self.allow_private, resolve=self._resolve)[
            :_TRIED
        ]:
            try:
                opened = socket.create_connection((ip, port), timeout)
            except OSError as error:
                failure = error
            else:
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return opened
        raise failure

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Cut the connection in use, also in the middle of a read, when the block takes longer."""
        self.expired, self._socket = False, None
        timer = threading.Timer(seconds, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._socket = None

    def use(self, opened: socket.socket | None) -> None:
        """Say which socket is in use from now on."""
        with self._lock:
            self._socket = opened
        if self.expired:
            self.cut()

    def cut(self) -> None:
        """Shut the socket in use, or the next one, whatever another thread is waiting for on it."""
        with self._lock:
            self.expired = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: redirects are followed elsewhere. Left to itself requests reads the whole body of each."""


class _Guarded(HTTPConnection):
    guard: Guard

    def _new_conn(self) -> socket.socket:
        return self.guard.connect(self.host.strip("[]"), self.port, self.timeout)

    def getresponse(self) -> Any:
        self.guard.use(self.sock)
        return super().getresponse()


def make_session(guard: Guard, user_agent: str) -> requests.Session:
    """A session that connects through `guard` alone: no proxy, no cookies, no passwords from the machine."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
    adapter = HTTPAdapter()
    adapter.poolmanager.pool_classes_by_scheme = {
        "http": _guarded(HTTPConnectionPool, HTTPConnection, guard),
        "https": _guarded(HTTPSConnectionPool, HTTPSConnection, guard),
    }
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _guarded(pool: type, connection: type, guard: Guard) -> type:
    """A kind of pool whose connections are opened by `guard`."""
    return type(
        "Pool", (pool,), {"ConnectionCls": type("Connection", (_Guarded, connection), {"guard": guard})}
    )
