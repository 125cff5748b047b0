"""Draw portraits from parameters: no photograph, no download, the ten Monk skin tones evenly.

trainA (with glasses) and trainB (without) show different people; testA and testB show the same people with
and without glasses under the same file names. trainM and testM hold the masks of the glasses, manifest.jsonl
the parameters of every portrait. The same command gives the same bytes on any number of cores.
"""

from __future__ import annotations

import argparse

from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.errors import UserError, stoppable
from cyclegan_glasses.option import build, options_of
from cyclegan_glasses.sources.synthetic import SyntheticSource

from ._runner import AGAIN, add_out, add_workers

HELP = "portraits drawn from parameters, with and without glasses, and exact pairs for testing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `crawl.py synthetic`."""
    add_out(parser, "folder for the set")
    add_options(parser, options_of(SyntheticSource))
    add_workers(parser, "--jobs")


def run(args: argparse.Namespace) -> None:
    """Draw."""
    source = build(SyntheticSource, vars(args))
    if not 0 <= args.jobs <= 1024:
        raise UserError(f"--jobs {args.jobs} is invalid: must be 0 to 1024")
    from cyclegan_glasses.collect.synthetic import draw_set, is_complete

    out, size = args.out, f"{source.count} training portraits and {source.pairs} test pairs"
    if is_complete(source, out):
        echo(f"{out} holds these {size} already")
        return
    with stoppable(lambda: f"stopped: {out} is not whole; {AGAIN}"):
        for _ in progress(draw_set(source, out, args.jobs), source.count + source.pairs, "portraits"):
            pass
    echo(f"{size} are in {out}; train on them: {command_line('train')} --dataroot {out} --name demo")
