"""The app answers its own page alone: over HTTP, as an attacker asks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cyclegan_glasses.app.settings import PASSWORD, AppSettings
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.errors import UserError
from tests.app.client import Page, PageError, wait
from tests.app.helpers import files_kept, jpeg, portrait, served


@pytest.fixture(scope="module")
def editor() -> GlassesEditor:
    return GlassesEditor.load()


@pytest.fixture(scope="module")
def address(editor) -> Iterator[str]:
    with served(editor, AppSettings()) as address:
        yield address


def test_the_page_is_there_and_loads_nothing_from_elsewhere(address) -> None:
    answer = requests.get(address, timeout=9)
    assert answer.status_code == 200 and "Glasses off" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["", "config", "gradio_api/queue/data?session_hash=x", "theme.css"])
def test_other_names_and_origins_are_refused(address, headers, path) -> None:
    assert requests.get(address + path, headers=headers, timeout=9).status_code == 403
    assert requests.post(address + path, headers=headers, json={}, timeout=9).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/info", "gradio_api/proxy=http://example.com/x", "gradio_api/file=http://127.0.0.1:1/x",
        "gradio_api/run/predict", "gradio_api/call/x", "gradio_api/component_server", "monitoring",
        "docs", "openapi.json", "gradio_api/monitoring/summary", "dev/reload", "assets/../config",
        "gradio_api/../docs", "gradio_api%2f..%2fdocs",
    ],
)  # fmt: skip
def test_nothing_but_what_the_page_needs_is_answered(address, path) -> None:
    with socket.create_connection(("127.0.0.1", int(address.rsplit(":")[-1].strip("/")))) as line:
        line.sendall(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert line.makefile("rb").readline().split()[1] == b"404", path


@pytest.mark.parametrize("path", ["/etc/passwd", __file__, str(Path.cwd() / "setup.cfg"), "setup.cfg"])
def test_no_other_file_is_sent(address, path) -> None:
    assert requests.get(f"{address}gradio_api/file={path}", timeout=9).status_code == 403


def test_what_is_too_long_is_refused_before_it_is_read(address) -> None:
    for path, length in (("upload", 500 << 20), ("queue/join", 5 << 20)):
        with socket.create_connection(("127.0.0.1", int(address.rsplit(":")[-1].strip("/")))) as line:
            head = f"POST /gradio_api/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            line.sendall(head.encode())
            assert line.makefile("rb").readline().split()[1] == b"413"


def test_a_page_that_names_a_file_of_another_is_refused(address) -> None:
    """The path of an upload comes from the page: it may be any."""
    page, other = Page(address), Page(address)
    other.open("theirs.jpg", jpeg(portrait()))
    (theirs,) = [path for path in files_kept() if path.name == "theirs.jpg"]
    meta = {"_type": "gradio.FileData"}
    for path in (str(theirs), "/etc/passwd", "../../etc/passwd", 7, None):
        with pytest.raises(PageError):
            page.do("upload", "input", {"path": path, "meta": meta})
    assert theirs.exists()
    page.close()
    other.close()
    wait(lambda: not files_kept())


def test_a_password_is_asked_for_where_others_can_reach_the_page(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)
    for settings in (AppSettings("0.0.0.0"), AppSettings(public_link=True), AppSettings("192.168.1.7")):
        with pytest.raises(UserError, match="others could open the page"):
            settings.read_password()
    assert AppSettings().read_password() == AppSettings("localhost").read_password() == ""
    (tmp_path / "word").write_text("short\n")
    with pytest.raises(UserError, match="at least 8"):
        AppSettings("0.0.0.0", tmp_path / "word").read_password()
    (tmp_path / "word").write_text("long enough \nsecond line")
    assert AppSettings("0.0.0.0", tmp_path / "word").read_password() == "long enough"
    monkeypatch.setenv(PASSWORD, "from the environment")
    assert AppSettings("0.0.0.0").read_password() == "from the environment"


def test_without_the_password_nothing_is_seen(editor, monkeypatch) -> None:
    monkeypatch.setenv(PASSWORD, "correct horse")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # as in offices: the app asks itself without it
    with served(editor, AppSettings("0.0.0.0")) as local:
        host = {"Host": "shop.example:7860"}
        for path in ("config", "gradio_api/queue/data?session_hash=x", "gradio_api/file=/etc/passwd"):
            assert requests.get(local + path, headers=host, timeout=9).status_code == 401, path
        assert requests.post(f"{local}gradio_api/upload", files={"files": b"x"}, timeout=9).status_code == 401
        assert requests.post(f"{local}gradio_api/queue/join", json={}, timeout=9).status_code in (401, 422)
        wrong = {"username": "ann", "password": "wrong"}
        assert requests.post(f"{local}login", data=wrong, timeout=9).status_code == 400
        right = wrong | {"password": "correct horse"}
        answer = requests.post(f"{local}login", data=right, headers=host, timeout=9)
        assert answer.status_code == 200
        foreign = {"Host": "shop.example:7860", "Origin": "http://evil.example"}
        assert requests.post(f"{local}login", data=right, headers=foreign, timeout=9).status_code == 403
        page = Page(local, requests.cookies.cookiejar_from_dict(answer.cookies.get_dict()))
        assert page.open("me.jpg", jpeg(portrait()))
        page.close()


def test_a_taken_port_is_one_line(editor) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(UserError, match=f"port {port}.*choose another --port"),
            served(editor, AppSettings(), port),
        ):
            pass
