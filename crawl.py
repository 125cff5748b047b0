"""Gather portraits: `python crawl.py --help` lists the sources and the steps that follow."""

import sys

from cyclegan_glasses.errors import run_command


def main() -> int | None:
    from cyclegan_glasses.options.crawl import parse  # here Ctrl-C is a line already

    return parse()()


if __name__ == "__main__":
    sys.exit(run_command(main))
