"""Sends panes to Visdom from a thread of its own, so that a slow or lost server never holds up a run."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import threading
import time
from collections.abc import Callable

import requests

from cyclegan_glasses.monitoring.settings import DashboardSettings
from cyclegan_glasses.monitoring.visdom.panes import Pane
from cyclegan_glasses.monitoring.visdom.server import log_file, new_session

logger = logging.getLogger(__name__)

TIMEOUT = (2.0, 10.0)
PAUSE, WATCH, START_SECONDS = 1.0, 2.0, 120.0

Build = Callable[[], Pane]


class RefusedError(Exception):
    """The server answers but does not take what it is sent."""


class Client:
    """The part of Visdom's HTTP protocol that is needed to show panes, with time limits."""

    def __init__(self, settings: DashboardSettings) -> None:
        self._settings = settings
        self._session: requests.Session | None = None

    def show(self, window: str, pane: Pane) -> None:
        """Create a pane, or put another in its place.

        Raises:
            requests.RequestException, RefusedError: the server does not answer, or does not take it.
        """
        self._post("events", {"win": window, **pane})

    def exists(self, window: str) -> bool:
        """Whether the server has a pane."""
        return self._post("win_exists", {"win": window}) == "true"

    def forget(self) -> None:
        """Begin with a new session, and so a new login."""
        self._session = None

    def _post(self, endpoint: str, message: Pane) -> str:
        session = self._session = self._session or self._login()
        message = {"eid": self._settings.display_env, **message}
        body = json.dumps(message, allow_nan=False)
        reply = session.post(f"{self._settings.url}/{endpoint}", data=body, timeout=TIMEOUT)
        if reply.status_code != 200:
            raise RefusedError(f"it answers {reply.status_code} {reply.reason}")
        return reply.text

    def _login(self) -> requests.Session:
        session = new_session(self._settings)
        if self._settings.username:
            password = hashlib.sha256(self._settings.password.encode()).hexdigest()
            account = {"username": self._settings.username, "password": password}
            if session.post(f"{self._settings.url}/", json=account, timeout=TIMEOUT).status_code != 200:
                raise RefusedError("it does not accept this user name and password")
        return session


class Sender:
    """Keeps the newest of each pane and sends it when the server is ready for it.

    A pane that is offered while an earlier one of the same window still waits takes its place, so what waits
    is bounded. When the server is lost, or was started anew and knows none of the windows, everything is
    sent again.

    Args:
        client: to the server.
        log: takes a line when the server is lost, and one when it answers again.
        server: the process, where it was started for this run.
        port: of the server, to name its log file.
    """

    def __init__(
        self, client: Client, log: Callable[[str], None], server: subprocess.Popen[bytes] | None, port: int
    ) -> None:
        self._client, self._log, self._server, self._port = client, log, server, port
        self._panes: dict[str, Build] = {}
        self._waiting: dict[str, Build] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._broken: set[str] = set()
        self._online: bool | None = None  # not known yet
        self._reported = False
        self._begin = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="visdom", daemon=True)
        self._thread.start()

    def offer(self, window: str, build: Build) -> None:
        """Show what `build` makes, called in the thread; returns at once."""
        with self._changed:
            self._panes[window] = self._waiting[window] = build
            self._changed.notify()

    def close(self, timeout: float = 5.0) -> None:
        """Send what waits, for at most `timeout` seconds, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._closing:
                    self._changed.wait(WATCH)
                lost = self._online is False and not self._starting()
                if self._closing and (lost or not self._waiting):
                    return
                windows = list(self._panes)
            try:
                if self._online and windows and not any(map(self._client.exists, windows)):
                    self._queue_all()
                self._flush()
                self._mark_online()
            except (requests.RequestException, RefusedError) as error:
                self._mark_lost(error)
            if not (self._closing and self._online):
                time.sleep(PAUSE)

    def _flush(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    return
                window = next(iter(self._waiting))
                build = self._waiting.pop(window)
            try:
                pane = build()
            except Exception as error:
                if window not in self._broken:
                    logger.warning("the pane %s cannot be drawn: %s: %s", window, type(error).__name__, error)
                self._broken.add(window)
                continue
            self._client.show(window, pane)

    def _queue_all(self) -> None:
        with self._changed:
            self._waiting = dict(self._panes)

    def _mark_online(self) -> None:
        if self._reported:
            self._log("the Visdom server answers again, and its panes are back")
        self._online, self._reported = True, False

    def _mark_lost(self, error: Exception) -> None:
        self._client.forget()
        self._queue_all()
        was_online, self._online = self._online, False
        if self._reported or self._starting():
            return
        self._reported = True
        if isinstance(error, RefusedError):
            self._log(f"the Visdom server takes no panes, and the run goes on: {error}")
        elif was_online:
            self._log("the Visdom server was lost; the run goes on, and the panes return when it does")
        elif self._server is not None:
            self._log(f"the Visdom server did not start, and the run goes on: see {log_file(self._port)}")

    def _starting(self) -> bool:
        young = time.monotonic() - self._begin < START_SECONDS
        return self._server is not None and self._server.poll() is None and young and not self._online
