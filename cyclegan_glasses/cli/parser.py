"""The one parser of every command, and how a command line finds the verb that it names.

A verb is a module, or what looks like one, with `HELP` (one line), `add_arguments(parser)` and `run(args)`,
which turns the arguments into plain settings, does the work and returns the exit code; heavy imports happen
there, so `--help` is quick. One whose arguments depend on each other, such as `train`, has `parse(argv,
prog)` in place of `add_arguments`; one with verbs of its own has `VERBS`. Tables of verbs name what
`pkgutil.resolve_name` finds, and only the verb that was asked for is imported.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import NoReturn

from cyclegan_glasses.errors import UserError

Command = Callable[[], int | None]
PROGRAM = "cyclegan-glasses"
SCRIPTS = ("train", "test", "crawl")


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def parse_args(self, args=None, namespace=None):
        """The arguments; one that is unknown is named, with the option that it may have meant."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = [flag for flag in self._option_string_actions if flag.startswith("--")]
            near = get_close_matches(unknown[0].split("=")[0], known, 1, 0.75)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return found

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


def parse_verb(parser: Parser, verbs: Mapping[str, str], argv: Sequence[str] | None = None) -> Command:
    """The command that `argv` names, ready to run.

    Args:
        parser: that of the program, with its options before the verb.
        verbs: names with the modules of the verbs.
        argv: the arguments, those of the process by default.

    Raises:
        UserError: a verb or an argument that is unknown, missing or invalid.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv and argv[0] in verbs:
        verb, prog = resolve_name(verbs[argv[0]]), f"{parser.prog} {argv[0]}"
        if hasattr(verb, "VERBS"):
            return parse_verb(Parser(prog=prog, description=verb.__doc__), verb.VERBS, argv[1:])
        if hasattr(verb, "parse"):
            return partial(verb.run, verb.parse(argv[1:], prog))
        subparser = Parser(prog=prog, description=verb.__doc__)
        verb.add_arguments(subparser)
        return partial(verb.run, subparser.parse_args(argv[1:]))
    table = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, module in verbs.items():
        table.add_parser(name, help=resolve_name(module).HELP, add_help=False)
    parser.parse_args(argv)
    parser.error("name the verb first")


def command_line(verb: str) -> str:
    """How whoever started this process types `verb`: `cyclegan-glasses train`, or `python train.py`."""
    program = Path(sys.argv[0])
    if program.stem == PROGRAM:
        return f"{PROGRAM} {verb}"
    if verb in SCRIPTS and program.parts[-2:] != ("cyclegan_glasses", "__main__.py"):
        return f"python {verb}.py"
    return f"python -m cyclegan_glasses {verb}"
