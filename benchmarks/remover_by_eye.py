"""Removed glasses that a person looks at: the photos, the sheets, and what was counted on them.

    python benchmarks/remover_by_eye.py choose datasets/fairface PHOTOS chosen [--each 15]
    python -m cyclegan_glasses remove chosen -o before --name OLD
    python -m cyclegan_glasses remove chosen -o after
    python benchmarks/remover_by_eye.py sheets chosen before after --out sheets [--width 380] [--yunet FILE]
    python benchmarks/remover_by_eye.py count sheets/faces.csv [--detail]

`choose` links test photos with glasses, as evenly from the race groups as they go, into a folder for each
group; DATAROOT and PHOTOS are those of `remover.py`. `sheets` writes the eye regions of photos, each beside
its results, enlarged, and `faces.csv` with a row for each result, in whose column `seen` a person then writes
what she sees; a photo that was left alone has no result and says so. `count` makes the table of it.

What is written down is one of `SEEN`, and in `traces` any of `TRACES`, apart by blanks.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from remover import people_left_out

from cyclegan_glasses.domains import GLASSES
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.tables import markdown_table
from cyclegan_glasses.faces.detect import FaceDetector, make_detector
from cyclegan_glasses.images import find_pictures, open_picture

SEEN = ("clean", "sendable", "trace", "spoilt", "left")
"""No trace even when looked for; one that is seen only when looked for; one that is seen at first sight;
worse than the glasses were; left alone."""
TRACES = ("ghost", "stain", "reflection", "arm", "eyes", "haze", "dark", "other")
"""A line where a rim was; a colour that skin has not; what a lens mirrored; an end of an arm; eyes darkened,
blurred or changed; a veil over the eye region; what is left of dark lenses."""
REGION = (2.3, 1.25)
"""Width and height of what is shown of a face, in eye distances."""
LARGEST = 1160
"""Pixels of a sheet, each way."""


def main() -> None:
    """One of the three steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("choose")
    step.add_argument("dataroot", type=Path)
    step.add_argument("photos", type=Path)
    step.add_argument("out", type=Path)
    step.add_argument("--each", type=int, default=15)
    step = steps.add_parser("sheets")
    step.add_argument("photos", type=Path)
    step.add_argument("results", type=Path, nargs="+")
    step.add_argument("--out", type=Path, required=True)
    step.add_argument("--width", type=int, default=380, help="of what is shown of a photo, in pixels")
    step.add_argument("--yunet", type=Path)
    step = steps.add_parser("count")
    step.add_argument("table", type=Path)
    step.add_argument("--detail", action="store_true", help="by group, too")
    args = parser.parse_args()
    if args.step == "choose":
        choose(args.dataroot, args.photos, args.out, args.each)
    elif args.step == "sheets":
        write_sheets(args.photos, args.results, args.out, args.width, make_detector(args.yunet))
    else:
        count(args.table, args.detail)


def choose(dataroot: Path, photos: Path, out: Path, each: int) -> None:
    """Link `each` photos of each group, evenly chosen, or all where there are fewer."""
    for group, members in people_left_out(dataroot, GLASSES).items():
        folder = out / group.replace(" ", "_")
        folder.mkdir(parents=True, exist_ok=True)
        taken = min(each, len(members))
        for origin in (members[place * len(members) // taken].origin for place in range(taken)):
            (folder / Path(origin).name).symlink_to((photos / origin).resolve())
        print(f"{group}: {taken} of {len(members)}")


def write_sheets(
    photos: Path, results: Sequence[Path], out: Path, width: int, detector: FaceDetector
) -> None:
    """Sheets of photos beside their results, numbered from 0, and the table to fill in."""
    files = find_pictures(photos)
    if not files:
        raise UserError(f"there are no pictures in {photos}")
    pictures = [np.asarray(open_picture(file)) for file in files]
    faces = [detector.find_faces(picture)[:1] for picture in pictures]
    eyes = [face[0].landmarks[:2] if face else None for face in faces]
    rows, lines, zooms = [], [], []
    for number, (file, picture, pair) in enumerate(zip(files, pictures, eyes, strict=True)):
        where, zoom = window(picture, pair, width)
        row = [region(picture, where, width)]
        cv2.putText(row[0], str(number), (4, 16), 0, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
        for folder in results:
            result = result_of(file, photos, folder)
            cell = None if result is None else region(np.asarray(open_picture(result)), where, width)
            row.append(np.full_like(row[0], 128) if cell is None else cell)
            group = file.parent.name if file.parent != photos else ""
            seen = "" if result else "left"
            lines.append((number, file.relative_to(photos).as_posix(), group, folder.name, seen, ""))
        rows.append(np.pad(np.hstack(row), ((0, 4), (0, 4), (0, 0))))
        zooms.append(zoom)
    out.mkdir(parents=True, exist_ok=True)
    across, down = (max(1, LARGEST // rows[0].shape[axis]) for axis in (1, 0))
    for sheet, start in enumerate(range(0, len(rows), across * down)):
        some = rows[start : start + across * down]
        some += [np.zeros_like(rows[0])] * (-len(some) % across)
        picture = np.vstack([np.hstack(some[k : k + across]) for k in range(0, len(some), across)])
        cv2.imwrite(str(out / f"sheet_{sheet:02}.png"), picture[:, :, ::-1])
    with (out / "faces.csv").open("w", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerows([("number", "file", "group", "result", "seen", "traces"), *lines])
    print(f"{out}: {len(rows)} photos, enlarged by {np.median(zooms):.1f} in the median; fill in faces.csv")


def window(picture: np.ndarray, eyes: np.ndarray | None, width: int) -> tuple[np.ndarray, float]:
    """What takes a photo to the eye region, `width` pixels wide, as a matrix (2, 3), and how it is enlarged.

    Of a photo without a face the middle half is shown.
    """
    if eyes is None:
        middle, across = np.array([0.5, 0.45]) * picture.shape[1::-1], picture.shape[1] / 2
    else:
        middle, across = eyes.mean(axis=0), REGION[0] * float(np.hypot(*(eyes[1] - eyes[0])))
    zoom = width / across
    corner = zoom * middle - width * np.array([0.5, 0.45 * REGION[1] / REGION[0]])
    return np.column_stack([zoom * np.eye(2), -corner + (zoom - 1) / 2]), zoom


def region(picture: np.ndarray, where: np.ndarray, width: int) -> np.ndarray:
    """The eye region of a picture, black beyond its border."""
    if where[0, 0] < 1:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / where[0, 0])
    size = (width, round(width * REGION[1] / REGION[0]))
    return np.asarray(cv2.warpAffine(picture, where, size, flags=cv2.INTER_CUBIC))


def result_of(file: Path, photos: Path, folder: Path) -> Path | None:
    """The result of a photo, whatever its ending; None where there is none."""
    place = folder / file.relative_to(photos)
    found = sorted(place.parent.glob(f"{place.stem}*")) if place.parent.is_dir() else []
    return found[0] if found else None


def count(table: Path, detail: bool) -> None:
    """Print how often what was seen, of each result, and of which kinds the traces are."""
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            wrong = {row["seen"]} - set(SEEN) or set(row["traces"].split()) - set(TRACES)
            if wrong:
                raise UserError(f"{table}: photo {row['number']} says {', '.join(wrong) or 'nothing'}")
            for group in [row["group"], "all"] if detail else ["all"]:
                seen[row["result"], group][row["seen"]] += 1
            kinds[row["result"]].update(row["traces"].split())
    lines = [
        [result, group, str(found.total()), *(str(found[word]) for word in SEEN)]
        for (result, group), found in sorted(seen.items(), key=lambda entry: (entry[0][1], entry[0][0]))
    ]
    print(*markdown_table(["result", "group", "photos", *SEEN], lines), sep="\n")
    lines = [[result, *(str(found[kind]) for kind in TRACES)] for result, found in sorted(kinds.items())]
    print("", *markdown_table(["result", *TRACES], lines), sep="\n")


if __name__ == "__main__":
    main()
