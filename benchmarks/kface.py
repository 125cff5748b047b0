"""How long a K-FACE tree of a million files takes to plan, and in how much memory.

    python benchmarks/kface.py [--people 93] [--folder TEMPORARY_FOLDER]

Makes a tree of empty files in the documented shape (10,800 a person), runs `crawl.py aihub --dry_run` over it
with the usual selection and with everything, and removes the tree. A tree of one person, planned with
everything, shows what the memory is made of.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEVELS = ("--accessory", "--light", "--expression", "--camera", "--resolution")
ALL = [word for level in LEVELS for word in (level, "all")]


def make_tree(root: Path, people: int) -> int:
    """Empty files of one resolution; returns how many."""
    count = 0
    for number in range(people):
        for s in range(1, 7):
            for light in range(1, 31):
                for e in range(1, 4):
                    folder = root / f"High_Resolution/{19_060_000 + number}/S00{s}/L{light}/E0{e}"
                    folder.mkdir(parents=True)
                    for camera in range(1, 21):
                        (folder / f"C{camera}.jpg").touch()
                    count += 20
    return count


def measure(tree: Path, argv: list[str]) -> str:
    """Run the command and say what it counted, its seconds and the largest memory of any run so far."""
    command = [
        sys.executable,
        str(ROOT / "crawl.py"),
        "aihub",
        str(tree),
        "--out",
        str(tree / "out"),
        "--dry_run",
    ]
    start, used = time.perf_counter(), _processor_seconds()
    done = subprocess.run([*command, *argv], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    used = _processor_seconds() - used
    return f"{done.stdout.strip()}; {seconds:.1f} s, of which processor {used:.1f} s; {memory:.0f} MB"


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def main() -> None:
    """Make, measure, remove."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=93)
    parser.add_argument("--folder", type=Path, help="where the tree is made (the usual temporary folder)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        root = Path(name)
        make_tree(root / "one", 1)
        count = make_tree(root / "many", args.people)
        print(f"{count} files of {args.people} people")
        print("one person, everything:", measure(root / "one", ALL))
        print("usual selection:       ", measure(root / "many", []))
        print("everything:            ", measure(root / "many", ALL))


if __name__ == "__main__":
    main()
