"""Kills commands at random moments, types them again until they end, and compares with what was left alone.

    python -m tests.kill_harness training gathering edit web --kills 20 --seed 0

Three of four stops are SIGKILL, the others SIGINT, as Ctrl-C sends it; half of them go to the processes that
the command started as well. The moment is drawn evenly, a quarter of the times over the whole run with the
start of Python, else from the first change in the output folder on. In the end the exit code is 0, every file
holds what it holds after a run that nobody stopped, and nothing else is there.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch

from cyclegan_glasses.editing.journal import JOURNAL
from cyclegan_glasses.photo import MANIFEST
from cyclegan_glasses.sources.fetch_log import LOG
from tests.commands import ROOT, TINY, files, two_domains
from tests.data.drawing import fill
from tests.forks import Forked, run_python
from tests.sources.loopback import Site
from tests.sources.test_web_crawl import QUICK, openverse
from tests.training.helpers import differences

MOST_KILLS, MOST_TRIES = 6, 40
Compare = Callable[[bytes, bytes], bool]
Start = Callable[[list[str]], "Forked | subprocess.Popen[str]"]


class Subject(Protocol):
    """Something to be killed."""

    def prepare(self, folder: Path) -> None:
        """Make what the command reads."""

    def command(self, folder: Path, out: Path, said: str) -> list[str]:
        """The command line after `python`; `said` is what the last one printed as an error."""
        ...

    def is_equal(self, name: str, one: bytes, other: bytes) -> bool:
        """Whether two files that should be equal are."""
        return one == other


class Training(Subject):
    """Epochs, saves by pictures, history: the state tensor by tensor."""

    def prepare(self, folder: Path) -> None:
        two_domains(folder / "data", a=24, b=20)

    def command(self, folder: Path, out: Path, said: str) -> list[str]:
        frequent = "--n_epochs 4 --n_epochs_decay 0 --print_freq 7 --save_latest_freq 10 --save_epoch_freq 2"
        argv = ["train.py", "--dataroot", str(folder / "data"), "--checkpoints_dir", str(out), "--name", "x"]
        go_on = ["--continue_train"] if "--continue_train" in said else []  # as the error says
        return [*argv, *TINY, *frequent.split(), "--save_by_iter", *go_on]

    def is_equal(self, name: str, one: bytes, other: bytes) -> bool:
        if name.endswith(".pt"):
            states = [torch.load(io.BytesIO(content), weights_only=True) for content in (one, other)]
            for state in states:  # what Python and NumPy would draw, which training does not ask
                del state["random"]["python"], state["random"]["numpy"]
            return differences(*states) == []
        if name.endswith("history.jsonl"):
            return _without(one, "time", "pictures_per_second") == _without(
                other, "time", "pictures_per_second"
            )
        sessions = (".txt", "train_opt.json")  # when they began, and by which command
        return name.endswith(sessions) or one == other


class Gathering(Subject):
    """A pile into a folder, pairs with drawn glasses, two domains: by two processes."""

    def __init__(self, verb: str, count: int = 40) -> None:
        self.verb, self.count = verb, count

    def prepare(self, folder: Path) -> None:
        pile = folder / "pile"
        if self.verb == "folder":
            fill(pile, 600)
        else:
            size = ["--count", str(self.count), "--size", "96", "--jobs", "1"]
            _run(["crawl.py", "synthetic", "--out", str(pile), *size])
        (folder / "empty").mkdir()

    def command(self, folder: Path, out: Path, said: str) -> list[str]:
        pile, workers = str(folder / "pile"), ["--workers", "2"]
        if self.verb == "build":
            some = ["--unfiltered", "--size", "64", "--duplicate_bits", "-1"]
            return ["crawl.py", "build", str(out), "--from", pile, *some, *workers]
        return ["crawl.py", self.verb, pile, "--out", str(out), *workers]


class Edit(Subject):
    """Photos of a folder, with pairs of before and after."""

    def __init__(self, count: int = 24) -> None:
        self.count = count

    def prepare(self, folder: Path) -> None:
        size = ["--count", str(self.count), "--jobs", "1"]
        _run(["crawl.py", "synthetic", "--out", str(folder / "pile"), *size])

    def command(self, folder: Path, out: Path, said: str) -> list[str]:
        photos = str(folder / "pile" / "trainA")
        return [
            "-m",
            "cyclegan_glasses",
            "remove",
            photos,
            "-o",
            str(out),
            "--before_after",
            "--device",
            "cpu",
        ]

    def is_equal(self, name: str, one: bytes, other: bytes) -> bool:
        return name == JOURNAL or one == other


class Web(Subject):
    """A search on a server of this machine."""

    def prepare(self, folder: Path) -> None:
        self.site = Site()
        self.site.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever was killed
        openverse(self.site, 120, delay=0.05)

    def command(self, folder: Path, out: Path, said: str) -> list[str]:
        some = ["--count", "120", "--endpoint", self.site.url(""), "--connections", "2", *QUICK]
        return ["crawl.py", "openverse", "a face", "--out", str(out), *some]

    def is_equal(self, name: str, one: bytes, other: bytes) -> bool:
        if name in (MANIFEST, LOG):  # as they arrived; what a kill cut off is fetched, and noted, again
            return set(one.splitlines()) == set(other.splitlines())
        return one == other


SUBJECTS: dict[str, list[Callable[[], Subject]]] = {
    "training": [Training],
    "gathering": [lambda verb=verb: Gathering(verb) for verb in ("folder", "overlay", "build")],
    "edit": [Edit],
    "web": [Web],
}


@dataclass
class Account:
    """What became of it all."""

    stops: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    commands: int = 0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        stops = ", ".join(f"{count} {name}" for name, count in sorted(self.stops.items()))
        text = f"{self.stops.total()} stops ({stops}), {self.rounds} rounds, {self.commands} commands"
        return "\n  ".join([f"{text}, {len(self.failures)} failures", *self.failures])


def kill_at_random(
    make: Callable[[], Subject], kills: int, rng: random.Random, account: Account, start: Start | None = None
) -> None:
    """Rounds of stops until there were `kills` of them; what is found goes to `account`."""
    start = start or start_python
    subject, done = make(), 0
    with tempfile.TemporaryDirectory(prefix="kills") as temporary:
        folder = Path(temporary)
        subject.prepare(folder)
        whole = folder / "whole" / "out"
        times = _watched(subject, folder, whole, start)
        while done < kills:
            out = folder / f"killed{account.rounds}" / "out"
            done += _round(subject, folder, out, min(MOST_KILLS, kills - done), times, rng, account, start)
            account.failures += [
                f"{subject.command(folder, out, '')[:2]} {wrong}"
                for wrong in _compare(subject, files(whole.parent), files(out.parent))
            ]
            shutil.rmtree(out.parent)


def _round(
    subject: Subject,
    folder: Path,
    out: Path,
    kills: int,
    times: tuple[float, float],
    rng: random.Random,
    account: Account,
    start: Start,
) -> int:
    """Type a command until it ends with 0, stopped at most `kills` times; how often it was."""
    out.parent.mkdir()
    said, done = "", 0
    account.rounds += 1
    for _ in range(MOST_TRIES):
        before = _state(out.parent)
        process = start(subject.command(folder, out, said))
        account.commands += 1
        if done < kills:
            if rng.random() < 0.75:
                while process.poll() is None and _state(out.parent) == before:
                    time.sleep(0.005)
                time.sleep(rng.uniform(0, times[1]))
            else:
                time.sleep(rng.uniform(0, times[0]))
            if process.poll() is None:
                done += _stop(process, rng, account)
        said = process.communicate(timeout=600)[1]
        if "Traceback" in said and process.returncode != -signal.SIGINT:
            account.failures.append(f"{out}: {said[-600:]}")
        if process.returncode == 0:
            return done
        if process.returncode not in (2, 130, -signal.SIGINT, -signal.SIGKILL):
            account.failures.append(f"exit {process.returncode}: {said[-300:]}")
    account.failures.append(f"did not end: {said[-300:]}")
    return done


def _stop(process: Forked | subprocess.Popen[str], rng: random.Random, account: Account) -> int:
    number = signal.SIGINT if rng.random() < 0.25 else signal.SIGKILL
    try:
        if rng.random() < 0.5:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    except ProcessLookupError:
        return 0
    account.stops[number.name] += 1
    return 1


def _watched(subject: Subject, folder: Path, out: Path, start: Start) -> tuple[float, float]:
    """Run it whole: its seconds, and those from the first change in the folder on."""
    out.parent.mkdir()
    begin, first = time.monotonic(), 0.0
    process = start(subject.command(folder, out, ""))
    while process.poll() is None:
        first = first or (time.monotonic() if _state(out.parent) else 0.0)
        time.sleep(0.01)
    said, end = process.communicate()[1], time.monotonic()
    if process.returncode:
        raise SystemExit(f"it does not run: {said}")
    return end - begin, end - (first or begin)


def _compare(subject: Subject, whole: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    wrong = [f"lacks {name}" for name in sorted(whole.keys() - other.keys())]
    wrong += [
        f"left {name}" for name in sorted(other.keys() - whole.keys()) if not name.endswith("previous.jsonl")
    ]
    common = sorted(whole.keys() & other.keys())
    return wrong + [
        f"differs {name}"
        for name in common
        if not subject.is_equal(name.removeprefix("out/"), whole[name], other[name])
    ]


def _state(folder: Path) -> set[tuple[str, int]]:
    found = set()
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                found.add((f"{top}/{name}", Path(top, name).stat().st_mtime_ns))
            except OSError:
                continue
    return found


def start_python(argv: list[str]) -> subprocess.Popen[str]:
    """A new Python, in a session of its own."""

    def listen() -> None:
        """What a shell starts in its background ignores Ctrl-C, and hands that on."""
        signal.signal(signal.SIGINT, signal.default_int_handler)

    return subprocess.Popen(
        [sys.executable, *argv],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listen,
    )


def start_fork(argv: list[str]) -> Forked:
    """A fork of a Python that has imported most of what commands need; see `tests.forks`."""
    return Forked(run_python, argv if argv[0] == "-m" else [str(ROOT / argv[0]), *argv[1:]])


def _run(argv: list[str]) -> None:
    process = start_fork(argv)
    if said := process.communicate()[1] if process.wait() else "":
        raise SystemExit(said)


def _without(rows: bytes, *names: str) -> list[dict[str, object]]:
    return [
        {name: value for name, value in json.loads(row).items() if name not in names}
        for row in rows.splitlines()
    ]


def main() -> int:
    """Kill, and print what became of it; 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("subjects", nargs="*", default=list(SUBJECTS), choices=list(SUBJECTS))
    parser.add_argument("--kills", type=int, default=20, help="of each subject")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    failed = 0
    for name in args.subjects:
        account, begin = Account(), time.monotonic()
        makes = SUBJECTS[name]
        for place, make in enumerate(makes):
            kills = args.kills * (place + 1) // len(makes) - args.kills * place // len(makes)
            kill_at_random(make, kills, random.Random(f"{name} {args.seed} {place}"), account)
        print(f"{name}: {account} ({time.monotonic() - begin:.0f} s)", flush=True)
        failed += len(account.failures)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
