"""Build trainA, trainB, testA and testB from the accepted photos of one or more folders.

A person, and near-duplicates, stay on one side of the split. The same folders, options and seed give the same
bytes; the hash that is printed names the data. report.html shows what was taken and what was left out.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.errors import UserError

HELP = "trainA, trainB, testA and testB from accepted photos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py build`."""
    default = BuildSettings()
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to build; an earlier build is replaced")
    parser.add_argument(
        "--from",
        dest="folders",
        nargs="+",
        type=Path,
        required=True,
        metavar="DIR",
        help="folders with manifests",
    )
    files = parser.add_argument_group("files", "without --size files are hard links to the originals")
    files.add_argument("--size", type=int, default=0, help="write pictures of SIZE pixels a side")
    files.add_argument("--align", action="store_true", help="with --size: crop to the face by its eyes")
    files.add_argument("--format", choices=("png", "jpg"), default="png", help="with --size (png)")
    files.add_argument(
        "--copy", action="store_true", help="without --size: copy files instead of linking them"
    )
    files.add_argument("--yunet", type=Path, metavar="FILE", help="the face detector's ONNX file")
    split = parser.add_argument_group("split")
    split.add_argument(
        "--test_share", type=float, default=default.test_share, metavar="X", help="of a domain (0.1)"
    )
    split.add_argument(
        "--keep_split", action="store_true", help="keep the split of the source where it has one"
    )
    split.add_argument(
        "--duplicate_bits", type=int, default=default.duplicate_bits, help="see crawl.py filter --help (6)"
    )
    split.add_argument("--seed", type=int, default=0, help="of every choice (0)")
    choice = parser.add_argument_group("choice")
    choice.add_argument(
        "--balance",
        default="",
        metavar="GROUP",
        help="as many photos of every value of GROUP, in both domains",
    )
    choice.add_argument(
        "--match",
        default="",
        metavar="GROUP",
        help="as many photos of a value of GROUP in one domain as in the other",
    )
    choice.add_argument(
        "--cap_per_person", type=int, default=0, metavar="N", help="photos of a person in a domain"
    )
    choice.add_argument(
        "--max_photos", type=int, default=0, metavar="N", help="photos of each of the four folders"
    )
    choice.add_argument("--unfiltered", action="store_true", help="take photos without a verdict, too")
    parser.add_argument("--workers", type=int, default=0, help="processes (0: one for each core)")


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """Turn the words into settings; what is returned builds."""
    if args.size and not 16 <= args.size <= 4096:
        raise UserError(f"--size {args.size}: give 16 to 4096 pixels")
    if args.align and not args.size:
        raise UserError("--align crops to a size: add --size 256")
    if not 0 <= args.test_share < 1:
        raise UserError(f"--test_share {args.test_share:g}: give a share of 0 to below 1")
    if not -1 <= args.duplicate_bits <= 15:
        raise UserError(f"--duplicate_bits {args.duplicate_bits}: give 0 to 15, or -1 to turn it off")
    for name in ("cap_per_person", "max_photos", "workers"):
        if getattr(args, name) < 0:
            raise UserError(f"--{name} {getattr(args, name)}: give 0 (no limit) or more")
    settings = BuildSettings(
        size=args.size,
        align=args.align,
        image_format=args.format,
        copy=args.copy,
        test_share=args.test_share,
        keep_split=args.keep_split,
        balance=args.balance,
        match=args.match,
        cap_per_person=args.cap_per_person,
        max_photos=args.max_photos,
        duplicate_bits=args.duplicate_bits,
        unfiltered=args.unfiltered,
        seed=args.seed,
        yunet=args.yunet,
        workers=args.workers,
    )
    return lambda: _build(args.out, list(dict.fromkeys(args.folders)), settings)


def _build(out: Path, folders: list[Path], settings: BuildSettings) -> int | None:
    from cyclegan_glasses.collect.build import build

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        built = build(out, folders, settings, lambda photos, total: progress(photos, total, "photos"))
    except KeyboardInterrupt:
        print(f"stopped: {out} is as it was before", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    for name, count in sorted(built.counts.items()):
        print(f"{count:7d}  {out / name}")
    for reason, count in built.left_out.most_common():
        print(f"{count:7d}  not taken: {reason}")
    print(f"manifest {built.hash}")
    print(f"look at {out / 'report.html'}; train with: python train.py --dataroot {out}")
    return None
