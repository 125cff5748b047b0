"""Glasses that are hard to take off: reflections, veils, tints, shadows, thick frames, strong lenses."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np

from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.frames import ACETATE, Colour, Frame, Pattern
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.scene import Light, Scene


def hard_example(
    frame: Frame | CustomFrame, scene: Scene, rng: np.random.Generator
) -> tuple[Frame | CustomFrame, Scene]:
    """A frame and the scene of a photo, with some of what few pairs have and most failures are made of.

    Each of these comes by its own chance: windows, lamps and veils on the lenses, from faint to opaque;
    bright scenes over whole lenses; low light from one side, whose shadows fall on the cheeks; arms over
    hair; tints and mirror coats of any colour; lenses of -9 to 4 dioptres; and, unless it is a custom frame,
    thick pale rims, thick ones that cross the brows and the border of the cheek, rims of any colour,
    brighter highlights.
    """
    if isinstance(frame, CustomFrame):
        frame = replace(frame, look=_hard_lens(frame.look, rng))
    else:
        frame = _hard_lens(_hard_rim(frame, rng), rng)
    if rng.random() < 0.6:
        scene = replace(scene, dazzle=round(float(rng.uniform(0.1, 1.0)), 2))
    if rng.random() < 0.4:
        scene = replace(scene, light=_hard_light(scene.light, rng))
    if rng.random() < 0.3:
        scene = replace(scene, cover=None)
    if rng.random() < 0.45:
        scene = replace(scene, veil=round(float(np.exp(rng.uniform(np.log(0.05), np.log(0.7)))), 3))
    return frame, scene


def _hard_light(light: Light, rng: np.random.Generator) -> Light:
    """A small lamp above: less light from everywhere, and shadows with edges."""
    direction = (rng.uniform(-0.7, 0.7), rng.uniform(-0.8, -0.2), -0.8)
    return replace(
        light,
        direction=tuple(round(float(value), 3) for value in direction),
        ambient=round(light.ambient * float(rng.uniform(0.1, 0.8)), 3),
        penumbra=round(float(rng.uniform(0.3, 1.5)), 2),
    )


def _hard_lens(frame: Frame, rng: np.random.Generator) -> Frame:
    """Tint, coat, power and reflection."""
    if rng.random() < 0.35:
        frame = replace(
            frame,
            tint=_colour(rng, (0.0, 0.7), (0.2, 0.85)),
            tint_strength=round(float(rng.uniform(0.08, 0.6)), 2),
            gradient=round(float(rng.uniform(0.3, 1.0)), 2) if rng.random() < 0.5 else 0.0,
        )
    if rng.random() < 0.08:
        coat = _colour(rng, (0.1, 0.7), (0.5, 1.0))
        frame = replace(frame, mirror=round(float(rng.uniform(0.05, 0.5)), 2), mirror_colour=coat)
    if rng.random() < 0.4:
        frame = replace(frame, power=round(float(rng.uniform(-9.0, 4.0)), 2))
    if rng.random() < 0.5:
        frame = replace(frame, reflection=round(float(rng.uniform(0.5, 1.3)), 2))
    return frame


def _hard_rim(frame: Frame, rng: np.random.Generator) -> Frame:
    """Colour, width and highlights of the rim."""
    drawn = rng.random()
    if drawn < 0.25 and "acetate" in SHAPES[frame.shape].materials:
        patterns: tuple[Pattern, ...] = ("plain", "two-tone", "fade")
        return replace(
            frame,
            material="acetate",
            colour=_colour(rng, (0.02, 0.35), (0.65, 0.97)),
            pattern=patterns[int(rng.choice(3, p=(0.5, 0.3, 0.2)))],
            wire=_colour(rng, (0.0, 0.8), (0.1, 0.95)),
            opacity=round(float(rng.uniform(0.4, 1.0)), 2),
            rim=frame.rim and round(float(rng.uniform(2.5, 7.0)), 2),
            temple_height=round(float(rng.uniform(4.0, 9.0)), 2),
        )
    if drawn < 0.45:
        return replace(frame, colour=_colour(rng, (0.0, 0.9), (0.08, 0.97)))
    if drawn < 0.65:
        return replace(frame, gloss=round(float(rng.uniform(1.0, 1.8)), 2))
    if drawn < 0.85 and "acetate" in SHAPES[frame.shape].materials:
        larger = float(rng.uniform(1.0, 1.2))
        return replace(
            frame,
            material="acetate",
            colour=ACETATE[str(rng.choice(list(ACETATE)))] if rng.random() < 0.4 else ACETATE["black"],
            lens_width=round(larger * frame.lens_width, 2),
            lens_height=round(larger * frame.lens_height, 2),
            rim=frame.rim and round(float(rng.uniform(3.0, 6.5)), 2),
            temple_height=round(float(rng.uniform(5.0, 14.0)), 2),
            drop=round(float(rng.uniform(-1.0, 4.0)), 2),
        )
    return frame


def _colour(rng: np.random.Generator, saturation: tuple[float, float], value: tuple[float, float]) -> Colour:
    """RGB of any hue."""
    levels = colorsys.hsv_to_rgb(rng.random(), rng.uniform(*saturation), rng.uniform(*value))
    return tuple(round(255 * level) for level in levels)
