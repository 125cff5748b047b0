"""A person's own frames: pictures with transparency, taken straight from in front, of a known width."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import UnreadablePicture, opened
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.geometry import Model, Piece, bend, temple_of
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop
from cyclegan_glasses.overlays.scene import Light, Wearer
from cyclegan_glasses.overlays.settings import NARROWEST, WIDEST
from cyclegan_glasses.walk import is_picture, report, walk

NAME = re.compile(r"_(\d+(?:\.\d+)?)mm$")
_SIDE = 1024
"""Longest side in pixels that a picture is kept at."""


@dataclass(frozen=True, eq=False)
class CustomFrame:
    """A pair of spectacles from a picture.

    Attributes:
        name: of the file.
        texture: uint8 RGBA (height, width, 4), cut to what is not transparent.
        width: of that in mm.
        look: how lenses and temples are drawn, and how the front sits.
    """

    name: str
    texture: np.ndarray
    width: float
    look: Frame

    def _on_front(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) of the texture on the front in head coordinates (n, 3)."""
        height, width = self.texture.shape[:2]
        mm = self.width / width
        return bend(self.look, (pixels - (width / 2 - 0.5, height / 2 - 0.5)) * mm + (0, self.look.drop))

    def model(self, wearer: Wearer) -> Model:
        """Its outline, lenses and temples, as `geometry.model_of` gives them; the front is one flat piece."""
        # Outlines of what is opaque; its two widest holes are the lenses.
        opaque = (self.texture[..., 3] > 127).astype(np.uint8)
        contours, tree = cv2.findContours(opaque, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        rings = [(self._on_front(c[:, 0].astype(float)), parent >= 0) for c, parent in
                 zip(contours, tree[0, :, 3], strict=True) if len(c) > 2]  # fmt: skip
        holes = sorted((ring for ring, hole in rings if hole), key=lambda ring: -np.ptp(ring[:, 0]))[:2]
        left, right = sorted(holes, key=lambda ring: float(ring[:, 0].mean()))
        # The temples hang where the front ends at the right.
        edge = opaque[:, -max(1, len(opaque[0]) // 40) :].any(axis=1)
        hinge = self._on_front(np.array([[self.texture.shape[1] - 1.0, np.nonzero(edge)[0].mean()]]))[0, :2]
        front = Piece([ring for ring, _ in rings], self.look.colour)
        return Model([front], [left, right], [temple_of(self.look, hinge, wearer, side) for side in (-1, 1)])

    def front(self, pose: Pose, light: Light, crop: Crop) -> tuple[np.ndarray, np.ndarray]:
        """The picture as the camera sees it: premultiplied (h, w, 3) 0 … 255, alpha (h, w, 1), float32."""
        height, width = self.texture.shape[:2]
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - 0.5
        seen = crop.local(pose.project(self._on_front(corners)))
        # Premultiplied and lit, and blurred before it is shrunk.
        values: np.ndarray = self.texture.astype(np.float32)
        values[..., :3] *= values[..., 3:] / 255 * np.array(light.colour, np.float32)
        shrink = np.hypot(*(seen[1] - seen[0])) / width
        if shrink < 1:
            values = cv2.GaussianBlur(values, (0, 0), 0.5 / shrink)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
        size = (crop.width * crop.zoom, crop.height * crop.zoom)
        layer = crop.shrink(cv2.warpPerspective(values, matrix, size))
        return np.clip(layer[..., :3], 0, 255), layer[..., 3:] / 255


def load_frames(folder: Path) -> list[CustomFrame]:
    """The frames of a folder: PNG files with transparency whose names end in their width, `NAME_138mm.png`.

    Raises:
        UserError: there are none, or one has no width, no transparency, or no two lenses to look through.
    """
    left_out: Counter[str] = Counter()
    names = list(walk(folder, left_out, enter=lambda _: False))
    paths = [Path(folder) / name for name in names if name.lower().endswith(".png")]
    left_out["that are not PNG"] = sum(map(is_picture, names)) - len(paths)
    report(folder, left_out)
    if not paths:
        raise UserError(
            f"{folder} holds no PNG files: --frames is a folder of frames such as round_138mm.png"
        )
    return [load_frame(path) for path in paths]


def load_frame(path: Path, width: float | None = None) -> CustomFrame:
    """The frame in a PNG file with transparency; `width` in mm where its name does not say it.

    Raises:
        UserError: as of `load_frames`.
    """
    if width is None:
        named = NAME.search(path.stem)
        width = float(named[1]) if named else 0.0
    if not NARROWEST <= width <= WIDEST:
        raise UserError(
            f"{path} does not say how wide the frame is: end its name in the width of the front,"
            f" {NARROWEST:.0f} to {WIDEST:.0f} mm, such as round_138mm.png"
        )
    try:
        with opened(path) as file:
            transparent, picture = file.has_transparency_data, file.convert("RGBA")
    except UnreadablePicture as error:
        raise UserError(f"{path} cannot be read ({error.reason}): save it as PNG again") from None
    if not transparent:
        raise UserError(f"{path} has no transparency: cut the frame out, lenses too, and save it as PNG")
    box = picture.getchannel("A").point(lambda a: 255 * (a > 127)).getbbox()
    if box is None:
        raise UserError(f"{path} is wholly transparent: save it with the frame visible")
    picture = picture.crop(box)
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    texture = np.asarray(picture)
    if not _has_two_lenses(texture[..., 3] > 127):
        remedy = "make the lenses transparent, rims all round"
        raise UserError(f"{path} has no two lenses to look through: {remedy}")
    edge = texture[:, -max(2, texture.shape[1] // 25) :]
    colour = np.median(edge[edge[..., 3] > 127][:, :3], axis=0).astype(int).tolist()
    look = Frame(colour=tuple(colour), wrap=0.0, tilt=6.0)
    return CustomFrame(path.name, texture, width, look)


def _has_two_lenses(opaque: np.ndarray) -> bool:
    """Whether there are two holes, left and right, of a tenth of the width at least."""
    clear, width = (~np.pad(opaque, 1)).astype(np.uint8), opaque.shape[1]
    count, _, boxes, middles = cv2.connectedComponentsWithStats(clear, connectivity=4)
    wide = [k for k in range(2, count) if boxes[k, cv2.CC_STAT_WIDTH] > 0.1 * width]
    return {bool(middles[k][0] > width / 2) for k in wide} == {True, False}
