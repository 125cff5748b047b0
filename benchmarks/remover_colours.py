"""What removing glasses does to colours: how far skin changes, how often it is stained, if grey stays grey.

    python benchmarks/remover_colours.py DATAROOT PHOTOS [--count 186] [--sheet stains.png]
                                         [--name FILE ...] [--yunet FILE]

DATAROOT, PHOTOS and `--name` as of `remover.py`. Photos with real glasses are edited, and twenty monochrome
ones made of them. The table says how much a* and b* (CIELAB) change where skin was seen before, in the eye
region: their mean and 95th percentile; how many photos are stained, by places that took on a colour that this
person's skin does not have; and how far colours lie off the tone of a monochrome photo (0: it keeps it).
`--sheet` shows the stained ones: before, after, and where.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from remover import Remover, add_models, editor_of, in_turn, people_left_out, remover, title

from cyclegan_glasses.domains import GLASSES
from cyclegan_glasses.evaluation.tables import markdown_table
from cyclegan_glasses.faces.align import alignment_of, take
from cyclegan_glasses.faces.detect import Face, FaceDetector, make_detector
from cyclegan_glasses.images import open_picture, to_grey
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.skin import find_skin
from cyclegan_glasses.photo import Photo

CROP = 224
"""Side of the aligned crop that colours are read in: the eyes are 81 pixels apart."""
STAIN, LARGE, BRIGHT = 6.0, 0.02, 50.0
"""A stain is further beyond the colours of the skin than this (a* and b* of CIELAB), and larger than this
share of the square of the eye distance. In places darker than this (L*) colours are seen less."""
TONES = ((128, 128, 128), (150, 126, 96), (112, 130, 148), (146, 118, 128))
"""What a grey of 128 becomes in a monochrome photo: itself, sepia, blue, and rose tones."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataroot", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=1000, help="people, of all groups alike")
    parser.add_argument("--sheet", type=Path, help="where to show stains")
    add_models(parser)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    chroma(args)


@dataclass(frozen=True, eq=False)
class Colours:
    """What an edit did to the colours of a face.

    Attributes:
        change: absolute change of a* and b* over skin of the eye region (n, 2).
        stain: how far each pixel of the aligned crop went beyond the colours of the skin (h, w).
        area: of the stained pixels, in squares of the eye distance.
    """

    change: np.ndarray
    stain: np.ndarray
    area: float


def colours(before: np.ndarray, after: np.ndarray, landmarks: np.ndarray) -> Colours:
    """Colours of an aligned face before and after, uint8 RGB (CROP, CROP, 3), whose landmarks are known.

    The colours of the skin are those of cheeks, nose and forehead outside of the eye region, from their 2nd
    to their 98th percentile; what lies further out than it did before is a stain.
    """
    apart = float(np.hypot(*(landmarks[1] - landmarks[0])))
    soft = [
        cv2.GaussianBlur(
            cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), (0, 0), 0.015 * apart
        )
        for crop in (before, after)
    ]
    skin = find_skin(before, fit_pose(landmarks)) > 128
    y, x = np.indices(skin.shape) + 0.5
    right, down = (np.stack([x, y], -1) - landmarks[:2].mean(axis=0)).transpose(2, 0, 1) / apart
    region = (np.abs(right) < 1.1) & (down > -0.5) & (down < 0.55)
    known = soft[0][skin & ~region & (np.abs(right) < 0.8) & (np.abs(down) < 1.1)][:, 1:]
    if len(known) < 50:
        known = soft[0][skin][:, 1:]
    low, high = np.percentile(known, (2, 98), axis=0)
    beyond = [
        np.hypot(*np.maximum(0, np.maximum(low - lab[..., 1:], lab[..., 1:] - high)).transpose(2, 0, 1))
        for lab in soft
    ]
    seen = np.minimum(1, soft[1][..., 0] / BRIGHT)
    stain = np.where(region, np.maximum(0, beyond[1] - beyond[0]) * seen, 0)
    change = np.abs(soft[1] - soft[0])[..., 1:][skin & region]
    return Colours(change, stain, float((stain > STAIN).sum()) / apart**2)


def aligned(picture: np.ndarray, face: Face) -> tuple[np.ndarray, np.ndarray]:
    """The crop of a face that colours are read in, and its landmarks in it."""
    alignment = alignment_of(face, CROP, picture.shape)
    return take(picture, alignment), alignment.to_crop(face.landmarks)


def faces_of(
    people: list[Photo], photos: Path, detector: FaceDetector
) -> Iterator[tuple[Photo, np.ndarray, Face]]:
    """Photos with their largest face."""
    for photo in people:
        picture = np.asarray(open_picture(photos / photo.origin))
        if faces := detector.find_faces(picture):
            yield photo, picture, faces[0]


def chroma(args: argparse.Namespace) -> None:
    """What becomes of the colours of skin, how often it is stained, and whether grey stays grey."""
    people = in_turn(people_left_out(args.dataroot, GLASSES), args.count)
    found = list(faces_of(people, args.photos, make_detector(args.yunet)))
    lines, cells = [], []
    for name in args.name:
        remove = remover(editor_of(name, args))
        results = [(face, picture, remove(picture, None)[0]) for _, picture, face in found]
        measured = []
        for number, (face, picture, result) in enumerate(results):
            before, landmarks = aligned(picture, face)
            after = aligned(result, face)[0]
            measured.append(colours(before, after, landmarks))
            if measured[-1].area > LARGE:
                cells.append(stain_cell(f"{number} {measured[-1].area:.3f}", before, after, measured[-1]))
        change = np.concatenate([one.change for one in measured])
        high = np.percentile(change, 95, axis=0)
        stained = np.mean([one.area > LARGE for one in measured])
        off = [off_tone(remove, picture, k) for k, (_, picture, _) in enumerate(found[:20])]
        cell = [f"{mean:.1f} / {most:.1f}" for mean, most in zip(change.mean(axis=0), high, strict=True)]
        tones = [f"{np.median(off):.1f}", f"{max(off):.1f}"]
        lines.append([title(name), str(len(measured)), *cell, f"{stained:.1%}", *tones])
    head = ["", "photos", "a*: mean / 95 %", "b*", "stained", "20 monochrome: off the tone, median", "worst"]
    print(*markdown_table(head, lines), sep="\n")
    if args.sheet and cells:
        cells += [np.zeros_like(cells[0])] * (-len(cells) % 2)
        rows = [np.hstack(cells[k : k + 2]) for k in range(0, len(cells), 2)]
        cv2.imwrite(str(args.sheet), np.vstack(rows)[:, :, ::-1])


def stain_cell(text: str, before: np.ndarray, after: np.ndarray, found: Colours) -> np.ndarray:
    """The eye region of an aligned face, before, after, and where it is stained."""
    marked = np.where(found.stain[..., None] > STAIN, np.uint8([255, 0, 255]), after)
    cell = np.hstack([picture[30:150] for picture in (before, after, marked)])
    cv2.putText(cell, text, (4, 12), 0, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
    return cell


def off_tone(remove: Remover, picture: np.ndarray, number: int) -> float:
    """How far the colours of an edited monochrome photo lie off its tone: the 99.9th percentile of the face.

    In a* and b* of CIELAB; 0 for a photo that keeps its tone.
    """
    middle = TONES[number % len(TONES)]
    table = np.stack([np.interp(np.arange(256), (0, 128, 255), (0, tone, 255)) for tone in middle], axis=1)
    table = np.round(table).astype(np.uint8)
    toned = table[to_grey(picture)]
    after = cv2.cvtColor(remove(toned, None)[0].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    steps = cv2.cvtColor(table[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    expected = np.stack([np.interp(after[..., 0], steps[:, 0], steps[:, axis]) for axis in (1, 2)], axis=2)
    return float(np.percentile(np.hypot(*(after[..., 1:] - expected).transpose(2, 0, 1)), 99.9))


if __name__ == "__main__":
    main()
