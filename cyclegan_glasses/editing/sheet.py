"""Every frame of a catalogue on one face, each with its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.batch import SKIPPED, PhotoReport
from cyclegan_glasses.editing.drawing import AnyFrame, Drawing, draw, fit
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.encode import format_of
from cyclegan_glasses.editing.jobs import EditJob
from cyclegan_glasses.editing.reports import EDITED, FaceReport
from cyclegan_glasses.editing.settings import ALL, LARGEST, SWAP, EditSettings, OutputSettings
from cyclegan_glasses.editing.targets import STAY_ON, Target, is_bare
from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.files import atomic_write, make_folder
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.overlays.settings import PUPILS
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait

#: Side of a cell and height of the line below, in pixels; cells in a row.
CELL, LABEL, COLUMNS = 400, 34, 5
#: What a cell shows to each side of the middle of the eyes, in distances of the eyes.
AROUND = 1.8
#: Seed and number of the portrait that shows a catalogue.
_PORTRAIT = (0, 24)
_PAPER, _INK = (255, 255, 255), (40, 40, 40)


def sheet_of(
    seen: np.ndarray, face: Face, frames: Mapping[str, AnyFrame], pupils: float = PUPILS
) -> Image.Image:
    """A sheet of the cells of `drawn_cells`, each with its name."""
    return labelled(drawn_cells(seen, face, frames, pupils))


def drawn_cells(
    seen: np.ndarray, face: Face, frames: Mapping[str, AnyFrame], pupils: float = PUPILS
) -> dict[str, np.ndarray]:
    """Each frame drawn on the face by its name; the first cell, without a name, shows the face as it is.

    Pose, light and camera are read off the face once.

    Args:
        seen: uint8 RGB (height, width, 3).
        pupils: their distance in mm, which sizes are true to.

    Returns:
        Cells of one size, uint8 RGB (height, width, 3), see `around`.
    """
    view, near = around(seen, face)
    fitted = fit(view, near, pupils)
    cells = {"": view}
    for name, frame in frames.items():
        cells[name] = view.copy()
        draw(cells[name], frame, fitted)
    return cells


def around(seen: np.ndarray, face: Face) -> tuple[np.ndarray, Face]:
    """What a cell shows of a photo, at most `CELL` pixels wide and high, and the face in it."""
    eyes = face.landmarks[:2]
    half = AROUND * float(np.hypot(*(eyes[1] - eyes[0])))
    corners = np.stack([eyes.mean(axis=0) - half, eyes.mean(axis=0) + half]).round()
    (left, top), (right, bottom) = np.clip(corners, 0, seen.shape[1::-1]).astype(int).tolist()
    part, scale = seen[top:bottom, left:right], CELL / (2 * half)
    size = [max(1, round(scale * side)) for side in part.shape[1::-1]]
    view = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return view, replace(face, landmarks=(face.landmarks - (left, top)) * size / part.shape[1::-1])


def labelled(cells: Mapping[str, np.ndarray]) -> Image.Image:
    """Pictures of one size, uint8 RGB (height, width, 3), in rows, each with its name below."""
    height, width = next(iter(cells.values())).shape[:2]
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + LABEL)), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(LABEL * 0.6)
    for number, (name, cell) in enumerate(cells.items()):
        left, top = number % columns * width, number // columns * (height + LABEL)
        sheet.paste(Image.fromarray(cell), (left, top))
        pen.text((left + width / 2, top + height + LABEL / 2), name, _INK, font, anchor="mm")
    return sheet


def write_sheets(
    editor: GlassesEditor,
    jobs: Sequence[EditJob],
    direction: str,
    frames: Mapping[str, AnyFrame],
    settings: EditSettings,
    output: OutputSettings,
    pupils: float = PUPILS,
) -> Iterator[PhotoReport]:
    """Write a sheet of `frames` for each photo; yields a report of each.

    It shows the largest face, unless `settings.face` names another. With `swap` its glasses are taken off.
    """
    one = replace(settings, face=LARGEST if settings.face == ALL else settings.face)
    for job in jobs:
        try:
            with explained(partial(_skipped, job)):
                face = _write_sheet(editor, job, direction, frames, one, output, pupils)
            count = f"{len(frames)} frames"
            yield PhotoReport(str(job.source), str(job.target), EDITED, count, faces=[face])
        except UserError as error:
            yield PhotoReport(str(job.source), str(job.target), SKIPPED, str(error))


def write_portrait_sheet(path: Path, frames: Mapping[str, AnyFrame], overwrite: bool = False) -> None:
    """Write a sheet of `frames` on a synthetic portrait.

    Raises:
        UserError: the file is there already, or cannot be written.
    """
    check_target(path, overwrite)
    portrait = replace(random_portrait(*_PORTRAIT), hair="pulled", yaw=0.0, roll=0.0)
    drawing = draw_portrait(portrait, CELL)
    cells = {name: drawing.with_glasses(frame)[0] for name, frame in frames.items()}
    save_sheet(labelled(cells), path)


def check_target(path: Path, overwrite: bool) -> None:
    """Raises `UserError` where no sheet can be written to `path`."""
    format_of(path)
    if path.exists() and not overwrite:
        raise UserError(f"{path} is there already: add --overwrite")


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write a sheet whole.

    Raises:
        UserError: it cannot be written.
    """
    make_folder(path.parent)
    with atomic_write(path) as file:
        sheet.save(file, format=format_of(path), quality=92)


def _skipped(job: EditJob, error: Exception) -> UserError:
    return UserError(f"{job.source}: {reason_of(error)}")


def face_to_show(
    editor: GlassesEditor, source: Path, seen: np.ndarray, direction: str, settings: EditSettings
) -> Target:
    """The face of `seen`, uint8 RGB (height, width, 3), that a sheet shows: the first that can be drawn on.

    Raises:
        UserError: there is none; says why, with the name of the photo.
    """
    targets = editor.find_targets(seen, direction, settings, Drawing())
    chosen = next((target for target in targets if target.report.done == EDITED), None)
    if chosen is None:
        reasons = dict.fromkeys(target.report.reason for target in targets)
        why = "; ".join(reason for reason in reasons if reason != "not asked for") or "no face was found"
        raise UserError(f"{source}: {why}")
    return chosen


def without_glasses(
    editor: GlassesEditor, source: Path, seen: np.ndarray, face: FaceReport, settings: EditSettings
) -> tuple[np.ndarray, FaceReport]:
    """`seen` with the glasses off a face that `face_to_show` chose, and what became of it.

    Raises:
        UserError: they do not come off.
    """
    if is_bare(face.before):
        return seen, face
    edit = editor.edit(seen, REMOVE, replace(settings, check=editor.classifier is not None))
    report = next(one for one in edit.faces if one.box == face.box)
    if report.after and not is_bare(report.after) and not settings.force:
        raise UserError(f"{source}: {STAY_ON}")
    return edit.picture, report


def _write_sheet(
    editor: GlassesEditor,
    job: EditJob,
    direction: str,
    frames: Mapping[str, AnyFrame],
    settings: EditSettings,
    output: OutputSettings,
    pupils: float,
) -> FaceReport:
    """Write one sheet, and report the face on it; raises `UserError` where there is none to show."""
    check_target(job.target, output.overwrite)
    seen = np.asarray(open_picture(job.source))
    chosen = face_to_show(editor, job.source, seen, direction, settings)
    report = chosen.report
    if direction == SWAP:
        seen, report = without_glasses(editor, job.source, seen, report, settings)
    save_sheet(sheet_of(seen, chosen.face, frames, pupils), job.target)
    return report
