"""The server is found or started for this machine alone, and a port that is taken is named at once."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.monitoring.settings import DashboardSettings
from cyclegan_glasses.monitoring.visdom import server as serving
from cyclegan_glasses.monitoring.visdom.dashboard import Dashboard
from cyclegan_glasses.monitoring.visdom.files import why_no_server
from cyclegan_glasses.monitoring.visdom.sender import Client, RefusedError
from cyclegan_glasses.monitoring.visdom.server import ensure_server, log_file, who_answers
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import losses, pictures, wait_for

pytestmark = pytest.mark.timeout(600)  # for a machine that has much else to do
needs_visdom = pytest.mark.skipif(bool(why_no_server()), reason=why_no_server() or "-")


@pytest.fixture
def other_program() -> Iterator[int]:
    """The port of a web server that is not Visdom."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_busy_port(other_program: int, home: Path) -> None:
    """A port that another program has is named before training starts, and nothing is started."""
    settings = DashboardSettings(display_port=other_program)
    assert who_answers(settings) == "other"
    with pytest.raises(UserError, match="--display_port") as caught:
        Dashboard(settings, print)
    assert "\n" not in str(caught.value) and not list(home.iterdir())


def test_busy_port_that_is_silent(home: Path) -> None:
    """A program that takes connections and never answers is not waited for without end."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        begin = time.monotonic()
        assert who_answers(DashboardSettings(display_port=listener.getsockname()[1]), timeout=0.3) == "other"
        assert time.monotonic() - begin < 3


def test_nobody_there(free_port: int, home: Path) -> None:
    """Where nothing answers elsewhere, the run goes on and says so; nothing is started here."""
    messages: list[str] = []
    settings = DashboardSettings(display_server="http://127.0.0.1/elsewhere", display_port=free_port)
    assert who_answers(settings) == "nothing"
    assert ensure_server(settings, messages.append) is None
    assert len(messages) == 1 and "the run goes on" in messages[0] and not list(home.iterdir())


def test_cannot_start(free_port: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Visdom or its files one line says how to get them, and the run goes on."""
    monkeypatch.setattr(serving, "why_no_server", lambda: "Visdom is not installed: pip install …")
    messages: list[str] = []
    assert ensure_server(DashboardSettings(display_port=free_port), messages.append) is None
    assert messages == ["no dashboard, and the run goes on: Visdom is not installed: pip install …"]


@needs_visdom
def test_started_for_this_machine_alone(
    free_port: int, home: Path, make_run: Callable[..., Run], at: Callable[[int], Progress]
) -> None:
    """A dashboard starts its server, on the loopback address only, shows a run there and leaves it up.

    A second run finds that server, and both have panes of their own.
    """
    settings, messages = DashboardSettings(display_port=free_port, display_env="mine"), []
    client = Client(settings)
    for name in ("one & two", "three"):
        run = make_run(name)
        dashboard = Dashboard(settings, messages.append)
        dashboard.start(run)
        for step in range(100, 500, 100):
            dashboard.losses(at(step), losses(step))
        dashboard.pictures(at(400), pictures())
        assert wait_for(lambda: client.exists(f"{name.replace(' & ', '%20%26%20')}_1_images"))  # noqa: B023
        dashboard.close()
    stored = requests.post(f"{settings.url}/win_data", data='{"eid": "mine", "win": null}', timeout=5).json()
    assert {pane["title"] for pane in stored.values()} == {
        f"{name} {what}"
        for name in ("one & two", "three")
        for what in ("loss over time", "images", "progress")
    }
    curves = next(pane for pane in stored.values() if pane["title"] == "three loss over time")
    assert curves["content"]["data"][0]["x"] == [0.1, 0.2, 0.3, 0.4]
    texts = [pane["content"] for pane in stored.values() if pane["title"].endswith("progress")]
    assert all("not running" in text for text in texts)

    assert (
        messages[0].startswith(f"Visdom: {settings.url} (started")
        and messages[1] == f"Visdom: {settings.url}"
    )
    pid = int(log_file(free_port).with_suffix(".pid").read_text())
    assert f"kill {pid}" in messages[0]
    assert who_answers(settings) == "visdom"
    os.kill(pid, 0)
    assert listening(free_port) == {"0100007F"}


@needs_visdom
def test_of_two_servers_that_are_started_at_once_the_one_that_answers_is_named(
    free_port: int, home: Path
) -> None:
    """Otherwise the command that stops it stops nothing, or another program."""
    settings = DashboardSettings(display_port=free_port)
    first, second = (serving._start(settings, print) for _ in range(2))
    assert wait_for(lambda: first.poll() is not None or second.poll() is not None)
    assert wait_for(lambda: who_answers(settings) == "visdom")
    alive = first if first.poll() is None else second
    assert log_file(free_port).with_suffix(".pid").read_text() == f"{alive.pid}\n"


@needs_visdom
def test_user_name_and_password(free_port: int, home: Path) -> None:
    """A dashboard with a password lets the run in and others not; the secret is nobody else's to read."""
    settings = DashboardSettings(display_port=free_port, username="ann", password="secret")
    ensure_server(settings, print)
    assert wait_for(lambda: who_answers(settings) == "visdom")
    client = Client(settings)
    client.show("w", {"data": [{"type": "text", "content": "hello"}], "layout": {}, "opts": {}})
    assert client.exists("w")
    for stranger in (
        DashboardSettings(display_port=free_port),
        DashboardSettings(display_port=free_port, username="ann", password="wrong"),
    ):
        with pytest.raises(RefusedError):
            Client(stranger).exists("w")
    assert (home / ".visdom" / "COOKIE_SECRET").stat().st_mode & 0o077 == 0
    command = Path(f"/proc/{int(log_file(free_port).with_suffix('.pid').read_text())}/cmdline")
    assert not command.exists() or b"secret" not in command.read_bytes()


@needs_visdom
def test_server_that_ends_at_once(free_port: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that crashes at its start is reported in one line with its log, and the run goes on."""
    real = subprocess.Popen
    crash = [sys.executable, "-c", "raise SystemExit('no')"]
    monkeypatch.setattr(serving.subprocess, "Popen", lambda command, **options: real(crash, **options))
    messages: list[str] = []
    dashboard = Dashboard(DashboardSettings(display_port=free_port), messages.append)
    dashboard._sender.offer("w", dict)
    assert wait_for(lambda: len(messages) == 2)
    assert "did not start" in messages[1] and f"server-{free_port}.log" in messages[1]
    dashboard.close()


def listening(port: int) -> set[str]:
    """Addresses, as the kernel writes them, on which something listens at a port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                address, number = columns[1].split(":")
                if columns[3] == "0A" and int(number, 16) == port:
                    found.add(address)
    return found
