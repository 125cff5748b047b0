"""Colours of skin, hair, eyes, lips, clothes and backgrounds (sRGB), and how likely they go together."""

from __future__ import annotations

import numpy as np

# The ten steps of the Monk skin tone scale (Ellis Monk, 2019), as published in hexadecimal.
MONK = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
HAIR = {
    "black": "17130f", "soft-black": "29211c", "dark-brown": "3f2a1c", "brown": "5f4028",
    "chestnut": "74452a", "auburn": "82371f", "ginger": "b5622b", "dark-blonde": "94713f",
    "blonde": "c9a264", "platinum": "e2cf9f", "teal": "2b6f74", "plum": "6b2f56",
}  # fmt: skip
IRIS = {
    "dark": "2f1c10", "brown": "54321a", "amber": "8c5a22", "hazel": "6f6430",
    "green": "4f7350", "blue": "4a7ba6", "grey": "6f8591",
}  # fmt: skip
LIPSTICK = {"red": "b3202c", "berry": "8c2147", "rose": "c8586b", "coral": "d8604a", "nude": "a86657"}
BACKGROUND = {
    "sand": ("e2d3bd", "b89c7d"), "sage": ("c3cdb9", "869a80"), "sky": ("c4d9e6", "86a8c2"),
    "dusk": ("8d7fa3", "4b4464"), "slate": ("98a3ad", "56616d"), "rose": ("ecccc6", "c08f8b"),
    "teal": ("80b0ab", "386d70"), "ochre": ("e6c275", "b1843a"), "night": ("414b5f", "1d2431"),
    "cream": ("f2ebdd", "cfc2a9"), "brick": ("c48a72", "834c3d"), "moss": ("8f9a63", "4d5a36"),
}  # fmt: skip
CLOTHES = {
    "white": "e8e6e1", "black": "26262a", "navy": "27365a", "red": "a5322f",
    "mustard": "c9972f", "olive": "5f6539", "sky": "7fa8c9", "lilac": "9d88b8",
    "teal": "2c7a78", "terracotta": "b8603d", "grey": "80848a", "rose": "cf8d94",
}  # fmt: skip


def rgb(code: str) -> np.ndarray:
    """A hexadecimal colour as float32 (3,), 0 … 1."""
    return np.array([int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)], np.float32)


def hair_weights(feminine: float, age: int, tone: int) -> dict[str, float]:
    """How likely each hair style is."""
    tight = 0.25 + 0.35 * max(0, tone - 6)
    woman, man = feminine, 1 - feminine
    return {
        "bald": man * (0.5 + max(0, age - 35) / 25),
        "buzz": man * (0.8 + 0.15 * max(0, tone - 6)),
        "crop": man * 1.4,
        "side": man * 1.6 + 0.1 * woman,
        "swept": man * 1.2 + 0.15 * woman,
        "curly": 0.5 + tight,
        "afro": 0.9 * tight,
        "locs": 0.45 * tight,
        "fringe": woman * 1.1 + 0.12 * man,
        "centre": woman * 1.1 + 0.1 * man,
        "long": woman * 1.3 + 0.08 * man,
        "wavy": woman * 1.6 + 0.1 * man,
        "bob": woman * 1.1,
        "pulled": woman * 1.3 + 0.1 * man,
        "scarf": woman * 0.6,
    }


def hair_colour_weights(tone: int) -> dict[str, float]:
    """How likely each hair colour is: mostly dark on darker skin, anything on the lighter."""
    light = max(0.0, (7 - tone) / 6)
    return {
        "black": 1.2 + 0.25 * tone,
        "soft-black": 1.2,
        "dark-brown": 1.2,
        "brown": 0.3 + 1.1 * light,
        "chestnut": 0.15 + 0.8 * light,
        "auburn": 0.12 + 0.5 * light,
        "ginger": 0.8 * light,
        "dark-blonde": 0.08 + 0.9 * light,
        "blonde": 0.02 + 0.9 * light,
        "platinum": 0.015 + 0.3 * light,
        "teal": 0.05,
        "plum": 0.08,
    }


def iris_weights(tone: int) -> dict[str, float]:
    """How likely each colour of the eyes is."""
    light = max(0.0, (6 - tone) / 5)
    return {
        "dark": 0.5 + 0.15 * tone,
        "brown": 1.0,
        "amber": 0.2,
        "hazel": 0.1 + 0.5 * light,
        "green": 0.03 + 0.5 * light,
        "blue": 0.02 + 0.9 * light,
        "grey": 0.02 + 0.4 * light,
    }
