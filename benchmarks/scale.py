"""Time and memory from a pile of pictures to a training step, at 1, 10 and 100 thousand pictures.

    python benchmarks/scale.py [--counts 1000 10000 100000] [--measure 10000] [--workers 1] [--root DIR]
                               [--results scale.json] [--chart docs/images/scale.png]

Pictures of 96² are composed of drawn portraits on random backgrounds, half of them with glasses: each is
another to the hashes of the duplicates. Every stage is a process of its own:

    gather   crawl.py folder, which links the files
    measure  crawl.py filter, the first time: each picture is read and measured
    decide   crawl.py filter with known scores: verdicts and duplicates
    build    crawl.py build
    start    the data set opened, without a cache, to the first batch
    step     a step of a small CycleGAN, with the wait for its batch

Beyond `--measure` pictures the stage of that name is left out, and the scores that the others need are those
of measured pictures, with random hashes. Seconds are of the clock and of the processor, with the process's
own children; of `start` and `step` those of the work alone, without imports. Memory is the largest resident
set of one process, which reads no less than that of this script (90 MB). Rows that `--results` has are not
measured again, so sizes may be run one after another.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.photo import Photo, latest_photos, write_manifest
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait

ROOT = Path(__file__).resolve().parent.parent
SIDE, FACE, PEOPLE = 96, 72, 100
LABELS = ("none", "glasses")
STAGES = ("gather", "measure", "decide", "build", "start", "step")
WARM_UP, STEPS = 2, 10


def compose(folder: Path, count: int) -> None:
    """Write `count` pictures into folders called glasses and none below `folder`."""
    faces = []
    for number in range(PEOPLE):
        drawing = draw_portrait(random_portrait(0, number), FACE)
        faces.append(drawing.with_glasses(frame_of(0, number))[0] if number % 2 else drawing.image)
    for label in LABELS:
        (folder / label).mkdir(parents=True)
    for number in progress(range(count), count, "pictures composed"):
        rng = np.random.default_rng([count, number])
        coarse = rng.integers(0, 256, (7, 7, 3), np.uint8)
        picture = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        left, top = rng.integers(0, SIDE - FACE + 1, 2)
        picture[top : top + FACE, left : left + FACE] = faces[number % PEOPLE]
        cv2.imwrite(str(folder / LABELS[number % 2] / f"{number:07}.jpg"), picture[..., ::-1])


def known_scores(folder: Path, like: list[Photo]) -> None:
    """Write the manifest of `folder` anew, without verdicts; rows that were not measured get the scores of
    `like` in turn, and random hashes."""
    rng, others = np.random.default_rng(0), cycle(like)

    def known(photo: Photo) -> Photo:
        if not photo.scores:
            other = next(others)
            facts = {**photo.facts, "measured": other.facts["measured"], "hashes": rng.bytes(16).hex()}
            photo = replace(photo, scores=other.scores, facts=facts)
        return replace(photo, verdict="", reason="")

    write_manifest(folder, map(known, latest_photos(folder).values()))


def measured(command: list[str]) -> tuple[float, float, float, str]:
    """Seconds of the clock, seconds of the processor and MB of a command, and what it printed."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        output.seek(0)
        printed = output.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)}\n{printed}")
    unit = 1 if sys.platform == "darwin" else 1024
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6, printed


def rows(count: int, root: Path, wanted: list[str], args: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Measure the stages of one size, those before them included."""
    pile, gathered, built = (root / f"{name}{count}" for name in ("pile", "gathered", "built"))
    if not pile.exists():
        compose(pile, count)
    crawl, few = [sys.executable, "crawl.py"], ["--workers", str(args.workers)]
    child = [sys.executable, __file__, "--root", str(built), "--child"]
    commands = {
        "gather": [*crawl, "folder", str(pile), "--out", str(gathered), *few],
        "measure": [*crawl, "filter", str(gathered), "--align", *few],
        "decide": [*crawl, "filter", str(gathered), "--align", *few],
        "build": [*crawl, "build", str(built), "--from", str(gathered), *few],
        "start": [*child, "start"],
        "step": [*child, "step"],
    }
    example = root / "measured.json"
    for stage in wanted:
        if stage == "measure" and count > args.measure:
            continue
        if stage == "decide":
            like = [Photo.from_json(line) for line in example.read_text("utf-8").splitlines()]
            known_scores(gathered, like)
        wall, processor, memory, printed = measured(commands[stage])
        if stage == "measure":
            scored = (photo for photo in latest_photos(gathered).values() if photo.scores)
            lines = [photo.to_json() for photo in islice(scored, 1000)]
            example.write_text("\n".join(lines), "utf-8")
        if stage in ("start", "step"):
            wall, processor = map(float, printed.split()[-2:])
        yield {"stage": stage, "count": count, "wall": wall, "processor": processor, "memory": memory}


def child(stage: str, root: Path) -> None:
    """In a process of its own: print the seconds of opening a data set, or of a step."""
    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.data.settings import DataSettings
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.networks.settings import DiscriminatorSettings, GeneratorSettings
    from cyclegan_glasses.objectives.cyclegan import CycleGAN
    from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings

    if stage == "step":
        small = CycleGANSettings(
            generator=GeneratorSettings("resnet_6blocks", filters=16),
            discriminator=DiscriminatorSettings(filters=16),
        )
        objective = CycleGAN(small, choose_precision("auto", choose_device()))
    wall, processor = time.perf_counter(), time.process_time()
    settings = DataSettings(str(root), load_size=72, crop_size=64, num_threads=0, cache="none")
    batches = make_batches(settings).epoch(1)
    first = next(batches)
    steps = 1
    if stage == "step":
        steps = STEPS
        for _ in range(WARM_UP):
            objective.step(first)
        wall, processor = time.perf_counter(), time.process_time()
        for _ in range(STEPS):
            objective.step(next(batches))
    print((time.perf_counter() - wall) / steps, (time.process_time() - processor) / steps)


def table(found: list[dict[str, object]]) -> None:
    """Print the rows, a line for each stage and size."""
    print("| stage | pictures | s | s of the processor | MB |", "| --- " * 5 + "|", sep="\n")
    for row in sorted(found, key=lambda row: (STAGES.index(row["stage"]), row["count"])):
        print("| {stage} | {count:,} | {wall:.3g} | {processor:.3g} | {memory:,.0f} |".format(**row))


def draw(found: list[dict[str, object]], file: Path) -> None:
    """The curves: processor time and memory by the number of pictures."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, key, label in zip(
        axes,
        ("processor", "memory"),
        ("seconds of the processor", "most memory of a process, MB"),
        strict=True,
    ):
        for stage in STAGES:
            of_stage = sorted((row["count"], row[key]) for row in found if row["stage"] == stage)
            if of_stage:
                axis.plot(*zip(*of_stage, strict=True), marker="o", label=stage)
        axis.set(xscale="log", yscale="log", xlabel="pictures", ylabel=label)
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(STAGES))
    figure.savefig(file, dpi=110)


def main() -> None:
    """Measure what `--results` lacks, print the table and draw the curves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--measure", type=int, default=10_000, help="pictures that are measured at most")
    parser.add_argument("--stages", nargs="+", default=STAGES, choices=STAGES)
    parser.add_argument("--workers", type=int, default=1, help="processes of a command")
    parser.add_argument("--root", type=Path, help="where pictures are kept (default: a temporary folder)")
    parser.add_argument("--results", type=Path, help="JSON with the rows")
    parser.add_argument("--chart", type=Path, help="PNG of the curves; needs matplotlib")
    parser.add_argument("--child", choices=("start", "step"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.root)
        return
    counts = sorted(set(args.counts))
    if counts[0] > args.measure:
        parser.error(f"--measure {args.measure}: at least the smallest of --counts is measured")
    there = args.results and args.results.exists()
    found = json.loads(args.results.read_text("utf-8")) if there else []
    done = {(row["stage"], row["count"]) for row in found}
    with tempfile.TemporaryDirectory() as temporary:
        root = args.root or Path(temporary)
        for count in counts:
            wanted = [stage for stage in args.stages if (stage, count) not in done]
            for row in rows(count, root, wanted, args):
                found.append(row)
                if args.results:
                    args.results.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    table(found)
    if args.chart:
        draw(found, args.chart)


if __name__ == "__main__":
    main()
