"""Draws the pictures of README and docs from synthetic portraits: `python docs/images/draw.py [NAME ...]`."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cyclegan_glasses.editing.drawing import drawing_of
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.overlays.fit import FACE, fit_pose
from cyclegan_glasses.overlays.frames import random_frame, worn_frame
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.render import draw_glasses
from cyclegan_glasses.overlays.settings import FrameSettings
from cyclegan_glasses.portraits.aligned import drawn_portrait
from cyclegan_glasses.portraits.draw import Drawing, draw_portrait
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait

HERE = Path(__file__).resolve().parent


def worn(drawing: Drawing, number: int, shape: str | None = None, sunglasses: bool = False) -> np.ndarray:
    """A drawing with the glasses of `number`, or with random ones of a shape."""
    frame = (
        random_frame(np.random.default_rng([7, number]), shape, sunglasses) if shape else frame_of(0, number)
    )
    return drawing.with_glasses(frame)[0]


def portraits(size: int = 120, columns: int = 5) -> np.ndarray:
    """Portraits in a row bare, and below them the same people with glasses, twice."""
    rows = []
    for first in (100, 100 + columns):
        drawings = [
            draw_portrait(random_portrait(0, number), size) for number in range(first, first + columns)
        ]
        rows.append(np.hstack([drawing.image for drawing in drawings]))
        rows.append(np.hstack([worn(drawing, first + k) for k, drawing in enumerate(drawings)]))
    return np.vstack(rows)


def frames(size: int = 192, columns: int = 5) -> np.ndarray:
    """Every shape with its name on one face, and a pair of sunglasses."""
    portrait = dataclasses.replace(random_portrait(0, 24), hair="pulled", yaw=7.0, roll=0.0)
    drawing = draw_portrait(portrait, size)
    cells = []
    for number, shape in enumerate([*SHAPES, "sunglasses"]):
        dark = shape == "sunglasses"
        cell = worn(drawing, number, "square" if dark else shape, dark)[size // 5 : size * 13 // 20].copy()
        cv2.putText(cell, shape, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(cell, shape, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
        cells.append(cell)
    cells += [drawing.image[size // 5 : size * 13 // 20]] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[k : k + columns]) for k in range(0, len(cells), columns)])


def overlays(size: int = 120, columns: int = 5) -> np.ndarray:
    """Portraits, bare and with glasses drawn by what can be read off the picture alone."""
    bare, drawn = [], []
    for number in range(40, 40 + columns):
        drawing = draw_portrait(random_portrait(0, number), size)
        pose = fit_pose(drawing.pose.project(FACE) + 0.5)
        scene = read_scene(drawing.image, pose, number)
        frame = worn_frame(np.random.default_rng([9, number]))
        picture, _ = draw_glasses(drawing.image, frame, pose, scene)
        bare.append(drawing.image)
        drawn.append(picture)
    return np.vstack([np.hstack(bare), np.hstack(drawn)])


class Told:
    """A detector that was told where the face is."""

    name = "told"

    def __init__(self, face: Face) -> None:
        self.face = face

    def find_faces(self, _: np.ndarray) -> list[Face]:
        return [self.face]


def model(size: int = 180, columns: int = 6) -> np.ndarray:
    """Portraits and, below them, what the remover that ships makes of them."""
    editor = GlassesEditor.load(device="cpu", classifier=None)
    above, below = [], []
    for number in range(columns):
        picture, face = drawn_portrait(16 + number, size, glasses=True)
        editor.detector = Told(face)
        above.append(picture)
        below.append(editor.remove(picture))
    return np.vstack([np.hstack(above), np.hstack(below)])


#: What `front` shows of each portrait: the number of the portrait, and titles with the frames put on it.
LOOKS: dict[int, dict[str, dict[str, str]]] = {
    35: {
        "aviator, gold": {"frame": "aviator", "colour": "gold"},
        "panto, tortoise": {"frame": "panto", "colour": "tortoise"},
    },
    37: {
        "cat-eye, red": {"frame": "cat-eye", "colour": "red"},
        "square, sun lenses": {"frame": "square", "lens": "sun"},
    },
}


def front(size: int = 432, bar: int = 44) -> np.ndarray:
    """Two portraits with glasses and, beside each, the glasses off and two other frames tried."""
    editor = GlassesEditor.load(device="cpu")
    font = ImageFont.load_default(28)
    rows = []
    for number, looks in LOOKS.items():
        picture, _ = drawn_portrait(number, size, glasses=True)
        cells = {"photo": picture, "glasses off": editor.remove(picture)}
        for title, look in looks.items():
            cells[title] = editor.swap(picture, frame=drawing_of(FrameSettings(**look)))
        row = Image.fromarray(np.hstack([*cells.values()])[: size * 15 // 16])
        titled = Image.new("RGB", (row.width, row.height + bar), "white")
        titled.paste(row, (0, bar))
        pen = ImageDraw.Draw(titled)
        for column, title in enumerate(cells):
            pen.text((size * (column + 0.5), bar / 2), title, "black", font, anchor="mm")
        rows.append(np.asarray(titled))
    return np.vstack(rows)


def try_on(size: int = 240) -> np.ndarray:
    """A portrait, and what `add` makes of it with one option after another."""
    portrait = dataclasses.replace(random_portrait(0, 112), yaw=6.0, roll=0.0)
    drawing = draw_portrait(portrait, size)
    landmarks = drawing.pose.project(FACE) + 0.5
    editor = GlassesEditor.load(device="cpu", classifier=None)
    editor.detector = Told(Face((0.0, 0.0, float(size), float(size)), 1.0, landmarks))
    looks: list[dict[str, str]] = [
        {"frame": "aviator", "colour": "gold"},
        {"frame": "panto", "colour": "tortoise"},
        {"frame": "cat-eye", "colour": "red", "size": "large"},
        {"frame": "square", "lens": "sun"},
        {"frame": "browline", "lens": "gradient", "lens_colour": "green"},
    ]
    worn = [editor.add(drawing.image, frame=drawing_of(FrameSettings(**look))) for look in looks]
    return np.hstack([drawing.image, *worn])[size // 8 : size * 15 // 16]


PICTURES = {
    "portraits": portraits,
    "frames": frames,
    "overlays": overlays,
    "front": front,
    "model": model,
    "try_on": try_on,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        file = HERE / f"{name}.png"
        Image.fromarray(PICTURES[name]()).save(file, optimize=True)
        print(file, f"{file.stat().st_size // 1000} kB")
