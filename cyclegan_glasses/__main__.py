"""`python -m cyclegan_glasses VERB …`, which is `cyclegan-glasses VERB …`."""

import sys

from cyclegan_glasses.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
