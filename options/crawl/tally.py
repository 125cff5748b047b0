"""What verbs that gather have in common: rows counted while they come, a stop that says how to go on."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from cyclegan_glasses.cli.progress import progress

STOPPED = 130
REASONS = 12
Row = TypeVar("Row")


def tally(
    rows: Generator[Row, None, None],
    total: int,
    unit: str,
    out: Path,
    name: Callable[[Row], tuple[str, int, str]],
) -> Counter[str] | None:
    """Go through `rows`, show how it goes, and print how many were kept and why the others were not.

    Args:
        total: how many rows there are, `unit` what they are.
        out: the folder that keeps what was done.
        name: of a row: what it is kept as, how many that is, and the reason if it is left out.

    Returns:
        What was kept; None where Ctrl-C or SIGTERM came first, which is said.
    """
    kept: Counter[str] = Counter()
    left: Counter[str] = Counter()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for row in progress(rows, total, unit):
            kind, count, reason = name(row)
            if reason:
                left[reason] += 1
            else:
                kept[kind] += count
    except KeyboardInterrupt:
        print(f"stopped: {out} keeps what was done; type the same command again to go on", file=sys.stderr)
        return None
    finally:
        rows.close()
        signal.signal(signal.SIGTERM, before)
    for word, count in (*sorted(kept.items()), *left.most_common(REASONS)):
        print(f"{count:7d}  {word}")
    return kept
