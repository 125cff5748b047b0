"""The verbs of `cyclegan-glasses VERB` and `python -m cyclegan_glasses VERB`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from cyclegan_glasses import __version__
from cyclegan_glasses.cli.parser import PROGRAM, Command, Parser, parse_verb
from cyclegan_glasses.errors import run_command

#: Each verb with its place, as `parser` describes it.
VERBS = {
    "remove": "cyclegan_glasses.cli.edit:remove",
    "add": "cyclegan_glasses.cli.edit:add",
    "swap": "cyclegan_glasses.cli.edit:swap",
    "frames": "cyclegan_glasses.cli.frames",
    "recommend": "cyclegan_glasses.cli.recommend",
    "app": "cyclegan_glasses.cli.app",
    "mirror": "cyclegan_glasses.cli.mirror",
    "learn": "cyclegan_glasses.cli.learn",
    "crawl": "cyclegan_glasses.options.crawl",
    "train": "cyclegan_glasses.options.train",
    "test": "cyclegan_glasses.options.test",
    "export": "cyclegan_glasses.cli.export",
    "judge": "cyclegan_glasses.cli.judge",
    "calibrate": "cyclegan_glasses.cli.calibrate",
    "morph": "cyclegan_glasses.cli.facemath:morph",
    "facemath": "cyclegan_glasses.cli.facemath",
    "evaluate": "cyclegan_glasses.cli.evaluate",
    "hype": "cyclegan_glasses.cli.hype",
    "doctor": "cyclegan_glasses.cli.doctor",
}


def parse(argv: Sequence[str] | None = None) -> Command:
    """The command that `argv` names, ready to run.

    Raises:
        UserError: see `parse_verb`.
    """
    prog = PROGRAM if Path(sys.argv[0]).stem == PROGRAM else "python -m cyclegan_glasses"
    parser = Parser(prog=prog, description="Put glasses on faces and take them off.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return parse_verb(parser, VERBS, argv)


def main() -> int:
    """Run the command line of this process and return its exit code."""
    return run_command(lambda: parse()())
