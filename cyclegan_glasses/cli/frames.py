"""List the frames that `add` and `swap` know, or those of a catalogue of your own, or draw them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.echo import echo, echo_json

if TYPE_CHECKING:
    from cyclegan_glasses.overlays.catalogue import Entry

HELP = "list the frames there are, or draw them all on a sheet"
_COLUMNS = ("name", "shape", "material", "front", "lens and bridge", "colours")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `frames`."""
    parser.add_argument(
        "--frames", type=Path, metavar="FILE", help="a catalogue of your own: TOML or JSON, which is checked"
    )
    parser.add_argument("--json", action="store_true", help="print an object for each frame, one a line")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="SHEET", help="a picture of all of them on a drawn portrait"
    )
    parser.add_argument("--overwrite", action="store_true", help="write the sheet over what is there")


def run(args: argparse.Namespace) -> None:
    """List, and draw if asked."""
    from cyclegan_glasses.overlays.catalogue import read_catalogue

    catalogue = read_catalogue(args.frames)
    if args.output:
        from cyclegan_glasses.editing.sheet import write_portrait_sheet

        write_portrait_sheet(args.output, {e.name: e.frame for e in catalogue.values()}, args.overwrite)
        echo(f"{len(catalogue)} frames: {args.output}")
    elif args.json:
        for entry in catalogue.values():
            echo_json(entry.to_json())
    else:
        rows = [_COLUMNS, *(_row(entry) for entry in catalogue.values())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            echo("  ".join(map(str.ljust, row, widths)).rstrip())


def _row(entry: Entry) -> Sequence[str]:
    facts = entry.to_json()
    front, colours = f"{facts['width']:.0f} mm", ", ".join(entry.colours)
    if "shape" not in facts:
        return entry.name, facts["front"], "picture", front, "", colours
    sizes = f"{facts['lens_width']:g} x {facts['lens_height']:g} - {facts['bridge']:g}"
    return entry.name, facts["shape"], facts["material"], front, sizes, colours
