"""How long a command takes from its start to its file, and how much memory, each in a process of its own.

    python benchmarks/start.py PHOTO [--times 5] [--package DIR]

PHOTO shows a face with glasses. Seconds on the clock and of the processor, of the fastest of `--times`
processes, and the most memory that any of them held; the first process of all, which may have to read the
packages from the disk, stands beside it. `--package` is another checkout of this project, to compare with.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

COMMANDS = {
    "--help": ["remove", "--help"],
    "a photo that is missing": ["remove", "missing.jpg"],
    "remove": ["remove", "PHOTO", "-o", "removed.jpg"],
    "add": ["add", "PHOTO", "-o", "added.jpg", "--frame", "round", "--force"],
    "add --frame learned": ["add", "PHOTO", "-o", "learned.jpg", "--frame", "learned", "--force"],
    "swap": ["swap", "PHOTO", "-o", "swapped.jpg", "--frame", "aviator"],
    "judge": ["judge", "PHOTO"],
    "recommend": ["recommend", "PHOTO", "-o", "sheet.png"],
    "doctor": ["doctor"],
}


def timed(argv: list[str], package: Path) -> tuple[float, float, float]:
    """Seconds on the clock and of the processor, and MB at most, of a command in a new process."""
    environment = {**os.environ, "PYTHONPATH": str(package)}
    with TemporaryDirectory() as folder:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "cyclegan_glasses", *argv],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, _, usage = os.wait4(process.pid, 0)
        return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, memory(usage)


def memory(usage: resource.struct_rusage) -> float:
    """The most memory that a process held, in MB; systems count it in different units."""
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photo", type=Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--package", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    args = parser.parse_args()
    print("| command | first | clock | processor | memory |\n| --- | --- | --- | --- | --- |")
    for name in args.only:
        argv = [str(args.photo.resolve()) if word == "PHOTO" else word for word in COMMANDS[name]]
        runs = [timed(argv, args.package.resolve()) for _ in range(args.times)]
        clock, processor, most = (
            min(run[0] for run in runs),
            min(run[1] for run in runs),
            max(run[2] for run in runs),
        )
        row = f"| {name} | {runs[0][0]:.2f} s | {clock:.2f} s | {processor:.2f} s | {most:.0f} MB |"
        print(row, flush=True)


if __name__ == "__main__":
    main()
