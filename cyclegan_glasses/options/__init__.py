"""In a checkout: the folder `options` at the top, which is installed as this package (see setup.py)."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[2] / "options")]
