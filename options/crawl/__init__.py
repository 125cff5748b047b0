"""The command line of crawl.py: one module a verb, listed in `VERBS`.

A verb's module has `HELP` (one line), `add_arguments(parser)` and `command(args)`, which turns the words into
plain settings and returns what is to be run; heavy imports happen when that runs, so `--help` is quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from types import ModuleType

from options.crawl import (
    aihub,
    build,
    celeba,
    commons,
    folder,
    google,
    kaggle,
    openverse,
    overlay,
    review,
    synthetic,
)
from options.crawl import filter as filter_verb

VERBS: dict[str, ModuleType] = {
    "synthetic": synthetic,
    "folder": folder,
    "celeba": celeba,
    "kaggle": kaggle,
    "aihub": aihub,
    "openverse": openverse,
    "commons": commons,
    "google": google,
    "filter": filter_verb,
    "review": review,
    "build": build,
    "overlay": overlay,
}


def parse(argv: Sequence[str] | None = None) -> Callable[[], int | None]:
    """Read the words of `crawl.py` and return the command that they name, ready to run."""
    parser = argparse.ArgumentParser(
        prog="crawl.py", description="Gather portraits and build the two domains."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, module in VERBS.items():
        verb = verbs.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(verb)
        verb.set_defaults(command=module.command)
    args = parser.parse_args(argv)
    return args.command(args)
