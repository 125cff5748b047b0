"""Fetches pictures and pages within the limits of `FetchSettings`."""

from __future__ import annotations

import base64
import hashlib
import http.client
import logging
import socket
import threading
from collections import defaultdict
from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3
from urllib3.util import Retry

from cyclegan_glasses import __version__
from cyclegan_glasses.errors import explained, reason_of
from cyclegan_glasses.images import MAX_PIXELS, UnreadablePicture, open_picture
from cyclegan_glasses.sources.fetch.addresses import Resolver, check_address
from cyclegan_glasses.sources.fetch.connect import Guard, make_session
from cyclegan_glasses.sources.fetch.rate import HostRate
from cyclegan_glasses.sources.fetch.result import MAX_PAGE_BYTES, OK, Fetched, FetchError, Reply
from cyclegan_glasses.sources.fetch.robots import AGENT, LONGEST_FILE, RobotRules, parse_robots, refusing_tag
from cyclegan_glasses.sources.fetch.settings import FetchSettings

_log = logging.getLogger(__name__)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_BLOCK = 1 << 16
_DECODED_AT_ONCE = 2  # an unpacked picture may take 200 MB


class Fetcher:
    """Fetches addresses for many threads, each with its own session; `resolve` looks up names of hosts."""

    def __init__(self, settings: FetchSettings, *, resolve: Resolver = socket.getaddrinfo) -> None:
        self.settings = settings
        self.rate = HostRate(settings.interval, settings.max_wait)
        self._resolve = resolve
        self._local = threading.local()
        self._guards: list[Guard] = []
        self._rules: dict[str, RobotRules | FetchError] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()
        self._decoding = threading.Semaphore(_DECODED_AT_ONCE)

    def stop(self) -> None:
        """Make every fetch under way, in all threads, end at once; nothing is fetched from now on."""
        self.rate.stopped.set()
        with self._lock:
            for guard in self._guards:
                guard.cut()

    def picture(self, address: str) -> Fetched:
        """Fetch one picture; whatever goes wrong is in the result, nothing is raised."""
        try:
            with explained(lambda error: FetchError("broken", reason_of(error))):
                if address.startswith("data:"):
                    reply = _inline(address, self.settings.max_bytes)
                else:
                    reply = self._follow(address, self.settings.max_bytes, robots=True, picture=True)
                with self._decoding:
                    _check_picture(reply.body, self.settings.max_pixels)
        except FetchError as error:
            _log.debug("%s: %s", address, error.reason)
            return Fetched(error.status, error.http, error=error.error, reason=error.reason)
        digest = hashlib.sha256(reply.body).hexdigest()
        return Fetched(OK, reply.http, final=reply.address, sha256=digest, content=reply.body)

    def page(self, address: str, *, robots: bool) -> Reply:
        """Fetch a page or the answer of an API, of any HTTP status but a passing error.

        `robots`: ask robots.txt first. Documented APIs are offers to programs and need no leave.

        Raises:
            FetchError: it did not come.
        """
        return self._follow(address, MAX_PAGE_BYTES, robots=robots, picture=False)

    def _follow(self, address: str, limit: int, *, robots: bool, picture: bool) -> Reply:
        most = self.settings.max_redirects
        for _ in range(most + 1):
            address = check_address(address)
            if robots:
                self._ask_robots(address)
            reply = self._retrying(address, limit, picture)
            if reply.http not in _REDIRECTS or not reply.location:
                if picture and reply.http != 200:
                    raise FetchError("http", f"answered {reply.http}", http=reply.http)
                return reply
            try:
                address = urljoin(address, reply.location)
            except ValueError:
                raise FetchError("address", "redirects to something that is no address") from None
        raise FetchError("redirects", f"redirects more than {most} times", http=reply.http)

    def _retrying(self, address: str, limit: int, picture: bool) -> Reply:
        host = urlsplit(address).hostname or ""
        for attempt in range(self.settings.retries + 1):
            self.rate.wait(host)
            try:
                return self._once(address, limit, picture)
            except FetchError as error:
                if error.wait is not None:
                    self.rate.silence(host, error.wait)
                if not error.again or attempt == self.settings.retries:
                    raise
                if error.wait is None:
                    self.rate.pause(min(self.settings.max_wait, self.settings.backoff * 2**attempt))
        raise AssertionError("unreachable")

    def _once(self, address: str, limit: int, picture: bool) -> Reply:
        guard, session = self._session()
        timeout = (self.settings.connect_timeout, self.settings.read_timeout)
        slow = FetchError("slow", f"took longer than {self.settings.max_seconds:g} s")
        try:
            with (
                guard.limit(self.settings.max_seconds),
                session.get(address, stream=True, allow_redirects=False, timeout=timeout) as answer,
            ):
                reply = self._read(address, answer, limit, picture)
            if guard.expired:  # a cut between two headers looks like their end
                raise slow
            return reply
        except FetchError:
            raise
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError) as error:
            raise FetchError("address", f"not a web address ({str(error)[:100]})") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException,
                OSError, ValueError, AttributeError) as error:  # fmt: skip
            raise (slow if guard.expired else _explain(error)) from None

    def _read(self, address: str, answer: requests.Response, limit: int, picture: bool) -> Reply:
        code, headers = answer.status_code, answer.raw.headers
        if code in _PASSING:
            error, wait = "busy" if code in (429, 503) else "http", _retry_after(headers.get("retry-after"))
            raise FetchError(error, f"answered {code}", http=code, again=True, wait=wait)
        if code in _REDIRECTS or (picture and code != 200):
            return Reply(address, code, b"", next(iter(headers.getlist("location")), ""))
        if picture and (tag := refusing_tag(headers.getlist("x-robots-tag"))):
            raise FetchError("noai", f"the site says {tag} (X-Robots-Tag)", http=code)
        if headers.get("content-encoding", "").lower() not in ("", "identity"):
            raise FetchError("encoded", "came packed although it was not asked to", http=code)
        length = headers.get("content-length", "")
        if length.isdecimal() and len(length) < 20 and int(length) > limit:
            raise FetchError("large", f"{int(length)} bytes, more than the {limit} allowed", http=code)
        body = bytearray()
        while block := answer.raw.read1(_BLOCK, decode_content=False):
            body += block
            if len(body) > limit:
                raise FetchError("large", f"more than the {limit} bytes allowed", http=code)
            if self.rate.stopped.is_set():
                raise FetchError("stopped", "the crawl was stopped")
        return Reply(address, code, bytes(body))

    def _session(self) -> tuple[Guard, requests.Session]:
        if not hasattr(self._local, "session"):
            guard = Guard(self.settings.allow_private, self._resolve)
            contact = f" (+{self.settings.contact})" if self.settings.contact else ""
            agent = f"{AGENT}/{__version__}{contact} requests/{requests.__version__}"
            self._local.session = guard, make_session(guard, agent)
            with self._lock:
                self._guards.append(guard)
        return self._local.session

    def _ask_robots(self, address: str) -> None:
        url = urlsplit(address)
        site = f"{url.scheme}://{url.netloc}"
        with self._lock:
            lock = self._locks[site]
        with lock:
            if site not in self._rules:
                self._rules[site] = self._fetch_rules(site)
            rules = self._rules[site]
        if isinstance(rules, FetchError):
            raise rules
        if not rules.allows(address):
            raise FetchError("robots", f"robots.txt of {url.netloc} does not allow it")

    def _fetch_rules(self, site: str) -> RobotRules | FetchError:
        host = urlsplit(site).hostname or ""
        try:
            reply = self._follow(f"{site}/robots.txt", LONGEST_FILE * 4, robots=False, picture=False)
        except FetchError as error:
            if error.error in ("private", "dns"):
                return error
            reason = f"robots.txt of {host} did not come: {error.reason}"
            return FetchError(error.error, reason, http=error.http)
        if reply.http >= 500:  # RFC 9309, 2.3.1.4: a site that cannot say allows nothing
            return FetchError("http", f"robots.txt of {host} answered {reply.http}", http=reply.http)
        if reply.http != 200:  # RFC 9309, 2.3.1.3: a site that has none allows everything
            return RobotRules()
        rules = parse_robots(reply.body[:LONGEST_FILE].decode("utf-8", "replace"))
        if rules.delay > self.settings.max_wait:
            return FetchError("robots", f"robots.txt of {host} asks for {rules.delay:g} s between requests")
        self.rate.at_least(host, rules.delay)
        return rules


def _check_picture(content: bytes, max_pixels: int) -> None:
    """Decode a JPEG, PNG or WebP to see that it is whole; the bytes alone decide what it is."""
    if not content:
        raise FetchError("cut", "the answer was empty")
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    if not is_webp and not content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise FetchError("type", f"no JPEG, PNG or WebP picture: it begins with {content[:12]!r}")
    try:
        open_picture(content, max_pixels=min(max_pixels, MAX_PIXELS))
    except UnreadablePicture as error:
        raise FetchError("broken", error.reason[:200]) from None


def _inline(address: str, limit: int) -> Reply:
    """The content of a `data:…;base64,…` address."""
    if len(address) > limit * 4 // 3 + 100:
        raise FetchError("large", f"more than the {limit} bytes allowed")
    try:
        return Reply("", 0, base64.b64decode(unquote(address.partition(",")[2]), validate=True))
    except ValueError:
        raise FetchError("address", "the data: address holds no base64") from None


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header (a number or a date), None when it says nothing sensible."""
    try:
        return float(Retry().parse_retry_after(value[:100])) if value else None
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError, TypeError):
        return None


def _explain(error: Exception) -> FetchError:
    cause: BaseException | None = error
    for _ in range(10):
        if isinstance(cause, (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)):
            return FetchError("slow", "no answer in time", again=True)
        if isinstance(cause, (urllib3.exceptions.IncompleteRead, http.client.IncompleteRead)):
            return FetchError("cut", "the answer was cut off", again=True)
        if isinstance(cause, (urllib3.exceptions.SSLError, requests.exceptions.SSLError)):
            return FetchError("network", f"no safe connection ({str(error)[:150]})")
        cause = getattr(cause, "__cause__", None) or getattr(cause, "__context__", None)
    return FetchError("network", f"no connection ({str(error)[:150]})", again=True)
