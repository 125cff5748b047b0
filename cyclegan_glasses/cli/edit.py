"""The verbs `remove`, `add` and `swap`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, TextIO

from cyclegan_glasses.cli.arguments import add_detector, add_device, add_model, model_choice
from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.pipes import Places, piped
from cyclegan_glasses.cli.progress import FrameProgress
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.settings import ENDINGS, SWAP, EditSettings, OutputSettings
from cyclegan_glasses.errors import UserError, printable, stoppable
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.overlays.settings import ALL, LEARNED, FrameSettings

if TYPE_CHECKING:
    from cyclegan_glasses.editing.batch import PhotoReport
    from cyclegan_glasses.editing.drawing import Drawing
    from cyclegan_glasses.editing.jobs import Plan
    from cyclegan_glasses.editing.package import EditingModel

_OF_A_SHEET = "_frames"


def _add_arguments(parser: argparse.ArgumentParser, direction: str) -> None:
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="IN",
        help="photos, animations, videos, folders, or patterns such as '*.jpg'; - is standard input",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help=f"a file, or a folder; otherwise beside the photo, with {ENDINGS[direction]} added to its name;"
        " - is standard output",
    )
    if direction != REMOVE:
        add_options(parser, options_of(FrameSettings))
    add_options(parser, [*options_of(EditSettings), *options_of(OutputSettings)])
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each photo")
    add_detector(parser)
    add_model(parser)
    group = parser.add_argument_group("device")
    add_device(group, precision="fp32")
    group.add_argument("--workers", type=int, default=2, help="threads that read and write beside the model")


def _run(args: argparse.Namespace, direction: str) -> int:
    """Edit, tell, and return the exit code: 0, or 1 where a photo of several was skipped."""
    with piped(args.photos, args.output) as places:
        if places.folder and args.before_after:
            raise UserError("--before_after writes a second file: name the first one by -o")
        return _edit(args, direction, places)


def _edit(args: argparse.Namespace, direction: str, places: Places) -> int:
    settings = build(EditSettings, vars(args))
    wish = FrameSettings() if direction == REMOVE else _wish(args, direction)
    if args.workers < 1:
        raise UserError("--workers must be at least 1")
    from cyclegan_glasses.editing.jobs import plan

    sheet = wish.frame == ALL
    work = plan(places.photos, places.output, args.overwrite, _OF_A_SHEET if sheet else ENDINGS[direction])
    from cyclegan_glasses.editing.drawing import all_frames, drawing_of
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.editing.like import with_frame

    frames = all_frames(wish) if sheet else {}
    drawing = None if sheet or direction == REMOVE else drawing_of(wish)
    editor = GlassesEditor.load(
        args.name,
        device=args.device,
        precision=args.precision,
        yunet=args.yunet,
        direction=REMOVE if direction == SWAP else direction,
        **model_choice(args),
    )
    if args.name and direction == ADD:
        drawing = _added(drawing, wish, editor.model)
    drawing = with_frame(drawing, editor)
    if settings.check and editor.classifier is None:
        raise UserError("this installation has no attribute classifier: leave --judge out")
    output = build(OutputSettings, vars(args))
    if sheet:
        from cyclegan_glasses.editing.sheet import write_sheets

        rows = write_sheets(editor, work.jobs, direction, frames, settings, output, wish.pd)
    else:
        from cyclegan_glasses.editing.batch import edit_files
        from cyclegan_glasses.editing.journal import JOURNAL

        journal = work.folder / JOURNAL if work.folder else None
        files = (work.jobs, direction, settings, output, journal, args.workers, drawing)
        rows = edit_files(editor, *files, FrameProgress())
    return _show(map(places.named, rows), work, args.json, places.messages)


def _wish(args: argparse.Namespace, direction: str) -> FrameSettings:
    """The frame that is asked for."""
    wish = build(FrameSettings, vars(args))
    if direction == SWAP:
        if wish.frame == LEARNED:
            raise UserError(f"swap draws a frame: leave --frame {LEARNED} out, or say add")
    elif args.name and wish.frame == ALL:
        raise UserError("--frame all draws every frame and needs no model: leave --name out")
    return wish


def _added(drawing: Drawing | None, wish: FrameSettings, model: EditingModel) -> Drawing | None:
    """What a named model adds: glasses of its own, or the frame that a conditioned one is shown."""
    from cyclegan_glasses.editing.drawing import Drawing

    if model.conditioned:
        return drawing or Drawing()
    if changes := wish.changes - ({"frame"} if wish.frame == LEARNED else set()):
        flag = sorted(changes)[0]
        raise UserError(f"--name is a model that adds glasses of its own: leave it out, or --{flag}")
    return None


def _show(rows: Iterable[PhotoReport], work: Plan, as_json: bool, messages: TextIO) -> int:
    """Go through the work and tell what becomes of each photo; the exit code."""
    from cyclegan_glasses.editing.batch import SKIPPED

    states: Counter[str] = Counter()

    def stopped() -> str:
        return f"stopped after {states.total()} of {len(work.jobs)}: the same command goes on"

    with stoppable(stopped), _bar(rows, 0 if work.single else len(work.jobs)) as (followed, write):
        for row in followed:
            states[row.state] += 1
            if work.single and row.state == SKIPPED:
                raise UserError(row.reason)
            _tell(row, as_json, messages, write)
    if not work.single and not as_json:
        where = f": {work.folder}" if work.folder else ""
        echo(", ".join(f"{count} {state}" for state, count in states.items()) + where)
    return int(states[SKIPPED] > 0)


@contextmanager
def _bar(
    rows: Iterable[PhotoReport], total: int
) -> Iterator[tuple[Iterable[PhotoReport], Callable[..., None]]]:
    """`rows` under a bar on a terminal, and what writes a line above it; without one for a total of 0."""
    if not total or not sys.stderr.isatty():
        yield rows, echo
        return
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    with logging_redirect_tqdm([logging.getLogger()]):
        yield tqdm(rows, total=total, unit="photo"), tqdm.write


def _tell(row: PhotoReport, as_json: bool, messages: TextIO, write: Callable[..., None]) -> None:
    """One photo: JSON, or a line of words; for a skipped one on standard error."""
    if as_json:
        told = {name: value for name, value in row.to_json().items() if name != "key"}
        write(json.dumps(told), file=messages)
    elif row.state == "skipped":
        write(printable(f"skipped {row.reason}"), file=sys.stderr)
    else:
        edited = [face for face in row.faces if face.done == "edited"]
        area = sum(face.area for face in edited)
        faces = f"{len(edited)} of {len(row.faces)} faces, {area:.1%} of the photo"
        if row.frames > 1:
            faces = f"{len(edited)} of {len(row.faces)} faces, {row.frames} frames"
        found = dict.fromkeys(warning for face in edited for warning in face.warnings)
        warnings = f"; look at it: {', '.join(found)}" if found else ""
        line = f"{row.state} {row.source} -> {row.target} ({row.reason or faces}{warnings})"
        write(printable(line), file=messages)


def _verb(direction: str, text: str) -> SimpleNamespace:
    """A verb as `cli.parser` describes it."""
    return SimpleNamespace(
        HELP=text,
        __doc__=f"{text.capitalize()}, and leave the rest of every photo as it is.",
        add_arguments=partial(_add_arguments, direction=direction),
        run=partial(_run, direction=direction),
    )


remove = _verb(REMOVE, "take the glasses off the faces of photos")
add = _verb(ADD, "put glasses on the faces of photos")
swap = _verb(SWAP, "put other glasses on the faces of photos")
