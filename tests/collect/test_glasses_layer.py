"""What a remover takes off one face and what is put on another belong to one equation: the pair is exact."""

from __future__ import annotations

import numpy as np
import pytest

from cyclegan_glasses.collect.glasses_layer import glasses_of

SIZE = 64
BAR = np.s_[24:28, 16:48]  # over the eyes
LENS = np.s_[28:32, 20:30]  # below it
COLOUR = np.array([20, 60, 100])


def face(*levels: int) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), levels, np.uint8)


def over(fraction: float, behind: np.ndarray) -> np.ndarray:
    """`behind` with a bar that takes `fraction` of each pixel, and a reflection of 12 levels below it."""
    seen = behind.astype(float)
    seen[BAR] = fraction * COLOUR + (1 - fraction) * seen[BAR]
    seen[LENS] += 12
    return seen.astype(np.uint8)


def bar(fraction: float) -> np.ndarray:
    frame = np.zeros((SIZE, SIZE))
    frame[BAR] = fraction
    return frame


@pytest.mark.parametrize("fraction", [0.25, 0.5, 1.0])
def test_the_other_face_gets_the_frame_as_if_it_wore_it(fraction) -> None:
    """A half-covered pixel shows the new face behind the frame, not the old one."""
    first, second = face(200, 160, 120), face(80, 40, 240)
    layer = glasses_of(over(fraction, first), first.astype(np.float32), bar(fraction))
    result, mask, layers = layer.put_on(second)
    assert (result == over(fraction, second)).all()
    assert set(np.unique(mask)) == {0, 255} and ((result != second).any(axis=2) == (mask > 0)).all()
    assert (layers[..., 0] == np.rint(255 * bar(fraction))).all() and not layers[..., 1:].any()
    assert layer.frame_fraction == fraction * 128 / SIZE**2


def test_what_does_not_belong_to_the_glasses_stays() -> None:
    """Teeth and hats that the model changes, and noise of its picture, are not carried over."""
    photo, removed, frame = over(1, face(200, 160, 120)), face(200, 160, 120).astype(np.float32), bar(1)
    photo[50:53, 28:36], frame[50:53, 28:36] = 255, 0.9
    removed[4:8] += 1
    photo[8:10], frame[8:10] = 0, 0.9
    result, mask, layers = glasses_of(photo, removed, frame).put_on(face(90, 90, 90))
    assert (result == over(1, face(90, 90, 90))).all()
    assert not mask[40:].any() and not mask[:20].any() and not layers[40:].any()
    photo[32:53, 25] = 0  # even where a line leads there
    assert not glasses_of(photo, removed, frame).put_on(face(90, 90, 90))[1][44:].any()


def test_levels_end_at_black_and_white() -> None:
    bright = glasses_of(over(0, face(200, 200, 200)), face(200, 200, 200).astype(np.float32), bar(0))
    result, mask, _ = bright.put_on(face(250, 255, 0))
    assert result[LENS].tolist() == np.broadcast_to([255, 255, 12], (4, 10, 3)).tolist()
    assert (mask[LENS] == 255).all() and (mask > 0).sum() == 40
