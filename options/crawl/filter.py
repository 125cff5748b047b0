"""Ask the criteria of every photo of a folder and note verdict, scores and reason in its manifest.

Nothing is deleted. A score of `min_x` or `max_x` is still accepted.
Scores are kept, so another threshold is tried in seconds: python crawl.py filter DIR
--max_turn 20 --dry_run. What a person decided in the review stays. Duplicates are found across all folders
that are named.
"""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from cyclegan_glasses.cli.echo import echo, suggest
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.criteria.settings import FilterSettings
from cyclegan_glasses.domains import DOMAINS
from cyclegan_glasses.errors import UserError, stoppable
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.photo import ACCEPTED

from ._runner import AGAIN

HELP = "accept or reject the photos of a folder, each rejection with a reason"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py filter`."""
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="folder with a manifest.jsonl")
    parser.add_argument("--dry_run", action="store_true", help="measure and count, but write no verdict")
    help = "classify the faces too (see docs/guides/attributes.md)"
    parser.add_argument("--judge", action="store_true", help=help)
    help = "another classifier than the one that ships"
    parser.add_argument("--judge_weights", type=Path, metavar="FILE", help=help)
    add_options(parser, options_of(FilterSettings))


def run(args: argparse.Namespace) -> None:
    """Filter."""
    settings = build(FilterSettings, vars(args))
    if args.judge_weights and not args.judge:
        raise UserError("--judge_weights names a classifier that is not asked: add --judge")
    folders = list(dict.fromkeys(args.folders))
    from cyclegan_glasses.criteria.filtering import count_photos, decide_folders, measure_folders

    classifier = None
    if args.judge:
        from cyclegan_glasses.attributes.classifier import load_classifier

        classifier = load_classifier(args.judge_weights)
        if classifier is None:
            raise UserError(
                "no attribute classifier ships with this package: name one with --judge_weights FILE"
            )
    total = count_photos(folders)
    measured = 0
    with ExitStack() as locks, stoppable(lambda: f"stopped: what was measured is kept; {AGAIN}"):
        for folder in folders:
            locks.enter_context(folder_lock(folder))
        for new in progress(measure_folders(folders, settings, classifier), total, "photos"):
            measured += new
        summary = decide_folders(folders, settings, args.dry_run)
    _print_table(summary.kinds)
    echo(f"{total} photos, {measured} measured now, {summary.changed} verdicts", end=" ")
    echo("would change (dry run: none was written)" if args.dry_run else "changed")
    if not args.dry_run:
        suggest(_next(folders, summary.kinds))


def _print_table(kinds: Counter[tuple[str, str, str]]) -> None:
    """Photos by verdict and reason, a column for each label."""
    labels = sorted({label for label, _, _ in kinds}, key=lambda label: (not label, label))
    counts: Counter[tuple[str, str]] = Counter()
    for (label, verdict, reason), count in kinds.items():
        row = reason or verdict or "not decided"
        counts[row, label] += count
        counts[row, "all"] += count
    columns = [*labels, "all"]
    echo("".join(f"{column or '(no label)':>12}" for column in columns))
    rows = sorted({row for row, _ in counts}, key=lambda row: (":" in row, -counts[row, "all"], row))
    for row in rows:
        echo("".join(f"{counts[row, column]:12d}" for column in columns) + f"  {row}")


def _next(folders: list[Path], kinds: Counter[tuple[str, str, str]]) -> str:
    """What to type after a filter: a build, or what gives a build both its domains."""
    accepted = {label for label, verdict, _ in kinds if verdict == ACCEPTED}
    quoted, crawl = [shlex.quote(str(folder)) for folder in folders], command_line("crawl")
    names = " ".join(quoted)
    if missing := [label for label in DOMAINS if label not in accepted]:
        return (
            f"no photo labelled {' or '.join(missing)} was accepted: look at the reasons with"
            f" {crawl} review {quoted[0]}, or label the faces with {crawl} filter {names} --judge"
        )
    return f"{crawl} build datasets/built --from {names}"
