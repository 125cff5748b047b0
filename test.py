"""Translate: `python test.py --dataroot datasets/demo --name demo --direction AtoB`; options: `--help`."""

import sys
from dataclasses import replace

from cyclegan_glasses.errors import run_command
from options.test import parse


def main() -> int:
    o = parse()

    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.evaluation.results import load_pair, write_results

    device = choose_device(o.device, o.gpu_ids)
    pair = load_pair(o.folder, o.label, o.data.direction, o.model == "test", o.suffix, device, o.architecture)
    for network in filter(None, (pair.generator, pair.reverse)):
        network.train(not o.evaluation_mode)
        if o.verbose:
            print(network)
    page, scores = write_results(
        make_batches(replace(o.data, input_nc=pair.input_nc, output_nc=pair.output_nc)),
        pair,
        o.data.direction,
        o.results,
        choose_precision(o.precision, device),
        title=f"{o.name}, {o.label}",
        single=o.model == "test",
        aspect_ratio=o.aspect_ratio,
        limit=o.num_test,
    )
    print(*(line for line in (scores, f"results: {page}") if line), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
