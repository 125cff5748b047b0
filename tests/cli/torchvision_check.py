"""Says in a process of its own what `doctor` finds of torchvision."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclegan_glasses.installation import torchvision


def say_torchvision(argv: Sequence[str]) -> None:
    """Print it, with the folder `argv[0]` first on the path."""
    assert "torchvision" not in sys.modules
    sys.path.insert(0, argv[0])
    for finding in torchvision():
        print(finding.state, finding.text, finding.remedy)
