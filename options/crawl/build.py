"""Build trainA, trainB, testA and testB from the accepted photos of one or more folders.

A person, and near-duplicates, stay on one side of the split. The same folders, options and seed give the same
bytes; the hash that is printed names the data. report.html shows what was taken and what was left out.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from cyclegan_glasses.cli.echo import echo, suggest
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.collect.settings import BuildSettings
from cyclegan_glasses.errors import stoppable
from cyclegan_glasses.option import build, options_of

HELP = "trainA, trainB, testA and testB from accepted photos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py build`."""
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to build; an earlier build is replaced")
    help = "folders with manifests"
    parser.add_argument(
        "--from", dest="folders", nargs="+", type=Path, required=True, metavar="DIR", help=help
    )
    add_options(parser, options_of(BuildSettings))


def run(args: argparse.Namespace) -> None:
    """Build."""
    settings = build(BuildSettings, vars(args))
    from cyclegan_glasses.collect.build import build as build_domains

    out, folders = args.out, list(dict.fromkeys(args.folders))
    with stoppable(lambda: f"stopped: {out} is as it was before"):
        built = build_domains(out, folders, settings, lambda photos, total: progress(photos, total, "photos"))
    for name, count in sorted(built.counts.items()):
        echo(f"{count:7d}  {out / name}")
    for reason, count in built.left_out.most_common():
        echo(f"{count:7d}  not taken: {reason}")
    echo(f"manifest {built.hash}")
    data = shlex.quote(str(out))
    echo(f"look at {out / 'report.html'}")
    suggest(f"{command_line('learn')} {data}, which takes 40 minutes and begins with the model that ships")
    suggest(
        f"{command_line('train')} --dataroot {data} --name {shlex.quote(out.resolve().name)}",
        before="or from nothing, hours on a GPU and days on a CPU: ",
    )
