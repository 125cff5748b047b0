"""K-FACE of AI-Hub from its tree; without options the term project's selection: high resolution, glasses and
none, the brightest light, the three expressions, the two cameras that look straight at the face."""

from __future__ import annotations

import argparse
from functools import partial

from cyclegan_glasses.option import build
from cyclegan_glasses.sources.aihub import AihubSource

from ._runner import add_source_arguments, gather

HELP = "AI-Hub K-FACE: by accessory, light, expression, camera and resolution"
_WHERE = "folder or zip at or above the resolutions or the people"
add_arguments = partial(add_source_arguments, source=AihubSource, help=_WHERE)


def run(args: argparse.Namespace) -> None:
    """Gather."""
    gather(build(AihubSource, vars(args), source=args.source), args.out, args.limit, args.dry_run)
