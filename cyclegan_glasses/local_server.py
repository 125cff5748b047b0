"""A web page for the person at this machine alone, over HTTP on the loopback address.

Requests must name this machine as their host (so a foreign page cannot reach it under a name of its own),
come from the page itself or from whoever opens its address (`why_foreign`), and carry the token of this
start.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cyclegan_glasses.errors import UserError, explained, reason_of, stoppable
from cyclegan_glasses.files import parse_json

HOST = "127.0.0.1"
HEADER = "X-Page-Token"
MOST_BYTES = 1 << 20
_HOSTS = r"(127\.0\.0\.1|localhost|\[::1\]{})(:[0-9]+)?"


def why_foreign(method: str, headers: Mapping[str, str] | Message, name: str = "") -> str:
    """Why a request to a server of this machine comes from elsewhere; empty where it may be answered.

    A page of another origin, also of another port, may send requests that a browser lets through without
    asking: forms, pictures, frames, WebSockets. They are told by what browsers say and pages cannot change:
    `Host` (another name leads here by DNS rebinding), `Origin` (RFC 6454) and `Sec-Fetch-Site` (W3C Fetch
    Metadata). A link from elsewhere may open a page here; programs send no `Origin` and are let in.

    Args:
        method: of HTTP.
        headers: by their names, in any case.
        name: by which the server is called beside those of the loopback address.
    """
    host, origin = headers.get("Host", ""), headers.get("Origin")
    if not re.fullmatch(_HOSTS.format(f"|{re.escape(name)}" if name else ""), host, re.IGNORECASE):
        return "this page answers only under its own address"
    if origin is not None and origin.partition("://")[2] != host:
        return "only the page itself may ask for this"
    opened = method == "GET" and headers.get("Sec-Fetch-Dest") == "document"
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin") and not opened:
        return "only the page itself may ask for this"
    return ""


@dataclass(frozen=True, slots=True)
class Content:
    """The answer to a request: bytes, their MIME type, `Cache-Control` after `private`, more headers."""

    data: bytes
    mime: str
    caching: str = "no-store"
    headers: Mapping[str, str] = field(default_factory=dict)


class RequestError(UserError):
    """A request that is not answered: the HTTP status, and one line that says why."""

    def __init__(self, status: HTTPStatus, message: str = "there is nothing here") -> None:
        super().__init__(message)
        self.status = status


class LocalServer(ThreadingHTTPServer):
    """Serves one page. Subclasses answer what the page asks for in `get` and `post`.

    Args:
        page: from `webpage.interactive_page`.
        name: of the page, for its cookie.
        command: that prints the address, named to those who come without it.
        port: to listen on; 0 for any that is free.

    Attributes:
        token: of this start.

    Raises:
        UserError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, page: str, name: str, command: str, port: int = 0) -> None:
        self.page, self.name, self.command = page, name, command
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise UserError(
                f"cannot listen on port {port} ({error.strerror}): choose another --port"
            ) from None

    @property
    def address(self) -> str:
        """Where the page is, with the token."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"

    def serve_until_stopped(self) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        with suppress(KeyboardInterrupt), stoppable():
            self.serve_forever()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked went away, which is no error; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def get(self, kind: str, rest: str, query: dict[str, str]) -> Any:
        """Answer `/kind/rest?query`: a `Content`, or a value that is sent as JSON.

        Raises:
            RequestError: there is no answer.
        """
        raise RequestError(HTTPStatus.NOT_FOUND)

    def post(self, kind: str, body: Any) -> Any:
        """Do what the page asks for by a POST of JSON to `/kind`; returns what is sent back as JSON.

        Raises:
            RequestError: it is refused.
            UserError: it cannot be written.
            Exception: the body is not what it should be.
        """
        raise RequestError(HTTPStatus.NOT_FOUND)


class _Handler(BaseHTTPRequestHandler):
    server: LocalServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: their addresses hold the token."""

    def do_GET(self) -> None:
        """The page, to whoever opens its address or has its cookie; to the latter also what it asks for."""
        self._answer(self._got, HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """What the page asks to be done."""
        self._answer(
            lambda: self.server.post(urlsplit(self.path).path.strip("/"), self._body()),
            HTTPStatus.INSUFFICIENT_STORAGE,
        )

    def _answer(self, make: Callable[[], Any], refusal: HTTPStatus) -> None:
        """Send what `make` gives, or one line that says why not; a `UserError` is a `refusal`."""
        try:
            with explained(_unreadable):
                answer = make()
        except UserError as error:
            status = error.status if isinstance(error, RequestError) else refusal
            text = str(error).encode("utf-8", "backslashreplace")
            self._send(Content(text, "text/plain; charset=utf-8"), status)
        else:
            self._send(answer)

    def _got(self) -> Any:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        kind, _, rest = url.path.strip("/").partition("/")
        self._refuse_foreign()
        comes_by_address = url.path == "/" and self._is_token(query.get("token", ""))
        if not comes_by_address and not self._has_cookie():
            message = f"open the address that {self.server.command} printed"
            raise RequestError(HTTPStatus.FORBIDDEN, message)
        return self.server.get(kind, rest, query) if kind or rest else self._page()

    def _body(self) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            raise RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too long")
        body = self.rfile.read(int(length))
        self._refuse_foreign()
        if not (self._has_cookie() and self._is_token(self.headers.get(HEADER, ""))):
            raise RequestError(HTTPStatus.FORBIDDEN, "only the page itself may change anything")
        return parse_json(body)

    def _refuse_foreign(self) -> None:
        if why := why_foreign(self.command, self.headers):
            raise RequestError(HTTPStatus.FORBIDDEN, why)

    def _has_cookie(self) -> bool:
        with suppress(CookieError, KeyError):
            return self._is_token(SimpleCookie(self.headers.get("Cookie", ""))[self._cookie].value)
        return False

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), self.server.token.encode())

    @property
    def _cookie(self) -> str:
        return f"{self.server.name}{self.server.server_port}"

    def _page(self) -> Content:
        """The page, with the cookie that lets it ask for more, and no script but its own."""
        nonce = secrets.token_urlsafe(16)
        page = self.server.page.replace("{{nonce}}", nonce).replace("{{token}}", self.server.token)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        cookie = f"{self._cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
        headers = {"Set-Cookie": cookie, "Content-Security-Policy": policy}
        data = page.encode("utf-8", "backslashreplace")
        return Content(data, "text/html; charset=utf-8", headers=headers)

    def _send(self, answer: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        """A `Content`, or a value as JSON, with headers that keep it from being misread."""
        if not isinstance(answer, Content):
            answer = Content(json.dumps(answer).encode("utf-8"), "application/json")
        self.send_response(status)
        always = {
            "Content-Type": answer.mime,
            "Content-Length": str(len(answer.data)),
            "Cache-Control": f"private, {answer.caching}",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        for name, value in {**always, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.data)


def _unreadable(error: Exception) -> RequestError:
    return RequestError(HTTPStatus.BAD_REQUEST, f"the request cannot be read: {reason_of(error)}")
