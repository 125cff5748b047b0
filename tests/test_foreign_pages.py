"""What runs on this machine for its person alone is neither read nor changed by the pages of others."""

from __future__ import annotations

import dataclasses
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from cyclegan_glasses.collect.review import Review
from cyclegan_glasses.collect.review_server import ReviewServer
from cyclegan_glasses.evaluation.hype.server import StudyServer
from cyclegan_glasses.local_server import why_foreign
from cyclegan_glasses.monitoring.settings import DashboardSettings
from cyclegan_glasses.monitoring.visdom.files import why_no_server
from cyclegan_glasses.monitoring.visdom.server import who_answers
from cyclegan_glasses.photo import write_manifest
from tests.browser import chromium, wait
from tests.commands import ROOT, files
from tests.criteria.helpers import make_pile
from tests.evaluation.hype.helpers import make_study
from tests.monitoring.test_visdom_server import listening

needs_visdom = pytest.mark.skipif(bool(why_no_server()), reason=why_no_server() or "-")
PANE = {"win": "evil", "data": [{"type": "text", "content": "<img src=x onerror=alert(1)>"}], "opts": {}}

#: What a page can try: to read, to change by a form's content type, to embed, to open a WebSocket.
ATTACK = """
const [base, reads, changes, body, socket, done] = arguments, got = [], waits = [];
const sent = { method: "POST", credentials: "include", headers: { "Content-Type": "text/plain" }, body };
const note = (way, text) => text && got.push(`${way} ${text.slice(0, 40)}`);
const read = (way, reply) => reply.text().then(text => reply.ok && note(way, text));
for (const path of reads) {
  const ask = { credentials: "include" };
  waits.push(fetch(base + path, ask).then(reply => read("fetch", reply)));
  waits.push(fetch(base + path, { ...ask, mode: "no-cors" }).then(reply => read("opaque", reply)));
  waits.push(new Promise(end => {
    const picture = new Image();
    picture.onload = () => end(got.push(`picture ${picture.naturalWidth}`));
    picture.onerror = end;
    picture.src = base + path;
  }));
  waits.push(new Promise(end => {
    const frame = document.createElement("iframe");
    frame.onload = () => {
      try { note("frame", frame.contentDocument.body.innerText); } catch { }
      end();
    };
    frame.src = base + path;
    document.body.append(frame);
  }));
}
for (const path of changes) {
  waits.push(fetch(base + path, sent).then(reply => read("answer", reply)));
  waits.push(fetch(base + path, { ...sent, mode: "no-cors" }));
  waits.push(new Promise(end => {
    const frame = document.createElement("iframe"), form = document.createElement("form");
    const field = document.createElement("input");
    frame.name = "target" + got.length + path;
    frame.onload = end;
    [form.action, form.method, form.enctype, form.target] = [base + path, "post", "text/plain", frame.name];
    [field.name, field.value] = [body.slice(0, -1) + ', "x": "', '"}'];
    form.append(field);
    document.body.append(frame, form);
    form.submit();
  }));
}
if (socket) waits.push(new Promise(end => {
  const line = new WebSocket(base.replace("http", "ws") + socket);
  line.onopen = () => got.push("socket");
  line.onerror = line.onclose = line.onmessage = end;
}));
const late = new Promise(end => setTimeout(end, 5000));
Promise.race([Promise.allSettled(waits), late]).then(() => setTimeout(() => done(got), 300));
"""


class _Anything(BaseHTTPRequestHandler):
    """A server that looks at nothing: it lets every page read, and counts what it is sent."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.server.taken += 1  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self) -> None:
        text = b"<title>foreign</title><body>open</body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def foreign() -> Any:
    """The server of a page of another origin; on this machine, so that cookies count it to the same site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Anything)
    server.taken = 0  # type: ignore[attr-defined]
    return server


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium."""
    yield from chromium(1000, 700)


def attack(browser: Any, base: str, reads: list[str], changes: list[str], body: Any, socket: str = "") -> Any:
    """What a page of another origin gets hold of."""
    with serving(foreign()) as page:
        browser.get(f"http://127.0.0.1:{page.server_port}/")
        browser.set_script_timeout(60)
        return browser.execute_async_script(ATTACK, base, reads, changes, json.dumps(body), socket)


@contextmanager
def visdom(home: Path) -> Iterator[str]:
    """Visdom as a training starts it, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cyclegan_glasses.monitoring.visdom.server", "-port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, "-env_path", f"{home}/"], cwd=ROOT, **quiet)
    try:
        wait(lambda: who_answers(DashboardSettings(display_port=port)) == "visdom")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def has_pane(base: str) -> bool:
    asked = requests.post(f"{base}/win_exists", data=json.dumps({"win": "evil", "eid": "main"}), timeout=9)
    assert asked.ok, "programs of this machine are let in"
    return asked.text == "true"


@pytest.mark.browser
def test_the_page_of_these_tests_reads_and_changes_what_lets_it(browser: Any) -> None:
    with serving(foreign()) as server:
        got = attack(browser, f"http://127.0.0.1:{server.server_port}", ["/a"], ["/b"], {"a": 1})
        assert {word.split()[0] for word in got} >= {"fetch", "answer"} and server.taken >= 3


@pytest.mark.slow
@pytest.mark.browser
@needs_visdom
def test_a_foreign_page_neither_reads_nor_changes_the_dashboard(browser: Any, tmp_path: Path) -> None:
    with visdom(tmp_path) as base:
        reads = ["/", "/env/main", "/static/css/style.css"]
        changes = ["/events", "/env_state", "/save", "/delete_env", "/socket_wrap"]
        assert attack(browser, base, reads, changes, PANE | {"eid": "main", "layout": {}}, "/socket") == []
        assert attack(browser, base, [], [], {}, "/vis_socket") == []
        assert not has_pane(base)
        browser.get(base)
        assert "visdom" in browser.title, "a person may open it, also by a link"


@pytest.mark.slow
@pytest.mark.browser
def test_a_foreign_page_neither_reads_nor_changes_a_review(browser: Any, tmp_path: Path) -> None:
    faces = [dataclasses.replace(face, verdict="accepted") for face in make_pile(tmp_path, 3)]
    write_manifest(tmp_path, faces)
    before = files(tmp_path)
    with serving(ReviewServer(Review(tmp_path))) as server:
        browser.get(server.address)  # the person has it open, with its cookie
        wait(lambda: browser.execute_script("return document.querySelectorAll('.card').length") == 3)
        reads = ["/", "/list?sort=path", "/photos?ids=0,1", "/counts", "/thumb/0", "/large/0"]
        body = {"ids": [0], "action": "reject", "reason": "evil"}
        assert (
            attack(browser, f"http://127.0.0.1:{server.server_port}", reads, ["/decide", "/undo"], body) == []
        )
    assert files(tmp_path) == before


@pytest.mark.slow
@pytest.mark.browser
def test_a_foreign_page_neither_reads_nor_changes_a_study(browser: Any, tmp_path: Path) -> None:
    make_study(tmp_path, count=3)
    before = files(tmp_path / "study")
    with serving(StudyServer(tmp_path / "study")) as server:
        browser.get(server.address)
        picture = next(iter(server.names))
        reads = ["/", "/plan?rater=ann", f"/picture/{picture}"]
        body = {"rater": "ann", "item": "1", "value": [1]}
        assert attack(browser, f"http://127.0.0.1:{server.server_port}", reads, ["/answer"], body) == []
    assert files(tmp_path / "study") == before


@pytest.mark.slow
@needs_visdom
def test_the_dashboard_answers_neither_other_names_nor_other_origins(tmp_path: Path) -> None:
    with visdom(tmp_path) as base:
        for path in ("/events", "/update", "/close", "/socket_wrap", "/save", "/win_data", "/fork_env", "/"):
            for wrong in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
                sent = requests.post(base + path, data=json.dumps(PANE), headers=wrong, timeout=9)
                assert sent.status_code == 403, (path, wrong)
        for path in ("/", "/env/main", "/static/css/style.css", "/socket", "/vis_socket", "/user/style.css"):
            assert requests.get(base + path, headers={"Host": "evil.example"}, timeout=9).status_code == 403
        assert not has_pane(base)
        assert listening(int(base.rpartition(":")[2])) == {"0100007F"}, "on the loopback address alone"


@pytest.mark.parametrize(
    ("method", "headers", "answered"),
    [
        ("GET", {"Host": "localhost:8097"}, True),
        ("POST", {"Host": "127.0.0.1:9"}, True),
        ("GET", {"Host": "[::1]:8097"}, True),
        ("POST", {"Host": "LocalHost"}, True),
        ("POST", {"Host": "gpu3:8097"}, True),
        ("GET", {}, False),
        ("GET", {"Host": "evil.example:8097"}, False),
        ("GET", {"Host": "localhost.evil.example"}, False),
        ("GET", {"Host": "localhost:8097, evil.example"}, False),
        ("GET", {"Host": "evil@localhost"}, False),
        ("POST", {"Host": "localhost:1", "Origin": "http://localhost:1"}, True),
        ("POST", {"Host": "localhost:1", "Origin": "https://localhost:1"}, True),
        ("POST", {"Host": "localhost:1", "Origin": "http://localhost:2"}, False),
        ("POST", {"Host": "localhost:1", "Origin": "http://127.0.0.1:1"}, False),
        ("POST", {"Host": "localhost:1", "Origin": "null"}, False),
        ("POST", {"Host": "localhost:1", "Origin": ""}, False),
        ("GET", {"Host": "localhost:1", "Sec-Fetch-Site": "same-origin"}, True),
        ("GET", {"Host": "localhost:1", "Sec-Fetch-Site": "none"}, True),
        ("GET", {"Host": "localhost:1", "Sec-Fetch-Site": "same-site"}, False),
        ("GET", {"Host": "localhost:1", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}, False),
        ("GET", {"Host": "localhost:1", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, True),
        (
            "POST",
            {"Host": "localhost:1", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
            False,
        ),
    ],
)
def test_who_may_ask(method: str, headers: dict[str, str], answered: bool) -> None:
    assert (why_foreign(method, headers, "gpu3") == "") is answered
