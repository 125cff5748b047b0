"""What an edit leaves alone, how its seam looks, and where the time goes.

    python benchmarks/editing.py FOLDER [--count 12] [--name RUN_OR_FILE] [--direction AtoB] [--collages 2]
        [--sheet sheet.png]

FOLDER holds portraits; `--count` of them, evenly chosen, are edited as they are, and `--collages` pictures of
2,000 pixels with six of them each. Sharpness is the mean absolute Laplacian, after over before: where nothing
was changed, and in the soft edge of the changed region. `--sheet` writes before and after at 200 %.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from cyclegan_glasses.editing.blend import measure_change
from cyclegan_glasses.editing.editor import GlassesEditor, Target
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import spread
from cyclegan_glasses.images import find_pictures, open_picture, to_grey


def collage(images: list[np.ndarray], side: int = 2000) -> np.ndarray:
    """Six portraits of different sizes in one picture, as they would stand in a photo of a group."""
    canvas = np.full((side, side, 3), 128, np.uint8)
    places = (
        (0, 0, 1200),
        (1200, 0, 800),
        (1200, 800, 400),
        (1600, 800, 400),
        (0, 1200, 800),
        (800, 1200, 600),
    )
    for image, (left, top, size) in zip(images, places, strict=False):
        enlarged = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC)
        canvas[top : top + size, left : left + size] = enlarged
    return canvas


def soft_edge(targets: list[Target], edited: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Where the masks of the faces are neither 0 nor 1: bool (height, width)."""
    edge = np.zeros(shape[:2], bool)
    aligned = [target for target in targets if target.alignment is not None]
    for target, new in zip(aligned, edited, strict=True):
        assert target.alignment is not None
        mask = measure_change(target.crop.astype(np.float32), new).mask[:, :, None]
        window, there = spread(mask, target.alignment, shape)
        edge[window] |= (there[:, :, 0] > 0.02) & (there[:, :, 0] < 0.6)
    return edge


def laplacian(image: np.ndarray) -> np.ndarray:
    """Absolute, of the luminance: float (height, width)."""
    return np.abs(cv2.Laplacian(to_grey(image), cv2.CV_32F, ksize=3))


def measure(
    editor: GlassesEditor, image: np.ndarray, direction: str, found: dict[str, list[float]]
) -> np.ndarray:
    """Edit one picture and note what is measured."""
    settings, clock = EditSettings(), time.process_time
    data = io.BytesIO()
    Image.fromarray(image).save(data, "JPEG", quality=92)
    marks = [clock()]
    np.asarray(Image.open(data))
    marks.append(clock())
    targets = editor.find_targets(image, direction, settings)
    marks.append(clock())
    edited = editor.translate(targets, direction, settings)
    marks.append(clock())
    result, faces = editor.blend(image, targets, edited, settings)
    marks.append(clock())
    Image.fromarray(result).save(io.BytesIO(), "JPEG", quality=92)
    marks.append(clock())
    for name, seconds in zip(("decode", "find", "model", "blend", "encode"), np.diff(marks), strict=True):
        found[name].append(1000 * seconds)
    changed = (result != image).any(2)
    found["faces"].append(len(faces))
    found["region"].append(sum(face.area for face in faces))
    found["changed"].append(changed.mean())
    before, after = laplacian(image), laplacian(result)
    still = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    found["outside"].append(after[still].mean() / max(before[still].mean(), 1e-6))
    edge = soft_edge(targets, edited, image.shape)
    if edge.any():
        found["seam"].append(after[edge].mean() / max(before[edge].mean(), 1e-6))
    return result


def report(name: str, found: dict[str, list[float]]) -> None:
    """Print one row."""
    mean = {key: float(np.mean(values)) for key, values in found.items()}
    stages = ("decode", "find", "model", "blend", "encode")
    print(
        f"| {name} | {len(found['faces'])} | {sum(found['faces']):.0f} | {mean['region']:.1%} "
        f"| {mean['changed']:.1%} "
        f"| {mean['outside']:.4f} | {mean.get('seam', float('nan')):.2f} | "
        + " | ".join(f"{mean[stage]:.0f}" for stage in stages)
        + f" | {sum(mean[stage] for stage in stages):.0f} |",
        flush=True,
    )


def main() -> None:
    """Print the table, and write the sheet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--name")
    parser.add_argument("--direction", default="AtoB")
    parser.add_argument("--collages", type=int, default=2)
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    files = find_pictures(args.folder)
    if not files:
        raise UserError(f"there are no pictures in {args.folder}")
    images = [np.asarray(open_picture(files[i * len(files) // args.count])) for i in range(args.count)]
    editor = GlassesEditor.load(args.name, classifier=None, direction=args.direction)
    editor.edit(images[0], args.direction)
    columns = "pictures, faces, region, changed, sharpness outside, at the seam, "
    columns += "decode ms, find, model, blend, encode, sum"
    print("| of | " + " | ".join(columns.split(", ")) + " |\n|" + " --- |" * 13)
    found: dict[str, list[float]] = defaultdict(list)
    pairs = [(image, measure(editor, image, args.direction, found)) for image in images]
    report(args.folder.name, found)
    found = defaultdict(list)
    large = [collage(images[6 * i :] + images[: 6 * i]) for i in range(args.collages)]
    pairs += [(image, measure(editor, image, args.direction, found)) for image in large]
    if large:
        report("collages of 2,000 px", found)
    if args.sheet:
        sheet = [
            np.hstack([cv2.resize(one, (500, 500), interpolation=cv2.INTER_CUBIC) for one in pair])
            for pair in pairs
        ]
        Image.fromarray(np.vstack(sheet)).save(args.sheet)


if __name__ == "__main__":
    main()
