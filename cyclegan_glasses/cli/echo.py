"""What commands print: whatever a file or its name holds, it cannot write to the terminal otherwise."""

from __future__ import annotations

import json
from typing import Any, TextIO

from cyclegan_glasses.errors import printable


def echo(*values: object, sep: str = " ", end: str = "\n", file: TextIO | None = None) -> None:
    """Print as `print` does, at once, with what would steer a terminal escaped in every line."""
    text = sep.join(map(str, values))
    print("\n".join(map(printable, text.split("\n"))), end=end, file=file, flush=True)


def echo_json(value: Any, indent: int | None = None) -> None:
    """Print a value as JSON in ASCII, on one line unless it is indented."""
    print(json.dumps(value, indent=indent), flush=True)
