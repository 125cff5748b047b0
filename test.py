"""Translate: `python test.py --dataroot datasets/demo --name demo --direction AtoB`; options: `--help`."""

import sys

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.test import parse, run


def main() -> int:
    return run(parse())


if __name__ == "__main__":
    sys.exit(run_command(main))
