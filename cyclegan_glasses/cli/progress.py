"""How a command shows that long work goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

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


class FrameProgress:
    """Shows how many frames of the clip at work are done: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, seconds: float = 10.0) -> None:
        """`seconds` between two plain lines."""
        self._seconds, self._last = seconds, time.monotonic()
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` frames are; each frame is gone through twice."""
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = self._bar or tqdm(unit=" frame", leave=False, smoothing=0.1)
            self._bar.total = total
            self._bar.update(done - self._bar.n)
            if done >= total:
                self._bar.close()
                self._bar = None
        elif time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            echo(f"{done}/{total} frames, each of them twice", file=sys.stderr)
