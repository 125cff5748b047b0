"""Is the picture there already, or nearly?

Two pictures are one when both their perceptual hashes (pHash over the DCT, dHash over gradients; 64 bits
each, of the library imagehash) differ in few bits. Candidates come from multi-index hashing (Norouzi, Punjani
and Fleet 2012, doi 10.1109/CVPR.2012.6248043): of two hashes that differ in at most b bits, one of four bands
of 16 bits differs in at most b // 4, so only such neighbours of each band are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import imagehash
import numpy as np
from PIL import Image

from cyclegan_glasses.photo import Photo
from cyclegan_glasses.union_find import UnionFind

_BANDS, _BAND_BITS = 4, 16
_CHUNK = 1 << 20
_BITS_SET = np.array([number.bit_count() for number in range(256)], np.uint8)
MOST_BITS = 15


def hashes(image: Image.Image) -> str:
    """pHash and dHash of a picture, 32 hexadecimal digits."""
    grey = image.convert("L")
    return f"{imagehash.phash(grey)}{imagehash.dhash(grey)}"


def hashes_of(photo: Photo) -> str:
    """What `hashes` gave for a photo when it was measured; empty where that is missing or malformed."""
    text = photo.facts.get("hashes")
    return text if isinstance(text, str) and re.fullmatch("[0-9a-f]{32}", text) else ""


def to_numbers(text: str) -> tuple[int, int]:
    """The two 64-bit numbers of `hashes`.

    Raises:
        ValueError: not 32 hexadecimal digits.
    """
    if len(text) != 32:
        raise ValueError(f"{text!r} is no pair of hashes")
    return int(text[:16], 16), int(text[16:], 16)


def near_groups(first: np.ndarray, second: np.ndarray, bits: int) -> np.ndarray:
    """Number each picture by the group of near-duplicates that it belongs to.

    Args:
        first, second: the two hashes of each picture, uint64 (n,).
        bits: differing bits, in each of the hashes, up to which two pictures are one; 0 to `MOST_BITS`.

    Returns:
        int64 (n,): the smallest index of the group, the picture's own where it has no near-duplicate. Groups
        are closed: a copy of a copy belongs to them.
    """
    if not 0 <= bits <= MOST_BITS:
        raise ValueError(f"bits lie between 0 and {MOST_BITS}, not at {bits}")
    both = np.stack([first, second], 1)
    unique, where, inverse = np.unique(both, axis=0, return_index=True, return_inverse=True)
    groups = UnionFind(len(unique))
    for one, other in _pairs(unique[:, 0], unique[:, 1], bits):
        for left, right in zip(one.tolist(), other.tolist(), strict=True):
            groups.union(left, right)
    roots = np.array([groups.find(index) for index in range(len(unique))], np.int64)
    smallest = np.full(len(unique), np.iinfo(np.int64).max)
    np.minimum.at(smallest, roots, where)
    return smallest[roots][inverse.ravel()] if len(unique) else np.zeros(0, np.int64)


def _pairs(first: np.ndarray, second: np.ndarray, bits: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of indices of hashes that are near, in pieces; a pair may come more than once."""
    masks = [mask for mask in range(1 << _BAND_BITS) if mask.bit_count() <= bits // _BANDS]
    for band in range(_BANDS):
        values = ((first >> np.uint64(band * _BAND_BITS)) & np.uint64(0xFFFF)).astype(np.int64)
        order = np.argsort(values, kind="stable")
        starts = np.searchsorted(values[order], np.arange((1 << _BAND_BITS) + 1))
        for mask in masks:
            begin, end = starts[values ^ mask], starts[(values ^ mask) + 1]
            for one, place in _expand(begin, end):
                other = order[place]
                once = one < other
                one, other = one[once], other[once]
                near = _distance(first[one], first[other]) <= bits
                near[near] = _distance(second[one[near]], second[other[near]]) <= bits
                if near.any():
                    yield one[near], other[near]


def _expand(begin: np.ndarray, end: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each index i with each place of begin[i] to end[i], in pieces of bounded size."""
    counts = end - begin
    total = np.cumsum(counts)
    row = 0
    while row < len(counts):
        done = total[row - 1] if row else 0
        stop = max(row + 1, int(np.searchsorted(total, done + _CHUNK, side="right")))
        some = counts[row:stop]
        index = np.repeat(np.arange(row, stop), some)
        inside = np.arange(len(index)) - np.repeat(np.cumsum(some) - some, some)
        yield index, begin[index] + inside
        row = stop


def _distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return _BITS_SET[(one ^ other).view(np.uint8).reshape(-1, 8)].sum(1)
