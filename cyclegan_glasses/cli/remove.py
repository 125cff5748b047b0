"""Take the glasses off the faces of photos, and leave the rest of every photo as it is."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cyclegan_glasses.cli import edit
from cyclegan_glasses.domains import REMOVE

HELP = "take the glasses off the faces of photos"
add_arguments = edit.add_arguments


def command(args: argparse.Namespace) -> Callable[[], int]:
    """What `remove` runs."""
    return edit.command(args, REMOVE)
