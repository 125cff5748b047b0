"""How well models take glasses off, through the whole editor, beside each other and beside inpainting.

    python benchmarks/remover.py pairs DATAROOT PHOTOS [--count 42] [--eyes 40 60 80 120] [--portraits 12]
    python benchmarks/remover.py classifier DATAROOT PHOTOS [--count 186]
    python benchmarks/remover.py cost [--photo FILE] [--runs 3] [--threads 2]

    each with [--name FILE ...] [--yunet FILE]

DATAROOT is what `crawl.py folder PHOTOS --labels FILE --domains` made: it says who is tested on. PHOTOS holds
the photos themselves, which are edited whole: face found, aligned, translated, put back. `--name` says which
models, several beside each other; without it the one that ships.

`pairs` draws glasses as they are worn on bare test people whose eyes are so many pixels apart, at 80 also
those of `overlays.hard_examples`, then on sharp synthetic portraits with the eyes 240 pixels apart. Against
the truth: L1 (of 255), PSNR and SSIM inside the mask of all that was drawn, and L1 of the gradients (levels a
pixel) along the rims. The inpainting is given that very mask.

`classifier` asks the attribute classifier about the results. `cost` runs the command on one photo
of several sizes, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cyclegan_glasses.domains import GLASSES, NONE, REMOVE
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.evaluation.editors import baseline
from cyclegan_glasses.evaluation.metrics import l1, psnr, ssim
from cyclegan_glasses.evaluation.settings import NS, TELEA, UNTOUCHED
from cyclegan_glasses.evaluation.tables import figure, markdown_table
from cyclegan_glasses.faces.detect import make_detector
from cyclegan_glasses.images import open_picture, to_grey
from cyclegan_glasses.overlays.canvas import LAYERS
from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.frames import Frame, worn_frame
from cyclegan_glasses.overlays.hard_examples import hard_example
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.render import draw_window
from cyclegan_glasses.overlays.scene import Scene
from cyclegan_glasses.photo import Photo, latest_photos
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait

SHARP = 240
"""Pixels between the eyes of the synthetic portraits."""
SIZES = {"500": (500, 500), "1,000": (1000, 1000), "4,000 by 3,000": (4000, 3000)}
RUN = """
import json, sys, time
from pathlib import Path
name, yunet, photo, out, runs = sys.argv[1:]
import cv2, torch
cv2.setNumThreads({threads}), torch.set_num_threads({threads})
from cyclegan_glasses.cli.main import parse
begun = time.perf_counter()
more = ["--name", name] * bool(name) + ["--yunet", yunet] * bool(yunet)
parse(["remove", photo, "-o", out, "--overwrite", "--force", *more])()
peak = next(line.split()[1] for line in Path("/proc/self/status").open() if line.startswith("VmHWM"))
import numpy as np
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.images import open_picture
editor = GlassesEditor.load(name or None, yunet=yunet or None)
pixels, found = np.asarray(open_picture(photo)), []
for _ in range(int(runs) + 1):
    wall, cores = time.perf_counter(), time.process_time()
    editor.edit(pixels, "AtoB", EditSettings(force=True))
    found.append((time.perf_counter() - wall, time.process_time() - cores))
print("\\n" + json.dumps([int(peak), found[1:]]))
"""
Result = tuple[np.ndarray, bool]
"""The picture, and whether the editor changed it."""
Remover = Callable[[np.ndarray, np.ndarray | None], Result]


def main() -> None:
    """One of the three parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="part", required=True)
    for part, run, count in (("pairs", pairs, 42), ("classifier", classify, 1000)):
        arguments = commands.add_parser(part)
        arguments.set_defaults(run=run)
        arguments.add_argument("dataroot", type=Path)
        arguments.add_argument("photos", type=Path)
        arguments.add_argument("--count", type=int, default=count, help="people, of all groups alike")
        if part == "pairs":
            arguments.add_argument("--eyes", type=int, nargs="*", default=[40, 60, 80, 120])
            arguments.add_argument("--portraits", type=int, default=12)
    arguments = commands.add_parser("cost")
    arguments.set_defaults(run=cost)
    arguments.add_argument("--photo", type=Path, help="of a face, enlarged; else a synthetic portrait")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    for arguments in commands.choices.values():
        add_models(arguments)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.run(args)


def add_models(parser: argparse.ArgumentParser) -> None:
    """Which models, and the file of the face detector."""
    parser.add_argument("--name", type=Path, nargs="*", default=[None], metavar="FILE")
    parser.add_argument("--yunet", type=Path, metavar="FILE")


def people_left_out(dataroot: Path, label: str) -> dict[str, list[Photo]]:
    """The test photos of a label that a manifest has not rejected, by race group."""
    groups: dict[str, list[Photo]] = defaultdict(list)
    for photo in latest_photos(dataroot).values():
        if photo.label == label and photo.path.startswith("test"):
            groups[photo.group.get("race", "")].append(photo)
    return {name: sorted(photos, key=lambda photo: photo.origin) for name, photos in sorted(groups.items())}


def in_turn(groups: dict[str, list[Photo]], count: int) -> list[Photo]:
    """`count` photos at most, one of each group in turn."""
    rounds = zip_longest(*groups.values())
    return [photo for one in rounds for photo in one if photo is not None][:count]


def editor_of(name: Path | None, args: argparse.Namespace, classifier: bool = False) -> GlassesEditor:
    how = {} if classifier else {"classifier": None}
    return GlassesEditor.load(name, yunet=args.yunet, device="cpu", **how)


def title(name: Path | None) -> str:
    return name.stem if name else "shipped"


def remover(editor: GlassesEditor) -> Remover:
    """Every face edited, whatever anything says of it."""

    def remove(picture: np.ndarray, _: np.ndarray | None) -> Result:
        edit = editor.edit(picture, REMOVE, EditSettings(force=True))
        return edit.picture, edit.changed

    return remove


def painter(name: str) -> Remover:
    """One of `evaluation.editors.baseline`."""
    paint = baseline(name)

    def remove(picture: np.ndarray, mask: np.ndarray | None) -> Result:
        done = paint(picture, mask)
        return (picture, False) if done is None else (done[0], True)

    return remove


@dataclass(frozen=True, eq=False)
class Pair:
    """A picture with drawn glasses, the same without, how much of each pixel was drawn on, and the rims'."""

    worn: np.ndarray
    bare: np.ndarray
    mask: np.ndarray
    rims: np.ndarray


def drawn_pair(bare: np.ndarray, frame: Frame | CustomFrame, pose: Pose, scene: Scene) -> Pair | None:
    """`frame` on a picture, cut down to what `metrics` are read in no slower than needed."""
    drawn = draw_window(bare, frame, pose, scene)
    if drawn is None:
        return None
    worn, layers = bare.copy(), np.zeros((*bare.shape[:2], len(LAYERS)), np.float32)
    worn[drawn.window] = np.round(drawn.levels).astype(np.uint8)
    layers[drawn.window] = drawn.layers
    return Pair(worn, bare, layers.max(axis=2), layers[..., LAYERS.index("frame")])


def photo_pairs(people: list[Photo], args: argparse.Namespace, apart: int, hard: bool) -> Iterator[Pair]:
    """Glasses on test people, enlarged or shrunk so that their eyes are `apart` pixels from each other."""
    detector = make_detector(args.yunet)
    for number, photo in enumerate(people):
        picture = np.asarray(open_picture(args.photos / photo.origin))
        faces = detector.find_faces(picture)
        if not faces:
            continue
        eyes = faces[0].landmarks[:2]
        scale = apart / float(np.hypot(*(eyes[1] - eyes[0])))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        bare = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
        ratio = np.array(bare.shape[1::-1]) / picture.shape[1::-1]
        pose = fit_pose(faces[0].landmarks * ratio)
        rng, scene = np.random.default_rng([1, number]), read_scene(bare, pose, number)
        frame: Frame | CustomFrame = worn_frame(rng)
        if hard:
            frame, scene = hard_example(frame, scene, rng)
        if (pair := drawn_pair(bare, frame, pose, scene)) is not None:
            yield pair


def portrait_pairs(count: int) -> Iterator[Pair]:
    """Glasses on sharp synthetic portraits."""
    for number in range(count):
        portrait = random_portrait(2, number)
        drawing = draw_portrait(portrait, round(SHARP / portrait.eye_distance))
        frame = worn_frame(np.random.default_rng([2, number]))
        if (pair := drawn_pair(drawing.image, frame, drawing.pose, drawing.scene)) is not None:
            yield pair


def pairs(args: argparse.Namespace) -> None:
    """A table of each size: what each remover leaves of drawn glasses."""
    removers = {name: painter(name) for name in (UNTOUCHED, TELEA, NS)}
    removers |= {title(name): remover(editor_of(name, args)) for name in args.name}
    people = in_turn(people_left_out(args.dataroot, NONE), args.count)
    sets: dict[str, Iterator[Pair]] = {
        f"eyes {apart} apart": photo_pairs(people, args, apart, False) for apart in args.eyes
    }
    if args.eyes:
        sets["eyes 80 apart, hard examples"] = photo_pairs(people, args, 80, True)
    if args.portraits:
        sets[f"synthetic portraits, eyes {SHARP} apart"] = portrait_pairs(args.portraits)
    columns = ["L1 inside", "PSNR inside", "SSIM inside", "L1 of gradients along rims", "edited"]
    for name, pairs in sets.items():
        found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for pair in pairs:
            for remover_name, remove in removers.items():
                result, changed = remove(pair.worn, pair.mask)
                found[remover_name].append((*scores(result, pair), changed))
        lines = [
            [remover_name, *map(figure, means[:-1]), f"{means[-1]:.0%}"]
            for remover_name, rows in found.items()
            for means in [np.mean(rows, axis=0).tolist()]
        ]
        count = len(next(iter(found.values()), []))
        print(f"\n{name}: {count} pictures", *markdown_table(["", *columns], lines), sep="\n", flush=True)


def scores(result: np.ndarray, pair: Pair) -> tuple[float, ...]:
    """L1, PSNR and SSIM inside the mask; L1 of the gradients (Sobel, levels a pixel) along the rims."""
    where = cv2.boundingRect((pair.mask > 0).astype(np.uint8))
    part = tuple(
        slice(max(0, start - 16), start + length + 16)
        for start, length in ((where[1], where[3]), (where[0], where[2]))
    )
    after, bare, mask = result[part], pair.bare[part], pair.mask[part]
    slopes = [
        np.stack([cv2.Sobel(grey, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1))])
        for grey in (to_grey(picture).astype(np.float32) for picture in (after, bare))
    ]
    rims = cv2.dilate(pair.rims[part], np.ones((3, 3), np.uint8))
    rim = (np.abs(slopes[0] - slopes[1]).mean(axis=0) * rims).sum() / max(float(rims.sum()), 1e-6)
    return l1(after, bare, mask), psnr(after, bare, mask), ssim(after, bare, mask), float(rim)


def classify(args: argparse.Namespace) -> None:
    """How often the classifier says that no glasses are left, with and without other answers, by group."""
    people = in_turn(people_left_out(args.dataroot, GLASSES), args.count)
    lines = []
    for name in args.name:
        editor, settings = editor_of(name, args, classifier=True), EditSettings(check=True)
        groups: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
        for photo in people:
            edit = editor.edit(np.asarray(open_picture(args.photos / photo.origin)), REMOVE, settings)
            after = edit.faces[0].after if edit.faces else None
            row = (
                edit.changed,
                after is not None and after.label == NONE,
                bool(after and after.of_two == NONE),
            )
            for group in (photo.group.get("race", ""), "all"):
                groups[group].append(row)
        for group, rows in sorted(groups.items(), key=lambda entry: (entry[0] == "all", entry[0])):
            fractions = [f"{mean:.1%}" for mean in np.mean(rows, axis=0)]
            lines.append([title(name), group, str(len(rows)), *fractions])
    print(*markdown_table(["", "group", "photos", "edited", "as asked", "of two words"], lines), sep="\n")


def cost(args: argparse.Namespace) -> None:
    """Time of an edit, and the most memory that the command takes, at several sizes."""
    if args.photo:
        picture = np.asarray(open_picture(args.photo))
    else:
        picture = draw_portrait(random_portrait(2, 0), 1000).with_glasses(Frame())[0]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for label, (wide, high) in SIZES.items():
            side = min(wide, high)
            photo = np.full((high, wide, 3), 128, np.uint8)
            left = (wide - side) // 2
            how = cv2.INTER_AREA if side < len(picture) else cv2.INTER_CUBIC
            photo[:, left : left + side] = cv2.resize(picture, (side, side), interpolation=how)
            file = Path(folder) / f"{wide}.jpg"
            Image.fromarray(photo).save(file, quality=92)
            for name in args.name:
                asked = [str(value or "") for value in (name, args.yunet, file, Path(folder) / "o.jpg")]
                code = RUN.format(threads=args.threads)
                command = [sys.executable, "-c", code, *asked, str(args.runs)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    sys.exit(done.stderr)
                peak, times = json.loads(done.stdout.splitlines()[-1])
                wall, cores = 1000 * np.median(times, axis=0)
                lines.append([label, title(name), f"{wall:.0f}", f"{cores:.0f}", f"{peak / 1024:.0f}"])
    head = ["pixels", "", "ms an edit", "of processor time", "MiB, peak of the command"]
    print(*markdown_table(head, lines), sep="\n")


if __name__ == "__main__":
    main()
