"""What the checks of files cost: this checkout beside another one, by the time of the processor.

    python benchmarks/checks.py --other CHECKOUT --pictures FOLDER [--count 40] [--rounds 7]

Both checkouts take turns, each part in a process of its own. The parts: `loader` reads COUNT pictures ten
times as training does, `edit` edits COUNT of them as `remove` does, `gather` gathers COUNT into a folder ten
times with their manifest, `manifest` reads 20,000 rows. Ratios of the least times: below 1 this one is
quicker. The machine's load changes the time of the processor too, so the median of the rounds' ratios stands
beside.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = """
import sys, time, tempfile, shutil
from pathlib import Path
import torch
torch.set_num_threads(1)
folder, count = Path(sys.argv[1]), int(sys.argv[2])
def run(work, times):
    work()
    begun = time.process_time()
    for _ in range(times): work()
    print(time.process_time() - begun)
"""
PARTS = {
    "loader": """
from cyclegan_glasses.data.loader import make_batches
from cyclegan_glasses.data.settings import DataSettings
batches = make_batches(DataSettings(str(folder), num_threads=0), device=torch.device("cpu"))
epochs = iter(range(1, 99))
run(lambda: [None for _ in batches.epoch(next(epochs))], 10)
""",
    "edit": """
from cyclegan_glasses.editing.batch import edit_files
from cyclegan_glasses.editing.jobs import EditJob
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.settings import EditSettings, OutputSettings
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.faces.detect import make_detector
editor = GlassesEditor(load_model(None), make_detector(None))
photos = sorted((folder / "trainA").iterdir())
with tempfile.TemporaryDirectory() as out:
    jobs = [EditJob(photo, Path(out) / f"{photo.stem}.png") for photo in photos]
    how = OutputSettings(overwrite=True)
    run(lambda: list(edit_files(editor, jobs, "AtoB", EditSettings(), how, None, 1)), 1)
""",
    "gather": """
from cyclegan_glasses.collect.folder import collect
from cyclegan_glasses.collect.settings import CollectSettings
from cyclegan_glasses.sources.folder import FolderSource
def work():
    with tempfile.TemporaryDirectory() as out:
        list(collect(FolderSource(folder).photos(), Path(out) / "o", CollectSettings(), None, 1))
run(work, 10)
""",
    "manifest": """
from cyclegan_glasses.photo import Photo, latest_photos, write_manifest
facts = {"face": {"landmarks": [[1.5, 2.5]] * 5, "turn": 3.5}}
rows = [Photo(f"photos/{n}.png", "folder", f"o{n}", label="none", sha256="0" * 64, width=9, height=9,
              facts=facts, scores={"faces": 1.0, "turn": 2.0}) for n in range(20_000)]
with tempfile.TemporaryDirectory() as out:
    write_manifest(Path(out), rows)
    run(lambda: latest_photos(Path(out)), 3)
""",
}


def measured(checkout: Path, part: str, data: Path, count: int) -> float:
    """Seconds of the processor that a part takes in a checkout."""
    code, env = HEAD + PARTS[part], {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    asked = [sys.executable, "-c", code, str(data), str(count)]
    done = subprocess.run(asked, capture_output=True, text=True, env=env, cwd=checkout, check=False)
    if done.returncode:
        raise SystemExit(f"{part} in {checkout}: {done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--other", type=Path, required=True, help="checkout to compare with")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of photos")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    print("| part | the other | this | ratio of the least | median ratio |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        photos = sorted(args.pictures.rglob("*.jpg"))[: 2 * args.count]
        for number, photo in enumerate(photos):
            domain = Path(name) / ("trainA" if number % 2 else "trainB")
            domain.mkdir(exist_ok=True)
            (domain / f"{number}.jpg").write_bytes(photo.read_bytes())
        for part in args.parts:
            pairs = [
                tuple(measured(checkout, part, Path(name), args.count) for checkout in (args.other, ROOT))
                for _ in range(args.rounds)
            ]
            other, this = (min(times) for times in zip(*pairs, strict=True))
            median = statistics.median(b / a for a, b in pairs)
            print(
                f"| {part} | {other:.2f} s | {this:.2f} s | {this / other:.3f} | {median:.3f} |", flush=True
            )


if __name__ == "__main__":
    main()
