"""Gather portraits and build the two domains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cyclegan_glasses.cli.parser import Command, Parser, parse_verb

from ._runner import add_source_arguments, gather

__all__ = ["HELP", "STEPS", "VERBS", "add_source_arguments", "gather", "parse"]

HELP = "gather portraits and build the two domains"
STEPS = ("filter", "review", "build", "overlay", "transplant")
_MODULES = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
#: Each verb with its module, as `cyclegan_glasses.cli.parser` describes it: every module of this folder whose
#: name has no underscore before it, the sources first.
VERBS = {
    name: f"cyclegan_glasses.options.crawl.{name}"
    for name in (*(name for name in _MODULES if name not in STEPS), *STEPS)
}


def parse(argv: Sequence[str] | None = None, prog: str = "crawl.py") -> Command:
    """The command that the arguments of `crawl.py` name, ready to run.

    Raises:
        UserError: see `parse_verb`.
    """
    return parse_verb(Parser(prog=prog, description=HELP.capitalize() + "."), VERBS, argv)
