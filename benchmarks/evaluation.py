"""Processor time of an evaluation a picture, without the generator: every score, and what the faults of a
removal do to the frame measure.

    python benchmarks/evaluation.py DATAROOT [--count 60] [--size 128] [--judge FILE]

DATAROOT holds pairs with masks, such as `crawl.py synthetic` draws. One thread.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.editing.frame_scores import frame_added, frame_left
from cyclegan_glasses.evaluation.editors import baseline
from cyclegan_glasses.evaluation.inputs import Input, Inputs
from cyclegan_glasses.evaluation.measure import Instruments, measure
from cyclegan_glasses.evaluation.outlines import outlines_moved
from cyclegan_glasses.evaluation.settings import InputSettings, Protocol
from cyclegan_glasses.evaluation.tables import markdown_table
from cyclegan_glasses.faces.detect import make_detector


def faults(item: Input) -> dict[str, np.ndarray]:
    """What a removal may end as: the truth, and ways of missing it."""
    worn, bare, eyes = item.picture, item.truth, item.eyes
    assert bare is not None
    rng = np.random.default_rng(0)
    x, y = (round(value) for value in eyes.mean(axis=0).tolist())
    faint = np.round((worn.astype(float) + bare) / 2).astype(np.uint8)
    right, lower = bare.copy(), bare.copy()
    right[:, x:], lower[y:] = worn[:, x:], worn[y:]
    noisy = np.clip(bare + rng.normal(0, 10, bare.shape), 0, 255).astype(np.uint8)
    return {
        "the truth": bare,
        "the truth, noise of 10": noisy,
        "half of the contrast left": faint,
        "right half left": right,
        "lower half left": lower,
        "eyes enlarged by 10 %": enlarged(bare, eyes, 1.1),
        "eyes enlarged by 20 %": enlarged(bare, eyes, 1.2),
        "shifted by 3 pixels, glasses on": np.roll(worn, 3, axis=1),
        "untouched": worn,
    }


def enlarged(picture: np.ndarray, eyes: np.ndarray, scale: float) -> np.ndarray:
    """`picture` with larger eyes, less and less so further out."""
    distance = np.hypot(*(eyes[1] - eyes[0]))
    place = np.stack(np.meshgrid(*(np.arange(side) for side in picture.shape[1::-1])), axis=2) + 0.5
    source = place.copy()
    for eye in eyes:
        fade = np.clip((0.45 - np.hypot(*(place - eye).transpose(2, 0, 1)) / distance) / 0.15, 0, 1)
        source += (place - eye) * (1 / scale - 1) * fade[:, :, None]
    x, y = (source - 0.5).astype(np.float32).transpose(2, 0, 1)
    return cv2.remap(picture, x, y, cv2.INTER_CUBIC)


def main() -> None:
    """Print the table of faults and the times."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataroot", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--judge", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    protocol = Protocol(load_size=args.size, crop_size=args.size)
    inputs = Inputs(InputSettings(args.dataroot, limit=args.count, protocol=protocol))
    found: dict[str, list[tuple[float, ...]]] = {}
    eyes = "eye outlines moved"
    for item in inputs:
        for name, after in faults(item).items():
            off = frame_added(after, item.picture, item.eyes)
            left = frame_left(item.picture, after, item.eyes)
            moved = outlines_moved(item.picture, after, item.eyes).get(eyes, np.nan)
            found.setdefault(name, []).append((off.rims, float(off.whole), left, moved))
    lines = [[name, *(f"{value:.2f}" for value in np.nanmean(rows, axis=0))] for name, rows in found.items()]
    print(*markdown_table(["result", "rims off", "whole frame off", "frame left", eyes], lines), sep="\n")
    classifier = load_classifier(args.judge)
    tools = {
        "all but networks": Instruments(),
        "and landmarks": Instruments(detector=make_detector(steady=False)),
    }
    if classifier is not None:
        tools["and classifier"] = Instruments(classifier, classifier, detector=make_detector(steady=False))
    for name, instruments in tools.items():
        start = time.process_time()
        measure(inputs, baseline("telea"), instruments)
        print(f"{name}: {1000 * (time.process_time() - start) / len(inputs):.1f} ms a picture")


if __name__ == "__main__":
    main()
