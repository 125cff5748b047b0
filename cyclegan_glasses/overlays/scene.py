"""What surrounds the glasses: the light, the head that wears them, the camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.raster import Crop, blur

DRAWN_BLUR = 0.4
"""Blur in pixels that drawing with antialiasing has by itself."""
_TILE = 256
"""Side in pixels of the piece of grain that is repeated."""


@dataclass(frozen=True, slots=True)
class Light:
    """One lamp and what surrounds it.

    Attributes:
        direction: from the face to the lamp in camera coordinates (x right, y down, z away from the viewer).
        colour: of the lamp, RGB around 1.
        ambient: fraction of the light that comes from everywhere, 0 … 1.
        penumbra: standard deviation in mm of the edge of a shadow that a rim casts on the cheek; that of a
            bare sun is sharp.
    """

    direction: tuple[float, ...] = (-0.45, -0.55, -0.7)
    colour: tuple[float, ...] = (1.0, 0.98, 0.95)
    ambient: float = 0.5
    penumbra: float = 1.5

    def unit(self) -> np.ndarray:
        """`direction` at length 1, float64 (3,)."""
        return np.array(self.direction) / np.linalg.norm(self.direction)

    def half_vector(self) -> np.ndarray:
        """Blinn's: the normal of a surface that mirrors the lamp into the camera, float32 (3,)."""
        half = self.unit().astype(np.float32) + np.array([0, 0, -1], np.float32)
        return half / np.linalg.norm(half)


@dataclass(frozen=True, slots=True)
class Camera:
    """How the camera shows an edge, an even area, black, and colours.

    Attributes:
        blur: standard deviation in pixels of an edge; up to 0.4 nothing is added to what is drawn.
        grain: standard deviation of the noise of an even area, in grey levels of 255.
        seed: of the grain, and of what lenses mirror.
        black: RGB 0 … 255 of what sends no light: haze and old prints lift it.
        saturation: 1 for a photo in colours, 0 for one in grey or in shades of one hue.
    """

    blur: float = 0.0
    grain: float = 0.0
    seed: int = 0
    black: tuple[float, ...] = (0.0, 0.0, 0.0)
    saturation: float = 1.0

    def soften(self, layer: np.ndarray) -> np.ndarray:
        """A drawn layer, float32 (h, w) or (h, w, c), as sharp as the camera's picture."""
        if self.blur <= DRAWN_BLUR:
            return layer
        return blur(layer, float(np.sqrt(self.blur**2 - DRAWN_BLUR**2))).reshape(layer.shape)

    def tone(self, colour: np.ndarray) -> np.ndarray:
        """A colour (3,) with the saturation of the photo."""
        grey = np.float32(np.dot(colour, (0.299, 0.587, 0.114)))
        return (grey + self.saturation * (colour - grey)).astype(np.float32)

    def develop(self, colour: np.ndarray, alpha: np.ndarray, light: Light) -> np.ndarray:
        """Premultiplied levels (h, w, 3) with their alpha (h, w, 1), in the photo's blacks and colours."""
        if self.saturation < 1:
            grey = to_grey(colour)[..., None] * (np.array(light.colour, np.float32) / max(light.colour))
            colour = grey + self.saturation * (colour - grey)
        black = np.array(self.black, np.float32)
        return colour * (1 - black / 255) + alpha * black if black.any() else colour

    def noise(self, shape: tuple[int, ...]) -> np.ndarray:
        """Grain (h, w, 1) of the camera's strength and coarseness, float32 in grey levels."""
        white = np.random.default_rng(self.seed).standard_normal((_TILE, _TILE), np.float32)
        soft = blur(white, 0.6 * self.blur)
        tile = soft * (self.grain / max(float(soft.std()), 1e-6))
        rows, columns = (-(-side // _TILE) for side in shape[:2])
        return np.tile(tile, (rows, columns))[: shape[0], : shape[1], None]


@dataclass(frozen=True, slots=True)
class Wearer:
    """The head that the temples go round, in mm.

    Attributes:
        half_width: of the head at the ears.
        ear: (y, z) of where a temple bends over the ear.
    """

    half_width: float = 73.0
    ear: tuple[float, float] = (0.0, 88.0)


@dataclass(frozen=True, slots=True)
class Scene:
    """What `draw_glasses` needs to know of a picture besides the pose.

    Attributes:
        light: that the picture was taken in.
        camera: whose blur, grain, blacks and colours the drawn parts take on.
        wearer: the head's size, which the temples go round.
        skin: uint8 (height, width), the face: shadows fall on it, and it hides the far temple. Without it
            shadows fall everywhere.
        cover: uint8 (height, width), how much of each pixel is hair or ear that lies over the temples.
        hair: uint8 (height, width), how much of each pixel is hair, or a hand, that lies over the front.
        shade: uint8 (height, width), how much light falls there; 128 is as much as on the face in its mean.
        dazzle: strength of the windows, lamps and veils that lenses mirror besides, 0 … 1: at 1 some of them
            hide all that lies behind. It also puts points of light on rims and temples.
        veil: how much of a bright scene whole lenses mirror besides, 0 … 1, see `dazzle.bright_scene`.
        corner, step: the layers begin at this pixel (x, y) of the picture, and each of their pixels is so
            many of the picture wide. Beyond them their border goes on.
    """

    light: Light = Light()
    camera: Camera = Camera()
    wearer: Wearer = Wearer()
    skin: np.ndarray | None = None
    cover: np.ndarray | None = None
    hair: np.ndarray | None = None
    shade: np.ndarray | None = None
    dazzle: float = 0.0
    veil: float = 0.0
    corner: tuple[int, int] = (0, 0)
    step: float = 1.0

    def layer(self, layer: np.ndarray, crop: Crop) -> np.ndarray:
        """A layer of this scene at the pixels of a crop, as fractions of 255, float32 (h, w, 1)."""
        shift = ((crop.x, crop.y) - np.array(self.corner, float) + 0.5) / self.step - 0.5
        matrix = np.array([[1 / self.step, 0, shift[0]], [0, 1 / self.step, shift[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (crop.width, crop.height)
        seen = cv2.warpAffine(layer, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return seen.astype(np.float32)[..., None] / 255
