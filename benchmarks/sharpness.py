"""Are drawn rims as sharp as the photo? Widths of edges, in pixels, of photos and of frames drawn on them.

    python benchmarks/sharpness.py [--photos DIR] [--yunet FILE]

Synthetic portraits are drawn at 224, 500, 1,000 and 3,000 pixels and softened as by cameras, by a Gaussian of
0, 0.7 and 1.4 pixels; or photos are read. A black frame is drawn as the try-on draws it. At the steepest
places of the photo's face, and at those of the rims, the width is read in which an edge rises from 10 to 90 %
of its height, across it. Both tables say the mean over pictures of a quantile of the widths: the sharpest
fifth, and the half. Drawn rims should be no softer than the photo's own edges.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.faces.detect import make_detector
from cyclegan_glasses.images import find_pictures, open_picture, to_grey
from cyclegan_glasses.overlays.fit import FACE, fit_pose
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.render import draw_window
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait

SIZES = {224: 12, 500: 8, 1000: 4, 3000: 1}
"""Sides in pixels, and how many portraits of each."""
BLURS = (0.0, 0.7, 1.4)
QUANTILES = (0.2, 0.5)
REACH, STEP, POINTS = 9.0, 0.25, 400
"""Pixels to each side of an edge that it is read over, the distance of samples, and edges a picture."""
FRAME = Frame(shape="square", lens_height=40.0, rim=4.5, gloss=0.0, reflection=0.0, power=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, metavar="DIR", help="photos of bare faces, 200 at most")
    parser.add_argument("--yunet", type=Path, metavar="FILE")
    args = parser.parse_args()
    print("size   softened   photo 20 % / 50 %   rims 20 % / 50 %   pictures")
    if args.photos:
        report("photos", list(photos(args.photos, args.yunet)))
    for size, count in SIZES.items():
        drawings = [draw_portrait(random_portrait(1, number), size) for number in range(count)]
        for sigma in BLURS:
            pictures = [cv2.GaussianBlur(d.image, (0, 0), sigma) if sigma else d.image for d in drawings]
            poses = [fit_pose(drawing.pose.project(FACE) + 0.5) for drawing in drawings]
            report(f"{size:5}  {sigma:8.1f}", list(zip(pictures, poses, strict=True)))


def photos(folder: Path, yunet: Path | None) -> Iterator[tuple[np.ndarray, Pose]]:
    """Pictures and the pose of their largest face."""
    detector = make_detector(yunet)
    for file in find_pictures(folder)[:200]:
        picture = np.asarray(open_picture(file))
        faces = detector.find_faces(picture)
        if faces:
            yield picture, fit_pose(faces[0].landmarks)


def report(name: str, pictures: list[tuple[np.ndarray, Pose]]) -> None:
    rows = [row for row in (measured(*picture) for picture in pictures) if row is not None]
    face, rims = np.mean(rows, axis=0)
    cells = (f"{sharp:5.2f} / {half:5.2f}" for sharp, half in (face, rims))
    print(f"{name:16}   {'      '.join(cells)}   {len(rows)}", flush=True)


def measured(picture: np.ndarray, pose: Pose) -> np.ndarray | None:
    """Quantiles of the widths of the edges of face and rims, float64 (2, 2); None without edges."""
    drawn = draw_window(picture, FRAME, pose, read_scene(picture, pose))
    if drawn is None:
        return None
    before = picture[drawn.window].astype(np.float32)
    solid = np.abs(drawn.levels - before).max(axis=2) > 60
    both = [widths(to_grey(before), np.ones(solid.shape, bool)), widths(to_grey(drawn.levels), solid)]
    return None if min(map(len, both)) < 20 else np.array([np.quantile(w, QUANTILES) for w in both])


def widths(grey: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Widths (n,) in pixels of the steepest edges of `grey` (h, w) that touch `where` (h, w)."""
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    slope = np.hypot(across, down)
    thin = slope >= cv2.dilate(slope, np.ones((3, 3), np.uint8)) - 1e-6
    near = cv2.dilate(where.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    y, x = np.nonzero(thin & near & (slope > 6))
    order = np.argsort(-slope[y, x])[:POINTS]
    if not len(order):
        return np.zeros(0)
    y, x = y[order], x[order]
    normal = np.stack([across[y, x], down[y, x]]) / slope[y, x]
    along = np.arange(-REACH, REACH + STEP, STEP)[None]
    starts = ((x, normal[0]), (y, normal[1]))
    places = [(at[:, None] + along * direction[:, None]).astype(np.float32) for at, direction in starts]
    columns, rows = places
    profiles = cv2.remap(grey, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    found = (_rise(profile) for profile in profiles)
    return np.array([width for width in found if width])


def _rise(profile: np.ndarray) -> float:
    """From 10 to 90 % of the step in the middle of a profile, in pixels; 0 where it is no step."""
    middle = len(profile) // 2
    falls = np.nonzero(np.diff(profile) <= 0)[0]
    low = falls[falls < middle].max(initial=-1) + 1
    high = falls[falls >= middle].min(initial=len(profile) - 1)
    step = profile[low : high + 1]
    if len(step) < 3 or step[-1] - step[0] < 20:
        return 0.0
    places = np.interp(step[0] + np.array((0.1, 0.9)) * (step[-1] - step[0]), step, np.arange(len(step)))
    return float(places[1] - places[0]) * STEP


if __name__ == "__main__":
    main()
