"""The former name of `monitoring.visdom.files`, by which scripts fetch the files of Visdom's page."""

import sys

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.monitoring.visdom.files import main

if __name__ == "__main__":
    sys.exit(run_command(main))
