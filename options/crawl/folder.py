"""Gather a pile of pictures from a folder of any depth, with an optional table of labels and groups.

With --align the largest face of each picture is cropped so that its eyes come to lie in the same place; with
--domains the faces go to trainA (glasses), trainB (none), testA and testB. A run that was stopped goes on
when the same command is typed again.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_detector
from cyclegan_glasses.cli.echo import echo, suggest
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.collect.settings import CollectSettings
from cyclegan_glasses.domains import LABELS
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import build, number, options_of
from cyclegan_glasses.photo import MANIFEST
from cyclegan_glasses.sources.folder import FolderSource

from ._runner import add_out, add_workers, tally

HELP = "any pile of pictures, with an optional CSV of labels and groups"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py folder`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="searched for pictures to any depth")
    add_out(parser)
    add_options(parser, [*options_of(FolderSource), *options_of(CollectSettings)])
    table = parser.add_argument_group("choice of rows and columns")
    help = "default: race, gender, age and tone if there are any"
    table.add_argument("--group_columns", nargs="*", metavar="NAME", help=help)
    help = (
        "what a word of the label column, or the name of a sub-folder, means: glasses, none or sunglasses"
        " (such as 1=glasses 0=none)"
    )
    table.add_argument("--label_words", nargs="+", default=[], metavar="WORD=LABEL", help=help)
    help = "only these rows; repeat it for more columns, or for more values of one"
    table.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help=help)
    help = "only rows with at least this number there"
    table.add_argument("--at_least", action="append", default=[], metavar="COLUMN=NUMBER", help=help)
    add_detector(parser)
    add_workers(parser)


def run(args: argparse.Namespace) -> None:
    """Gather."""
    label_words = [_pair(text, "--label_words") for text in args.label_words]
    for word, label in label_words:
        if label not in LABELS:
            raise UserError(f"--label_words {word}={label}: a label is glasses, none or sunglasses")
    source = build(
        FolderSource,
        vars(args),
        folder=args.folder,
        group_columns=None if args.group_columns is None else tuple(args.group_columns),
        label_words=tuple(label_words),
        where=tuple(_pair(text, "--where") for text in args.where),
        at_least=tuple(map(_bound, args.at_least)),
        leave_out=args.out,
    )
    settings = build(CollectSettings, vars(args))
    from cyclegan_glasses.collect.folder import collect
    from cyclegan_glasses.faces.detect import detector_file

    photos = list(source.photos())
    if not photos:
        raise UserError("no picture is left by --where, --at_least and --labelled_only: check their words")
    yunet = detector_file(args.yunet) if settings.align else None
    if settings.domains and not any(item.photo.label for item in photos):
        raise UserError(
            "--domains sorts by label, and no picture has one: name the table with --labels FILE.csv, or call"
            " sub-folders glasses and none (other names by --label_words)"
        )
    rows = collect(photos, args.out, settings, yunet, args.workers)
    kept = tally(rows, len(photos), "pictures", args.out, lambda row: row.path.split("/")[0])
    if not kept:
        reasons = args.out / MANIFEST
        raise UserError(f"none of the {len(photos)} pictures was kept: the reasons are in {reasons}")
    echo(f"{kept.total()} of {len(photos)} photos are in {args.out}, described in its {MANIFEST}")
    aligned = " --align" if settings.align else ""
    suggest(f"{command_line('crawl')} filter {shlex.quote(str(args.out))}{aligned} --judge")


def _bound(text: str) -> tuple[str, float]:
    column, least = _pair(text, "--at_least")
    try:
        return column, number(least)
    except ValueError as error:
        raise UserError(f"--at_least {text}: {error}") from None


def _pair(text: str, flag: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UserError(f"{flag} {text}: write it as NAME=VALUE")
    return name, value
