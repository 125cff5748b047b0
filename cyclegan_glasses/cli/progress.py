"""How a command shows that long work goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from cyclegan_glasses.cli.echo import echo

Item = TypeVar("Item")


def progress(items: Iterable[Item], total: int | None, unit: str, seconds: float = 10.0) -> Iterator[Item]:
    """Pass `items` through and show on standard error how many went by, at what rate.

    `total` is how many there are, None where nobody knows yet.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, total=total, unit=f" {unit}", smoothing=0.1)
        return
    start = last = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= seconds:
            last, rate = now, count / (now - start)
            left = f", {(total - count) / rate:.0f} s left" if total else ""
            echo(f"{count}/{total or '?'} {unit}, {rate:.0f}/s{left}", file=sys.stderr)
