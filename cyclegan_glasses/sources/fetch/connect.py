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
from urllib3 import PoolManager
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
        for family, address in resolve_checked(
            host, port, allow_private=self.allow_private, resolve=self._resolve
        )[:_TRIED]:
            opened = socket.socket(family, socket.SOCK_STREAM)
            try:
                opened.settimeout(timeout)
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                opened.connect(address)
                return opened
            except OSError as error:
                opened.close()
                failure = error
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


def make_session(guard: Guard, user_agent: str) -> requests.Session:
    """A session that connects through `guard` alone: no proxy, no cookies, no passwords from the machine."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
    adapter = _GuardedAdapter(guard)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: redirects are followed elsewhere. Left to itself requests reads the whole body of each."""


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _pool_classes(self._guard)


def _pool_classes(guard: Guard) -> dict[str, Any]:
    class GuardedHTTP(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self.host.strip("[]"), self.port, self.timeout)

        def getresponse(self) -> Any:
            guard.use(self.sock)
            return super().getresponse()

    class GuardedHTTPS(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self.host.strip("[]"), self.port, self.timeout)

        def getresponse(self) -> Any:
            guard.use(self.sock)
            return super().getresponse()

    class HTTPPool(HTTPConnectionPool):
        ConnectionCls = GuardedHTTP

    class HTTPSPool(HTTPSConnectionPool):
        ConnectionCls = GuardedHTTPS

    return {"http": HTTPPool, "https": HTTPSPool}
