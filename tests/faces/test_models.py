"""The detector's file comes from the web once and counts only if it is the right one."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces import models
from cyclegan_glasses.faces.detect import YuNetDetector

CONTENT = b"the weights" * 100


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A loopback server that misbehaves by path, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404 if self.path == "/gone" else 200)
            self.end_headers()
            try:
                if self.path == "/slow":
                    for _ in range(50):
                        self.wfile.write(b"x" * 20000)
                        time.sleep(0.1)
                elif self.path == "/huge":
                    for _ in range(2000):
                        self.wfile.write(b"x" * 100_000)
                else:
                    self.wfile.write(CONTENT if self.path == "/good" else b"something else")
            except OSError:
                pass

        def log_message(self, *args: object) -> None:
            pass

    service = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{service.server_port}", asked
    service.shutdown()
    service.server_close()


@pytest.fixture
def expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "YUNET_SHA256", hashlib.sha256(CONTENT).hexdigest())


def test_the_right_file_is_fetched_once(server, expected, tmp_path) -> None:
    address, asked = server
    path = models.download_yunet(f"{address}/good", tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert models.download_yunet(f"{address}/good", tmp_path / "cache") == path
    assert asked == ["/good"]


def test_a_damaged_file_in_the_cache_is_fetched_again(server, expected, tmp_path) -> None:
    (tmp_path / models.YUNET_NAME).write_bytes(b"cut off")
    assert models.download_yunet(f"{server[0]}/good", tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/other", "SHA-256 differs"),
        ("/gone", "cannot download"),
        ("/huge", "sends more"),
        ("/slow", "took longer"),
    ],
)
def test_anything_else_is_refused_and_not_kept(server, expected, tmp_path, path, message) -> None:
    start = time.monotonic()
    with pytest.raises(UserError, match=message) as error:
        models.download_yunet(server[0] + path, tmp_path / "cache", seconds=0.3)
    assert "\n" not in str(error.value)
    assert time.monotonic() - start < 5
    assert not (tmp_path / "cache").exists()


def test_a_dead_server_is_one_line(tmp_path) -> None:
    with pytest.raises(UserError, match=models.VARIABLE):
        models.download_yunet("http://127.0.0.1:9/yunet", tmp_path)


def test_path_goes_before_variable_before_cache(tmp_path, monkeypatch) -> None:
    for name in ("path", "variable"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(models.VARIABLE, raising=False)
    assert models.find_yunet() is None
    cached = tmp_path / "cache/cyclegan_glasses" / models.YUNET_NAME
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"")
    assert models.find_yunet() == cached
    monkeypatch.setenv(models.VARIABLE, str(tmp_path / "variable"))
    assert models.find_yunet() == tmp_path / "variable"
    assert models.find_yunet(tmp_path / "path") == tmp_path / "path"


def test_a_file_that_is_not_there_is_said(tmp_path, monkeypatch) -> None:
    """A typo in the path must not fall back silently to the weaker detector."""
    with pytest.raises(UserError, match="typo"):
        models.find_yunet(tmp_path / "typo.onnx")
    monkeypatch.setenv(models.VARIABLE, str(tmp_path / "typo.onnx"))
    with pytest.raises(UserError, match=models.VARIABLE):
        models.find_yunet()


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x07" * 500])
def test_a_broken_model_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "yunet.onnx").write_bytes(content)
    with pytest.raises(UserError, match="is not a YuNet model"):
        YuNetDetector(tmp_path / "yunet.onnx")


def test_the_checksum_is_that_of_the_file_at_hand(shared) -> None:
    path = shared / "models" / models.YUNET_NAME
    assert hashlib.sha256(path.read_bytes()).hexdigest() == models.YUNET_SHA256
    assert path.stat().st_size == models.YUNET_BYTES
