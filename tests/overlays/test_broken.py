"""Broken glasses: the attribute classifier is trained not to take them for glasses."""

from __future__ import annotations

import numpy as np
import pytest

from cyclegan_glasses.overlays.broken import BROKEN, _conspicuous, wiped

EYES = np.array([[20.5, 25.6], [43.5, 25.6]])
WAYS = {**BROKEN, "wiped": wiped}


def face() -> np.ndarray:
    """A skin-coloured square with dark eyes."""
    picture = np.full((64, 64, 3), (200, 160, 140), np.uint8)
    for x, y in EYES.astype(int):
        picture[y - 2 : y + 3, x - 4 : x + 5] = 60
    return picture


@pytest.mark.parametrize("name", WAYS)
def test_each_way_changes_the_face_about_the_eyes_alone(name):
    """A change elsewhere, or none, would train the classifier on something else."""
    for seed in range(6):
        before = face()
        after = WAYS[name](before, EYES, 5.0, np.random.default_rng(seed))
        changed = (after != before).any(2)
        assert after.dtype == np.uint8 and after.shape == before.shape
        assert (before == face()).all(), "the face that was given is changed"
        assert 5 <= changed.sum() < 0.6 * changed.size
        assert not changed[56:].any()


@pytest.mark.parametrize("name", WAYS)
def test_the_same_seed_breaks_alike(name):
    first, second = (WAYS[name](face(), EYES, 0.0, np.random.default_rng(3)) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("name", ["half_drawn", "rubbed_out"])
def test_a_part_of_a_frame_is_neither_a_whole_one_nor_nothing(name):
    """Otherwise whole glasses, or bare faces, were taught as broken."""
    for seed in range(8):
        part = BROKEN[name](face(), EYES, 0.0, np.random.default_rng(seed))
        whole, _ = _conspicuous(face(), EYES, 0.0, np.random.default_rng(seed))
        there, all_of_it = (np.abs(picture - face().astype(float)).sum() for picture in (part, whole))
        assert 0.15 * all_of_it < there < 0.85 * all_of_it
