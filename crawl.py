"""Gather portraits: `python crawl.py --help` lists the sources and the steps that follow."""

import sys

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.options.crawl import parse

if __name__ == "__main__":
    sys.exit(run_command(lambda: parse()()))
