"""Fuzz the readers of the outside world.

    python -m tests.fuzz --minutes 60 --seed 0 [--only pictures] [--case 1234] [--keep FOLDER]

Case N of a seed is always the same file, whatever ran before it, and `--case N` runs it alone. Cases run in a
process of their own: one that hangs, takes too much memory or ends the process is a failure like one that
raises what its reader does not document. The files of failures are kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.cases import SECONDS, Outcome, case_file, run_case, run_cases

_PATIENCE = 60 + 3 * SECONDS  # a minute for the imports


def main() -> int:
    """Run until the time is up; 1 where a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, metavar="N", help="first case")
    parser.add_argument("--only", default="", metavar="WORD", help="readers whose names hold this word")
    parser.add_argument("--case", type=int, metavar="N", help="run this one alone, in this process")
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzz-failures"), help="folder of files that failed"
    )
    args = parser.parse_args()
    if args.case is not None:
        with TemporaryDirectory() as folder:
            print(run_case(args.seed, args.case, args.only, Path(folder), reraise=True))
        return 0
    outcomes = _run(args.seed, args.start, args.minutes * 60, args.only, args.keep)
    failures = [outcome for outcome in outcomes if outcome.failure]
    _report(outcomes, failures)
    return 1 if failures else 0


def _run(seed: int, start: int, seconds: float, only: str, keep: Path) -> list[Outcome]:
    """Outcomes of cases from `start` on; a new process takes over after the death of one."""
    end, number, outcomes = time.monotonic() + seconds, start, list[Outcome]()
    context = multiprocessing.get_context("spawn")
    while time.monotonic() < end:
        ours, theirs = context.Pipe()
        worker = context.Process(target=run_cases, args=(theirs, seed, number, only, end - time.monotonic()))
        worker.start()
        theirs.close()
        while True:
            try:
                outcome = ours.recv() if ours.poll(_PATIENCE) else None
            except EOFError:  # its time is up, or it died
                worker.join()
                break
            if outcome is None:
                worker.kill()
                worker.join()
                break
            if outcome.failure:
                _keep(keep, seed, outcome, only)
            outcomes.append(outcome)
            number = outcome.number + 1
        if worker.exitcode != 0:
            how = "hangs" if outcome is None else f"ends the process ({worker.exitcode})"
            outcomes.append(Outcome(number, "", 0.0, 0, how))
            _keep(keep, seed, outcomes[-1], only)
            number += 1
    return outcomes


def _keep(folder: Path, seed: int, outcome: Outcome, only: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    reader, data = case_file(seed, outcome.number, only)
    name = f"{seed}-{outcome.number}-{reader.name.replace(' ', '_')}"
    (folder / name).write_bytes(data)
    print(f"case {outcome.number} ({reader.name}): {outcome.failure}", file=sys.stderr, flush=True)


def _report(outcomes: list[Outcome], failures: list[Outcome]) -> None:
    counts = Counter(outcome.reader for outcome in outcomes)
    for name, count in sorted(counts.items()):
        of_it = [outcome for outcome in outcomes if outcome.reader == name]
        failed = sum(bool(outcome.failure) for outcome in of_it)
        longest = max(outcome.seconds for outcome in of_it)
        peak = max(outcome.megabytes for outcome in of_it)
        line = f"{name or 'the process ended':20} {count:8} cases {failed:5} failed"
        print(f"{line}  longest {longest:6.2f} s  peak of the process {peak} MB")
    print(f"{len(outcomes)} cases, {len(failures)} failed")


if __name__ == "__main__":
    sys.exit(main())
