"""Who is left alone: if these fail, bare faces, sunglasses and profiles are spoilt, or spectacles stay on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cyclegan_glasses.attributes.verdicts import BROKEN, Verdict
from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE, SUNGLASSES
from cyclegan_glasses.editing.drawing import draw, fit
from cyclegan_glasses.editing.lenses import hides_eyes, lens_colour, lens_light
from cyclegan_glasses.editing.reports import EDITED, FaceReport
from cyclegan_glasses.editing.settings import SWAP, EditSettings
from cyclegan_glasses.editing.targets import asked_for, reason_to_leave
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.overlays.frames import Frame, random_frame
from cyclegan_glasses.overlays.settings import PUPILS
from tests.editing.helpers import portrait

PLAIN = EditSettings()


def verdict(none: float, glasses: float, sunglasses: float, label: str = "") -> Verdict:
    """One that is sure of `label`, or unsure without it."""
    chances = {NONE: none, GLASSES: glasses, SUNGLASSES: sunglasses}
    chances |= {BROKEN: max(0.0, 1 - sum(chances.values()))}
    return Verdict(label or max(chances, key=chances.__getitem__), 0.5, chances, bool(label))


def why(direction: str, report: FaceReport, **more) -> str:
    return reason_to_leave(report, True, direction, more.pop("settings", PLAIN), False, False, **more)


def test_a_doubtful_bare_face_is_left_and_doubtful_glasses_are_not() -> None:
    """Blurred bare faces are `broken` to the classifier, or it is not sure, and were edited."""
    face = FaceReport((0, 0, 9, 9), 0.0, EDITED)
    assert why(REMOVE, replace(face, before=verdict(0.3, 0.02, 0, BROKEN))) == "wears no glasses"
    assert why(REMOVE, replace(face, before=verdict(0.3, 0.15, 0))) == ""
    assert why(REMOVE, replace(face, before=Verdict(BROKEN, 0.9))) == ""


@pytest.mark.parametrize("direction", [REMOVE, SWAP])
def test_dark_lenses_are_left_unless_forced(direction) -> None:
    face = FaceReport((0, 0, 9, 9), 0.0, EDITED, before=verdict(0, 0.01, 0.98, SUNGLASSES))
    assert "hide the eyes" in why(direction, face, dark=True) and why(direction, face) == ""
    assert why(direction, face, dark=True, settings=EditSettings(force=True)) == ""


def test_far_side_views_are_left_unless_forced() -> None:
    face = FaceReport((0, 0, 9, 9), -62.0, EDITED, before=verdict(0, 0.9, 0, GLASSES))
    assert "turned by 62 degrees" in why(REMOVE, face)
    assert why(REMOVE, replace(face, yaw=40.0)) == why(REMOVE, replace(face, yaw=None)) == ""
    assert why(REMOVE, face, settings=EditSettings(force=True)) == ""
    assert "swap takes them off first" in why(ADD, face)


def test_light_behind_lenses_is_measured_next_to_the_skin() -> None:
    """On all skins, in bright photos and dark ones: clear lenses let light through, dark ones do not."""
    rng, perhaps = np.random.default_rng(0), verdict(0.2, 0.7, 0.1)
    for number in (1, 5, 6):
        bare, face = portrait(160, number)
        clear, dark = bare.copy(), bare.copy()
        fitted = fit(bare, face, PUPILS)
        draw(clear, Frame(reflection=0.0), fitted)
        draw(
            dark,
            replace(random_frame(rng, sunglasses=True), tint_strength=0.97, gradient=0.0, mirror=0.0),
            fitted,
        )
        for light in (1.0, 0.4):
            crops = [align((light * one).astype(np.uint8), face, 128)[0] for one in (bare, clear, dark)]
            assert min(map(lens_light, crops[:2])) > 0.25 and lens_light(crops[2]) < 0.2 * lens_light(
                crops[0]
            )
            assert [hides_eyes(crop, perhaps) for crop in crops] == [False, False, True]
        assert hides_eyes(crops[1], verdict(0, 0.1, 0.9)) and not hides_eyes(crops[2], None)


@pytest.mark.parametrize(
    "face, places", [("all", {0, 1, 2}), ("largest", {0}), ("2", {1}), ("1,3", {0, 2}), ("3,1,3", {0, 2})]
)
def test_a_person_names_the_faces_of_a_group(face, places) -> None:
    assert set(asked_for(EditSettings(face=face).face, 3)) == places


@pytest.mark.parametrize("face", ["1,", ",", "1;2", "0", "2,0", "-1", "nose"])
def test_what_names_no_face_is_refused(face) -> None:
    with pytest.raises(UserError, match="--face"):
        EditSettings(face=face)


def test_mirrors_that_pass_for_clear_lenses_are_told_by_their_colour() -> None:
    """Some are as bright as the skin, and the classifier takes them for glasses; frames have any colour."""
    glasses, none = verdict(0, 1, 0, GLASSES), verdict(1, 0, 0, NONE)
    mirror = Frame(
        shape="aviator", mirror=0.8, mirror_colour=(40, 90, 255), tint=(0, 0, 60), tint_strength=0.9
    )
    for number in (1, 5, 6):
        bare, face = portrait(160, number)
        blue, mirrored = bare.copy(), bare.copy()
        fitted = fit(bare, face, PUPILS)
        draw(blue, Frame(colour=(20, 40, 200)), fitted)
        draw(mirrored, mirror, fitted)
        crops = [align(one, face, 128)[0] for one in (bare, blue, mirrored)]
        assert max(map(lens_colour, crops[:2])) < 10
        assert [hides_eyes(crop, glasses) for crop in crops] == [False, False, True]
        assert not hides_eyes(crops[2], none)
