"""How many portraits and overlays one core and all cores draw a second: `python benchmarks/portraits.py`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cyclegan_glasses.collect.synthetic import draw_set
from cyclegan_glasses.parallel import cores
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait
from cyclegan_glasses.sources.synthetic import SyntheticSource


def main() -> None:
    """Time portraits, overlays and a whole set on disk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128, help="of the pictures (128)")
    parser.add_argument("--count", type=int, default=100, help="of portraits a measurement (100)")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    portraits = [random_portrait(0, number) for number in range(args.count)]
    draw_portrait(portraits[0], args.size)
    wall, cpu = time.perf_counter(), time.process_time()
    drawings = [draw_portrait(portrait, args.size) for portrait in portraits]
    report("portraits, one core", args.count, time.perf_counter() - wall, time.process_time() - cpu)
    frames = [frame_of(0, number) for number in range(args.count)]
    wall, cpu = time.perf_counter(), time.process_time()
    for drawing, frame in zip(drawings, frames, strict=True):
        drawing.with_glasses(frame)
    report("overlays, one core", args.count, time.perf_counter() - wall, time.process_time() - cpu)
    with tempfile.TemporaryDirectory() as folder:
        wall = time.perf_counter()
        source = SyntheticSource(count=args.count, size=args.size, test=0)
        for _ in draw_set(source, Path(folder) / "set"):
            pass
        report(f"a set on disk, {cores()} cores", args.count, time.perf_counter() - wall)


def report(what: str, count: int, wall: float, cpu: float | None = None) -> None:
    """Print one measurement; time on the processor does not depend on what else the machine does."""
    used = "" if cpu is None else f", {1000 * cpu / count:.1f} ms of processor time each"
    print(f"{what}: {count / wall:.1f} a second, {1000 * wall / count:.1f} ms each{used}")


if __name__ == "__main__":
    main()
