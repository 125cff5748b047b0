"""How many photos a second the filter measures, and how its memory grows with the manifest.

    python benchmarks/filter.py --pictures FOLDER [--count 400] [--workers 2] [--rows 1000 10000 100000]

Speed: every criterion on the first COUNT pictures of FOLDER, files read from disk, with the start of the
processes and without. Memory and time: `crawl.py filter` with another threshold over manifests of ROWS photos
whose scores are known, each in a process of its own.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]


def speed(pictures: Path, count: int, workers: int) -> str:
    """Photos a second over `count` pictures."""
    from cyclegan_glasses.criteria.filtering import decide_folders, measure_folders
    from cyclegan_glasses.criteria.settings import FilterSettings
    from cyclegan_glasses.images import find_pictures
    from cyclegan_glasses.photo import Photo, write_manifest

    files = find_pictures(pictures)[:count]
    settings = FilterSettings(align=True, workers=workers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, file in enumerate(files):
            (folder / f"{number}{file.suffix}").write_bytes(file.read_bytes())
        write_manifest(folder, (Photo(f"{n}{file.suffix}", label="none") for n, file in enumerate(files)))
        start = time.perf_counter()
        measuring = measure_folders([folder], settings)
        next(measuring)
        first = time.perf_counter()
        done = sum(1 for _ in measuring)
        end = time.perf_counter()
        decide_folders([folder], settings)
        decided = time.perf_counter()
    everyone = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = sum(resource.getrusage(who).ru_utime for who in everyone)
    return (
        f"{len(files)} photos, {workers} processes: {done / (end - first):.0f} photos/s "
        f"({len(files) / (end - start):.0f} with the start), deciding {decided - end:.2f} s, "
        f"{1000 * used / len(files):.1f} ms of processor time a photo"
    )


def memory(rows: int) -> str:
    """Peak memory and time of a filter run over `rows` photos with known scores."""
    with tempfile.TemporaryDirectory() as name:
        write_rows(Path(name), rows)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        command = [sys.executable, __file__, "--child", name]
        peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        return f"{rows:7,} rows: {int(peak) / 1024:.0f} MiB at most, {seconds:.1f} s of processor time"


def write_rows(folder: Path, rows: int) -> None:
    """A manifest of measured photos without pictures."""
    from cyclegan_glasses.criteria.measure import fingerprint
    from cyclegan_glasses.faces.detect import make_detector
    from cyclegan_glasses.photo import Photo, write_manifest

    lots = random.Random(0)
    stamp = fingerprint(make_detector(), None)
    names = (
        "second_face second_face_in_crop face_share outside eye_margin roll turn nose eye_distance "
        "brightness contrast sharpness lens frame_margin edges lower_colour side_colour eye_imbalance"
    )

    def photo(number: int) -> Photo:
        scores = {
            "faces": 1.0,
            **{name: round(lots.random(), 4) for name in names.split()},
        }
        facts = {"measured": stamp, "hashes": f"{lots.getrandbits(128):032x}"}
        digest = f"{lots.getrandbits(256):064x}"
        return Photo(
            f"photos/{number:08d}.jpg",
            label="none",
            sha256=digest,
            scores={"faces": 1.0, **scores},
            facts=facts,
        )

    write_manifest(folder, (photo(number) for number in range(rows)))


def child(folder: Path) -> None:
    """Filter `folder` and print the peak memory of this process in kB."""
    from cyclegan_glasses.criteria.filtering import decide_folders, measure_folders
    from cyclegan_glasses.criteria.settings import FilterSettings, Thresholds

    easy = {"min_eye_distance": 0.0, "min_brightness": 0.0, "min_contrast": 0.0, "min_sharpness": 0.0}
    settings = FilterSettings(thresholds=Thresholds(**easy), align=True, workers=1)
    if any(measure_folders([folder], settings)):
        raise SystemExit("a photo was measured again: the scores are of another version")
    decide_folders([folder], settings)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return child(args.child)
    if args.pictures:
        print(speed(args.pictures, args.count, args.workers), flush=True)
    for rows in args.rows:
        print(memory(rows), flush=True)


if __name__ == "__main__":
    main()
