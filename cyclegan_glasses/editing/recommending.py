"""Frames that suit the face of a photo, drawn on it, each with its reasons beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cyclegan_glasses.editing.drawing import draw, fit
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.settings import SWAP, EditSettings
from cyclegan_glasses.editing.sheet import around, face_to_show, without_glasses
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
    seen, _ = without_glasses(editor, photo, seen, chosen.report, settings)
    traits = read_traits(seen, chosen.face.landmarks, pupils)
    frames = recommend(traits, count)
    return Advice(traits, frames, _sheet(seen, chosen.face, traits, frames, pupils))


def _sheet(
    seen: np.ndarray, face: Face, traits: FaceTraits, frames: Sequence[Recommendation], pupils: float
) -> Image.Image:
    """What was seen of the face, then each frame on it, its name and its reasons beside it."""
    view, near = around(seen, face)
    fitted = fit(view, near, pupils)
    texts = [_lines(number, frame) for number, frame in enumerate(frames, 1)]
    tallest = max(sum(line.height for line in lines) for lines in texts)
    width, height = view.shape[1] + _TEXT, max(view.shape[0], tallest + _MARGIN) + _MARGIN
    rows = -(-len(frames) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * width, rows * height + 2 * _HEAD), _PAPER)
    pen = ImageDraw.Draw(sheet)
    sentence = traits.in_words()
    pen.text((_MARGIN, _HEAD / 2), sentence[:1].upper() + sentence[1:], _INK, _font(22), anchor="lm")
    for number, (frame, lines) in enumerate(zip(frames, texts, strict=True)):
        left, top = number % _COLUMNS * width, _HEAD + number // _COLUMNS * height
        worn = view.copy()
        draw(worn, frame.frame, fitted)
        sheet.paste(Image.fromarray(worn), (left, top))
        _write(pen, (left + view.shape[1] + _MARGIN, top + _MARGIN), lines)
    pen.text((_MARGIN, sheet.height - _HEAD / 2), _HONEST, _PALE, _font(18), anchor="lm")
    return sheet


class _Line(NamedTuple):
    """A line of text: the size of its letters, its colour, and how far below it the next one begins."""

    text: str
    size: int
    colour: tuple[int, int, int]
    height: int


def _lines(number: int, frame: Recommendation) -> list[_Line]:
    """The name of a frame, then each reason with its source."""
    title = f"{number}  {frame.name}, {frame.colour}, {front_width(frame.frame):.0f} mm"
    lines = [_Line(title, 24, _INK, 44)]
    for reason in frame.reasons:
        lines += [_Line(text, 18, _INK, 23) for text in textwrap.wrap(reason.text, _LETTERS)]
        lines += [_Line(text, 14, _PALE, 18) for text in textwrap.wrap(str(reason.source), _LETTERS + 14)]
        lines[-1] = lines[-1]._replace(height=lines[-1].height + 10)
    return lines


def _write(pen: ImageDraw.ImageDraw, corner: tuple[int, int], lines: Sequence[_Line]) -> None:
    left, top = corner
    for line in lines:
        pen.text((left, top), line.text, line.colour, _font(line.size))
        top += line.height


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
