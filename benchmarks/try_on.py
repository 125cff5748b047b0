"""How long a drawn frame takes; what becomes of photos that show glasses already, and of bystanders.

    python benchmarks/try_on.py time FOLDER [--count 10] [--sizes 500 1000 3000] [--yunet FILE]
    python benchmarks/try_on.py leave FOLDER [--count 200] [--sheet sheet.png] [--yunet FILE]
    python benchmarks/try_on.py groups FOLDER [--count 20] [--sheet sheet.png] [--yunet FILE]

`time` enlarges portraits so that their longer side has so many pixels, and prints the median of the
milliseconds of one core that each step takes, after loading. `leave` asks for glasses on photos that show
some already, and counts the faces that were drawn on. `groups` does so on pictures of one large face and five
small ones.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from PIL import Image

from cyclegan_glasses.domains import ADD
from cyclegan_glasses.editing.drawing import Drawing, all_frames, draw, fit
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.reports import EDITED
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.editing.sheet import sheet_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import find_pictures, open_picture
from cyclegan_glasses.overlays.settings import FrameSettings

Result = TypeVar("Result")


def pictures(folder: Path, count: int) -> Iterator[np.ndarray]:
    """So many photos of a folder, evenly chosen."""
    files = find_pictures(folder)
    if not files:
        raise UserError(f"there are no pictures in {folder}")
    count = min(count, len(files))
    return (np.asarray(open_picture(files[i * len(files) // count])) for i in range(count))


def timed(found: list[float], step: Callable[[], Result]) -> Result:
    """What `step` gives; the milliseconds of one core that it took are noted."""
    start = time.process_time()
    result = step()
    found.append(1000 * (time.process_time() - start))
    return result


def times(editor: GlassesEditor, args: argparse.Namespace) -> None:
    """A row for each size."""
    frames, settings = all_frames(FrameSettings()), EditSettings(force=True)
    frame = frames["panto"]
    print("| longer side | eyes apart | find | fit | draw | one frame, all steps | sheet of all frames |")
    print("|" + " --- |" * 7)
    for side in args.sizes:
        found: dict[str, list[float]] = defaultdict(list)
        for number, image in enumerate(pictures(args.folder, args.count + 1)):
            scale = side / max(image.shape[:2])
            size = [round(scale * length) for length in image.shape[1::-1]]
            photo = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
            faces = editor.detector.find_faces(photo)[:1]
            if not faces:
                continue
            if not number:  # what is loaded at first use is loaded now
                editor.edit(photo, ADD, settings, Drawing())
                continue
            found["eyes"].append(float(np.hypot(*(faces[0].landmarks[1] - faces[0].landmarks[0]))))
            timed(found["find"], lambda photo=photo: editor.detector.find_faces(photo))
            fitted = timed(found["fit"], lambda photo=photo, face=faces[0]: fit(photo, face))
            timed(found["draw"], lambda photo=photo, fitted=fitted: draw(photo.copy(), frame, fitted))
            timed(found["all"], lambda photo=photo: editor.edit(photo, ADD, settings, Drawing(frame)))
            timed(found["sheet"], lambda photo=photo, face=faces[0]: sheet_of(photo, face, frames))
        print(f"| {side} px | " + " | ".join(f"{np.median(values):.0f}" for values in found.values()) + " |")


def group(images: list[np.ndarray], side: int = 1000) -> np.ndarray:
    """The first portrait large in the middle, the others small around it."""
    canvas = np.full((side, side, 3), 128, np.uint8)
    places = ((200, 200, 600), (0, 0, 200), (800, 0, 200), (0, 800, 200), (400, 0, 200), (800, 800, 200))
    for image, (left, top, size) in zip(images, places, strict=False):
        resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
        canvas[top : top + size, left : left + size] = resized
    return canvas


def outcomes(editor: GlassesEditor, photos: Iterator[np.ndarray], args: argparse.Namespace) -> None:
    """Ask for glasses, and count what became of the largest face and of the others."""
    counts: Counter[str] = Counter()
    cells = []
    for photo in photos:
        edit = editor.edit(photo, ADD, drawing=Drawing())
        for number, report in enumerate(edit.faces):
            which = "another face" if number else "largest face"
            counts[f"{which}: {report.reason or report.done}"] += 1
        if any(report.done == EDITED for report in edit.faces):
            cells.append(cv2.resize(edit.picture, (500, 500), interpolation=cv2.INTER_AREA))
        counts["no face"] += not edit.faces
    for outcome, count in counts.most_common():
        print(f"{count} {outcome}")
    if args.sheet and cells:
        cells += [np.zeros_like(cells[0])] * (-len(cells) % 4)
        rows = [np.hstack(cells[first : first + 4]) for first in range(0, len(cells), 4)]
        Image.fromarray(np.vstack(rows)).save(args.sheet)


def main() -> None:
    """Measure what is asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("time", "leave", "groups"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 1000, 3000])
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--yunet", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    editor = GlassesEditor.load(device="cpu", yunet=args.yunet)
    if args.what == "time":
        times(editor, args)
    elif args.what == "leave":
        outcomes(editor, pictures(args.folder, args.count), args)
    else:
        images = list(pictures(args.folder, 6 * args.count))
        outcomes(editor, (group(images[6 * i : 6 * i + 6]) for i in range(args.count)), args)


if __name__ == "__main__":
    main()
