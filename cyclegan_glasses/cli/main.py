"""The command line of `python -m cyclegan_glasses`: one module a verb, listed in `VERBS`.

A verb's module has `HELP` (one line), `add_arguments(parser)` and `command(args)`, which turns the words into
plain settings and returns what is to be run; heavy imports happen when that runs, so `--help` is quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NoReturn

from cyclegan_glasses import __version__
from cyclegan_glasses.cli import (
    add,
    calibrate,
    doctor,
    evaluate,
    export,
    facemath,
    hype,
    judge,
    morph,
    remove,
)
from cyclegan_glasses.errors import UserError

VERBS: dict[str, ModuleType] = {
    "remove": remove,
    "add": add,
    "export": export,
    "judge": judge,
    "calibrate": calibrate,
    "morph": morph,
    "facemath": facemath,
    "evaluate": evaluate,
    "hype": hype,
    "doctor": doctor,
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


def parse(argv: Sequence[str] | None = None) -> Callable[[], int | None]:
    """Read the words after `python -m cyclegan_glasses` and return the command that they name."""
    parser = Parser(prog="python -m cyclegan_glasses", description="Put glasses on faces and take them off.")
    parser.add_argument("--version", action="version", version=f"cyclegan-glasses {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, module in VERBS.items():
        verb = verbs.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(verb)
        verb.set_defaults(command=module.command)
    args = parser.parse_args(argv)
    return args.command(args)
