"""Train: `python train.py --dataroot datasets/demo --name demo`; `--help` lists the options."""

import sys

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.train import parse, run


def main() -> int:
    return run(parse())


if __name__ == "__main__":
    sys.exit(run_command(main))
