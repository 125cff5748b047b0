"""`cyclegan-glasses app`: how it starts and ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.errors import UserError
from tests.app.client import Page
from tests.app.helpers import files_kept, jpeg, portrait
from tests.commands import ROOT


def test_without_gradio_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.delitem(sys.modules, "cyclegan_glasses.app.serving", raising=False)
    with pytest.raises(UserError, match=r"pip install '\.\[app\]'"):
        parse(["app", "--no_browser"])()


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--host", "0.0.0.0"], "others could open the page"),
        (["--password_file", "nowhere"], "nowhere: the password cannot be read"),
        (["--port", "70000"], "70000"),
        (["--frames", "nowhere.toml"], "nowhere.toml cannot be read"),
    ],
)
def test_what_is_wrong_is_said_before_the_page_starts(arguments, complaint, monkeypatch) -> None:
    monkeypatch.delenv("CYCLEGAN_GLASSES_PASSWORD", raising=False)
    with pytest.raises(UserError, match=complaint):
        parse(["app", "--no_browser", *arguments])()


@pytest.mark.slow
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_by_a_signal_and_leaves_nothing(way) -> None:
    pytest.importorskip("gradio")
    command = [sys.executable, "-m", "cyclegan_glasses", "app", "--no_browser"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        address = process.stdout.readline().split()[0]
        page = Page(address)
        page.open("me.jpg", jpeg(portrait()))
        (photo,) = files_kept(process.pid)
        assert photo.name == "me.jpg"
        process.send_signal(way)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "stopped\n")
    assert not photo.parents[2].exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)
