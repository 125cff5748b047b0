"""Glasses go and the colours stay those of the photo: no stains on skin, no tint in a monochrome photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.blend import apply_change, measure_change
from cyclegan_glasses.editing.colours import bounded, in_tones, keep_colours, tones_of
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.images import to_grey
from cyclegan_glasses.portraits.aligned import drawn_portrait
from tests.editing.helpers import make_editor, portrait

STAINS = {"pink": (40, -30, 10), "orange": (40, 0, -50), "yellow": (30, 25, -70), "purple": (10, -40, 40)}


def lab(picture: np.ndarray) -> np.ndarray:
    converted: np.ndarray = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return converted


def crop_of(number: int = 1) -> np.ndarray:
    image, face = drawn_portrait(number, 200, glasses=False)
    return align(image, face, 96)[0].astype(np.float32)


def stained(crop: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    edited = crop.copy()
    edited[44:54, 24:44] += np.array(colour, np.float32)
    return np.clip(edited, 0, 255)


@pytest.mark.parametrize("name", STAINS)
@pytest.mark.parametrize("number", [1, 4, 6])
def test_a_stain_on_skin_is_taken_back_and_its_lightness_kept(name: str, number: int) -> None:
    crop = crop_of(number)
    edited = stained(crop, STAINS[name])
    kept = bounded(crop, edited)
    spot = np.s_[46:52, 26:42]
    before, stain, after = lab(crop)[spot], lab(edited)[spot], lab(kept)[spot]

    def chroma(one: np.ndarray) -> float:
        return float(np.hypot(*(one - before)[:, :, 1:].mean((0, 1))))

    assert chroma(stain) > 15
    assert chroma(after) < 0.6 * chroma(stain)
    assert np.abs(after[:, :, 0] - stain[:, :, 0]).max() < 3
    assert np.array_equal(kept[:40], crop[:40]), "what the model left stays"


def test_skin_under_a_coloured_lens_becomes_skin() -> None:
    """The bound is on what comes out, not on how far that lies from the tint of a lens."""
    bare = crop_of()
    tinted = bare.copy()
    tinted[34:52, 20:76] *= np.array([0.6, 0.8, 0.7], np.float32)
    assert np.abs(lab(bounded(tinted, bare)) - lab(bare))[:, :, 1:].mean() < 0.5


def test_the_frame_s_own_colour_counts_for_nothing() -> None:
    """A red frame would else allow a red line where it was."""
    bare = crop_of()
    near = np.zeros(bare.shape[:2], np.float32)
    near[52:56, 20:76] = 1
    worn = np.where(near[:, :, None] > 0, np.float32((200, 20, 30)), bare)
    ghost = bare + near[:, :, None] * np.float32((40, -30, -30))
    known, unknown = (lab(bounded(worn, ghost, n))[53:55, 30:66, 1] for n in (near, None))
    truth = lab(bare)[53:55, 30:66, 1]
    assert np.abs(known - truth).mean() < 0.5 * np.abs(unknown - truth).mean()


@pytest.mark.parametrize("gain", [(1, 1, 1), (1.0, 0.86, 0.66), (0.8, 0.9, 1.0)])
def test_a_monochrome_photo_stays_in_its_tones(gain: tuple[float, float, float]) -> None:
    grey = to_grey(crop_of())[:, :, None]
    crop = np.clip(grey * np.array(gain, np.float32) + (1 - np.array(gain, np.float32)) * 20, 0, 255)
    edited = stained(crop, STAINS["purple"])
    kept = keep_colours(crop, edited)
    tones = tones_of(crop)
    assert tones is not None
    assert np.abs(kept - in_tones(kept, tones)).max() < 1.5
    assert np.abs(to_grey(kept) - to_grey(edited)).max() < 4
    result = np.rint(crop).astype(np.uint8)
    apply_change(result, measure_change(crop, edited, bounded=True), align_identity(len(crop)))
    off = (result - to_grey(result.astype(np.float32))[:, :, None]) - (crop - to_grey(crop)[:, :, None])
    assert np.abs(off[46:52, 26:42]).max() < 6
    if gain == (1, 1, 1):
        assert (result == result[:, :, :1]).all(), "grey stays grey to the bit"


def align_identity(size: int):
    image, face = drawn_portrait(1, size, glasses=False)
    face.landmarks[:2] = [[0.32 * size, 0.4 * size], [0.68 * size, 0.4 * size]]
    return align(image, face, size)[1]


def test_colours_are_no_tones() -> None:
    assert not [number for number in range(8) if tones_of(crop_of(number)) is not None]


def test_what_a_model_left_is_left_in_a_monochrome_photo_too() -> None:
    """A scan has spots off its tone; they are no part of the edit."""
    crop = np.repeat(to_grey(crop_of())[:, :, None], 3, axis=2)
    crop[70:80, 40:60] += np.float32((12, 0, -12))
    kept = keep_colours(crop, stained(crop, STAINS["pink"]))
    assert np.abs(kept - crop)[60:].max() < 1e-3


class Red:
    """A network that paints a red bar over the eyes."""

    def __call__(self, faces: np.ndarray) -> tuple[np.ndarray, None]:
        edited = faces.copy()
        edited[:, :, 16:22, 10:38] = np.array((0.6, -0.6, -0.6), np.float32)[:, None, None]
        return edited, None


def test_removing_is_bounded_and_adding_is_not() -> None:
    """A frame that is added may have colours that the face has not."""
    image, face = portrait()
    editor = make_editor([face])
    red = {way: replace(editor.model.get(way), network=Red()) for way in (REMOVE, ADD)}
    editor.model = replace(editor.model, generators=red)
    reddest = [lab(editor.edit(image, way).picture)[:, :, 1].max() for way in (REMOVE, ADD)]
    assert reddest[0] < lab(image)[:, :, 1].max() + 3 < 45 < reddest[1]
