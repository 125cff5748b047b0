"""The verbs `remove` and `add`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.arguments import add_detector, add_device, add_model, detector_path, model_choice
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.settings import EditSettings, OutputSettings
from cyclegan_glasses.errors import UserError, stoppable
from cyclegan_glasses.option import build, options_of

if TYPE_CHECKING:
    from cyclegan_glasses.editing.batch import PhotoReport


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos", nargs="+", metavar="IN", help="photos, folders, or patterns such as '*.jpg'"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="a photo, or a folder"
    )
    add_options(parser, [*options_of(EditSettings), *options_of(OutputSettings)])
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each photo")
    add_detector(parser)
    add_model(parser)
    group = parser.add_argument_group("device")
    add_device(group, precision="fp32")
    group.add_argument("--workers", type=int, default=2, help="threads that read and write beside the model")


def _run(args: argparse.Namespace, direction: str) -> int:
    """Edit, tell, and return the exit code: 0, or 1 where a photo of several was skipped."""
    settings = build(EditSettings, vars(args))
    if args.workers < 1:
        raise UserError("--workers must be at least 1")
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    from cyclegan_glasses.editing.batch import SKIPPED, edit_files
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.editing.jobs import plan
    from cyclegan_glasses.editing.journal import JOURNAL

    work = plan(args.photos, args.output, args.overwrite)
    editor = GlassesEditor.load(
        args.name,
        device=args.device,
        precision=args.precision,
        yunet=detector_path(args),
        direction=direction,
        **model_choice(args),
    )
    if settings.check and editor.classifier is None:
        raise UserError("this installation has no attribute classifier: leave --judge out")
    journal = work.folder / JOURNAL if work.folder else None
    output = build(OutputSettings, vars(args))
    rows: list[PhotoReport] = []
    with stoppable(lambda: f"stopped after {len(rows)} of {len(work.jobs)}: the same command goes on"):
        done = edit_files(editor, work.jobs, direction, settings, output, journal, args.workers)
        quiet = work.folder is None or not sys.stderr.isatty()
        with logging_redirect_tqdm([logging.getLogger()]):
            for row in tqdm(done, total=len(work.jobs), unit="photo", disable=quiet):
                rows.append(row)
                if work.folder is None and row.state == SKIPPED:
                    raise UserError(row.reason)
                _tell(row, args.json)
    if work.folder is not None and not args.json:
        counts = Counter(row.state for row in rows)
        print(", ".join(f"{count} {state}" for state, count in counts.items()) + f": {work.folder}")
    return int(any(row.state == SKIPPED for row in rows))


def _tell(row: PhotoReport, as_json: bool) -> None:
    """One photo: JSON, or a line of words on standard output, for a skipped one on standard error."""
    from tqdm import tqdm

    if as_json:
        told = {name: value for name, value in row.to_json().items() if name != "key"}
        tqdm.write(json.dumps(told, ensure_ascii=False), file=sys.stdout)
    elif row.state == "skipped":
        tqdm.write(f"skipped {row.reason}", file=sys.stderr)
    else:
        edited = [face for face in row.faces if face.done == "edited"]
        area = sum(face.area for face in edited)
        faces = f"{len(edited)} of {len(row.faces)} faces, {area:.1%} of the photo"
        tqdm.write(f"{row.state} {row.source} -> {row.target} ({row.reason or faces})", file=sys.stdout)


def _verb(direction: str, text: str) -> SimpleNamespace:
    """A verb as `cli.parser` describes it."""
    return SimpleNamespace(
        HELP=text,
        __doc__=f"{text.capitalize()}, and leave the rest of every photo as it is.",
        add_arguments=_add_arguments,
        run=partial(_run, direction=direction),
    )


remove = _verb(REMOVE, "take the glasses off the faces of photos")
add = _verb(ADD, "put glasses on the faces of photos")
