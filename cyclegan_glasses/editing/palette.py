"""Pictures of at most 256 colours, as a GIF holds them."""

from __future__ import annotations

import numpy as np
from PIL import Image

#: Entries of a palette, the last of which stands for transparency where it is needed.
COLOURS = 256


def with_palette(pixels: np.ndarray, before: np.ndarray) -> Image.Image:
    """An edited picture with a palette. What was not changed keeps its colours to the last bit, as long as
    the palette holds them; the rest of the palette goes to what was changed.

    Args:
        pixels: uint8 (height, width, 1 to 4). A pixel is transparent where its alpha is below half.
        before: the picture before the edit, of the same shape.

    Returns:
        A picture of mode P, with `transparency` in its `info` where it has any.
    """
    colours, clear = _rgb(pixels), _is_clear(pixels)
    room = COLOURS - int(clear.any())
    kept = ~clear & (pixels == before).all(axis=2)
    known = np.unique(_packed(colours[kept]))
    if len(known) > room:  # more than one palette's: it is made anew
        kept, known = np.zeros_like(clear), known[:0]
    changed = ~clear & ~kept
    palette = _unpacked(known)
    if changed.any() and len(palette) < room:
        palette = np.concatenate([palette, _typical(colours[changed], room - len(palette))])
    picture = Image.new("P", (1, 1))
    picture.putpalette(palette.astype(np.uint8).tobytes())
    nearest = np.asarray(
        Image.fromarray(colours).quantize(palette=picture, dither=Image.Dither.FLOYDSTEINBERG)
    ).copy()
    nearest[kept] = np.searchsorted(known, _packed(colours[kept]))
    if clear.any():
        nearest[clear] = len(palette)
        palette = np.concatenate([palette, np.zeros((1, 3), palette.dtype)])
    result = Image.fromarray(nearest)
    result.putpalette(palette.astype(np.uint8).tobytes())
    if clear.any():
        result.info["transparency"] = len(palette) - 1
    return result


def _typical(colours: np.ndarray, most: int) -> np.ndarray:
    """At most `most` colours that stand for `colours`, uint8 (n, 3): by median cut, (k, 3)."""
    picture = Image.fromarray(colours[None]).quantize(most, Image.Quantize.MEDIANCUT)
    entries = np.array(picture.getpalette(), np.uint8).reshape(-1, 3)
    return entries[np.unique(np.asarray(picture))]


def _rgb(pixels: np.ndarray) -> np.ndarray:
    colours = pixels[:, :, :3] if pixels.shape[2] > 2 else pixels[:, :, :1]
    return np.ascontiguousarray(np.broadcast_to(colours, (*pixels.shape[:2], 3)))


def _is_clear(pixels: np.ndarray) -> np.ndarray:
    if pixels.shape[2] in (1, 3):
        return np.zeros(pixels.shape[:2], bool)
    return np.asarray(pixels[:, :, -1] < 128)


def _packed(colours: np.ndarray) -> np.ndarray:
    """Colours (n, 3) as one number each."""
    red, green, blue = colours.astype(np.uint32).T
    return red << 16 | green << 8 | blue


def _unpacked(packed: np.ndarray) -> np.ndarray:
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=-1)
