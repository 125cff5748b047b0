"""Draws a frame on a picture, with its shadow, and says exactly which pixels changed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.geometry import Model, Piece, Temple, model_of
from cyclegan_glasses.overlays.material import solid
from cyclegan_glasses.overlays.optics import light_through, reflections, refract
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop, blur, levels_of
from cyclegan_glasses.overlays.scene import Scene, Wearer

_ENLARGED = 2.2
"""Pixels a mm that the layers are drawn at, at least; more zoom than `_ZOOM` is never used."""
_ZOOM = 4
_REACH = 14
"""Millimetres that a shadow reaches beyond the glasses."""
_SKY = np.array((244, 250, 255), np.float32)
"""Colour that lenses mirror, before that of the lamp."""


@dataclass(frozen=True, slots=True)
class _Worn:
    """A frame on a head, before a camera.

    Attributes:
        frame: as it was given.
        look: how its lenses and temples are drawn.
        model: its outlines in mm.
        lenses: outlines (n, 2) of the left and the right lens in pixels.
        temples: ribbons (n, 3) in mm of the left and the right one that the head does not hide.
    """

    frame: Frame | CustomFrame
    look: Frame
    model: Model
    lenses: list[np.ndarray]
    temples: list[list[np.ndarray]]
    pose: Pose
    scene: Scene

    @staticmethod
    def of(frame: Frame | CustomFrame, pose: Pose, scene: Scene) -> _Worn:
        """`frame` as the wearer has it on."""
        if isinstance(frame, CustomFrame):
            look, model = frame.look, frame.model(scene.wearer)
        else:
            look, model = frame, model_of(frame, scene.wearer)
        temples = [_visible_temple(temple, pose, scene.wearer) for temple in model.temples]
        lenses = [pose.project(lens) for lens in model.lenses]
        return _Worn(frame, look, model, lenses, temples, pose, scene)

    def points(self, temples: bool = True) -> np.ndarray:
        """Pixels (n, 2) of everything that is drawn, or of the front."""
        rings = [ring for piece in self.model.front for ring in piece.rings]
        ribbons = [ribbon for side in self.temples for ribbon in side] if temples else []
        return self.pose.project(np.concatenate([*rings, *ribbons]))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A window of a picture with glasses drawn into it.

    Attributes:
        window: its rows and columns.
        levels: float32 (h, w, 3), 0 to 255; where the mask is 0 those of the picture.
        mask: float32 (h, w): the fraction of a pixel that the glasses, lenses included, or their shadow take.
    """

    window: tuple[slice, slice]
    levels: np.ndarray
    mask: np.ndarray


def draw_glasses(
    image: np.ndarray, frame: Frame | CustomFrame, pose: Pose, scene: Scene | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Put `frame` on the face of `image`.

    Args:
        image: uint8 RGB (height, width, 3); it is not changed.
        pose: of the head in this picture.
        scene: of this picture.

    Returns:
        The new picture, and the mask uint8 (height, width): the fraction of a pixel that the glasses, lenses
        included, or their shadow take. It is above zero exactly where the two pictures differ.

    Raises:
        ValueError: `image` is not uint8 RGB.
    """
    if image.dtype != np.uint8:
        raise ValueError("glasses are drawn on uint8 RGB pictures (height, width, 3)")
    drawn = draw_window(image, frame, pose, scene)
    result, mask = image.copy(), np.zeros(image.shape[:2], np.uint8)
    if drawn is None:
        return result, mask
    before, after = image[drawn.window], np.round(drawn.levels).astype(np.uint8)
    changed = (after != before).any(axis=2)
    result[drawn.window] = after
    mask[drawn.window] = np.where(changed, np.clip(np.ceil(drawn.mask * 255), 1, 255), 0).astype(np.uint8)
    return result, mask


def draw_window(
    image: np.ndarray, frame: Frame | CustomFrame, pose: Pose, scene: Scene | None = None
) -> Drawn | None:
    """Only the part of `image` that `frame` changes, before it is rounded; None where that lies outside.

    Args:
        image: RGB (height, width, 3) of uint8, uint16, or float32 levels of 0 to 255.
        pose, scene: of this picture.

    Raises:
        ValueError: `image` is something else.
    """
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError("glasses are drawn on uint8 RGB pictures (height, width, 3)")
    worn = _Worn.of(frame, pose, scene or Scene())
    # All work is done on the window around the glasses, with room for blur and shadow.
    zoom = int(np.clip(np.ceil(_ENLARGED / max(pose.scale, 1e-6)), 1, _ZOOM))
    margin = 2 + 3 * worn.scene.camera.blur
    window = Crop.around(worn.points(), margin + _REACH * pose.scale, image.shape, zoom)
    if window is None:
        return None
    canvas = _Canvas.of(levels_of(image[window.slices]), window, margin)
    _draw_lenses_back(canvas, worn)
    _draw_shadow(canvas, worn)
    _draw_temples(canvas, worn)
    _draw_lenses(canvas, worn)
    _draw_front(canvas, worn)
    return canvas.finished(worn.scene)


@dataclass(slots=True)
class _Canvas:
    """A window of a picture that is drawn on.

    Attributes:
        before, picture: levels float32 (h, w, 3), as they were and as they are.
        mask: float32 (h, w, 1), the fraction of each pixel that was drawn on.
        margin: pixels that a part needs around it, for antialiasing and blur.
    """

    window: Crop
    before: np.ndarray
    picture: np.ndarray
    mask: np.ndarray
    margin: float

    @staticmethod
    def of(levels: np.ndarray, window: Crop, margin: float) -> _Canvas:
        return _Canvas(window, levels, levels.copy(), np.zeros((*levels.shape[:2], 1), np.float32), margin)

    def part(self, points: np.ndarray) -> Crop | None:
        """The part of the window that is needed to draw what lies within `points` (n, 2)."""
        return self.window.part(points, self.margin)

    def marked(self, part: Crop, alpha: np.ndarray) -> np.ndarray:
        """The picture (h, w, 3) at `part`, to be changed there; it is drawn on by `alpha` (h, w, 1)."""
        rows = part.within(self.window)
        np.maximum(self.mask[rows], alpha, out=self.mask[rows])
        return self.picture[rows]

    def finished(self, scene: Scene) -> Drawn:
        """What was drawn, behind the hair that falls over it; elsewhere the picture bit for bit."""
        if scene.hair is not None:
            free = 1 - scene.layer(scene.hair, self.window)
            self.picture = self.before + free * (self.picture - self.before)
            self.mask = self.mask * free
        levels = np.where(self.mask > 0, np.clip(self.picture, 0, 255), self.before)
        return Drawn(self.window.slices, levels, self.mask[..., 0])


def _lens_cover(canvas: _Canvas, worn: _Worn, outline: np.ndarray) -> tuple[Crop | None, np.ndarray]:
    """The part of the window that one lens ((n, 2) pixels) takes, and how much of each pixel, (h, w, 1)."""
    part = canvas.part(outline)
    if part is None:
        return None, np.zeros(0, np.float32)
    filled = part.shrink(part.fill([outline])).astype(np.float32)[..., None] / 255
    return part, worn.scene.camera.soften(filled)


def _draw_lenses_back(canvas: _Canvas, worn: _Worn) -> None:
    """What lies behind the lenses, as they refract it."""
    for outline in worn.lenses:
        part, lens = _lens_cover(canvas, worn, outline)
        if part is not None:
            picture = canvas.marked(part, lens)
            centre = outline.mean(axis=0) - (part.x, part.y)
            picture[:] = refract(picture, centre, lens, worn.look.power)


def _draw_lenses(canvas: _Canvas, worn: _Worn) -> None:
    """The tint of the lenses, and what they and their coat mirror."""
    look, light = worn.look, worn.scene.light
    for outline in worn.lenses:
        part, lens = _lens_cover(canvas, worn, outline)
        if part is None:
            continue
        picture = canvas.marked(part, lens)
        picture *= 1 - lens * (1 - light_through(part, outline, worn.lenses, look))
        glare = reflections(part, outline, look, worn.pose, worn.scene)
        lamp = np.array(light.colour, np.float32)
        picture += lens * glare * (lamp * _SKY - picture)
        if look.mirror:
            coat = np.array(look.mirror_colour, np.float32) * lamp * (0.55 + 0.9 * glare)
            picture += lens * look.mirror * (np.minimum(coat, 255) - picture)


def _draw_temples(canvas: _Canvas, worn: _Worn) -> None:
    """Both temples, behind hair and ears, the far one behind the face too."""
    look, pose, scene = worn.look, worn.pose, worn.scene
    for side, ribbons in enumerate(worn.temples):
        part = canvas.part(pose.project(np.concatenate(ribbons))) if ribbons else None
        if part is None:
            continue
        pieces = [Piece([ribbon], look.colour, look.opacity) for ribbon in ribbons]
        colour, alpha = map(scene.camera.soften, solid(pieces, look, pose, scene.light, part))
        far = (pose.towards_camera()[0] < 0) == (side == 1)
        for layer in (scene.cover, scene.skin if far else None):
            if layer is not None:
                free = 1 - scene.layer(layer, part)
                colour, alpha = colour * free, alpha * free
        _paint(canvas, worn, part, colour * 0.85, alpha)


def _draw_front(canvas: _Canvas, worn: _Worn) -> None:
    """The front without its lenses."""
    pose, light = worn.pose, worn.scene.light
    part = canvas.part(worn.points(temples=False))
    if part is None:
        return
    if isinstance(worn.frame, CustomFrame):
        layers = worn.frame.front(pose, light, part)
    else:
        layers = solid(worn.model.front, worn.look, pose, light, part)
    _paint(canvas, worn, part, *map(worn.scene.camera.soften, layers))


def _paint(canvas: _Canvas, worn: _Worn, part: Crop, colour: np.ndarray, alpha: np.ndarray) -> None:
    """A solid layer, premultiplied, over the picture, as its place is lit and the camera shows it."""
    scene = worn.scene
    if scene.shade is not None:
        colour = colour * (scene.layer(scene.shade, part) * (255 / 128))
    colour = scene.camera.develop(colour, alpha, scene.light)
    if scene.camera.grain:
        colour = colour + alpha * scene.camera.noise(alpha.shape)
    picture = canvas.marked(part, alpha)
    picture *= 1 - alpha
    picture += colour


def _draw_shadow(canvas: _Canvas, worn: _Worn) -> None:
    """The shadow on the skin: red light goes furthest under it, so red is darkened least."""
    window, scene = canvas.window, worn.scene
    # Soft as it is, it is drawn at about a pixel a mm.
    step = max(1, int(worn.pose.scale))
    size = -(-window.width // step), -(-window.height // step)
    coarse = Crop(0, 0, *size, window.zoom if step == 1 else 2)
    shadow = _shadow(worn, coarse, (window.x, window.y), step)
    if step > 1:
        whole = (size[0] * step, size[1] * step)
        shadow = cv2.resize(shadow, whole, interpolation=cv2.INTER_LINEAR)[: window.height, : window.width]
    shadow = shadow[..., None]
    if scene.skin is not None:
        shadow = shadow * scene.layer(scene.skin, window)
    shadow[shadow < 0.02] = 0
    picture = canvas.marked(window, shadow)
    picture *= 1 - shadow * np.array([0.88, 1.0, 1.04], np.float32)


def _shadow(worn: _Worn, crop: Crop, corner: tuple[int, int], step: int) -> np.ndarray:
    """How much light the glasses take from the skin, 0 … 1 (h, w): the lamp's shadow and that of contact.

    The pixels of `crop` are `step` times as wide as the picture's, and begin at its pixel `corner`.
    """
    pose, light = worn.pose.in_window(corner, step), worn.scene.light
    # Outlines are moved away from the lamp as far as the skin lies behind them: 10 mm, 2 mm at the nose.
    lamp = light.unit() @ pose.rotation
    away = -lamp / max(0.45, -lamp[2])
    cast, near = crop.empty(), crop.empty()
    for piece in worn.model.front:
        if piece.opacity < 0.5:
            continue
        np.maximum(cast, crop.fill([pose.project(ring + 10.0 * away) for ring in piece.rings]), out=cast)
        np.maximum(near, crop.fill([pose.project(ring + 2.0 * away) for ring in piece.rings]), out=near)
    for ribbon in [*worn.temples[0], *worn.temples[1]]:
        np.maximum(cast, crop.fill([pose.project(ribbon + 2.5 * away)]), out=cast)
    # Both are blurred by their distance; the light of the sky fills the lamp's shadow.
    mm = pose.scale
    strength = 0.4 + 0.6 * worn.look.opacity
    cast_small = blur(crop.shrink(cast), 1.5 * mm).astype(np.float32) / 255
    near_small = blur(crop.shrink(near), 2.4 * mm).astype(np.float32) / 255
    return strength * np.maximum(0.72 * (1 - light.ambient) * cast_small, 0.24 * near_small)


def _visible_temple(temple: Temple, pose: Pose, wearer: Wearer) -> list[np.ndarray]:
    """The ribbons (n, 3) of a temple that the head, an ellipsoid, does not hide from the camera."""
    # A ray from each point of its middle line to the camera meets the ellipsoid where a t² + 2 b t + c < 0.
    axes = np.array([wearer.half_width, 112.0, 0.89 * wearer.ear[1]])
    start = (temple.line - (0, 8.0, 0.8 * wearer.ear[1])) / axes
    ray = pose.towards_camera() / axes
    a, b, c = ray @ ray, start @ ray, (start**2).sum(axis=1) - 1
    hidden = (c < 0) | ((b < 0) & (b**2 > a * c))
    # What is seen ends at the first hidden point.
    count = int(np.argmax(hidden)) if hidden.any() else len(hidden)
    if count < 2:
        return []
    # A ribbon upright and one across it look like a bar from any side.
    line, half = temple.line[:count], temple.half_height[:count, None]
    up, across = half * (0, 1.0, 0), np.array([temple.half_thickness, 0, 0])
    return [np.concatenate([line - offset, (line + offset)[::-1]]) for offset in (up, across)]
