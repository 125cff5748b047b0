"""Draws a frame on a picture, with its shadow, and says exactly which pixels changed."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.overlays.camera import Camera
from cyclegan_glasses.overlays.custom_frames import OwnFrame
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.geometry import Model, Temple, Wearer, model
from cyclegan_glasses.overlays.light import Light
from cyclegan_glasses.overlays.material import Paint, solid
from cyclegan_glasses.overlays.optics import reflections, refract
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.raster import Crop, blur

_ENLARGED = 2.2
"""Pixels a mm that the layers are drawn at, at least; more zoom than `_ZOOM` is never used."""
_ZOOM = 4


def draw_glasses(
    image: np.ndarray,
    frame: Frame | OwnFrame,
    pose: Pose,
    light: Light | None = None,
    wearer: Wearer | None = None,
    cover: np.ndarray | None = None,
    skin: np.ndarray | None = None,
    camera: Camera | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Put `frame` on the face of `image`.

    Args:
        image: uint8 RGB (height, width, 3); it is not changed.
        pose: of the head in this picture.
        light: that the picture was taken in.
        wearer: the head's size, which the temples go round.
        cover: uint8 (height, width), how much of each pixel is hair or ear that lies over the temples.
        skin: uint8 (height, width), the face: shadows fall on it, and it hides the far temple. Without it
            shadows fall everywhere.
        camera: whose blur and grain the drawn parts take on.

    Returns:
        The new picture, and the mask uint8 (height, width): the share of a pixel that the glasses, lenses
        included, or their shadow take. It is above zero exactly where the two pictures differ.

    Raises:
        ValueError: `image` is not uint8 RGB.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError("glasses are drawn on uint8 RGB pictures (height, width, 3)")
    light, wearer, camera = light or Light(), wearer or Wearer(), camera or Camera()
    parts = frame.model(wearer) if isinstance(frame, OwnFrame) else model(frame, wearer)
    temples = [_visible_temple(temple, pose, wearer) for temple in parts.temples]
    shown = [ring for piece in parts.front for ring in piece.rings] + [
        ring for pair in temples for ring in pair
    ]
    rings = [pose.project(ring) for ring in shown]
    zoom = int(np.clip(np.ceil(_ENLARGED / max(pose.scale, 1e-6)), 1, _ZOOM))
    crop = Crop.around(np.concatenate(rings), 2 + 3 * camera.blur + 14 * pose.scale, image.shape, zoom)
    result, mask = image.copy(), np.zeros(image.shape[:2], np.uint8)
    if crop is None:
        return result, mask
    before = image[crop.slices]
    after, soft = _compose(before, frame, parts, temples, pose, light, crop, cover, skin, camera)
    changed = (after != before).any(axis=2)
    result[crop.slices] = after
    mask[crop.slices] = np.where(changed, np.clip(np.ceil(soft * 255), 1, 255), 0).astype(np.uint8)
    return result, mask


def _compose(
    before: np.ndarray,
    worn: Frame | OwnFrame,
    parts: Model,
    temples: list[list[np.ndarray]],
    pose: Pose,
    light: Light,
    crop: Crop,
    cover: np.ndarray | None,
    skin: np.ndarray | None,
    camera: Camera,
) -> tuple[np.ndarray, np.ndarray]:
    """The crop with glasses as uint8, and the share of each pixel that they take, float 0 … 1."""
    frame = worn.look if isinstance(worn, OwnFrame) else worn
    lamp = np.array(light.colour, np.float32)
    lenses = [[pose.project(lens)] for lens in parts.lenses]
    lens = (
        np.maximum(*(crop.shrink(crop.fill(rings)) for rings in lenses)).astype(np.float32)[..., None] / 255
    )
    lens = camera.soften(lens)
    picture = refract(before, [rings[0] - (crop.x, crop.y) for rings in lenses], lens, frame.power)

    shadow = _shadow(frame, parts, temples, pose, light, crop)
    if skin is not None:
        shadow = shadow * (skin[crop.slices].astype(np.float32) / 255)
    shadow = np.where(shadow < 0.02, 0, shadow)[..., None]
    picture = picture * (1 - shadow * np.array([0.88, 1.0, 1.04], np.float32))

    arm_alpha = np.zeros_like(lens)
    for side, ribbons in enumerate(temples):
        if not ribbons:
            continue
        arm, alpha = solid(
            [Paint((pose.project(r),), frame.colour, frame.opacity) for r in ribbons],
            frame,
            pose,
            light,
            crop,
        )
        arm, alpha = camera.soften(arm), camera.soften(alpha)
        far = (pose.towards_camera()[0] < 0) == (side == 1)
        for layer in (cover, skin if far else None):
            if layer is not None:
                seen = 1 - layer[crop.slices].astype(np.float32)[..., None] / 255
                arm, alpha = arm * seen, alpha * seen
        picture = picture * (1 - alpha) + arm * 0.85
        arm_alpha = np.maximum(arm_alpha, alpha)

    tint = 1 - frame.tint_strength * (1 - np.array(frame.tint, np.float32) / 255)
    glare = np.maximum(*(reflections(crop, rings[0], frame, light) for rings in lenses))
    picture = picture * (1 - lens * (1 - tint))
    picture = picture + lens * glare * (lamp * (244, 250, 255) - picture)

    body, alpha = (camera.soften(layer) for layer in _front(worn, parts, pose, light, crop))
    picture = picture * (1 - alpha) + body
    if camera.grain:
        picture = picture + np.maximum(alpha, arm_alpha) * camera.noise(alpha.shape[:2])
    soft = np.maximum.reduce([alpha, arm_alpha, lens, shadow])[..., 0]
    touched = soft > 0
    after = np.clip(np.round(picture), 0, 255).astype(np.uint8)
    return np.where(touched[..., None], after, before), soft


def _front(
    worn: Frame | OwnFrame, parts: Model, pose: Pose, light: Light, crop: Crop
) -> tuple[np.ndarray, np.ndarray]:
    """The front without its lenses: premultiplied colour and alpha of the crop, as from `solid`."""
    if isinstance(worn, OwnFrame):
        return worn.front(pose, light, crop)
    paints = [Paint(tuple(pose.project(r) for r in p.rings), p.colour, p.opacity) for p in parts.front]
    return solid(paints, worn, pose, light, crop)


def _shadow(
    frame: Frame, parts: Model, temples: list[list[np.ndarray]], pose: Pose, light: Light, crop: Crop
) -> np.ndarray:
    """How much light the glasses take from the skin, 0 … 1 (h, w): the lamp's shadow and that of contact."""
    lamp = pose.into_head(light.unit())
    away = -lamp / max(0.45, -lamp[2])
    cast, near = crop.empty(), crop.empty()
    for piece in parts.front:
        if piece.opacity < 0.5:
            continue
        np.maximum(cast, crop.fill([pose.project(ring + 10.0 * away) for ring in piece.rings]), out=cast)
        np.maximum(near, crop.fill([pose.project(ring + 2.0 * away) for ring in piece.rings]), out=near)
    for ring in [ring for pair in temples for ring in pair]:
        np.maximum(cast, crop.fill([pose.project(ring + 2.5 * away)]), out=cast)
    mm = pose.scale
    strength = 0.4 + 0.6 * frame.opacity
    cast_small = blur(crop.shrink(cast), 1.5 * mm).astype(np.float32) / 255
    near_small = blur(crop.shrink(near), 2.4 * mm).astype(np.float32) / 255
    return strength * np.maximum(0.72 * (1 - light.ambient) * cast_small, 0.24 * near_small)


def _visible_temple(temple: Temple, pose: Pose, wearer: Wearer) -> list[np.ndarray]:
    """The ribbons (n, 3) of a temple that the head, an ellipsoid, does not hide from the camera."""
    axes = np.array([wearer.half_width, 112.0, 0.89 * wearer.ear[1]])
    start = (temple.line - (0, 8.0, 0.8 * wearer.ear[1])) / axes
    ray = pose.towards_camera() / axes
    a, b, c = ray @ ray, start @ ray, (start**2).sum(axis=1) - 1
    hidden = (c < 0) | ((b < 0) & (b**2 > a * c))
    count = int(np.argmax(hidden)) if hidden.any() else len(hidden)
    if count < 2:
        return []
    line, half = temple.line[:count], temple.half_height[:count, None]
    up, across = half * (0, 1.0, 0), np.array([temple.half_thickness, 0, 0])
    return [np.concatenate([line - offset, (line + offset)[::-1]]) for offset in (up, across)]
