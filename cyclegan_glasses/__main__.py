"""`python -m cyclegan_glasses VERB …`: what a person does with a trained model."""

import sys

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.errors import run_command

if __name__ == "__main__":
    sys.exit(run_command(lambda: parse()()))
