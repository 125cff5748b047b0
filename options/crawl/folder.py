"""Gather a pile of pictures from a folder of any depth, with an optional table of labels and groups.

With --align the largest face of each picture is cropped so that its eyes come to lie in the same place; with
--domains the faces go to trainA (glasses), trainB (none), testA and testB. A run that was stopped goes on
when the same command is typed again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cyclegan_glasses.domains import LABELS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import MANIFEST, Photo
from cyclegan_glasses.sources.settings import FolderSettings

from .tally import STOPPED, tally

HELP = "any pile of pictures, with an optional CSV of labels and groups"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py folder`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="searched for pictures to any depth")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="OUT", help="folder for photos and manifest"
    )
    table = parser.add_argument_group("labels")
    table.add_argument(
        "--labels", type=Path, metavar="CSV", help="table with a header, UTF-8; paths are below DIR"
    )
    table.add_argument("--path_column", metavar="NAME", help="default: path, file, filename or image")
    table.add_argument("--label_column", metavar="NAME", help="default: label")
    table.add_argument("--person_column", metavar="NAME", help="default: person, if there is one")
    table.add_argument(
        "--group_columns",
        nargs="*",
        metavar="NAME",
        help="default: race, gender, age and tone if there are any",
    )
    table.add_argument(
        "--label_words",
        nargs="+",
        default=[],
        metavar="WORD=LABEL",
        help="what a word of the label column means: glasses, none or sunglasses (such as 1=glasses 0=none)",
    )
    table.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only these rows; repeat it for more columns, or for more values of one",
    )
    table.add_argument(
        "--labelled_only", action="store_true", help="leave out pictures without a known label"
    )
    faces = parser.add_argument_group("faces")
    faces.add_argument(
        "--align", type=int, default=0, metavar="SIZE", help="crop faces to SIZE pixels by the eyes"
    )
    faces.add_argument(
        "--max_turn", type=float, default=25.0, metavar="DEGREES", help="leave out side views (25)"
    )
    faces.add_argument("--format", choices=("png", "jpg"), default="png", help="of aligned faces (png)")
    add_detector(faces)
    domains = parser.add_argument_group("domains")
    domains.add_argument("--domains", action="store_true", help="write trainA, trainB, testA, testB by label")
    domains.add_argument(
        "--split",
        nargs="+",
        default=["test=0.1"],
        metavar="NAME=SHARE",
        help="shares by a hash of the person, or of the path where the person is not known (test=0.1)",
    )
    domains.add_argument("--seed", type=int, default=0, help="of the split (0)")
    parser.add_argument("--workers", type=int, default=0, help="processes (0: one for each core)")


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """Turn the words into settings; what is returned gathers."""
    words = [_pair(text, "--label_words") for text in args.label_words]
    for word, label in words:
        if label not in LABELS:
            raise UserError(f"--label_words {word}={label}: a label is glasses, none or sunglasses")
    source = FolderSettings(
        folder=args.folder,
        labels=args.labels,
        path_column=args.path_column,
        label_column=args.label_column,
        person_column=args.person_column,
        group_columns=None if args.group_columns is None else tuple(args.group_columns),
        label_words=tuple(words),
        where=tuple(_pair(text, "--where") for text in args.where),
        labelled_only=args.labelled_only,
    )
    if args.align and not 16 <= args.align <= 2048:
        raise UserError(f"--align {args.align}: give a size of 16 to 2048 pixels")
    if args.domains and args.labels is None:
        raise UserError("--domains sorts by label: name the table of labels with --labels FILE.csv")
    shares = shares_of(args.split)
    return lambda: _gather(source, args, shares)


def _gather(
    source: FolderSettings, args: argparse.Namespace, shares: tuple[tuple[str, float], ...]
) -> int | None:
    from cyclegan_glasses.collect.writing import CollectSettings, collect
    from cyclegan_glasses.sources.folder import folder_photos

    photos = folder_photos(source, leave_out=args.out)
    if not photos:
        raise UserError("no picture is left by --where and --labelled_only: check their words")
    settings = CollectSettings(args.align, args.max_turn, args.format, args.domains, shares, args.seed)
    yunet = detector_file(args) if settings.align else None
    rows = collect(photos, source.folder, args.out, settings, yunet, args.workers)
    if (kept := tally(rows, len(photos), "pictures", args.out, _named)) is None:
        return STOPPED
    if not kept:
        raise UserError(
            f"none of the {len(photos)} pictures was kept: the reasons are in {args.out / MANIFEST}"
        )
    print(f"{kept.total()} of {len(photos)} photos are in {args.out}, described in its {MANIFEST}")
    return None


def _named(photo: Photo) -> tuple[str, int, str]:
    reason = photo.reason.split(",")[0] if photo.sha256 else photo.reason
    return photo.path.split("/")[0], 1, reason


def add_detector(parser: argparse._ActionsContainer) -> None:
    """Where the face detector comes from."""
    parser.add_argument("--yunet", type=Path, metavar="FILE", help="the face detector's ONNX file")
    parser.add_argument(
        "--download_yunet",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="download the face detector once (230 kB, from the OpenCV Zoo unless ADDRESS is given)",
    )


def shares_of(words: list[str]) -> tuple[tuple[str, float], ...]:
    """The words of `--split` as pairs of a name and a share.

    Raises:
        UserError: other names than test and val, or shares that cannot be.
    """
    shares = tuple((name, _share(value)) for name, value in (_pair(text, "--split") for text in words))
    if sum(share for _, share in shares) > 1 or any(name not in ("test", "val") for name, _ in shares):
        raise UserError(f"--split {' '.join(words)}: give test=SHARE and val=SHARE, at most 1 together")
    return shares


def detector_file(args: argparse.Namespace) -> Path | None:
    """YuNet's file by the words of `add_detector`, downloaded if asked; None for the Haar cascades."""
    from cyclegan_glasses.faces.detect import YuNetDetector, make_detector
    from cyclegan_glasses.faces.models import YUNET_URL, download_yunet, find_yunet

    if args.download_yunet is not None:
        path = download_yunet(args.download_yunet or YUNET_URL)
        print(f"the face detector is {path}")
        return path
    detector = make_detector(args.yunet)
    return find_yunet(args.yunet) if isinstance(detector, YuNetDetector) else None


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UserError(f"{option} {text}: write it as NAME=VALUE")
    return name, value


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UserError(f"--split: a share is a number of 0 to 1, not {text!r}")
    return share
