"""What a synthetic portrait is drawn from: one flat record, and how a random one is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cyclegan_glasses.overlays.frames import Frame, random_frame
from cyclegan_glasses.portraits import palette


@dataclass(frozen=True, slots=True)
class Portrait:
    """Everything that decides how a portrait looks. Lengths in mm, angles in degrees, fractions 0 … 1.

    Attributes:
        seed, number: it was drawn from these two alone.
        tone: step of the Monk skin tone scale, 1 (lightest) … 10.
        age: in years. feminine: from 0 (masculine) to 1.
        eye_x, eye_y: middle of the eyes as a fraction of width and height; eye_distance: of the width.
        yaw, pitch, roll: the face turns to the right of the picture, looks up, tilts clockwise.
        light_x, light_y, ambient, warmth: where the lamp is (right, down), how much light has no direction,
            how yellow it is.
        face_width (half, at the cheekbones), jaw, chin_width, chin (below the eyes): shape of the face; `jaw`
            is the width of its corner as a fraction of `face_width`.
        eye_width (half), eye_open, eye_tilt, crease: shape of the eyes; `crease` 0 is a single lid.
        gaze: how far the irises are off their middle, mm to the right.
        brow_lift, brow_arch, brow_thickness: of the eyebrows.
        nose_width (half), nose_length, nose_height: of the nose.
        mouth_width (half), lip_upper, lip_lower, smile (-0.3 … 1), mouth_open: of the mouth.
        ears, cheeks, hollow: size of the ears, fullness and hollowness of the cheeks.
        blush, freckles, lipstick (empty: none), eyeshadow: skin and make-up.
        hair, hair_colour, hairline (above the eyes), parting (-1 … 1), grey: the hair; `hair` is a key of
            `palette.hair_weights`.
        beard, beard_length: one of `beard.STYLES`.
        iris, background, backdrop, clothes, collar: names of colours and kinds in `palette` and `scene`.
        texture: seed of the strands and the grain.
    """

    seed: int
    number: int
    tone: int
    age: int
    feminine: float
    eye_x: float
    eye_y: float
    eye_distance: float
    yaw: float
    pitch: float
    roll: float
    light_x: float
    light_y: float
    ambient: float
    warmth: float
    face_width: float
    jaw: float
    chin_width: float
    chin: float
    eye_width: float
    eye_open: float
    eye_tilt: float
    crease: float
    gaze: float
    brow_lift: float
    brow_arch: float
    brow_thickness: float
    nose_width: float
    nose_length: float
    nose_height: float
    mouth_width: float
    lip_upper: float
    lip_lower: float
    smile: float
    mouth_open: float
    ears: float
    cheeks: float
    hollow: float
    blush: float
    freckles: float
    lipstick: str
    eyeshadow: float
    hair: str
    hair_colour: str
    hairline: float
    parting: float
    grey: float
    beard: str
    beard_length: float
    iris: str
    background: str
    backdrop: str
    clothes: str
    collar: str
    texture: int


def random_portrait(seed: int, number: int) -> Portrait:
    """The parameters of portrait `number` (0 or more) of `seed` (0 or more)."""
    # Each ten portraits in a row have all ten tones, in an order of their own.
    tone = int(np.random.default_rng([seed, 1, number // 10]).permutation(10)[number % 10]) + 1
    rng = np.random.default_rng([seed, 2, number])
    age = int(np.clip(18 + 62 * rng.beta(1.3, 1.9), 18, 80))
    feminine = float(np.clip(rng.choice([0.12, 0.88]) + 0.12 * rng.standard_normal(), 0, 1))
    values = {
        **_framing(rng),
        **_face(rng, feminine, age),
        **_features(rng, feminine, tone),
        **_surface(rng, feminine, age, tone),
    }
    fields: dict[str, Any] = {key: round(float(value), 3) for key, value in values.items()}
    fields |= _styles(rng, feminine, age, tone)
    return Portrait(seed, number, tone, age, round(feminine, 3), **fields, texture=int(rng.integers(1 << 31)))


def _framing(rng: np.random.Generator) -> dict[str, float]:
    side = rng.choice([-1, 1])
    return {
        "eye_x": 0.5 + 0.006 * rng.standard_normal(),
        "eye_y": 0.4 + 0.006 * rng.standard_normal(),
        "eye_distance": rng.uniform(0.36, 0.378),
        "yaw": np.clip(9 * rng.standard_normal(), -22, 22),
        "pitch": np.clip(3.5 * rng.standard_normal(), -8, 8),
        "roll": np.clip(1.6 * rng.standard_normal(), -4, 4),
        "light_x": side * rng.uniform(0.15, 0.95),
        "light_y": rng.uniform(-0.85, -0.25),
        "ambient": rng.uniform(0.42, 0.68),
        "warmth": rng.uniform(-0.5, 1),
    }


def _face(rng: np.random.Generator, feminine: float, age: int) -> dict[str, float]:
    heavy = rng.standard_normal()
    return {
        "face_width": 63.5 - 1.8 * feminine + 1.7 * heavy + rng.normal(0, 0.8),
        "jaw": np.clip(0.83 - 0.075 * feminine + 0.025 * heavy + rng.normal(0, 0.02), 0.70, 0.93),
        "chin_width": np.clip(24 - 5 * feminine + 1.5 * heavy + rng.normal(0, 2), 15, 31),
        "chin": 97.5 - 4 * feminine + rng.normal(0, 2.2),
        "ears": rng.uniform(0.85, 1.15),
        "cheeks": np.clip(0.5 + 0.2 * feminine + 0.2 * heavy, 0, 1.2),
        "hollow": np.clip(0.3 - 0.3 * heavy + max(0, age - 50) / 60, 0, 1.2),
    }


def _features(rng: np.random.Generator, feminine: float, tone: int) -> dict[str, float]:
    mood = rng.choice(["calm", "smile", "grin", "stern"], p=[0.4, 0.35, 0.17, 0.08])
    smile = {"calm": 0.24, "smile": 0.58, "grin": 0.85, "stern": -0.18}[str(mood)]
    full = rng.uniform(0, 1) + 0.05 * tone
    return {
        "eye_width": 16.0 + 0.5 * feminine + rng.normal(0, 0.6),
        "eye_open": 10.8 + 0.9 * feminine - 1.4 * max(smile, 0) + rng.normal(0, 0.8),
        "eye_tilt": rng.normal(0.8, 0.9),
        "crease": rng.choice([0.0, rng.uniform(0.4, 1)], p=[0.22, 0.78]),
        "gaze": rng.normal(0, 0.5),
        "brow_lift": 17.4 + 1.2 * feminine + rng.normal(0, 1.1),
        "brow_arch": np.clip(2.4 + 1.8 * feminine + rng.normal(0, 0.9), 0.5, 6),
        "brow_thickness": np.clip(5.4 - 2.0 * feminine + rng.normal(0, 0.7), 2, 7.5),
        "nose_width": 15.5 - 1.6 * feminine + 0.35 * tone * rng.uniform(0.2, 1) + rng.normal(0, 0.9),
        "nose_length": 44 - 1.5 * feminine + rng.normal(0, 1.8),
        "nose_height": np.clip(rng.normal(17, 2.0), 13, 22),
        "mouth_width": 23.5 - 0.5 * feminine + 3.0 * max(smile, 0) + rng.normal(0, 1.1),
        "lip_upper": np.clip(4.0 + 1.6 * full + 0.5 * feminine, 3, 8),
        "lip_lower": np.clip(5.6 + 2.2 * full + 0.7 * feminine, 4.5, 10.5),
        "smile": smile + rng.normal(0, 0.06),
        "mouth_open": rng.uniform(3.5, 6.5) if mood == "grin" else 0.0,
    }


def _surface(rng: np.random.Generator, feminine: float, age: int, tone: int) -> dict[str, float]:
    receding = (1 - feminine) * max(0, age - 35) / 45 * rng.uniform(0, 1)
    return {
        "blush": rng.uniform(0.2, 0.8) + 0.2 * feminine,
        "freckles": rng.choice([0.0, rng.uniform(0.3, 1)], p=[0.8, 0.2]) if tone < 7 else 0.0,
        "eyeshadow": feminine * rng.choice([0.0, rng.uniform(0.2, 0.7)], p=[0.55, 0.45]),
        "hairline": 49 + rng.normal(0, 2.5) + 9 * receding,
        "parting": rng.uniform(-0.55, 0.55),
        "grey": np.clip((age - 42) / 30 * rng.uniform(0.1, 1.4), 0, 1),
        "beard_length": rng.uniform(0.3, 1),
    }


def _styles(rng: np.random.Generator, feminine: float, age: int, tone: int) -> dict[str, str]:
    def one(weights: dict[str, float]) -> str:
        values = np.array(list(weights.values()), float)
        return str(rng.choice(list(weights), p=values / values.sum()))

    hair = one(palette.hair_weights(feminine, age, tone))
    lipstick = one({"": 0.45, **dict.fromkeys(palette.LIPSTICK, 0.11)}) if feminine > 0.6 else ""
    bearded = {"none": 0.45, "stubble": 0.2, "short": 0.13, "full": 0.08, "goatee": 0.07, "moustache": 0.07}
    backdrop = one({"plain": 0.35, "lights": 0.3, "window": 0.15, "shapes": 0.2})
    return {
        "hair": hair,
        "hair_colour": one(palette.hair_colour_weights(tone)),
        "lipstick": lipstick,
        "beard": one(bearded) if feminine < 0.45 else "none",
        "iris": one(palette.iris_weights(tone)),
        "background": one(dict.fromkeys(palette.BACKGROUND, 1.0)),
        "backdrop": backdrop,
        "clothes": one(dict.fromkeys(palette.CLOTHES, 1.0)),
        "collar": one({"crew": 0.4, "shirt": 0.25, "roll": 0.2, "open": 0.15}),
    }


def frame_of(seed: int, number: int) -> Frame:
    """The frame that belongs to portrait `number` of `seed`."""
    return random_frame(np.random.default_rng([seed, 3, number]))
