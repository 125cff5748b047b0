"""Recommend six frames that suit a face, by rules that opticians publish, and draw them on it.

A sheet is written beside each photo: every frame on the face, with its reasons and who says so. Glasses that
the face wears are taken off first. Rules are not taste: docs/guides/recommend.md says how far to trust them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.arguments import add_detector
from cyclegan_glasses.cli.echo import echo, echo_json
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.editing.settings import ALL, LARGEST, EditSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import options_of
from cyclegan_glasses.overlays.settings import FrameSettings

if TYPE_CHECKING:
    from cyclegan_glasses.editing.recommending import Advice

HELP = "recommend frames that suit a face, with reasons"
ENDING = "_recommended"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `recommend`."""
    parser.add_argument("photos", nargs="+", metavar="IN", help="photos, folders, or patterns")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="SHEET",
        help=f"a picture, or a folder; otherwise beside the photo, with {ENDING} added to its name",
    )
    options = [*options_of(EditSettings), *options_of(FrameSettings)]
    add_options(parser, [item for item in options if item.flag in ("face", "pd")], {"face": LARGEST})
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each photo")
    parser.add_argument("--overwrite", action="store_true", help="write sheets over what is there")
    add_detector(parser)


def run(args: argparse.Namespace) -> int:
    """Recommend, tell, and return the exit code: 0, or 1 where a photo of several was skipped."""
    settings, pupils = EditSettings(LARGEST if args.face == ALL else args.face), FrameSettings(pd=args.pd).pd
    from cyclegan_glasses.domains import REMOVE
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.editing.jobs import plan
    from cyclegan_glasses.editing.recommending import advise
    from cyclegan_glasses.editing.sheet import check_target, save_sheet

    work = plan(args.photos, args.output, args.overwrite, ENDING)
    editor = GlassesEditor.load(device="cpu", yunet=args.yunet, direction=REMOVE)
    skipped = 0
    for job in work.jobs:
        try:
            check_target(job.target, args.overwrite)
            advice = advise(editor, job.source, settings, pupils)
            save_sheet(advice.sheet, job.target)
        except UserError as error:
            if work.single:
                raise
            echo(f"skipped {error}", file=sys.stderr)
            skipped += 1
            continue
        if args.json:
            paths = {"source": str(job.source), "target": str(job.target)}
            echo_json(paths | advice.to_json())
        else:
            echo(f"{job.source} -> {job.target}")
            echo(_told(advice))
    return int(skipped > 0)


def _told(advice: Advice) -> str:
    """What was seen, and each frame with its reasons, as lines to read."""
    lines = [advice.traits.in_words()]
    for number, frame in enumerate(advice.frames, 1):
        facts = frame.to_json()
        lines.append(f"{number}. {frame.name}, {frame.colour}, {facts['width']:.0f} mm")
        lines += [f"   {reason.text} ({reason.source})" for reason in frame.reasons]
    return "\n".join(lines)
