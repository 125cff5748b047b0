"""`learn` on photos of LFW, of which no person is in both folders:

    python benchmarks/learning.py PHOTOS OUT --count 150 --minutes 40
    python benchmarks/learning.py PHOTOS OUT --count 150 --minutes 40 --unsorted

PHOTOS holds photos.csv with path, source, label and person. The folders are OUT/with and OUT/without,
or OUT/photos for all unsorted; the work and the page are in OUT/learnt.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import sys
import time
from pathlib import Path

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.errors import run_command

FOLDERS = {"glasses": "with", "none": "without"}


def copy_photos(photos: Path, out: Path, count: int, seed: int, unsorted: bool) -> list[Path]:
    """Copy `count` photos of each label, a photo a person, and return the folders."""
    with (photos / "photos.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "lfw"]
    random.Random(seed).shuffle(rows)
    taken, folders = set[str](), dict[Path, None]()
    for label, name in FOLDERS.items():
        folder = out / ("photos" if unsorted else name)
        folder.mkdir(parents=True, exist_ok=True)
        folders[folder] = None
        chosen = 0
        for row in rows:
            if row["label"] == label and row["person"] not in taken and chosen < count:
                shutil.copy(photos / row["path"], folder)
                taken.add(row["person"])
                chosen += 1
    return list(folders)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--unsorted", action="store_true")
    args = parser.parse_args()
    folders = copy_photos(args.photos, args.out, args.count, args.seed, args.unsorted)
    start, used = time.monotonic(), time.process_time()
    typed = ["learn", *map(str, folders), "--out", str(args.out / "learnt"), "--minutes", str(args.minutes)]
    code = run_command(parse([*typed, "--display_id", "0"]))
    print(f"{time.monotonic() - start:.0f} s, {time.process_time() - used:.0f} s of processor time")
    return code


if __name__ == "__main__":
    sys.exit(main())
