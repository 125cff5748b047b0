"""The JavaScript, style sheets and fonts that the Visdom server shows its page with.

Visdom's package lacks them: its server fetches them from a public network of files when it first starts, and
ends with a crash where it cannot. Here they come from npm, each package at one version with the SHA-512 of
its archive, and go to the place where Visdom looks for them, so that Visdom's own command finds them too.

    python -m cyclegan_glasses.monitoring.visdom.files
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cyclegan_glasses.errors import UserError, run_command
from cyclegan_glasses.files import atomic_write, make_folder

REMEDY = "python -m cyclegan_glasses.monitoring.visdom.files"
INSTALL = (
    'pip install "setuptools<81" wheel && pip install --no-build-isolation "visdom>=0.2.4,<0.3" "tornado<6.6"'
)
_GLYPHS = "fonts/glyphicons-halflings-regular"
_MATHJAX = """
    MathJax.js config/Safe.js config/TeX-AMS-MML_HTMLorMML.js extensions/Safe.js jax/output/SVG/jax.js
    jax/output/SVG/config.js jax/output/SVG/fonts/TeX/fontdata.js
    jax/output/SVG/fonts/TeX/Size1/Regular/Main.js
""".split()


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package at one version.

    Attributes:
        name, version: in the registry.
        files: path below Visdom's folder `static` by path within the package.
        sha512: of its archive, base64, as the registry states it.
    """

    name: str
    version: str
    files: dict[str, str]
    sha512: str

    @property
    def archive(self) -> str:
        """File name that `npm pack` gives the archive."""
        return f"{self.name}-{self.version}.tgz"


# fmt: off
PACKAGES = (
    Package("jquery", "3.1.1", {"dist/jquery.min.js": "js/jquery.min.js"},
            "zuiWRmx65Kd1oFGdWLvAjbsumdOBFvs3r1vuqCyKFF79R7exBHNbiNEJ8LR+xkzgfxqBznMD/4Cv6PHXS6mvEw=="),
    Package("bootstrap", "3.3.7", {
                "dist/js/bootstrap.min.js": "js/bootstrap.min.js",
                "dist/css/bootstrap.min.css": "css/bootstrap.min.css",
                **{f"dist/{_GLYPHS}.{kind}": f"{_GLYPHS}.{kind}" for kind in ("eot", "woff2", "woff", "ttf")},
                f"dist/{_GLYPHS}.svg": f"{_GLYPHS}.svg#glyphicons_halflingsregular"},
            "qcFaisBrcBhTFkz1IUnGDYnX6ZWfFzH8zOixUDtHW9Ip+r+7MfMFav2rzy7cIHc7rgIg7xjhWBoo1mS/U26j4g=="),
    Package("react", "16.2.0", {"umd/react.production.min.js": "js/react-react.min.js"},
            "ZmIomM7EE1DvPEnSFAHZn9Vs9zJl5A9H7el0EGTE6ZbW9FKe/14IYAlPbC8iH25YarEQxZL+E8VW7Mi7kfQrDQ=="),
    Package("react-dom", "16.2.0", {"umd/react-dom.production.min.js": "js/react-dom.min.js"},
            "zpGAdwHVn9K0091d+hr+R0qrjoJ84cIBFL2uU60KvWBPfZ7LPSrfqviTxGHWN0sjPZb2hxWzMexwrvJdKePvjg=="),
    Package("react-modal", "3.1.10", {"dist/react-modal.min.js": "js/react-modal.min.js"},
            "7b77AGWCkdg0YOf/qcYIGCpuwbxRwOA8P3UrUovk4grUNv+idOmHovJAx/Dcd3fuwHtgixxVjpcjVG60985MSA=="),
    Package("plotly.js-dist-min", "2.11.1", {"plotly.min.js": "js/plotly-plotly.min.js"},
            "F9WWNht0D3yBLZGHbLoJNfvplXvy+GUPSsA/lCbMuYd/UwzSu6Vmyprxlps9Einw1LDS1hYBrJeioK0lE3ieXA=="),
    Package("sjcl", "1.0.7", {"sjcl.js": "js/sjcl.js"},
            "xQbiwKfiAj6vyk44ANJ5RRymALRdRZOuRoKNYkWUU404p/RFXmMaay1Z5vRn30GJjkD+psox4Jd38jZojSuNYA=="),
    Package("layout-bin-packer", "1.4.0", {"dist/layout-bin-packer.js": "js/layout_bin_packer.js",
                "dist/layout-bin-packer.js.map": "js/layout-bin-packer.js.map"},
            "dQOZnajbOBGIcS9YlzKrkRtMCGa2oEpyf1zGRn93suphSvPclJe54Sbgtb053GJ21DUk84IBzaeQvjn+Gb10fA=="),
    Package("d3", "3.5.17", {"d3.min.js": "js/d3.v3.min.js"},
            "yFk/2idb8OHPKkbAL8QaOaqENNoMhIaSHZerk3oQsECwkObkCpJyjYwCe+OHiq6UEdhe1m8ZGARRRO3ljFjlKg=="),
    Package("d3-selection-multi", "1.0.1", {"build/d3-selection-multi.js": "js/d3-selection-multi.v1.js"},
            "mEnRkJ6A+Otd1LuRPV3az+s/RLDmIEhuz/MnT21O2nPcWNH7wZotdIlRjMA4Wpr+n7AESQ5fD8v1J3nL2Mnw9g=="),
    Package("save-svg-as-png", "1.4.17", {"lib/saveSvgAsPng.js": "js/saveSvgAsPng.js"},
            "7QDaqJsVhdFPwviCxkgHiGm9omeaMBe1VKbHySWU6oFB2LtnGCcYS13eVoslUgq6VZC6Tjq/HddBd1K6p2PGpA=="),
    Package("react-resizable", "1.4.6", {"css/styles.css": "css/react-resizable-styles.css"},
            "4zLORO51u0/mlDsrVCAA4p266d+3mb2ZMNdiWOotAh/PdnfrRzZhgePmKE08PSQatXVIfMjmyD+Sapay8tmxdQ=="),
    Package("react-grid-layout", "0.16.3", {"css/styles.css": "css/react-grid-layout-styles.css"},
            "ytP92EqUjqcFhGzvdeKrK610dQ04GdFwRCWtD6PoeL5wR3liETcFISO7k8RBqnosV86JtXf/DwIfrL0COLs0gg=="),
    Package("classnames", "2.2.5", {"index.js": "fonts/classnames"},
            "DTt3GhOUDKhh4ONwIJW4lmhyotQmV2LjNlGK/J2hkwUcqcbKkCLAdJPtxQnxnlc7SR3f1CEXCyMmc7WLUsWbNA=="),
    Package("mathjax", "2.7.5", {name: f"js/mathjax/2.7.5/{name}" for name in _MATHJAX},
            "OzsJNitEHAJB3y4IIlPCAvS0yoXwYjlo2Y4kmm9KQzyIBZt2d8yKRalby3uTRNN4fZQiGL2iMXjpdP1u2Rq2DQ=="),
)
# fmt: on


def static_folder() -> Path | None:
    """The folder `static` of the installed Visdom, or None where Visdom is not installed."""
    spec = importlib.util.find_spec("visdom")
    return Path(spec.origin).parent / "static" if spec and spec.origin else None


def missing_files(static: Path) -> list[str]:
    """Those of the files that are not in `static`."""
    wanted = (target for package in PACKAGES for target in package.files.values())
    return [target for target in wanted if not (static / target).is_file()]


def why_no_server() -> str:
    """One line that says why a Visdom server cannot be started here and what to do; empty if it can."""
    static = static_folder()
    if static is None:
        return f"Visdom is not installed: {INSTALL}, then {REMEDY}"
    try:
        tornado = tuple(int(number) for number in version("tornado").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return f"tornado, which Visdom needs, is not installed: {INSTALL}"
    if tornado >= (6, 6):
        return f'Visdom does not work with tornado {version("tornado")}: pip install "tornado<6.6"'
    if missing := missing_files(static):
        return f"{len(missing)} of the JavaScript files that Visdom shows its page with are missing: {REMEDY}"
    return ""


def fetch() -> int:
    """Fetch the missing files and return how many there were.

    Raises:
        UserError: no Visdom, no npm, no answer from the registry, or an archive that is not the expected one.
    """
    static = static_folder()
    if static is None:
        raise UserError(f"Visdom is not installed: {INSTALL}")
    missing = set(missing_files(static))
    packages = [package for package in PACKAGES if missing & set(package.files.values())]
    if packages:
        with tempfile.TemporaryDirectory() as folder:
            _pack(packages, Path(folder))
            for package in packages:
                unpack(package, Path(folder) / package.archive, static)
        # Visdom's own command fetches everything again unless this file names its version.
        with atomic_write(static / "version.built", "w") as file:
            file.write(version("visdom"))
    return len(missing)


def unpack(package: Package, archive: Path, static: Path) -> None:
    """Copy the wanted files of `archive` into `static`.

    Raises:
        UserError: the archive is not the expected one, byte for byte.
    """
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.sha512:
        raise UserError(
            f"{package.name} {package.version} from npm is not the expected file: check npm's registry"
        )
    with tarfile.open(archive) as tar:
        for source, target in package.files.items():
            try:
                member = tar.extractfile(f"package/{source}")
            except KeyError:
                member = None
            if member is None:
                raise UserError(f"{package.name} {package.version} has no {source}: check npm's registry")
            make_folder((static / target).parent)
            with atomic_write(static / target) as file:
                shutil.copyfileobj(member, file)


def _pack(packages: list[Package], folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise UserError(f"npm is needed to fetch Visdom's JavaScript files: install Node.js, then {REMEDY}")
    names = [f"{package.name}@{package.version}" for package in packages]
    command = [npm, "pack", "--ignore-scripts", "--silent", *names]
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"npm did not answer within five minutes: check the network, then {REMEDY}") from None
    absent = [package.name for package in packages if not (folder / package.archive).is_file()]
    if done.returncode or absent:
        why = next((line for line in done.stderr.splitlines() if "error" in line.lower()), ", ".join(absent))
        raise UserError(f"npm could not fetch Visdom's JavaScript files ({why.strip()}): {REMEDY}")


def main() -> int:
    """Fetch what is missing and print how much it was."""
    count = fetch()
    print(f"Visdom's JavaScript files are in place ({count} fetched)")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
