"""Translate: `python test.py --dataroot datasets/demo --name demo --direction AtoB`; options: `--help`."""

import sys

from cyclegan_glasses.errors import run_command


def main() -> int:
    from cyclegan_glasses.options.test import parse, run  # here Ctrl-C is a line already

    return run(parse())


if __name__ == "__main__":
    sys.exit(run_command(main))
