r"""Photographs with what YuNet says of their faces, for `train.py`.

    python examples/face_detector/label.py PHOTOS --labels photos.csv --where source=fairface \
        --yunet face_detection_yunet_2026may.onnx --portraits 800 --out faces.npz

PHOTOS, --labels and --where are those of `crawl.py folder`. A tenth of the photographs, by the same hash as
there, is left out: it is for tests. Photographs are kept at a side of 112 pixels, which is what faces of the
detector's own size need. YuNet looks twice at each face, and faces that it hardly trusts are kept with their
score, so that training can leave them alone. --portraits adds synthetic portraits, whose landmarks are known.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.collect.splits import TRAIN, split_of
from cyclegan_glasses.faces.yunet import YuNetDetector
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.portraits.aligned import drawn_portrait
from cyclegan_glasses.sources.folder import FolderSource

SIDE = 112
MOST_FACES = 6
MIN_SCORE = 0.3
TEST = (("test", 0.1),)
FIRST_PORTRAIT = 1000
"""Those before are for tests."""


def labelled(image: np.ndarray, detector: YuNetDetector) -> tuple[np.ndarray, np.ndarray]:
    """`image` on a square of `SIDE` pixels, and its faces, float32 (MOST_FACES, 15).

    A face is x, y, width and height of its box, five landmarks and its score; NaN where there is none.
    """
    scale = SIDE / max(image.shape[:2])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    rows = np.full((MOST_FACES, 15), np.nan, np.float32)
    for row, face in zip(rows, detector.find_faces(image), strict=False):
        row[:] = *(scale * value for value in face.box), *(scale * face.landmarks.ravel()), face.score
    return square, rows


def drawn(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A synthetic portrait, every other one with glasses, as `labelled` gives a photograph."""
    picture, face = drawn_portrait(number, SIDE, number % 2 == 0)
    rows = np.full((MOST_FACES, 15), np.nan, np.float32)
    rows[0] = *face.box, *face.landmarks.ravel(), face.score
    return picture, rows


def main() -> None:
    """Label the training part of the photographs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--yunet", type=Path, required=True)
    parser.add_argument("--portraits", type=int, default=0, help="how many to add")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    where = tuple((key, value) for key, _, value in (word.partition("=") for word in args.where))
    source = FolderSource(args.photos, args.labels, where=where)
    detector = YuNetDetector(args.yunet, MIN_SCORE)
    pictures, faces = [], []
    for item in source.photos():
        if split_of(item.photo, 0, TEST) != TRAIN:
            continue
        try:
            picture, rows = labelled(np.asarray(open_picture(item.content)), detector)
        except UnreadablePicture as error:
            print(f"{item.photo.path}: {error.reason}")
            continue
        pictures.append(picture)
        faces.append(rows)
        if len(pictures) % 1000 == 0:
            print(f"{len(pictures)} photographs", flush=True)
    for number in range(args.portraits):
        picture, rows = drawn(FIRST_PORTRAIT + number)
        pictures.append(picture)
        faces.append(rows)
    np.savez(args.out, pictures=np.stack(pictures), faces=np.stack(faces))
    print(f"{len(pictures)} photographs, {np.isfinite(np.stack(faces)[:, :, 0]).sum()} faces in {args.out}")


if __name__ == "__main__":
    main()
