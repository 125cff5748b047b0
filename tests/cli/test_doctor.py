"""A person whose installation is not whole learns from `doctor` what is wrong and what to do."""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
from argparse import Namespace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch

from cyclegan_glasses import installation as checks
from cyclegan_glasses.cli.doctor import run
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.yunet import VARIABLE
from cyclegan_glasses.installation import FINE, NOTE, TROUBLE, Finding, version_of
from cyclegan_glasses.monitoring import settings
from cyclegan_glasses.monitoring.visdom import files as visdom_files
from tests.cli.torchvision_check import say_torchvision
from tests.forks import Forked, run_python

ROOT = Path(__file__).resolve().parents[2]


def only(monkeypatch, *some) -> None:
    monkeypatch.setattr(checks, "CHECKS", some)


@pytest.mark.slow
def test_it_answers_in_json_on_this_machine():
    process = Forked(run_python, ["-m", "cyclegan_glasses", "doctor", "--json", "--training"])
    answer = json.loads(process.communicate()[0])
    by_subject = {finding["subject"]: finding for finding in answer["findings"]}
    assert process.returncode == (0 if answer["ok"] else 1)
    assert by_subject["torch"]["text"].startswith(torch.__version__.split("+")[0])
    assert {"python", "torchvision", "opencv", "cpu", "choice", "disk", "dashboard"} <= set(by_subject)
    assert all(f["remedy"] for f in answer["findings"] if f["state"] != FINE)


@pytest.mark.parametrize(
    "state, code, message", [(FINE, 0, "all that"), (NOTE, 0, "all"), (TROUBLE, 1, "1 to mend")]
)
def test_only_trouble_makes_it_fail(monkeypatch, capsys, state, code, message):
    only(monkeypatch, lambda: iter([Finding("thing", state, "is so", "do that")]))
    assert run(Namespace(json=False, training=False)) == code
    out = capsys.readouterr().out
    assert out.startswith(state) and "is so" in out and "-> do that" in out and message in out


def test_a_check_that_breaks_does_not_hide_the_others(monkeypatch):
    def broken():
        raise OSError("libGL.so.1: cannot open")

    def refused():
        raise UserError("the file is gone: fetch it")

    only(monkeypatch, broken, refused, checks.python)
    first, second, third = checks.examine()
    assert first == Finding("broken", TROUBLE, "OSError: libGL.so.1: cannot open")
    assert second == Finding("refused", TROUBLE, "the file is gone", "fetch it")
    assert third.subject == "python"


def test_it_asks_for_exactly_the_packages_of_the_setup():
    """A dependency added to one of the two lists only is one that doctor cannot miss, or misses in vain."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")

    def names(text: str) -> set[str]:
        lines = text.replace("[", ">").split("\n")
        return {line.replace("<", ">").split(">")[0].strip() for line in lines if line.strip()}

    wanted = names(setup["options"]["install_requires"]) - {"opencv-python-headless"}
    assert {*checks.REQUIRED, "tomli"} == wanted, "tomli is for Python 3.10 alone"
    assert ("tomli" in checks.REQUIRED) == (sys.version_info < (3, 11))
    extras = setup["options.extras_require"]
    for name, extra, _ in checks.OPTIONAL:
        assert name in names(extras[extra])
    assert {extra for _, extra, _ in checks.OPTIONAL} == set(extras) - {"dashboard", "docs", "dev"}


def test_a_missing_package_is_trouble_and_a_missing_extra_a_note(monkeypatch):
    monkeypatch.setattr(checks, "version_of", lambda name: "" if name in ("tqdm", "lpips") else "1.0")
    found = {finding.subject: finding for finding in checks.packages()}
    assert (found["tqdm"].state, found["lpips"].state, found["torch"].state) == (TROUBLE, NOTE, FINE)
    assert "pip install '.[metrics]'" in found["lpips"].remedy and "pip install ." in found["tqdm"].remedy


def torchvision_in(folder: Path) -> str:
    """What the check says where `folder` comes first on the path."""
    process = Forked(say_torchvision, [str(folder)])
    said, wrong = process.communicate()
    assert process.returncode == 0, wrong
    return said


@pytest.mark.slow
def test_a_torchvision_without_its_operators_is_noted_with_the_remedy(tmp_path):
    """The installed torchvision without its compiled part is what a build for another torch amounts to."""
    package = Path(importlib.util.find_spec("torchvision").origin).parent
    ignore = shutil.ignore_patterns("*.so", "*.pyd", "*.dylib")
    shutil.copytree(package, tmp_path / "torchvision", ignore=ignore, copy_function=os.symlink)
    said = torchvision_in(tmp_path)
    assert said.startswith(NOTE) and "operator torchvision::nms does not exist" in said
    assert "pip install --force-reinstall torch torchvision" in said


@pytest.mark.slow
@pytest.mark.parametrize("error", ["ImportError('undefined symbol')", "OSError('libcudart.so: cannot open')"])
def test_a_torchvision_that_does_not_load_is_noted(tmp_path, error):
    (tmp_path / "torchvision.py").write_text(f"raise {error}")
    assert torchvision_in(tmp_path).startswith(NOTE)


def test_a_torchvision_that_fits_is_fine_and_one_that_is_missing_is_no_trouble(monkeypatch):
    """Nothing but the metrics needs it, and beside a CPU-only torch there is none that fits."""
    (finding,) = checks.torchvision()
    assert finding.state == FINE and version_of("torchvision")[0].isdigit()
    assert version_of("no-such-distribution") == ""
    monkeypatch.setattr(checks, "version_of", lambda name: "" if name == "torchvision" else "1.0")
    assert not list(checks.torchvision())
    missing = {finding.subject: finding for finding in checks.packages()}["torchvision"]
    assert missing.state == NOTE and "pip install '.[metrics]'" in missing.remedy


@pytest.mark.parametrize("version, state", [("4.10.0", FINE), ("5.0.0", NOTE)])
def test_an_opencv_without_its_face_finder_is_noted(monkeypatch, version, state):
    import cv2

    monkeypatch.setattr(cv2, "__version__", version)
    (finding,) = checks.opencv()
    assert finding.state == state and ("<5" in finding.remedy) == (state == NOTE)


def test_an_opencv_that_cannot_be_imported_is_trouble(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    (finding,) = checks.opencv()
    assert finding.state == TROUBLE and "opencv-python-headless" in finding.remedy


def test_a_driver_that_torch_cannot_use_is_noted(monkeypatch):
    """Otherwise a person with a GPU trains on the CPU for days without knowing why."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(checks.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    found = {finding.subject: finding for finding in checks.devices()}
    assert found["gpu"].state == NOTE and "nvidia-smi" in found["gpu"].remedy
    assert "--device auto is cpu" in found["choice"].text


@pytest.mark.parametrize("free, state", [(1 << 30, NOTE), (1 << 34, FINE)])
def test_little_memory_and_a_full_disk_are_noted(monkeypatch, free, state):
    monkeypatch.setattr(checks, "free_memory", lambda: free)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda path: type("Usage", (), {"free": free}))
    assert [finding.state for finding in checks.memory()] == [state, state]


def test_the_face_model_is_the_one_that_ships_unless_yunet_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    (finding,) = checks.face_model()
    assert finding.state == FINE and "ships" in finding.text
    other = tmp_path / "other.onnx"
    other.write_bytes(b"other")
    monkeypatch.setenv(VARIABLE, str(other))
    (finding,) = checks.face_model()
    assert finding.state == NOTE and "not the YuNet" in finding.text
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone.onnx"))
    found = {finding.subject: finding for finding in checks.examine()}
    assert found["face model"].state == TROUBLE and VARIABLE in found["face model"].text


def test_a_tested_yunet_is_fine(monkeypatch, shared):
    monkeypatch.setenv(VARIABLE, str(shared / "models/face_detection_yunet_2026may.onnx"))
    (finding,) = checks.face_model()
    assert finding.state == FINE and "YuNet" in finding.text


@pytest.fixture
def stranger(monkeypatch):
    """A server that is not Visdom, at the dashboard's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>Something else</title>")

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = settings.DashboardSettings(display_server="http://127.0.0.1", display_port=server.server_port)
    monkeypatch.setattr(settings, "DashboardSettings", lambda: here)
    yield here
    server.shutdown()
    server.server_close()


def test_a_dashboard_that_cannot_start_says_why(monkeypatch, stranger):
    monkeypatch.setattr(visdom_files, "static_folder", lambda: None)
    visdom, server = checks.dashboard()
    assert visdom.state == NOTE and "Visdom is not installed" in visdom.text
    assert "--no-build-isolation" in visdom.remedy
    assert server.state == NOTE and str(stranger.display_port) in server.text


def test_a_dashboard_that_can_start_is_fine(monkeypatch, stranger):
    monkeypatch.setattr(visdom_files, "why_no_server", lambda: "")
    visdom, _ = checks.dashboard()
    assert visdom.state == FINE


def test_it_edits_a_face_and_imports_no_torch():
    """It answers at once, and what it says of editing was tried."""
    code = (
        "import sys; from cyclegan_glasses.installation import editing, opencv, packages\n"
        "print([f.state for check in (packages, opencv, editing) for f in check() if f.state == 'trouble'],"
        " 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"
