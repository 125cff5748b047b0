"""What the face detector takes for a face though it is none, to train it with (`train.py --hard`).

    python examples/face_detector/mine.py faces.npz --count 12000 --out hard.npz

Looked at are the photographs of `label.py` with their faces covered, at several sizes and angles, and
pictures without any face. The finder is the one in the package, or in --folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from compose import SCENE, Photographs, around, degrees_of, spoiled, texture

from cyclegan_glasses.faces.landmark_crops import TEMPLATE, crop_of
from cyclegan_glasses.faces.pyramid import FINDER, STRIDE, Sheet, merged

WEIGHTS = Path(__file__).resolve().parents[2] / "cyclegan_glasses" / "weights"
SIDE = 224
LEAST = 0.15
MOST = 4


def faceless(photographs: Photographs, number: int, rng: np.random.Generator) -> np.ndarray:
    """Photograph `number` with its faces covered, or a texture; uint8 (SIDE, SIDE, 3)."""
    if rng.random() < 0.25:
        return spoiled(texture(photographs, rng, SIDE), rng, SIDE)
    whole = photographs.levels[0].shape[1]
    middle = np.array([whole, whole]) / 2
    to = rng.uniform(0.35, 0.65, 2) * SIDE
    scale, mirrored = SIDE / whole * rng.uniform(0.4, 1.1), bool(rng.random() < 0.5)
    matrix = around(middle, to, scale, degrees_of(rng), mirrored)
    border = cv2.BORDER_CONSTANT if rng.random() < 0.5 else cv2.BORDER_REFLECT
    cover = np.zeros((whole, whole), np.float32)
    for box in photographs.boxes[number]:
        if np.isfinite(box).all():
            x, y, width, height = box
            centre = (int(x + width / 2), int(y + height * 0.5))
            cv2.ellipse(cover, centre, (int(0.54 * width), int(0.54 * height)), 0, 0, 360, 1.0, -1)
    picture = photographs.warped(number, matrix, SIDE, border)
    mask = cv2.warpAffine(cover, matrix, (SIDE, SIDE), borderMode=border)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 4))[:, :, None]
    picture = (picture * (1 - mask) + texture(photographs, rng, SIDE) * mask).astype(np.uint8)
    return spoiled(picture, rng, SIDE)


def window(picture: np.ndarray, x: float, y: float, side: int) -> np.ndarray:
    """The square of `side` pixels round (x, y), black outside of the picture."""
    padded = cv2.copyMakeBorder(picture, side, side, side, side, cv2.BORDER_CONSTANT)
    left, top = (round(value + side / 2) for value in (x, y))
    return padded[top : top + side, left : left + side]


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("faces", type=Path)
    parser.add_argument("--count", type=int, default=12000, help="pictures to look at")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=WEIGHTS)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with np.load(args.faces) as content:
        photographs = Photographs.of(content["pictures"], content["faces"])
    finder = cv2.dnn.readNetFromONNX(str(args.folder / FINDER))
    rng = np.random.default_rng(args.seed)
    scenes, crops = [], []
    for _ in range(args.count):
        image = faceless(photographs, int(rng.integers(len(photographs))), rng)
        sheet = Sheet.of(image)
        finder.setInput(cv2.dnn.blobFromImage(sheet.picture, 1 / 255))
        maps = finder.forward()[0]
        rows, columns = np.nonzero(maps[0] > np.log(LEAST / (1 - LEAST)))
        for number in np.argsort(-maps[0, rows, columns])[:MOST]:
            at = (STRIDE * (place[number] + 0.5) for place in (columns, rows))
            scenes.append(window(sheet.picture, *at, SCENE))
        for _, points, _ in merged(*sheet.candidates(maps, LEAST))[:MOST]:
            crops.append(crop_of(image, points, TEMPLATE)[0])
    np.savez(args.out, scenes=np.stack(scenes), crops=np.stack(crops))
    print(f"{len(scenes)} scenes, {len(crops)} crops of {args.count} pictures in {args.out}")


if __name__ == "__main__":
    main()
