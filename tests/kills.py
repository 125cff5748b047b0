"""What a kill leaves behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.commands import ROOT

_DIES = """
import os, sys
from pathlib import Path
from cyclegan_glasses.files import atomic_write
with atomic_write(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os._exit(9)
"""


def left_by_a_kill(path: Path) -> Path:
    """The temporary file of a process that was killed while it wrote `path`."""
    before = set(path.parent.iterdir())
    subprocess.run([sys.executable, "-c", _DIES, str(path)], cwd=ROOT, check=False)
    (left,) = set(path.parent.iterdir()) - before
    return left
