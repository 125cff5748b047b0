"""What `pip install .` puts on a machine."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from cyclegan_glasses.cli.main import VERBS
from tests.commands import TINY

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cyclegan_glasses", "options")
EXTRAS = {"app", "dashboard", "metrics", "cluster", "kaggle", "docs", "dev"}
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
    assert not any(line.startswith("visdom") for line in required), "its build fails with a new setuptools"
    assert not any(line.startswith("torchvision") for line in required), "PyPI has none for a CPU-only torch"
    assert metadata["Requires-Python"] in ("<3.13,>=3.10", ">=3.10,<3.13")
    assert metadata["License"] == "MIT" or metadata["License-Expression"] == "MIT"


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The commands of a new environment with the wheel; what it requires is that of this environment."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "required.pth").write_text(sysconfig.get_path("purelib"))
    command = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", wheel], check=True)
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """A folder of somebody's own project, with packages that are called as folders of the repository."""
    for name in ("options", "tests", "train", "test", "crawl"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('this is another project')")
    return tmp_path


def run(place: Path, *command: object) -> str:
    """What `command` prints, in a folder whose packages come first."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_data_training_and_an_edit_beside_a_foreign_package_of_options(installed, elsewhere):
    """Installed under the bare name `options`, the toolkit would break other programs, or they it."""
    glasses = installed / "cyclegan-glasses"
    said = run(elsewhere, glasses, *"crawl synthetic --out set --count 6 --size 96 --test 2 --jobs 1".split())
    assert "cyclegan-glasses train --dataroot set" in said
    said = run(elsewhere, glasses, "train", "--dataroot", "set", "--name", "x", *TINY, "--max_steps", "2")
    assert "next: cyclegan-glasses test --dataroot set --name x" in said
    photo = next((elsewhere / "set" / "testA").glob("*.png"))
    run(elsewhere, glasses, "remove", photo, "-o", "out.png")
    assert (elsewhere / "out.png").is_file()


def test_every_verb_answers_and_doctor_goes_without_the_dashboard(installed, elsewhere):
    """Without the dashboard everything else works, and a person is told how to get it."""
    said = run(elsewhere, installed / "cyclegan-glasses", "--help")
    assert all(f"    {verb} " in said.replace("\n", " \n") for verb in VERBS)
    code = (
        "import sys; sys.modules['visdom'] = None; from cyclegan_glasses.cli.main import parse;"
        "raise SystemExit(parse(['doctor'])())"
    )
    said = run(elsewhere, installed / "python", "-c", code)
    assert "Visdom is not installed" in said and "pip install --no-build-isolation" in said
