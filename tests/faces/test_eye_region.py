"""Glasses hang together with the eyes; teeth and hats do not."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.faces.eye_region import at_the_eyes


def test_what_lies_apart_from_the_eyes_is_no_part_of_glasses() -> None:
    """A rim and the arm that is on it stay, over a gap too; the brim of a hat and teeth go."""
    there = np.zeros((100, 120), bool)
    there[40, 30:70] = there[40, 73:110] = True
    there[5, 10:90] = there[75:80, 40:60] = True
    kept = at_the_eyes(there)
    assert kept[40, 30:110].all()
    assert not kept[:30].any() and not kept[60:].any()


def test_an_arm_that_does_not_reach_the_front_belongs_to_glasses() -> None:
    """Rimless ones, or where the rim is as bright as the skin: hinges and arms lie apart from the bridge."""
    there = np.zeros((100, 100), bool)
    there[40:43, 45:55] = there[38:41, 8:16] = True
    assert at_the_eyes(there)[there].all()


def test_nothing_is_no_glasses() -> None:
    assert not at_the_eyes(np.zeros((20, 20), bool)).any()
