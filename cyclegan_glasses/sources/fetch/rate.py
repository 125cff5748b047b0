"""How often a host is asked."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

from cyclegan_glasses.sources.fetch.result import FetchError


class HostRate:
    """Spaces the requests to each host in time, over all threads.

    Args:
        interval: seconds between two requests to one host.
        max_wait: seconds; a host that asked for more silence than this is not asked again in this run.
    """

    def __init__(self, interval: float, max_wait: float) -> None:
        self._interval: defaultdict[str, float] = defaultdict(lambda: interval)
        self._max_wait = max_wait
        self._next: dict[str, float] = {}
        self._silent: dict[str, float] = {}
        self._lock = threading.Lock()
        self.stopped = threading.Event()

    def wait(self, host: str) -> None:
        """Sleep until it is this thread's turn to ask `host`.

        Raises:
            FetchError: the host asked for a long silence, or `stopped` was set.
        """
        with self._lock:
            now = time.monotonic()
            silence = self._silent.get(host, now) - now
            if silence > self._max_wait:
                raise FetchError("busy", f"{host} asked to be left alone for {silence:.0f} s more")
            slot = max(now, self._next.get(host, now), self._silent.get(host, now))
            self._next[host] = slot + self._interval[host]
        self.pause(slot - now)

    def pause(self, seconds: float) -> None:
        """Sleep, but wake up and raise `FetchError` when `stopped` is set."""
        if self.stopped.wait(max(0.0, seconds)):
            raise FetchError("stopped", "the crawl was stopped")

    def silence(self, host: str, seconds: float) -> None:
        """Nobody asks `host` for the next `seconds`."""
        with self._lock:
            until = time.monotonic() + seconds
            self._silent[host] = max(until, self._silent.get(host, until))

    def at_least(self, host: str, interval: float) -> None:
        """Ask `host` no oftener than every `interval` seconds."""
        with self._lock:
            self._interval[host] = max(interval, self._interval[host])
