"""What `pip install .` puts on a machine."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cyclegan_glasses", "options")
EXTRAS = {"dashboard", "metrics", "export", "cluster", "kaggle", "dev"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy so that nothing is left in the checkout."""
    source, out = (tmp_path_factory.mktemp(name) for name in ("source", "wheel"))
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", out, source], check=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel):
    """A style sheet left out shows only on another person's machine."""
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    paths = (path for name in PACKAGES for path in (ROOT / name).rglob("*"))
    names = {p.relative_to(ROOT).as_posix() for p in paths if p.is_file() and "__pycache__" not in p.parts}
    wanted = {f"cyclegan_glasses/{name}" if name.startswith("options/") else name for name in names}
    assert {name for name in inside if "/entry_points.txt" not in name} == wanted


def test_the_metadata_names_what_is_needed_and_every_extra(metadata):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert set(metadata.get_all("Provides-Extra")) == EXTRAS == set(setup["options.extras_require"])
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert any(line.startswith("torch>=") for line in required)
    assert not any(line.startswith("visdom") for line in required), (
        "its build fails with a current setuptools"
    )
    assert metadata["Requires-Python"] in ("<3.13,>=3.10", ">=3.10,<3.13")
    assert metadata["License"] == "MIT" or metadata["License-Expression"] == "MIT"


def test_the_installed_package_runs_outside_the_checkout_and_without_visdom(wheel, tmp_path):
    """Without the dashboard everything else works, and a person is told how to get it."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import sys; sys.modules['visdom'] = None; sys.path.insert(0, 'site'); import cyclegan_glasses;"
        "from cyclegan_glasses.cli.doctor import run; print(cyclegan_glasses.__file__);"
        "raise SystemExit(run())"
    )
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(tmp_path / "site") in done.stdout
    assert "Visdom is not installed" in done.stdout and "pip install --no-build-isolation" in done.stdout
