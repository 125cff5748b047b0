"""The camera as a mirror, in a window: glasses put on, taken off, or swapped, live.

Keys: space turns the edit off and on, n draws the next frame, s writes a snapshot, q quits.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.settings import SWAP
from cyclegan_glasses.errors import UserError, stoppable
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.overlays.settings import ALL, LEARNED, FrameSettings

HELP = "the camera as a mirror in a window: glasses on, off, or swapped, live"
_DIRECTIONS = {"add": ADD, "remove": REMOVE, "swap": SWAP}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mirror`."""
    parser.add_argument(
        "edit", nargs="?", choices=tuple(_DIRECTIONS), default="add", help="what is done to each face (add)"
    )
    parser.add_argument(
        "--camera", default="0", metavar="N", help="number of the camera, or the path of a video (0)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(), metavar="FOLDER", help="of snapshots (this one)"
    )
    add_options(parser, options_of(FrameSettings))


def run(args: argparse.Namespace) -> None:
    """Show the mirror until q is pressed, its window is closed, or the video ends."""
    wish = build(FrameSettings, vars(args))
    if wish.frame in (ALL, LEARNED):
        raise UserError(f"a mirror draws one frame: leave --frame {wish.frame} out, the key n shows the next")
    from cyclegan_glasses.cli.mirror_window import MirrorWindow
    from cyclegan_glasses.editing.drawing import Drawing, drawing_of
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.editing.like import with_frame
    from cyclegan_glasses.editing.live import Look
    from cyclegan_glasses.editing.stream import pictures_of

    drawing = drawing_of(wish) or Drawing()
    pictures = pictures_of(args.camera)
    window = MirrorWindow(wish, args.output)
    editor = GlassesEditor.load(device="cpu")
    look = Look(_DIRECTIONS[args.edit], with_frame(drawing, editor) or drawing)
    with stoppable():
        window.show(pictures, editor, look)
