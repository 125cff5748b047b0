"""How well facemath keeps a face, and what its arithmetic does, on faces that it has not seen.

    python benchmarks/facemath.py facemath.pt datasets/mine --sheet sheet.png

Reconstruction (PSNR and SSIM at the network's size); what the attribute classifier says of the decoded faces
before and after a step along `glasses`, to them from bare faces and off those that wear some; and how far the
face moved, about the eyes and elsewhere. The sheet shows faces, decoded, stepped, older, younger, and random
ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.attributes.classifier import FacelyzrClassifier, load_classifier
from cyclegan_glasses.attributes.verdicts import CLASSES
from cyclegan_glasses.data.labels import read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.editing.facemath import FaceMath, load_facemath, move, random_codes, sharpen
from cyclegan_glasses.editing.facemath_pictures import sheet, write_pictures
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.losses import ssim
from cyclegan_glasses.pixels import to_tensor

STRENGTHS = (1.0, 1.5, 2.0)
SHARPEN, EACH = 0.5, 4  # of the sheet: strength of the mask, faces of each domain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("dataroot", type=Path)
    parser.add_argument("--limit", type=int, default=400, help="faces of each domain")
    parser.add_argument("--sheet", type=Path, help="picture to write, of four faces of each domain")
    parser.add_argument("--strength", type=float, default=1.5, help="of the glasses on the sheet")
    parser.add_argument("--skip", type=int, default=0, help="faces of each domain before those of the sheet")
    args = parser.parse_args()
    math, classifier = load_facemath(args.model), load_classifier()
    assert classifier is not None
    columns = []
    for label, way in (("none", 1), ("glasses", -1)):
        faces = open_faces(args.dataroot, label, args.limit, math.size)
        measure(math, classifier, faces, label, way)
        columns.append(edits(math, faces[args.skip :][:EACH], way, args.strength))
    if args.sheet:
        rows = [np.concatenate(pictures) for pictures in zip(*columns, strict=True)]
        drawn = random_codes(math, 2 * EACH, np.random.default_rng(0))
        rows.append(sharpen(math.decode(drawn), SHARPEN))
        write_pictures(args.sheet, sheet(np.concatenate(rows), 2 * EACH, 96))


def open_faces(root: Path, label: str, limit: int, size: int) -> np.ndarray:
    """Unseen faces of a label, uint8 (n, size, size, 3)."""
    known = read_labels(root, "test", LabelSettings())
    paths = [path for path, labels in known if labels.glasses == CLASSES.index(label)][:limit]
    pictures = [np.asarray(open_picture(path)) for path in paths]
    return np.stack([cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA) for picture in pictures])


def measure(math: FaceMath, classifier: FacelyzrClassifier, faces: np.ndarray, label: str, way: int) -> None:
    """Print the figures of one label."""
    codes = math.encode(faces)
    decoded = math.decode(codes)
    error = ((faces.astype(float) - decoded) ** 2).mean((1, 2, 3))
    alike = float(ssim(*(to_tensor(x) for x in (faces, decoded))))
    quality = np.mean(10 * np.log10(255**2 / error))
    print(f"{label}: {len(faces)} faces, PSNR {quality:.2f} dB, SSIM {alike:.3f}")
    print(f"  as they are: {percentages(classifier, faces)}\n  decoded: {percentages(classifier, decoded)}")
    for strength in STRENGTHS:
        moved = math.decode(move(codes, math.step("glasses", way), strength))
        band = slice(round(0.25 * math.size), round(0.6 * math.size))
        change = np.abs(moved.astype(float) - decoded).mean((0, 2, 3))
        rest = np.delete(change, np.arange(math.size)[band])
        print(
            f"  {'added' if way > 0 else 'removed'}, strength {strength:g}: {percentages(classifier, moved)};"
            f" moved by {change[band].mean():.1f} of 255 about the eyes, {rest.mean():.1f} elsewhere"
        )


def percentages(classifier: FacelyzrClassifier, faces: np.ndarray) -> str:
    """What the classifier calls `faces`, in per cent."""
    said = [verdict.label for verdict in classifier.classify(faces)]
    return ", ".join(f"{word} {100 * said.count(word) / len(said):.0f} %" for word in sorted(set(said)))


def edits(math: FaceMath, faces: np.ndarray, way: int, strength: float) -> list[np.ndarray]:
    """The rows of a sheet: faces, decoded, with a step along glasses, older by 30 years, younger by 20."""
    codes = math.encode(faces)
    steps = [(np.zeros_like(math.mean), 0.0), (math.step("glasses", way), strength)]
    steps += [(math.step("age"), 30.0), (math.step("age"), -20.0)] if "age" in math.directions else []
    return [faces, *(sharpen(math.decode(move(codes, *step)), SHARPEN) for step in steps)]


if __name__ == "__main__":
    main()
