"""Draws a frame on a picture, with its shadow, and says exactly which pixels changed."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.overlays.canvas import LAYERS, Canvas, Drawn
from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.dazzle import glints
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.geometry import Piece
from cyclegan_glasses.overlays.material import solid
from cyclegan_glasses.overlays.optics import light_through, mirror_coat, reflections, refract
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop, levels_of
from cyclegan_glasses.overlays.scene import Scene
from cyclegan_glasses.overlays.shadow import REACH, draw_shadow
from cyclegan_glasses.overlays.worn import Worn

_ENLARGED = 2.2
"""Pixels a mm that the layers are drawn at, at least; more zoom than `_ZOOM` is never used."""
_ZOOM = 4
_SKY = np.array((244, 250, 255), np.float32)
"""Colour that lenses mirror, before that of the lamp."""


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
    return draw_layers(image, frame, pose, scene)[:2]


def draw_layers(
    image: np.ndarray, frame: Frame | CustomFrame, pose: Pose, scene: Scene | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `draw_glasses`, and what each layer of the drawing takes of each pixel.

    Returns:
        The picture, the mask, and uint8 (height, width, 4): frame with temples, lens, shadow and reflection
        as of `canvas.Drawn.layers`, times 255. Where the mask is zero, so are they.
    """
    if image.dtype != np.uint8:
        raise ValueError("glasses are drawn on uint8 RGB pictures (height, width, 3)")
    drawn = draw_window(image, frame, pose, scene)
    result, mask = image.copy(), np.zeros(image.shape[:2], np.uint8)
    layers = np.zeros((*mask.shape, len(LAYERS)), np.uint8)
    if drawn is None:
        return result, mask, layers
    before, after = image[drawn.window], np.round(drawn.levels).astype(np.uint8)
    changed = (after != before).any(axis=2)
    result[drawn.window] = after
    mask[drawn.window] = np.where(changed, np.clip(np.ceil(drawn.mask * 255), 1, 255), 0).astype(np.uint8)
    layers[drawn.window] = changed[..., None] * np.round(drawn.layers * 255).astype(np.uint8)
    return result, mask, layers


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
    worn = Worn.of(frame, pose, scene or Scene())
    # All work is done on the window around the glasses, with room for blur and shadow.
    zoom = int(np.clip(np.ceil(_ENLARGED / max(pose.scale, 1e-6)), 1, _ZOOM))
    margin = 2 + 3 * worn.scene.camera.blur
    window = Crop.around(worn.points(), margin + REACH * pose.scale, image.shape, zoom)
    if window is None:
        return None
    canvas = Canvas.of(levels_of(image[window.slices]), window, margin)
    _draw_lenses_back(canvas, worn)
    draw_shadow(canvas, worn)
    _draw_temples(canvas, worn)
    _draw_lenses(canvas, worn)
    _draw_front(canvas, worn)
    return canvas.finished(worn.scene)


def _lens_cover(canvas: Canvas, worn: Worn, outline: np.ndarray) -> tuple[Crop | None, np.ndarray]:
    """The part of the window that one lens ((n, 2) pixels) takes, and how much of each pixel, (h, w, 1)."""
    part = canvas.part(outline)
    if part is None:
        return None, np.zeros(0, np.float32)
    filled = part.shrink(part.fill([outline])).astype(np.float32)[..., None] / 255
    return part, worn.scene.camera.soften(filled)


def _draw_lenses_back(canvas: Canvas, worn: Worn) -> None:
    """What lies behind the lenses, as they refract it."""
    for outline in worn.lenses:
        part, lens = _lens_cover(canvas, worn, outline)
        if part is not None:
            picture = canvas.marked(part, "lens", lens)
            centre = outline.mean(axis=0) - (part.x, part.y)
            picture[:] = refract(picture, centre, lens, worn.look.power)


def _draw_lenses(canvas: Canvas, worn: Worn) -> None:
    """The tint of the lenses, and what they and their coat mirror."""
    look, light = worn.look, worn.scene.light
    for outline in worn.lenses:
        part, lens = _lens_cover(canvas, worn, outline)
        if part is None:
            continue
        picture = canvas.marked(part, "lens", lens)
        picture *= 1 - lens * (1 - light_through(part, outline, worn.lenses, look, worn.scene.camera))
        glare = reflections(part, outline, look, worn.pose, worn.scene)
        lamp = np.array(light.colour, np.float32)
        mirrored = np.maximum(glare.mean(axis=2, keepdims=True), look.mirror)
        canvas.marked(part, "reflection", lens * mirrored)
        picture += lens * glare * (lamp * _SKY - picture)
        if look.mirror:
            colour = worn.scene.camera.tone(np.array(look.mirror_colour, np.float32))
            coat = mirror_coat(part, outline, colour, glare) * lamp
            picture += lens * look.mirror * (np.minimum(coat, 255) - picture)


def _draw_temples(canvas: Canvas, worn: Worn) -> None:
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


def _draw_front(canvas: Canvas, worn: Worn) -> None:
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
    if worn.scene.dazzle:
        _draw_glints(canvas, worn)


def _draw_glints(canvas: Canvas, worn: Worn) -> None:
    """Points of light that the solid parts of the front and the temples mirror."""
    rings = [ring for piece in worn.model.front for ring in piece.rings]
    rims = [worn.pose.project(ring) for ring in (*rings, *(ring for side in worn.temples for ring in side))]
    for place, width, strength in glints(rims, worn.pose.scale, worn.scene):
        part = canvas.part(place + width * np.array([[-3.0, -3.0], [3.0, 3.0]]))
        if part is None:
            continue
        x, y = (first + np.arange(count) for first, count in ((part.x, part.width), (part.y, part.height)))
        away = np.square(x[None] - place[0]) + np.square(y[:, None] - place[1])
        spot = np.minimum(strength * np.exp(-away / (2 * width * width)), 1).astype(np.float32)[..., None]
        spot[spot < 0.02] = 0
        picture = canvas.marked(part, "reflection", worn.scene.camera.soften(spot))
        picture += worn.scene.camera.soften(spot) * (255 * np.array(worn.scene.light.colour) - picture)


def _paint(canvas: Canvas, worn: Worn, part: Crop, colour: np.ndarray, alpha: np.ndarray) -> None:
    """A solid layer, premultiplied, over the picture, as its place is lit and the camera shows it."""
    scene = worn.scene
    if scene.shade is not None:
        colour = colour * (scene.layer(scene.shade, part) * (255 / 128))
    colour = scene.camera.develop(colour, alpha, scene.light)
    if scene.camera.grain:
        colour = colour + alpha * scene.camera.noise(alpha.shape)
    picture = canvas.marked(part, "frame", alpha)
    picture *= 1 - alpha
    picture += colour
