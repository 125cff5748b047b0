"""What becomes of the largest face of each photo when glasses are to be taken off: edited, or left and why.

    python benchmarks/left_alone.py FOLDER... [--count 100] [--turned 180] [--sheet sheet.png] [--yunet FILE]

A row for each folder, of bare faces, of faces with glasses or with sunglasses: how many were edited, how much
of the photo was changed and by how much in the mean, why the others were left, what was found wrong with the
results, and how often a second try was made and kept. `--turned` turns the photos first, by so many degrees.
On the sheet each photo stands beside its result; what was left alone has no result.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.reports import EDITED, FaceReport
from cyclegan_glasses.editing.settings import LARGEST, EditSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import find_pictures, open_picture

CELL, LABEL, COLUMNS = 160, 14, 6


def pictures(folder: Path, count: int, angle: float) -> Iterator[tuple[str, np.ndarray]]:
    """So many photos of a folder, evenly chosen, turned by so many degrees, with their names."""
    files = find_pictures(folder)
    if not files:
        raise UserError(f"there are no pictures in {folder}")
    count = min(count, len(files))
    for file in (files[i * len(files) // count] for i in range(count)):
        image = np.asarray(open_picture(file))
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        turned = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        yield file.name, turned if angle else image


def cell(image: np.ndarray, edited: np.ndarray, face: FaceReport | None) -> Image.Image:
    """The face before and, where it was edited, after, with what was said of it below."""
    if face is None:
        text, views = "no face", [image]
    else:
        x, y, width, height = (round(value) for value in face.box)
        room = max(width, height) // 5
        place = slice(max(0, y - room), y + height + room), slice(max(0, x - room), x + width + room)
        views = [image[place], edited[place]] if face.done == EDITED else [image[place]]
        text = face.reason or "; ".join(face.warnings)
    paper = Image.new("RGB", (2 * CELL, CELL + LABEL), "white")
    for number, view in enumerate(views):
        paper.paste(Image.fromarray(view).resize((CELL, CELL)), (number * CELL, 0))
    ImageDraw.Draw(paper).text((2, CELL), text[:56], "black")
    return paper


def examine(editor: GlassesEditor, folder: Path, args: argparse.Namespace) -> list[Image.Image]:
    """Print the row of a folder; a cell for each photo."""
    done, reasons, warnings, cells = Counter[str](), Counter[str](), Counter[str](), []
    areas, changes, kept = list[float](), list[float](), 0
    for _, image in pictures(folder, args.count, args.turned):
        edit = editor.edit(image, REMOVE, EditSettings(face=LARGEST))
        face = next(iter(edit.faces), None)
        cells.append(cell(image, edit.picture, face))
        if face is None:
            done["no face"] += 1
            continue
        done[face.done] += 1
        reasons[face.reason.split(":")[0].split(" by ")[0]] += face.done != EDITED
        if face.done == EDITED:
            warnings.update(face.warnings)
            kept += face.tries > 1
            areas.append(face.area)
            changes.append(float(np.abs(edit.picture.astype(int) - image).mean()))
    row = [folder.name, len(cells), done["no face"], done[EDITED], f"{100 * mean(areas):.1f} %"]
    row += [f"{mean(changes):.2f}", told(reasons), kept, told(warnings)]
    print("| " + " | ".join(map(str, row)) + " |", flush=True)
    return cells


def mean(values: list[float]) -> float:
    """Their mean; 0 of none."""
    return float(np.mean(values)) if values else 0.0


def told(counts: Counter[str]) -> str:
    """Counts with their names, most often first."""
    return ", ".join(f"{count} {name}" for name, count in counts.most_common() if count)


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--turned", type=float, default=0.0)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--yunet", type=Path)
    parser.add_argument("--name")
    args = parser.parse_args()
    editor = GlassesEditor.load(args.name, yunet=args.yunet)
    titles = (
        "photos of, photos, no face, edited, region, changed by (of 255), left alone, second tries, warnings"
    )
    print("| " + titles.replace(", ", " | ") + " |\n|" + " --- |" * len(titles.split(", ")))
    cells = [one for folder in args.folders for one in examine(editor, folder, args)]
    if args.sheet:
        rows = -(-len(cells) // COLUMNS)
        sheet = Image.new("RGB", (COLUMNS * 2 * CELL, rows * (CELL + LABEL)), "white")
        for number, one in enumerate(cells):
            sheet.paste(one, (number % COLUMNS * 2 * CELL, number // COLUMNS * (CELL + LABEL)))
        sheet.save(args.sheet)


if __name__ == "__main__":
    main()
