"""Put glasses on the faces of photos, and leave the rest of every photo as it is."""

from __future__ import annotations

import argparse

from cyclegan_glasses.cli import edit
from cyclegan_glasses.cli.parser import Command
from cyclegan_glasses.domains import ADD

HELP = "put glasses on the faces of photos"
add_arguments = edit.add_arguments


def command(args: argparse.Namespace) -> Command:
    """What `add` runs."""
    return edit.command(args, ADD)
