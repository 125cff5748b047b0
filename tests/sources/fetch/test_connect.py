"""Pinned connections: the address is fixed, TLS still asks for the name."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from cyclegan_glasses.sources.fetch.connect import Guard, make_session


@pytest.fixture
def tls_site(tmp_path, monkeypatch):
    """A server with a certificate for pictures.example: its port, the certificate, the names asked for."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=pictures.example",
         "-addext", "subjectAltName=DNS:pictures.example"],
        check=True, capture_output=True,
    )  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    names = []
    context.sni_callback = lambda _, name, __: names.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    monkeypatch.setattr(server, "handle_error", lambda *_: None)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1], certificate, names
    server.shutdown()
    server.server_close()


def test_tls_checks_the_name_although_the_address_is_pinned(tls_site):
    port, certificate, names = tls_site
    guard = Guard(True, lambda host, port, **_: [(2, 1, 6, "", ("127.0.0.1", port))])
    session = make_session(guard, "test")
    session.verify = str(certificate)
    assert session.get(f"https://pictures.example:{port}/", timeout=5).text == "ok"
    assert names == ["pictures.example"]
    with pytest.raises(requests.exceptions.SSLError, match="match"):
        session.get(f"https://others.example:{port}/", timeout=5)
    session.verify = True
    session.close()
    with pytest.raises(requests.exceptions.SSLError):
        session.get(f"https://pictures.example:{port}/", timeout=5)


def test_an_unsafe_certificate_is_said(tls_site, make_fetcher):
    got = make_fetcher(retries=0).picture(f"https://127.0.0.1:{tls_site[0]}/a")
    assert (got.status, got.error) == ("failed", "network") and "safe" in got.reason
