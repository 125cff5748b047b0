"""A page for the person at this machine alone, over HTTP on the loopback address.

Requests must name the server as their host (so a foreign page cannot reach it under a name of its own), carry
the token of this start, and, to change anything, come from the page itself.
"""

from __future__ import annotations

import hmac
import json
import secrets
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cyclegan_glasses.errors import UserError

HOST = "127.0.0.1"
HEADER = "X-Page-Token"
MOST_BYTES = 1 << 20


class LoopbackServer(ThreadingHTTPServer):
    """Serves one page. `address` is what the person opens; it holds the token of this start.

    Args:
        page: HTML with `{{token}}` and `{{nonce}}` where the page needs them.
        handler: answers requests.
        port: to listen on; 0 for any that is free.
        cookie: name of the cookie that keeps the token, apart for each kind of page.

    Raises:
        UserError: the port is taken.
    """

    daemon_threads = True

    def __init__(
        self, page: str, handler: type[LoopbackHandler], port: int = 0, cookie: str = "page"
    ) -> None:
        self.page, self.cookie = page, cookie
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port), handler)
        except OSError as error:
            raise UserError(
                f"cannot listen on port {port} ({error.strerror}): choose another --port"
            ) from None

    @property
    def address(self) -> str:
        """Where the page is, with the token."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"


class LoopbackHandler(BaseHTTPRequestHandler):
    """Checks who asks, and sends pages, JSON and words. Each kind of page says what it answers.

    Attributes:
        printed_by: the command that printed the address, to tell those who come without it.
    """

    server: Any
    printed_by = "the command"
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: their addresses hold the token."""

    def do_GET(self) -> None:
        """The page, to whoever opens its address or has its cookie; to the latter also what it asks for."""
        parts = urlsplit(self.path)
        words = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if not self.is_for_us():
            return self.say(HTTPStatus.FORBIDDEN, "this page answers only under its own address")
        if parts.path == "/" and self.is_token(words.get("token", "")):
            return self.send_page()
        if not self.has_cookie():
            return self.say(HTTPStatus.FORBIDDEN, f"open the address that {self.printed_by} printed")
        kind, _, rest = parts.path.strip("/").partition("/")
        return self.send_page() if not kind and not rest else self.answer(kind, rest, words)

    def answer(self, kind: str, rest: str, words: dict[str, str]) -> None:
        """Answer `/kind/rest?words` of the page; without pages of its own, that there is nothing."""
        self.say(HTTPStatus.NOT_FOUND, "there is nothing here")

    def body(self) -> bytes | None:
        """The body of a POST that comes from the page itself; None where it was refused and said so."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            self.say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too long")
            return None
        body = self.rfile.read(int(length))
        if not (self.is_for_us() and self.has_cookie() and self._is_from_page()):
            self.say(HTTPStatus.FORBIDDEN, "only the page itself may change anything")
            return None
        return body

    def is_for_us(self) -> bool:
        """Whether the request names this server as its host."""
        return self.headers.get("Host", "") in self._hosts()

    def has_cookie(self) -> bool:
        """Whether the request carries the token of this start as its cookie."""
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return False
        given = cookie[self._cookie].value if self._cookie in cookie else ""
        return self.is_token(given)

    def is_token(self, given: str) -> bool:
        """Whether that is the token of this start."""
        return hmac.compare_digest(given.encode(), self.server.token.encode())

    def send_page(self) -> None:
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
        self.send_content(page.encode("utf-8"), "text/html; charset=utf-8", "no-store", headers)

    def send_json(self, value: Any) -> None:
        """A value as JSON."""
        self.send_content(json.dumps(value).encode("utf-8"), "application/json", "no-store")

    def say(self, status: HTTPStatus, words: str) -> None:
        """A status with words to read."""
        self.send_content(words.encode("utf-8"), "text/plain; charset=utf-8", "no-store", status=status)

    def send_content(
        self,
        content: bytes,
        kind: str,
        caching: str,
        headers: dict[str, str] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        """Bytes of a kind, with headers that keep them from being misread."""
        self.send_response(status)
        always = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": f"private, {caching}",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        for name, value in {**always, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _is_from_page(self) -> bool:
        origin = self.headers.get("Origin")
        known = origin is None or origin.removeprefix("http://") in self._hosts()
        return known and self.is_token(self.headers.get(HEADER, ""))

    def _hosts(self) -> tuple[str, str]:
        return f"{HOST}:{self.server.server_port}", f"localhost:{self.server.server_port}"

    @property
    def _cookie(self) -> str:
        return f"{self.server.cookie}{self.server.server_port}"
