"""A stream edited picture by picture: what is drawn stays on the face, and nothing else changes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE
from cyclegan_glasses.editing.drawing import as_drawing
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.live import LiveEditor, Look
from cyclegan_glasses.editing.models import Generator, Translated, translate
from cyclegan_glasses.editing.settings import SWAP, EditSettings
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import frame_of, random_portrait

WIDTH, HEIGHT, SIDE, RATE = 400, 300, 260, 30
ROUND = as_drawing("round")


@pytest.fixture(scope="module")
def editor() -> GlassesEditor:
    return GlassesEditor.load()


@pytest.fixture(scope="module")
def faces() -> tuple[np.ndarray, np.ndarray]:
    """A portrait without glasses, and with some."""
    drawing = draw_portrait(random_portrait(0, 3), SIDE)
    return drawing.image, drawing.with_glasses(frame_of(0, 3))[0]


def seen(face: np.ndarray | None, x: float, noise: int = -1) -> np.ndarray:
    """What a camera sees whose picture has the face `x` pixels from its left border."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    if face is not None:
        shift = np.array([[1.0, 0, x], [0, 1.0, 20]])
        cv2.warpAffine(
            face, shift, (WIDTH, HEIGHT), picture, cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        )
    if noise >= 0:
        grain = np.random.default_rng(noise).normal(0, 3, picture.shape)
        picture = np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)
    return picture


def middle_of_change(before: np.ndarray, after: np.ndarray) -> float:
    """The column around which a picture was changed."""
    changed = (before != after).any(2)
    assert changed.any()
    return float(np.nonzero(changed)[1].mean())


def test_a_frame_stays_on_a_face_that_moves(editor: GlassesEditor, faces: tuple[np.ndarray, ...]) -> None:
    live, away = LiveEditor(editor, waits=True), []
    for number in range(24):
        x = 70 + 55 * math.sin(number / RATE * 4)
        picture = seen(faces[0], x, number)
        edited = live.edit(picture, Look(ADD, ROUND), number / RATE)
        if number > 8:
            away.append(middle_of_change(picture, edited) - x)
        assert (edited[:, :20] == picture[:, :20]).all() and edited is not picture
    assert np.ptp(away) < 5, "the frame is where the face is, within a fraction of the eye distance"
    assert [report.done for report in live.faces] == ["edited"]


def test_a_frame_does_not_shake_on_a_face_that_stands_still(
    editor: GlassesEditor, faces: tuple[np.ndarray, ...]
) -> None:
    live, places = LiveEditor(editor, waits=True), []
    for number in range(30):
        (placed,) = live.place(seen(faces[0], 70, number), Look(ADD, ROUND), number / RATE) or [None]
        if placed is not None and placed.frame is not None:
            places.append(placed.frame[1].origin)
    assert len(places) > 20
    assert np.abs(np.diff(places, axis=0)).mean() < 0.15, "pixels from picture to picture"


def test_the_model_is_asked_again_now_and_then_and_at_once_where_the_face_looks_different(
    editor: GlassesEditor, faces: tuple[np.ndarray, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked in every picture, a mirror that takes glasses off is half as fast."""
    asked: list[float] = []

    def counted(generator: Generator, crops: np.ndarray, passes: int) -> list[Translated]:
        asked.append(now)
        return translate(generator, crops, passes)

    monkeypatch.setattr("cyclegan_glasses.editing.live.translate", counted)
    bare, worn = faces
    other = draw_portrait(random_portrait(0, 3), SIDE).with_glasses(frame_of(0, 7))[0]
    live, apart = LiveEditor(editor, waits=True), []
    for number in range(20):
        now = number / RATE
        face = worn if number < 14 else other
        edited = live.edit(seen(face, 70 + number, number), Look(REMOVE), now)
        if number > 8:
            apart.append(np.abs(edited.astype(float) - seen(bare, 70 + number))[60:150, 100:250].mean())
    live.close()
    assert 14 / RATE in asked, "another frame is not taken off by what took off the first"
    assert 3 <= len(asked) <= 12
    assert np.ptp(apart[:5]) < 0.3, "what is taken off does not depend on whether the model was asked"


def test_what_is_done_may_change_at_any_time(editor: GlassesEditor, faces: tuple[np.ndarray, ...]) -> None:
    _, worn = faces
    live, number = LiveEditor(editor, waits=True), 0

    def last(face: np.ndarray, look: Look) -> tuple[np.ndarray, np.ndarray]:
        nonlocal number
        for _ in range(8):
            picture = seen(face, 70)
            edited = live.edit(picture, look, number / RATE)
            number += 1
        return picture, edited

    picture, off = last(worn, Look(REMOVE))
    reports = [editor.find_targets(one, REMOVE, EditSettings())[0].report for one in (picture, off)]
    assert [report.before.label for report in reports if report.before] == [GLASSES, NONE]
    picture, swapped = last(worn, Look(SWAP, ROUND))
    assert (swapped != off).any()
    picture, added = last(worn, Look(ADD, ROUND))
    assert (added == picture).all() and "already" in live.faces[0].reason
    picture, plain = last(worn, Look())
    assert (plain == picture).all() and not live.faces


def test_a_face_that_goes_and_comes_back(editor: GlassesEditor, faces: tuple[np.ndarray, ...]) -> None:
    live, changed = LiveEditor(editor, waits=True), []
    for number in range(60):
        there = not 15 <= number < 40
        picture = seen(faces[0] if there else None, 70 if number < 40 else 10)
        changed.append((live.edit(picture, Look(ADD, ROUND), number / RATE) != picture).any())
    assert all(changed[8:15]) and not any(changed[21:40]) and all(changed[50:])


def test_surveys_run_beside_the_pictures(editor: GlassesEditor, faces: tuple[np.ndarray, ...]) -> None:
    live, picture = LiveEditor(editor), seen(faces[0], 70)
    assert (live.edit(picture, Look(ADD, ROUND), 0.0) == picture).all(), "no picture waits for the first one"
    live.close()  # waits for it
    edited = [live.edit(picture, Look(ADD, ROUND), number / RATE) for number in range(1, 10)]
    assert (edited[-1] != picture).any()
    assert {"follow", "survey", "place", "draw"} <= live.timings.seconds.keys()
