"""Train: `python train.py --dataroot datasets/demo --name demo`; `--help` lists the options."""

import sys

from cyclegan_glasses.errors import run_command


def main() -> int:
    from cyclegan_glasses.options.train import parse, run  # here Ctrl-C is a line already

    return run(parse())


if __name__ == "__main__":
    sys.exit(run_command(main))
