"""The local page answers every request in words, whoever sends it and whatever it holds."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest

from cyclegan_glasses.local_server import HEADER, HOST, Content, LocalServer


class Echo(LocalServer):
    """Gives what it is asked for by number, and takes a number."""

    def get(self, kind, rest, query):
        return Content(b"x" * int(rest), "text/plain")

    def post(self, kind, body):
        return 1 / body["number"]


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo("<p>{{token}}", "echo", "echo serve") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: Echo, line: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """The status and content that come for a request of the page itself, with other `headers`."""
    whole = {
        "Host": f"{HOST}:{server.server_port}",
        "Cookie": f"echo{server.server_port}={server.token}",
        "Content_Length": str(len(body)),
        HEADER.replace("-", "_"): server.token,
        **headers,
    }
    text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in whole.items())
    with socket.create_connection((HOST, server.server_port), timeout=5) as client:
        client.sendall(f"{line} HTTP/1.1\r\n{text}\r\n".encode("latin-1", "replace") + body)
        response = HTTPResponse(client)
        response.begin()
        return response.status, response.read()


def test_what_is_asked_for_is_sent(server: Echo) -> None:
    assert ask(server, "GET /x/3") == (200, b"xxx")
    assert ask(server, "POST /x", b'{"number": 4}') == (200, b"0.25")


@pytest.mark.parametrize(
    "line, body, headers, status",
    [
        ("GET http://[", b"", {}, 400),
        ("GET /x/three", b"", {}, 400),
        ("POST /x", b'{"number": 0}', {}, 400),
        ("POST /x", b"[" * 100_000, {}, 400),
        ("POST /x", b"\xff\xfe", {}, 400),
        ("POST /x", b"7", {}, 400),
        ("POST /x", b"{}", {"Content_Length": "9" * 5000}, 400),
        ("POST /x", b"{}", {"Content_Length": "\xb2"}, 413),
        ("POST /x", b"{}", {"Content_Length": "-1"}, 413),
        ("POST /x", b"{}", {"X_Page_Token": "\xff" * 100}, 403),
        ("GET /?token=%ff%00\xe9", b"", {"Cookie": ""}, 403),
        ("GET /x/3", b"", {"Cookie": "\xff=\x80; echo\xe9"}, 403),
        ("GET /x/3", b"", {"Host": "\xe9vil.example"}, 403),
    ],
)
def test_absurd_requests_get_one_line(
    line: str, body: bytes, headers: dict[str, str], status: int, server: Echo, capfd
) -> None:
    """Nothing is shown on the terminal, and the next request is answered."""
    found, text = ask(server, line, body, **headers)
    assert found == status, text
    assert text and b"\n" not in text
    assert ask(server, "GET /x/1") == (200, b"x")
    assert capfd.readouterr().err == ""


def test_who_goes_away_is_no_error(server: Echo, capfd) -> None:
    for _ in range(3):
        with socket.create_connection((HOST, server.server_port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall(b"GET /x/3 HTTP/1.1\r\nHost")
    assert ask(server, "GET /x/1") == (200, b"x")
    assert capfd.readouterr().err == ""
