"""What `remove` and `add` have in common: their words, and what they run."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.model_arguments import add_model, model_words
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.errors import UserError

if TYPE_CHECKING:
    from cyclegan_glasses.editing.batch import Row

STOPPED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `remove` and `add`."""
    parser.add_argument(
        "photos", nargs="+", metavar="IN", help="photos, folders, or patterns such as '*.jpg'"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="a photo, or a folder"
    )
    group = parser.add_argument_group("faces")
    group.add_argument("--face", default="all", help="all, largest, or which one: 1 is the largest")
    group.add_argument("--strength", type=float, default=1.0, help="0 to 1: fades the edit")
    group.add_argument("--passes", type=int, help="go over each face so often; else as the model says")
    group.add_argument(
        "--force", action="store_true", help="also faces that need nothing, by the attribute classifier"
    )
    group.add_argument("--judge", action="store_true", help="classify the results as well")
    group.add_argument("--yunet", type=Path, help="file of the face detector")
    group.add_argument("--download_yunet", action="store_true", help="fetch that file once (230 kB)")
    group = parser.add_argument_group("files")
    group.add_argument("--strip", action="store_true", help="leave out EXIF, XMP and texts")
    group.add_argument("--before_after", action="store_true", help="also write both side by side")
    group.add_argument("--overwrite", action="store_true", help="write again what is there, even the photo")
    group.add_argument(
        "--copy_faceless", action="store_true", help="copy photos without a face: whole sequences"
    )
    group.add_argument("--json", action="store_true", help="print a line of JSON for each photo")
    add_model(parser)
    group = parser.add_argument_group("device")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    group.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"), default="fp32")
    group.add_argument("--workers", type=int, default=2, help="threads that read and write beside the model")


def command(args: argparse.Namespace, direction: str) -> Callable[[], int]:
    """What the verb runs.

    Raises:
        UserError: words that cannot be.
    """
    settings = EditSettings(args.face, args.strength, args.force, args.passes, args.judge)
    if args.workers < 1:
        raise UserError("--workers must be at least 1")
    return lambda: run(args, direction, settings)


def run(args: argparse.Namespace, direction: str, settings: EditSettings) -> int:
    """Edit, tell, and return the exit code: 0, or 1 where a photo of several was skipped.

    Raises:
        UserError: the only photo cannot be edited.
    """
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    from cyclegan_glasses.attributes.classifier import load_classifier
    from cyclegan_glasses.editing.batch import JOURNAL, SKIPPED, Output, edit_files
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.editing.jobs import plan
    from cyclegan_glasses.faces.models import download_yunet

    work = plan(args.photos, args.output, args.overwrite)
    yunet = download_yunet() if args.download_yunet and args.yunet is None else args.yunet
    classifier = load_classifier()
    if settings.check and classifier is None:
        raise UserError("this installation has no attribute classifier: leave --judge out")
    words = model_words(args) | {"direction": direction}
    editor = GlassesEditor.load(
        args.name, device=args.device, precision=args.precision, classifier=classifier, yunet=yunet, **words
    )
    journal = work.folder / JOURNAL if work.folder else None
    output = Output(args.strip, args.before_after, args.overwrite, args.copy_faceless)
    rows: list[Row] = []
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        done = edit_files(editor, work.jobs, direction, settings, output, journal, args.workers)
        quiet = work.folder is None or not sys.stderr.isatty()
        with logging_redirect_tqdm([logging.getLogger()]):
            for row in tqdm(done, total=len(work.jobs), unit="photo", disable=quiet):
                rows.append(row)
                if work.folder is None and row.state == SKIPPED:
                    raise UserError(row.reason)
                _tell(row, args.json)
    except KeyboardInterrupt:
        print(f"stopped after {len(rows)} of {len(work.jobs)}: the same command goes on", file=sys.stderr)
        return STOPPED
    finally:
        signal.signal(signal.SIGTERM, before)
    if work.folder is not None and not args.json:
        counts = {
            state: sum(row.state == state for row in rows) for state in dict.fromkeys(r.state for r in rows)
        }
        print(", ".join(f"{count} {state}" for state, count in counts.items()) + f": {work.folder}")
    return int(any(row.state == SKIPPED for row in rows))


def _tell(row: Row, as_json: bool) -> None:
    """One photo: JSON, or a line of words on standard output, for a skipped one on standard error."""
    from tqdm import tqdm

    if as_json:
        told = {name: value for name, value in asdict(row).items() if name != "key"}
        tqdm.write(json.dumps(told, ensure_ascii=False), file=sys.stdout)
    elif row.state == "skipped":
        tqdm.write(f"skipped {row.reason}", file=sys.stderr)
    else:
        edited = [face for face in row.faces if face.done == "edited"]
        share = sum(face.share for face in edited)
        faces = f"{len(edited)} of {len(row.faces)} faces, {share:.1%} of the photo"
        tqdm.write(f"{row.state} {row.source} -> {row.target} ({row.reason or faces})", file=sys.stdout)
