"""Train: `python train.py --dataroot datasets/demo --name demo`; `--help` lists the options."""

import sys

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.run_train import parse


def main() -> int | None:
    return parse()()


if __name__ == "__main__":
    sys.exit(run_command(main))
