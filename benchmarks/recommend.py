"""How well the shape and size of a face are read, on synthetic portraits whose outline is known.

    python benchmarks/recommend.py

Five kinds of heads (`HEADS`) are drawn in turn, with random hair, skin, light and pose.
The truth is what `overlays.face_traits` makes of the outline that was drawn.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from cyclegan_glasses.overlays.face_outline import mouth_below_eyes, trace_outline
from cyclegan_glasses.overlays.face_traits import face_width, read_traits, shapes_of
from cyclegan_glasses.overlays.fit import FACE, fit_pose
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.head import contour, mouth_height
from cyclegan_glasses.portraits.parameters import random_portrait

HEADS = {
    "oval": {"chin": 111.0, "face_width": 70.0, "jaw": 0.83, "chin_width": 28.0},
    "round": {"chin": 99.0, "face_width": 73.0, "jaw": 0.86, "chin_width": 29.0},
    "square": {"chin": 108.0, "face_width": 70.0, "jaw": 0.93, "chin_width": 34.0},
    "heart": {"chin": 109.0, "face_width": 71.0, "jaw": 0.72, "chin_width": 17.0},
    "oblong": {"chin": 117.0, "face_width": 63.0, "jaw": 0.88, "chin_width": 29.0},
}


def measure(count: int, size: int) -> dict[str, float]:
    """Median errors in mm, and how often the shape is right."""
    rng = np.random.default_rng(0)
    away, right, second, named, seconds = [], [], [], [], 0.0
    for number in range(count):
        head = HEADS[list(HEADS)[number % len(HEADS)]]
        head = {name: value * (1 + rng.normal(0, 0.015)) for name, value in head.items()}
        portrait = replace(random_portrait(11, number), eye_distance=0.27, **head)
        drawing = draw_portrait(portrait, size)
        marks = FACE.copy()
        marks[3:, 1] = mouth_height(portrait)
        landmarks = drawing.pose.project(marks) + 0.5
        start = time.process_time()
        traits = read_traits(drawing.image, landmarks)
        seconds += time.process_time() - start
        pose = fit_pose(landmarks)
        outline = trace_outline(drawing.image, pose, mouth_below_eyes(landmarks, pose))
        assert outline is not None
        edge = contour(portrait)[:, :2]
        true = replace(outline, points=edge, certainty=np.ones(len(edge)))
        away.append((face_width(outline) - face_width(true), outline.chin - true.chin))
        expected = max(shapes := shapes_of(true), key=shapes.__getitem__)
        ranked = sorted(shapes := shapes_of(outline), key=lambda shape: -shapes[shape])
        right.append(ranked[0] == expected)
        second.append(expected in ranked[:2])
        named.append(bool(traits.shape))
    width, chin = np.median(np.abs(away), axis=0)
    return {
        "portraits": count,
        "width, median mm off": float(width),
        "chin, median mm off": float(chin),
        "shape right, first of five": float(np.mean(right)),
        "shape among two": float(np.mean(second)),
        "shape named": float(np.mean(named)),
        "right where named": float(np.mean(np.array(right)[named])),
        "ms a face": 1000 * seconds / count,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--size", type=int, default=448)
    args = parser.parse_args()
    for name, value in measure(args.count, args.size).items():
        print(f"{name}: {value:.3g}")


if __name__ == "__main__":
    main()
