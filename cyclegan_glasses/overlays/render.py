"""Draws a frame on a picture, with its shadow, and says exactly which pixels changed."""

from __future__ import annotations

from dataclasses import dataclass

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
_SKY = np.array((244, 250, 255), np.float32)
"""Colour that lenses mirror, before that of the lamp."""


@dataclass(frozen=True, slots=True)
class _Worn:
    """A frame on a head, before a camera.

    Attributes:
        frame: as it was given.
        look: how its lenses and temples are drawn.
        model: its outlines in mm.
        temples: ribbons (n, 3) in mm of the left and the right one that the head does not hide.
    """

    frame: Frame | CustomFrame
    look: Frame
    model: Model
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
        return _Worn(frame, look, model, temples, pose, scene)

    def points(self) -> np.ndarray:
        """Pixels (n, 2) of everything that is drawn."""
        rings = [ring for piece in self.model.front for ring in piece.rings]
        return self.pose.project(np.concatenate([*rings, *self.temples[0], *self.temples[1]]))


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
    # All work is done on the crop around the glasses, with room for blur and shadow.
    zoom = int(np.clip(np.ceil(_ENLARGED / max(pose.scale, 1e-6)), 1, _ZOOM))
    margin = 2 + 3 * worn.scene.camera.blur + 14 * pose.scale
    crop = Crop.around(worn.points(), margin, image.shape, zoom)
    if crop is None:
        return None
    before = levels_of(image[crop.slices])
    levels, mask = _compose(before, worn, crop)
    return Drawn(crop.slices, levels, mask)


def _compose(before: np.ndarray, worn: _Worn, crop: Crop) -> tuple[np.ndarray, np.ndarray]:
    """Levels of the crop with glasses, and the fraction of each pixel that they take, float32 0 … 1."""
    look, pose, light, camera = worn.look, worn.pose, worn.scene.light, worn.scene.camera
    # What lies behind the lenses, as they refract it.
    outlines = [pose.project(lens) for lens in worn.model.lenses]
    filled = np.maximum(*(crop.shrink(crop.fill([lens])) for lens in outlines))
    lens = camera.soften(filled.astype(np.float32)[..., None] / 255)
    picture = refract(before, [outline - (crop.x, crop.y) for outline in outlines], lens, look.power)

    # The shadow on the skin: red light goes furthest under it, so red is darkened least.
    shadow = _shadow(worn, crop)[..., None]
    if worn.scene.skin is not None:
        shadow = shadow * worn.scene.fraction(worn.scene.skin, crop)
    shadow = np.where(shadow < 0.02, 0, shadow)
    picture = picture * (1 - shadow * np.array([0.88, 1.0, 1.04], np.float32))

    # The temples, behind hair and ears, the far one behind the face too.
    picture, temples = _draw_temples(picture, worn, crop)

    # The lenses: their tint, and what they and their coat mirror.
    picture = picture * (1 - lens * (1 - light_through(crop, outlines, look)))
    glare = np.maximum(*(reflections(crop, outline, look, light) for outline in outlines))
    lamp = np.array(light.colour, np.float32)
    picture = picture + lens * glare * (lamp * _SKY - picture)
    if look.mirror:
        coat = np.array(look.mirror_colour, np.float32) * lamp * (0.55 + 0.9 * glare)
        picture = picture + lens * look.mirror * (np.minimum(coat, 255) - picture)

    # The front over all, then the camera's grain on what is drawn.
    front, alpha = map(camera.soften, _front(worn, crop))
    picture = picture * (1 - alpha) + front
    if camera.grain:
        picture = picture + np.maximum(alpha, temples) * camera.noise(alpha.shape[:2])

    # Where nothing was drawn the picture stays as it was, bit for bit.
    soft = np.maximum.reduce([alpha, temples, lens, shadow])[..., 0]
    return np.where(soft[..., None] > 0, np.clip(picture, 0, 255), before), soft


def _draw_temples(picture: np.ndarray, worn: _Worn, crop: Crop) -> tuple[np.ndarray, np.ndarray]:
    """The crop with both temples, and their alpha (h, w, 1)."""
    look, pose, scene = worn.look, worn.pose, worn.scene
    total = np.zeros((*picture.shape[:2], 1), np.float32)
    for side, ribbons in enumerate(worn.temples):
        if not ribbons:
            continue
        pieces = [Piece([ribbon], look.colour, look.opacity) for ribbon in ribbons]
        colour, alpha = map(scene.camera.soften, solid(pieces, look, pose, scene.light, crop))
        far = (pose.towards_camera()[0] < 0) == (side == 1)
        for layer in (scene.cover, scene.skin if far else None):
            if layer is not None:
                free = 1 - scene.fraction(layer, crop)
                colour, alpha = colour * free, alpha * free
        picture = picture * (1 - alpha) + colour * 0.85
        total = np.maximum(total, alpha)
    return picture, total


def _front(worn: _Worn, crop: Crop) -> tuple[np.ndarray, np.ndarray]:
    """The front without its lenses: premultiplied colour and alpha of the crop, as from `solid`."""
    if isinstance(worn.frame, CustomFrame):
        return worn.frame.front(worn.pose, worn.scene.light, crop)
    return solid(worn.model.front, worn.look, worn.pose, worn.scene.light, crop)


def _shadow(worn: _Worn, crop: Crop) -> np.ndarray:
    """How much light the glasses take from the skin, 0 … 1 (h, w): the lamp's shadow and that of contact."""
    pose, light = worn.pose, worn.scene.light
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
