"""The dashboard's JavaScript comes from npm, byte for byte what was chosen, and goes where Visdom looks."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.monitoring.visdom import files
from cyclegan_glasses.monitoring.visdom.files import (
    PACKAGES,
    Package,
    fetch,
    missing_files,
    unpack,
    why_no_server,
)


def make_archive(path: Path, files: dict[str, bytes]) -> str:
    """Write an npm archive and return its SHA-512 as the registry states it."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Visdom without files and an npm that packs two small packages; the folder `static`."""
    static = tmp_path / "static"
    static.mkdir()
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    sums = [make_archive(shelf / f"p{n}-1.0.{n}.tgz", {"a.js": b"code %d" % n}) for n in (1, 2)]
    packages = tuple(Package(f"p{n}", f"1.0.{n}", {"a.js": f"js/p{n}.js"}, sums[n - 1]) for n in (1, 2))
    script = tmp_path / "npm"
    script.write_text(
        f"#!{sys.executable}\nimport shutil, sys\nfor word in sys.argv[1:]:\n"
        f"    if '@' in word: shutil.copy('{shelf}/' + word.replace('@', '-') + '.tgz', '.')\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(files, "PACKAGES", packages)
    monkeypatch.setattr(files, "static_folder", lambda: static)
    monkeypatch.setattr(files, "version", lambda name: "0.2.4")
    monkeypatch.setenv("PATH", str(tmp_path))
    return static


def test_fetch(npm: Path) -> None:
    """What is missing is fetched, what is there is not fetched again, and Visdom is told not to either."""
    assert missing_files(npm) == ["js/p1.js", "js/p2.js"]
    assert fetch() == 2
    assert (npm / "js" / "p2.js").read_bytes() == b"code 2"
    assert (npm / "version.built").read_text() == "0.2.4"
    (npm / "js" / "p1.js").unlink()
    (npm / "js" / "p2.js").write_text("mine")
    assert fetch() == 1 and (npm / "js" / "p2.js").read_text() == "mine"
    assert fetch() == 0


def test_another_archive_is_refused(npm: Path, tmp_path: Path) -> None:
    """A registry that hands out something else does not get its code into the browser."""
    make_archive(tmp_path / "shelf" / "p2-1.0.2.tgz", {"a.js": b"evil"})
    with pytest.raises(UserError, match=r"p2 1.0.2 from npm is not the expected file"):
        fetch()
    assert not (npm / "js" / "p2.js").exists() and not (npm / "version.built").exists()


def test_member_that_is_absent(tmp_path: Path) -> None:
    """An archive without the wanted file says so in one line."""
    sha = make_archive(tmp_path / "x.tgz", {"b.js": b""})
    with pytest.raises(UserError, match=r"has no a\.js"):
        unpack(Package("x", "1", {"a.js": "js/a.js"}, sha), tmp_path / "x.tgz", tmp_path / "static")


@pytest.mark.parametrize(
    ("script", "message"), [(None, "install Node.js"), ("#!/bin/sh\nexit 1\n", "could not fetch")]
)
def test_no_npm(npm: Path, tmp_path: Path, script: str | None, message: str) -> None:
    """Without npm, or without a network for it, one line says what to do."""
    (tmp_path / "npm").unlink()
    if script:
        (tmp_path / "npm").write_text(script)
        (tmp_path / "npm").chmod(0o755)
    with pytest.raises(UserError, match=message) as caught:
        fetch()
    assert "\n" not in str(caught.value)


def test_why_no_server(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that is amiss is named with its remedy, and nothing is when all is well."""
    monkeypatch.setattr(files, "version", lambda name: "6.5.10")
    assert "2 of the JavaScript files" in why_no_server() and files.REMEDY in why_no_server()
    fetch()
    assert why_no_server() == ""
    monkeypatch.setattr(files, "version", lambda name: "6.6.0")
    assert 'pip install "tornado<6.6"' in why_no_server()
    monkeypatch.setattr(files, "static_folder", lambda: None)
    assert "--no-build-isolation" in why_no_server()
    with pytest.raises(UserError, match="Visdom is not installed"):
        fetch()


def test_list_of_files_is_that_of_visdom() -> None:
    """A file that Visdom's server would still look for on the public network is one that crashes it there."""
    build = pytest.importorskip("visdom.server.build", reason="Visdom is not installed")
    source = Path(build.__file__).read_text()
    wanted = set(re.findall(r':\s+"([\w.-]+(?:\.js|\.css|\.map))"', source)) | {"classnames"}
    wanted |= {Path(name).name for name in re.findall(r'"((?:config|extensions|jax)/[^"?]+)', source)}
    here = [target for package in PACKAGES for target in package.files.values()]
    assert len(wanted) >= 22 and wanted <= {Path(target).name for target in here}
    assert len(here) == len(set(here)) == 29


def test_missing_visdom(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without Visdom that is what is said, not a traceback."""
    monkeypatch.setitem(sys.modules, "visdom", None)
    assert why_no_server().startswith("Visdom is not installed")


@pytest.mark.parametrize("name", ["visdom.files", "visdom_files"])
def test_command_without_visdom(name: str) -> None:
    """The command, under both its names, ends with code 2 and one line where Visdom is absent."""
    code = (
        "import runpy, sys; sys.modules['visdom'] = None\n"
        f"runpy.run_module('cyclegan_glasses.monitoring.{name}', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: Visdom is not installed")
