"""CelebA from its zip or folder, with attributes, people, the official split and landmarks."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from functools import partial

from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.option import build
from cyclegan_glasses.sources.celeba import PUBLISHED, CelebaSource

from ._runner import add_source_arguments, gather

HELP = "CelebA: attributes, people, official split; --protocol builds the published benchmark"
_WHERE = "folder or zip with list_attr_celeba.txt"
add_arguments = partial(add_source_arguments, source=CelebaSource, help=_WHERE)


def run(args: argparse.Namespace) -> None:
    """Gather."""
    source = build(CelebaSource, vars(args), source=args.source)
    kinds = gather(source, args.out, args.limit, args.dry_run)
    if source.protocol:
        echo(compare(kinds, PUBLISHED))


def compare(kinds: Counter[str], published: Mapping[str, int]) -> str:
    """One line: the size of each domain beside the published one."""
    sizes = {
        "trainA": kinds["train glasses"],
        "trainB": kinds["train none"],
        "testA": kinds["val glasses"] + kinds["test glasses"],
        "testB": kinds["val none"] + kinds["test none"],
    }
    counts = ", ".join(f"{domain} {size} of {published[domain]}" for domain, size in sizes.items())
    whole = sizes == published
    end = "the whole benchmark" if whole else "not the whole: do not compare with published figures"
    return f"{counts}: {end}"
