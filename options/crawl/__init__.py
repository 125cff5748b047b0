"""Gather portraits and build the two domains."""

from __future__ import annotations

from collections.abc import Sequence

from cyclegan_glasses.cli.parser import Command, Parser, parse_verb

HELP = "gather portraits and build the two domains"
_NAMES = "synthetic folder celeba kaggle aihub openverse commons google filter review build overlay"
#: Each verb with its module, as `cyclegan_glasses.cli.parser` describes it.
VERBS = {name: f"cyclegan_glasses.options.crawl.{name}" for name in _NAMES.split()}


def parse(argv: Sequence[str] | None = None, prog: str = "crawl.py") -> Command:
    """The command that the arguments of `crawl.py` name, ready to run.

    Raises:
        UserError: see `parse_verb`.
    """
    return parse_verb(Parser(prog=prog, description=__doc__), VERBS, argv)
