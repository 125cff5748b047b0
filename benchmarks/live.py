"""How fast is a stream edited, how late does a picture come out, and how steady is a drawn frame?

    python benchmarks/live.py [--pictures 300] [--rate 30] [--edits add remove swap] [--photo FILE]

Synthetic portraits of 640x480 pixels, with and without glasses, move as a head before a camera does (to and
fro, nearer, tilted), with noise of the camera, and come so many a second. What cannot be edited in time is
dropped, as in use. The table tells of each edit: pictures edited a second, the median and the 95th percentile
of the time from a picture in to that picture out, how many were dropped, and the share of each step in the
time of all threads. Then a face that stands still: how far the drawn frame moves from picture to picture, and
how far it wanders over all, in pixels (root mean square). With `--photo FILE` the face of a photo moves.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.drawing import Drawing, as_drawing
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.live import LiveEditor, Look
from cyclegan_glasses.editing.settings import SWAP
from cyclegan_glasses.editing.stream import edited, paced
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.head import eyes_of
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait

WIDTH, HEIGHT, SIDE, EYES = 640, 480, 480, 90.0
DIRECTIONS = {"add": ADD, "remove": REMOVE, "swap": SWAP}


def moving(
    picture: np.ndarray, eyes: np.ndarray, count: int, rate: float, noise: float, still: bool = False
) -> Iterator[np.ndarray]:
    """Pictures of a face that moves, its eyes (2, 2) some `EYES` pixels apart; made before they are taken."""
    rng = np.random.default_rng(0)
    middle, distance = eyes.mean(0), float(np.hypot(*(eyes[1] - eyes[0])))
    for number in range(count):
        t = 0.0 if still else number / rate
        scale, angle = EYES / distance * (1 + 0.15 * np.sin(1.1 * t)), 0.15 * np.sin(1.7 * t)
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        linear = np.array([[cosine, -sine], [sine, cosine]])
        place = np.array([WIDTH / 2 + 110 * np.sin(1.3 * t), 210 + 40 * np.sin(2.1 * t)])
        matrix = np.column_stack([linear, place - linear @ middle])
        seen = cv2.warpAffine(
            picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        grain = rng.normal(0, noise, seen.shape) if noise else 0
        yield np.clip(np.rint(seen + grain), 0, 255).astype(np.uint8)


def measure(editor: GlassesEditor, pictures: list[np.ndarray], rate: float, look: Look) -> None:
    """Print a row of the table; all is loaded before the first picture."""
    first = LiveEditor(editor, waits=True)
    for number in range(3):
        first.edit(pictures[0], look, float(number))
    first.close()
    live = LiveEditor(editor)
    late = []
    begin = time.monotonic()
    for one in edited(paced(pictures, rate), live, lambda: look):
        late.append(time.monotonic() - one.taken)
    passed = time.monotonic() - begin
    live.close()
    name = next(key for key, way in DIRECTIONS.items() if way == look.direction)
    total = sum(live.timings.seconds.values())
    steps = ", ".join(
        f"{step} {seconds / total:.0%}"
        for step, seconds in sorted(live.timings.seconds.items(), key=lambda item: -item[1])
    )
    times = " / ".join(f"{1000 * value:.0f} ms" for value in np.quantile(late, (0.5, 0.95)))
    dropped = len(pictures) - len(late)
    print(f"| {name} | {len(late) / passed:.1f} | {times} | {dropped} | {steps} |", flush=True)


def jitter(editor: GlassesEditor, pictures: list[np.ndarray], rate: float, look: Look) -> tuple[float, float]:
    """How far the middle of the drawn frame moves between two pictures, and in all; root mean squares."""
    live, places = LiveEditor(editor, waits=True), []
    for number, picture in enumerate(pictures):
        for one in live.place(picture, look, number / rate):
            if one.frame is not None:
                places.append(one.frame[1].origin)
    live.close()
    path = np.stack(places)[len(places) // 4 :]
    steps, spread = np.diff(path, axis=0), path - path.mean(0)
    return tuple(float(np.sqrt(np.square(values).sum(1).mean())) for values in (steps, spread))  # type: ignore[return-value]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--edits", nargs="+", choices=tuple(DIRECTIONS), default=list(DIRECTIONS))
    parser.add_argument("--noise", type=float, default=3.0, help="of the camera, in levels of 255")
    parser.add_argument("--photo", type=Path, help="a photo in place of the portraits")
    parser.add_argument("--frame", default="round", help="that is drawn")
    args = parser.parse_args()
    cv2.setNumThreads(1)  # the threads of the stream are enough
    editor = GlassesEditor.load(device="cpu")
    portrait = random_portrait(0, 3)
    drawing, eyes = draw_portrait(portrait, SIDE), eyes_of(portrait, SIDE)
    photos = {"bare": drawing.image, "worn": drawing.with_glasses(frame_of(0, 3))[0]}
    if args.photo is not None:
        photos = dict.fromkeys(photos, np.asarray(open_picture(args.photo)))
        eyes = editor.detector.find_faces(photos["bare"])[0].landmarks[:2]
    print("| edit | pictures a second | delay, median / 95 % | dropped | share of each step |")
    print("| --- | --- | --- | --- | --- |")
    for name in args.edits:
        look = Look(DIRECTIONS[name], as_drawing(args.frame) or Drawing())
        photo = photos["bare" if name == "add" else "worn"]
        measure(editor, [*moving(photo, eyes, args.pictures, args.rate, args.noise)], args.rate, look)
    still = [*moving(photos["bare"], eyes, min(args.pictures, 120), args.rate, args.noise, still=True)]
    step, spread = jitter(editor, still, args.rate, Look(ADD, as_drawing(args.frame) or Drawing()))
    print(
        f"\nA face that stands still: the frame moves {step:.3f} px a picture, {spread:.3f} px in all (rms)."
    )


if __name__ == "__main__":
    main()
