"""How well a removal at the model's size comes back into a sharp photo, where the truth is known.

    python benchmarks/put_back.py [--eyes 80 240 640] [--count 4] [--name FILE] [--sheet FOLDER]

Synthetic portraits, whose eyes are so many pixels apart, wear drawn frames and get the grain of a camera. At
224 pixels (eyes 81 pixels apart) a model removes them: by default a perfect one that gives the bare face a
little soft and noisy and says where the frame is; with `--name` a real one. Its result is put back with the
frame that it says, without, and as the enlarged difference alone. Columns: L1 and PSNR inside the mask of the
drawing; L1 of the gradients along the rims, in levels a pixel of the model; mean absolute Laplacian of what
the rims covered, over that of the bare portrait; processor time in ms. Nobody knows the true texture under a
rim: any other costs L1, and none costs sharpness.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.blend import Change, apply_change, measure_change
from cyclegan_glasses.editing.models import Translated, translate
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.faces.align import Alignment, Framing, align, take
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.frames import worn_frame
from cyclegan_glasses.overlays.render import draw_layers
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.head import eyes_of
from cyclegan_glasses.portraits.parameters import random_portrait

SIZE, GRAIN = 224, 3.0


def portrait(number: int, eyes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Face]:
    """With glasses and without, uint8 RGB; the mask and frame of the drawing, float32 0 to 1; the face."""
    parameters = random_portrait(3, number)
    size = round(eyes / parameters.eye_distance)
    drawing = draw_portrait(parameters, size)
    rng = np.random.default_rng(number)
    worn, mask, layers = draw_layers(drawing.image, worn_frame(rng), drawing.pose, drawing.scene)
    coarse = cv2.GaussianBlur(rng.normal(0, 1, (size, size)), (0, 0), max(1, eyes / 160))
    grain = GRAIN * (coarse / coarse.std() + rng.normal(0, 1, (size, size)))[:, :, None]
    pictures = (np.clip(np.rint(p + grain), 0, 255).astype(np.uint8) for p in (worn, drawing.image))
    landmarks = np.full((5, 2), np.nan)
    landmarks[:2] = eyes_of(parameters, size)
    face = Face((0.0, 0.0, size, size), 1.0, landmarks)
    return *pictures, mask / np.float32(255), layers[:, :, 0] / np.float32(255), face


def perfect(crop: np.ndarray, bare: np.ndarray, frame: np.ndarray, alignment: Alignment) -> Translated:
    """What a perfect model gives: the bare face, softer and noisy where it differs, and the frame, soft."""
    truth = take(bare, alignment).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 1.5, truth.shape).astype(np.float32)
    made = cv2.GaussianBlur(truth, (0, 0), 0.7) + 2 * cv2.GaussianBlur(noise, (0, 0), 1)
    differs = (cv2.GaussianBlur(np.abs(truth - crop).max(2), (0, 0), 2) > 2).astype(np.float32)
    where = cv2.GaussianBlur(cv2.dilate(differs, np.ones((9, 9))), (0, 0), 2)[:, :, None]
    cover = take(np.repeat(frame[:, :, None], 3, axis=2), alignment)[:, :, 0]
    picture = np.clip(crop + where * (made - crop), 0, 255)
    return Translated(picture, np.clip(cv2.GaussianBlur(cover, (0, 0), 0.7), 0, 1))


def measured(
    result: np.ndarray, bare: np.ndarray, mask: np.ndarray, frame: np.ndarray, pixel: float
) -> list[float]:
    """The columns of a row, time apart; `pixel` of the model in pixels of the photo."""
    apart = (result.astype(np.float32) - bare)[mask > 0.02]
    reach = 2 * max(1, round(1.5 * pixel)) + 1
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    rims = cv2.dilate((frame > 0.3).astype(np.uint8), shape) > 0
    grey = to_grey(result).astype(np.float32) - to_grey(bare)
    grey = cv2.GaussianBlur(grey, (0, 0), 0.25 * pixel) if pixel > 1.5 else grey
    slopes = np.abs(np.diff(grey, axis=1))[:-1] + np.abs(np.diff(grey, axis=0))[:, :-1]
    covered = cv2.erode((frame > 0.5).astype(np.uint8), np.ones((3, 3))) > 0
    detail = [np.abs(cv2.Laplacian(to_grey(p), cv2.CV_32F, ksize=3))[covered].mean() for p in (result, bare)]
    psnr = 10 * np.log10(255**2 / np.square(apart).mean())
    return [np.abs(apart).mean(), psnr, slopes[rims[:-1, :-1]].mean() * pixel, detail[0] / detail[1]]


def main() -> None:
    """Print a table for each distance of the eyes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eyes", type=int, nargs="+", default=[80, 240, 640])
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--name", type=Path, metavar="FILE", help="a packed editing model")
    parser.add_argument("--sheet", type=Path, metavar="FOLDER", help="pictures of one eye, with all results")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    generator = load_model(args.name).get(REMOVE) if args.name else None
    print("| eyes | | L1 | PSNR | L1 of gradients | sharpness under rims | ms |\n|" + " --- |" * 7)
    for eyes in args.eyes:
        rows: dict[str, list[list[float]]] = defaultdict(list)
        for number in range(args.count):
            worn, bare, mask, frame, face = portrait(number, eyes)
            framing = (generator and generator.framing) or Framing()
            crop, alignment = align(worn, face, (generator and generator.size) or SIZE, framing)
            if generator:
                made = translate(generator, crop[None], generator.passes)[0]
            else:
                made = perfect(crop.astype(np.float32), bare, frame, alignment)
            results = {"untouched": worn}
            for way in ("enlarged", "as a multiple", "frame replaced"):
                begun, result = time.process_time(), worn.copy()
                known = made.frame if way == "frame replaced" else None
                change = measure_change(crop.astype(np.float32), made.picture, known, True)
                if way == "enlarged":
                    added = change.offset + change.gain * crop
                    change = Change(change.mask, np.zeros_like(added), added)
                apply_change(result, change, alignment)
                spent = 1000 * (time.process_time() - begun)
                results[way] = result
                rows[way].append([*measured(result, bare, mask, frame, 1 / alignment.scale), spent])
            rows["untouched"].append([*measured(worn, bare, mask, frame, 1 / alignment.scale), 0])
            if args.sheet:
                write_sheet(args.sheet / f"{eyes}_{number}.png", [*results.values(), bare], face, eyes)
        for way in results:
            l1, psnr, slope, sharp, spent = np.mean(rows[way], axis=0)
            print(f"| {eyes} | {way} | {l1:.2f} | {psnr:.1f} | {slope:.1f} | {sharp:.2f} | {spent:.0f} |")


def write_sheet(path: Path, pictures: list[np.ndarray], face: Face, eyes: int) -> None:
    """One eye of each picture at 200 % and more, side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = face.landmarks[0].astype(int)
    half = min(round(0.5 * eyes), 150)
    cuts = [p[max(0, y - half) : y + half, max(0, x - half) : x + half, ::-1] for p in pictures]
    zoom = max(2, round(300 / (2 * half)))
    cv2.imwrite(str(path), cv2.resize(np.hstack(cuts), None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC))


if __name__ == "__main__":
    main()
