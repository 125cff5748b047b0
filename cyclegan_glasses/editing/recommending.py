"""Frames that suit the face of a photo, drawn on it, each with its reasons beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.drawing import draw, fit
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.settings import SWAP, EditSettings
from cyclegan_glasses.editing.sheet import around, face_to_show
from cyclegan_glasses.editing.targets import is_bare
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.overlays.face_traits import FaceTraits, read_traits
from cyclegan_glasses.overlays.recommend import Recommendation, recommend
from cyclegan_glasses.overlays.settings import PUPILS
from cyclegan_glasses.overlays.styling import front_width

#: Width of what stands beside a picture, margin, columns, height of the lines above and below everything.
_TEXT, _MARGIN, _COLUMNS, _HEAD = 400, 16, 2, 56
_LETTERS = 42
_PAPER, _INK, _PALE = (255, 255, 255), (40, 40, 40), (130, 130, 130)
_HONEST = "By rules that opticians publish; taste is yours. The shape of a face is an estimate."


@dataclass(frozen=True, eq=False)
class Advice:
    """What is recommended for the face of a photo.

    Attributes:
        traits: of the face.
        frames: that suit it, the best first.
        sheet: the frames on the face, with their reasons.
    """

    traits: FaceTraits
    frames: list[Recommendation]
    sheet: Image.Image

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without the sheet."""
        return {"face": self.traits.to_json(), "frames": [frame.to_json() for frame in self.frames]}


def advise(
    editor: GlassesEditor, photo: Path, settings: EditSettings, pupils: float = PUPILS, count: int = 6
) -> Advice:
    """Recommend frames for the largest face of a photo, or the one that `settings.face` names.

    Glasses that it wears are taken off first.

    Args:
        pupils: their distance in mm, which gives the face its width.

    Raises:
        UserError: the photo cannot be read, or shows no face that can be drawn on.
    """
    seen = np.asarray(open_picture(photo))
    chosen = face_to_show(editor, photo, seen, SWAP, settings)
    if not is_bare(chosen.report.before):
        seen = editor.edit(seen, REMOVE, settings).picture
    traits = read_traits(seen, chosen.face.landmarks, pupils)
    frames = recommend(traits, count)
    return Advice(traits, frames, _sheet(seen, chosen.face, traits, frames, pupils))


def _sheet(
    seen: np.ndarray, face: Face, traits: FaceTraits, frames: Sequence[Recommendation], pupils: float
) -> Image.Image:
    """What was seen of the face, then each frame on it, its name and its reasons beside it."""
    view, near = around(seen, face)
    fitted = fit(view, near, pupils)
    height, width = view.shape[:2]
    rows = -(-len(frames) // _COLUMNS)
    cell = width + _TEXT
    sheet = Image.new("RGB", (_COLUMNS * cell, rows * height + 2 * _HEAD), _PAPER)
    pen = ImageDraw.Draw(sheet)
    sentence = traits.in_words()
    pen.text((_MARGIN, _HEAD / 2), sentence[:1].upper() + sentence[1:], _INK, _font(22), anchor="lm")
    for number, frame in enumerate(frames):
        left, top = number % _COLUMNS * cell, _HEAD + number // _COLUMNS * height
        worn = view.copy()
        draw(worn, frame.frame, fitted)
        sheet.paste(Image.fromarray(worn), (left, top))
        _write(pen, (left + width + _MARGIN, top + _MARGIN), number + 1, frame)
    pen.text((_MARGIN, sheet.height - _HEAD / 2), _HONEST, _PALE, _font(18), anchor="lm")
    return sheet


def _write(pen: ImageDraw.ImageDraw, corner: tuple[int, int], number: int, frame: Recommendation) -> None:
    left, top = corner
    title = f"{number}  {frame.name}, {frame.colour}, {front_width(frame.frame):.0f} mm"
    pen.text((left, top), title, _INK, _font(24))
    top += 44
    for reason in frame.reasons:
        for line in textwrap.wrap(reason.text, _LETTERS):
            pen.text((left, top), line, _INK, _font(18))
            top += 23
        for line in textwrap.wrap(str(reason.source), _LETTERS + 14):
            pen.text((left, top), line, _PALE, _font(14))
            top += 18
        top += 10


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
