"""A slow, lost or restarted server costs the run nothing, and its panes come back whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import requests

from cyclegan_glasses.monitoring.visdom import sender as sending
from cyclegan_glasses.monitoring.visdom.sender import RefusedError, Sender

from .conftest import wait_for


class Server:
    """Stands for a Visdom server and the way to it."""

    def __init__(self) -> None:
        self.windows: dict[str, int] = {}
        self.sent: list[int] = []
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def show(self, window: str, pane: dict) -> None:
        self.gate.wait(10)
        if self.error:
            raise self.error
        self.windows[window] = pane["n"]
        self.sent.append(pane["n"])

    def exists(self, window: str) -> bool:
        if self.error:
            raise self.error
        return window in self.windows

    def forget(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    for name in ("PAUSE", "WATCH"):
        monkeypatch.setattr(sending, name, 0.02)
    return Server()


@pytest.fixture
def messages() -> list[str]:
    return []


@pytest.fixture
def sender(server: Server, messages: list[str]) -> Sender:
    return Sender(server, messages.append, None, 8097)  # type: ignore[arg-type]


def pane(n: int) -> Callable[[], dict]:
    return lambda: {"n": n}


def test_newest_wins(server: Server, sender: Sender) -> None:
    """While the server is slow the run goes on, nothing piles up, and the newest is what is shown."""
    server.gate.clear()
    begin = time.monotonic()
    for n in range(1000):
        sender.offer("a", pane(n))
    assert time.monotonic() - begin < 1
    server.gate.set()
    sender.close()
    assert server.windows == {"a": 999} and len(server.sent) <= 3


def test_lost_and_found(server: Server, sender: Sender, messages: list[str]) -> None:
    """A lost server is reported once, its return once, and every pane is there again, newest values in it."""
    sender.offer("a", pane(1))
    sender.offer("b", pane(2))
    assert wait_for(lambda: server.windows == {"a": 1, "b": 2})
    server.error, server.windows = requests.ConnectionError("gone"), {}
    sender.offer("a", pane(3))
    assert wait_for(lambda: messages)
    time.sleep(0.2)
    server.error = None
    assert wait_for(lambda: server.windows == {"a": 3, "b": 2})
    assert wait_for(lambda: len(messages) == 2)
    assert "lost" in messages[0] and "answers again" in messages[1]
    sender.close()


def test_restart_between_reports(server: Server, sender: Sender, messages: list[str]) -> None:
    """A server started anew while nothing was sent is found out, and everything is sent to it."""
    sender.offer("a", pane(1))
    sender.offer("b", pane(2))
    assert wait_for(lambda: len(server.windows) == 2)
    server.windows = {}
    assert wait_for(lambda: server.windows == {"a": 1, "b": 2})
    sender.close()


def test_a_closed_pane_stays_closed(server: Server, sender: Sender) -> None:
    """A pane that a person closed does not jump back as long as there is nothing new in it."""
    sender.offer("a", pane(1))
    sender.offer("b", pane(2))
    assert wait_for(lambda: len(server.windows) == 2)
    del server.windows["a"]
    time.sleep(0.3)
    assert server.windows == {"b": 2}
    sender.close()


def test_refused(server: Server, sender: Sender, messages: list[str]) -> None:
    """A wrong password is named, once."""
    server.error = RefusedError("it does not accept this user name and password")
    sender.offer("a", pane(1))
    assert wait_for(lambda: messages)
    time.sleep(0.2)
    assert len(messages) == 1 and "user name and password" in messages[0]
    sender.close()


def test_a_pane_that_cannot_be_drawn(server: Server, sender: Sender) -> None:
    """A pane that fails to be drawn does not take the others along."""
    sender.offer("bad", lambda: {}["n"])
    sender.offer("a", pane(1))
    assert wait_for(lambda: server.windows == {"a": 1})
    sender.close()


def test_close_does_not_wait_for_a_lost_server(server: Server, sender: Sender, messages: list[str]) -> None:
    """A run whose dashboard is away ends at once."""
    server.error = requests.ConnectionError("gone")
    sender.offer("a", pane(1))
    time.sleep(0.2)
    begin = time.monotonic()
    sender.close()
    assert time.monotonic() - begin < 1
