"""Translate pictures with a trained model and write a page of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.parser import Command

if TYPE_CHECKING:
    from .test import TestOptions

HELP = "translate a data set with a trained model, and show the results"


def parse(argv: Sequence[str] | None = None, prog: str = "test.py") -> Command:
    """The translation that the arguments ask for, ready to run.

    Raises:
        UserError: see `test.parse`.
    """
    from .test import parse

    options = parse(argv, prog)
    return lambda: run(options)


def run(o: TestOptions) -> int:
    """Translate, and return the exit code.

    Raises:
        UserError: the run, the data or the machine do not go with the options.
    """
    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.evaluation.results import load_pair, write_results

    device, single = choose_device(o.run.device, o.run.gpu_ids), o.model == "test"
    which = o.run.folder, o.run.label, o.data.direction, single, o.suffix
    pair = load_pair(*which, device, o.architecture)
    for generator in filter(None, pair):
        generator.network.train(not o.evaluation_mode)
        if o.run.verbose:
            print(generator.network)
    settings = pair[0].settings
    page, scores = write_results(
        make_batches(replace(o.data, input_nc=settings.input_nc, output_nc=settings.output_nc)),
        pair,
        o.data.direction,
        o.results,
        choose_precision(o.run.precision, device),
        title=f"{o.run.name}, {o.run.label}",
        single=single,
        aspect_ratio=o.aspect_ratio,
        limit=o.num_test,
    )
    print(*(line for line in (scores, f"results: {page}") if line), sep="\n")
    return 0
