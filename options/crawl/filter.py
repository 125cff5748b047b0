"""Ask the criteria of every photo of a folder and note verdict, scores and reason in its manifest.

Nothing is deleted. Scores are kept, so another threshold is tried in seconds: python crawl.py filter DIR
--max_turn 20 --dry_run. What a person decided in the review stays. Duplicates are found across all folders
that are named.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.criteria.settings import FilterSettings, Thresholds
from cyclegan_glasses.errors import UserError

HELP = "accept or reject the photos of a folder, each rejection with a reason"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py filter`."""
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="folder with a manifest.jsonl")
    parser.add_argument(
        "--align",
        action="store_true",
        help="faces will be cropped: their share of the picture does not count",
    )
    parser.add_argument("--dry_run", action="store_true", help="measure and count, but write no verdict")
    parser.add_argument(
        "--redo_reviewed", action="store_true", help="decide anew on photos that a person decided on"
    )
    parser.add_argument("--judge", action="store_true", help="classify the faces as well (see docs/judge.md)")
    parser.add_argument(
        "--judge_weights", type=Path, metavar="FILE", help="another classifier than the one that ships"
    )
    parser.add_argument("--yunet", type=Path, metavar="FILE", help="the face detector's ONNX file")
    parser.add_argument("--workers", type=int, default=0, help="processes (0: one for each core)")
    parser.add_argument(
        "--cluster", default="", metavar="tcp://HOST:PORT", help="a Dask scheduler to work on"
    )
    limits = parser.add_argument_group(
        "thresholds", "min_x and max_x are still accepted, what lies beyond is not"
    )
    for limit in fields(Thresholds):
        limits.add_argument(
            f"--{limit.name}",
            type=float,
            default=limit.default,
            metavar="X",
            help=f"{limit.metadata['help']} ({limit.default:g})".replace("%", "%%"),
        )


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """Turn the words into settings; what is returned filters."""
    if args.workers < 0:
        raise UserError(f"--workers {args.workers}: give 0 (one for each core) or more")
    if not -1 <= args.max_duplicate_bits <= 15:
        raise UserError(
            f"--max_duplicate_bits {args.max_duplicate_bits:g}: give 0 to 15, or -1 to turn it off"
        )
    settings = FilterSettings(
        thresholds=Thresholds(**{limit.name: getattr(args, limit.name) for limit in fields(Thresholds)}),
        align=args.align,
        yunet=args.yunet,
        workers=args.workers,
        cluster=args.cluster,
        redo_reviewed=args.redo_reviewed,
    )
    if args.judge_weights and not args.judge:
        raise UserError("--judge_weights names a classifier that is not asked: add --judge")
    folders = list(dict.fromkeys(args.folders))
    return lambda: _filter(folders, settings, args.dry_run, args.judge, args.judge_weights)


def _filter(
    folders: list[Path], settings: FilterSettings, dry_run: bool, ask: bool, weights: Path | None
) -> int | None:
    from cyclegan_glasses.criteria.filtering import Summary, count_photos, decide_folders, measure_folders

    classifier = None
    if ask:
        from cyclegan_glasses.attributes.classifier import load_classifier

        classifier = load_classifier(weights)
        if classifier is None:
            raise UserError(
                "no attribute classifier ships with this package: name one with --judge_weights FILE"
            )
    total = count_photos(folders)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    measured = 0
    try:
        for new in progress(measure_folders(folders, settings, classifier), total, "photos"):
            measured += new
        summary: Summary = decide_folders(folders, settings, dry_run)
    except KeyboardInterrupt:
        print("stopped: what was measured is kept; type the same command again to go on", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    _print_table(summary.kinds)
    print(f"{total} photos, {measured} measured now, {summary.changed} verdicts", end=" ")
    print("would change (dry run: none was written)" if dry_run else "changed")
    return None


def _print_table(kinds: Counter[tuple[str, str, str, str]]) -> None:
    """Photos by verdict and reason, a column for each label."""
    labels = sorted({label for _, label, _, _ in kinds}, key=lambda label: (not label, label))
    counts: Counter[tuple[str, str]] = Counter()
    for (_, label, verdict, reason), count in kinds.items():
        row = reason or verdict or "not decided"
        counts[row, label] += count
        counts[row, "all"] += count
    columns = [*labels, "all"]
    print("".join(f"{column or '(no label)':>12}" for column in columns))
    rows = sorted({row for row, _ in counts}, key=lambda row: (":" in row, -counts[row, "all"]))
    for row in rows:
        print("".join(f"{counts[row, column]:12d}" for column in columns) + f"  {row}")
