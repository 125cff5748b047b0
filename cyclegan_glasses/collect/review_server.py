"""The review page over HTTP, for the person at this machine alone.

Answers on the loopback address only; requests must name it as their host (so a foreign page cannot reach it
under a name of its own), carry the token of this start, and, to change anything, come from the page itself.
Photos are asked for by number, never by path.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cyclegan_glasses.collect.review import Query, Refused, Review
from cyclegan_glasses.errors import UserError

HOST = "127.0.0.1"
_COOKIE = "review"
_HEADER = "X-Review-Token"
_MOST_BYTES = 1 << 20
_MOST_PHOTOS = 500


class ReviewServer(ThreadingHTTPServer):
    """Serves one `Review`. `address` is what the person opens; it holds the token of this start."""

    daemon_threads = True

    def __init__(self, review: Review, port: int = 0) -> None:
        """Listen on `port`, 0 for any that is free.

        Raises:
            UserError: the port is taken.
        """
        self.review = review
        self.token = secrets.token_urlsafe(24)
        self.page = files("cyclegan_glasses.collect").joinpath("review.html").read_text("utf-8")
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


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """The page, a list of photos, descriptions, counts, pictures."""
        parts = urlsplit(self.path)
        words = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if not self._is_for_us():
            return self._say(HTTPStatus.FORBIDDEN, "this page answers only under its own address")
        if parts.path == "/" and self._is_token(words.get("token", "")):
            return self._page()
        if not self._has_cookie():
            return self._say(HTTPStatus.FORBIDDEN, "open the address that crawl.py review printed")
        kind, _, rest = parts.path.strip("/").partition("/")
        if kind == "" and not rest:
            return self._page()
        routes: dict[str, Callable[[], Any]] = {
            "list": lambda: self.server.review.find(_query(words)),
            "photos": lambda: [
                self.server.review.describe(n) for n in _numbers(words.get("ids", "").split(","))
            ],
            "counts": self.server.review.counts,
        }
        try:
            if kind in ("thumb", "large"):
                (number,) = _numbers([rest])
                return self._send(
                    self.server.review.picture(number, kind == "large"), "image/jpeg", "max-age=600"
                )
            if kind in routes and not rest:
                return self._json(routes[kind]())
        except (Refused, ValueError) as error:
            return self._say(HTTPStatus.NOT_FOUND, str(error))
        return self._say(HTTPStatus.NOT_FOUND, "there is nothing here")

    def do_POST(self) -> None:
        """A decision, or the undoing of the last one."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            self.close_connection = True
            return self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too long")
        body = self.rfile.read(int(length))
        if not (self._is_for_us() and self._has_cookie() and self._is_from_page()):
            return self._say(HTTPStatus.FORBIDDEN, "only the review page may change verdicts")
        review = self.server.review
        try:
            if self.path == "/decide":
                wish = json.loads(body)
                numbers = _numbers(wish["ids"])
                changed = review.decide(numbers, str(wish["action"]), str(wish.get("words", "")))
            elif self.path == "/undo":
                changed = review.undo()
            else:
                return self._say(HTTPStatus.NOT_FOUND, "there is nothing here")
        except Refused as error:
            return self._say(HTTPStatus.CONFLICT, str(error))
        except UserError as error:
            return self._say(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        except (ValueError, KeyError, TypeError):
            return self._say(HTTPStatus.BAD_REQUEST, "the request cannot be read")
        return self._json([review.describe(number) for number in changed])

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: their addresses hold the token."""

    def _is_for_us(self) -> bool:
        return self.headers.get("Host", "") in self._hosts()

    def _is_from_page(self) -> bool:
        token = self.headers.get(_HEADER, "")
        origin = self.headers.get("Origin")
        return self._is_token(token) and (origin is None or origin.removeprefix("http://") in self._hosts())

    def _hosts(self) -> tuple[str, str]:
        return f"{HOST}:{self.server.server_port}", f"localhost:{self.server.server_port}"

    def _has_cookie(self) -> bool:
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return False
        given = cookie[self._cookie].value if self._cookie in cookie else ""
        return self._is_token(given)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.server.token.encode())

    @property
    def _cookie(self) -> str:
        return f"{_COOKIE}{self.server.server_port}"

    def _page(self) -> None:
        nonce = secrets.token_urlsafe(16)
        page = self.server.page.replace("{{nonce}}", nonce).replace("{{token}}", self.server.token)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
            "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        cookie = f"{self._cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
        headers = {"Set-Cookie": cookie, "Content-Security-Policy": policy}
        self._send(page.encode("utf-8"), "text/html; charset=utf-8", "no-store", headers)

    def _json(self, value: Any) -> None:
        self._send(json.dumps(value).encode("utf-8"), "application/json", "no-store")

    def _say(self, status: HTTPStatus, words: str) -> None:
        self._send(words.encode("utf-8"), "text/plain; charset=utf-8", "no-store", status=status)

    def _send(
        self,
        content: bytes,
        kind: str,
        caching: str,
        headers: dict[str, str] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
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


def _query(words: dict[str, str]) -> Query:
    """A query from the words of an address; ValueError for a limit that is no number."""
    known: dict[str, Any] = {
        field.name: words[field.name] for field in dataclasses.fields(Query) if words.get(field.name)
    }
    for limit in ("low", "high"):
        if limit in known:
            known[limit] = float(known[limit])
    return Query(**known)


def _numbers(words: Any) -> list[int]:
    """Numbers of photos from what a request says; ValueError where it says something else or too many."""
    if not isinstance(words, list) or len(words) > _MOST_PHOTOS:
        raise ValueError(f"ask for at most {_MOST_PHOTOS} photos at a time")
    if not all(isinstance(word, int) or (isinstance(word, str) and word.isdecimal()) for word in words):
        raise ValueError("a photo has a number")
    return [int(word) for word in words]
