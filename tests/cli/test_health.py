"""A torchvision built for another torch must be told in words, not by `operator … does not exist`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cyclegan_glasses.cli.health import check_torchvision, version_of
from cyclegan_glasses.errors import UserError

CHECK = """
from cyclegan_glasses.errors import run_command
from cyclegan_glasses.cli.health import check_torchvision
raise SystemExit(run_command(check_torchvision))
"""


def run_with(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the check where `folder` comes first on the path."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", CHECK], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_torchvision_without_its_operators_is_told_with_the_remedy(tmp_path):
    """The installed torchvision without its compiled part is what a build for another torch amounts to."""
    package = Path(importlib.util.find_spec("torchvision").origin).parent
    ignore = shutil.ignore_patterns("*.so", "*.pyd", "*.dylib")
    shutil.copytree(package, tmp_path / "torchvision", ignore=ignore, copy_function=os.symlink)
    done = run_with(tmp_path)
    assert done.returncode == 2
    assert "operator torchvision::nms does not exist" in done.stderr
    assert "pip install --force-reinstall torch torchvision" in done.stderr
    assert done.stderr.startswith("error: torchvision ") and done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("error", ["ImportError('undefined symbol')", "OSError('libcudart.so: cannot open')"])
def test_a_library_that_does_not_load_is_told_too(tmp_path, error):
    (tmp_path / "torchvision.py").write_text(f"raise {error}")
    done = run_with(tmp_path)
    assert done.returncode == 2 and "--force-reinstall" in done.stderr and "Traceback" not in done.stderr


def test_a_missing_torchvision_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(UserError, match="torchvision is not installed: run `pip install torch torchvision`"):
        check_torchvision()


def test_a_good_installation_passes():
    check_torchvision()
    assert version_of("torchvision")[0].isdigit()
    assert version_of("no-such-distribution") == ""
