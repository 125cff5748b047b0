"""Found faces, steadiness of the eyes and time a picture: YuNet with and without its second look, and Haar.

    python benchmarks/faces.py FOLDER [--count 100] [--yunet FILE]

FOLDER holds portraits; `--count` of them, evenly chosen, are read. Times are of the processor, one thread.
Steadiness: how far the eyes move, in percent of their distance, when the picture is shrunk to 60 % first.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align, unalign
from cyclegan_glasses.faces.detect import FaceDetector, HaarDetector, YuNetDetector
from cyclegan_glasses.faces.models import find_yunet
from cyclegan_glasses.images import find_pictures, open_picture


def moved(image: np.ndarray, detector: FaceDetector, eyes: np.ndarray) -> float:
    """How far the eyes move in the picture at 60 % of its size, in percent of their distance, or NaN."""
    small = cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    faces = detector.find_faces(small)
    if not faces or not faces[0].eyes_found:
        return float("nan")
    scale = np.array(image.shape[1::-1]) / small.shape[1::-1]
    apart = np.hypot(*(faces[0].landmarks[:2] * scale - eyes).T).max()
    return float(100 * apart / np.hypot(*(eyes[1] - eyes[0])))


def row(name: str, detector: FaceDetector, images: list[np.ndarray]) -> str:
    """One row of the table."""
    detector.find_faces(images[0])
    seconds, found = [], []
    for image in images:
        start = time.process_time()
        found.append(detector.find_faces(image)[:1])
        seconds.append(time.process_time() - start)
    eyes = [
        (image, faces[0].landmarks[:2])
        for image, faces in zip(images, found, strict=True)
        if faces and faces[0].eyes_found
    ]
    jumps = [moved(image, detector, points) for image, points in eyes]
    median, high = np.nanpercentile(jumps, [50, 90])
    return (
        f"| {name} | {sum(map(bool, found))} | {len(eyes)} | {median:.1f} % | {high:.1f} % "
        f"| {1000 * np.median(seconds):.1f} |"
    )


def main() -> None:
    """Print the table for one folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--yunet", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    files = find_pictures(args.folder)
    chosen = [files[i * len(files) // args.count] for i in range(args.count)] if files else []
    images = [np.asarray(open_picture(file)) for file in chosen]
    yunet = find_yunet(args.yunet)
    if yunet is None or not images:
        raise UserError("pictures and --yunet FILE are needed")
    print(f"{len(images)} pictures of {args.folder.name}")
    print("| detector | faces | both eyes | eyes move, median | 90th percentile | ms a picture, median |")
    print("| --- | --- | --- | --- | --- | --- |")
    detectors = {
        "YuNet": YuNetDetector(yunet),
        "YuNet, one look": YuNetDetector(yunet, steady=False),
        "Haar": HaarDetector(),
    }
    for name, detector in detectors.items():
        print(row(name, detector, images), flush=True)
    faces = [(image, detectors["YuNet"].find_faces(image)) for image in images]
    pairs = [(image, found[0]) for image, found in faces if found]
    start = time.process_time()
    crops = [align(image, face, 128) for image, face in pairs]
    middle = time.process_time()
    for (image, _), (crop, alignment) in zip(pairs, crops, strict=True):
        if not np.array_equal(unalign(crop, alignment, image), image):
            raise AssertionError("an unedited crop changed the picture")
    print(
        f"align to 128: {1000 * (middle - start) / len(pairs):.2f} ms, "
        f"undo: {1000 * (time.process_time() - middle) / len(pairs):.2f} ms"
    )


if __name__ == "__main__":
    main()
