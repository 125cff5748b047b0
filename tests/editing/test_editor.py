"""The Python interface: pictures of any kind in, the same kind out, only the wanted faces changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.attributes.verdicts import BROKEN, Verdict
from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE
from cyclegan_glasses.editing.editor import EDITED, LEFT
from cyclegan_glasses.editing.models import Generator
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.editing.trained import module_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.networks.settings import GeneratorSettings
from tests.editing.helpers import SIZE, Says, make_editor, portrait


def crowd() -> tuple[np.ndarray, list[Face]]:
    """Three faces of different size beside each other."""
    image = np.full((160, 400, 3), 200, np.uint8)
    faces, left = [], 0
    for number, size in enumerate((100, 160, 130), 1):
        picture, face = portrait(size, number)
        image[:size, left : left + size] = picture
        box = (face.box[0] + left, *face.box[1:])
        faces.append(Face(box, 1.0, face.landmarks + np.array([left, 0])))
        left += size
    return image, faces


KINDS = {
    "uint8": lambda image: image,
    "uint16": lambda image: image.astype(np.uint16) * 257,
    "float32": lambda image: (image / 255).astype(np.float32),
    "float64": lambda image: image / 255,
    "grey array": lambda image: image[:, :, 1].copy(),
    "alpha": lambda image: np.dstack([image, np.full(image.shape[:2], 255, np.uint8)]),
    "PIL": Image.fromarray,
    "PIL grey": lambda image: Image.fromarray(image).convert("L"),
    "PIL with alpha": lambda image: Image.fromarray(image).convert("RGBA"),
    "PIL 16 bit": lambda image: Image.fromarray(image[:, :, 1].astype(np.uint16) * 257),
    "tensor": lambda image: torch.from_numpy(image).permute(2, 0, 1),
    "float tensor": lambda image: torch.from_numpy(image).permute(2, 0, 1) / 255,
}


def plain(picture) -> np.ndarray:
    return np.array(picture.numpy() if isinstance(picture, torch.Tensor) else picture)


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_in_comes_out(kind) -> None:
    image, face = portrait()
    picture = KINDS[kind](image)
    before = plain(picture)
    result = make_editor([face]).remove(picture)
    assert type(result) is type(picture)
    assert np.array_equal(plain(picture), before), "the picture given stays as it is"
    after = plain(result)
    assert after.shape == before.shape and after.dtype == before.dtype
    if isinstance(picture, Image.Image):
        assert result.mode == picture.mode
    if isinstance(picture, torch.Tensor):
        before, after = before.transpose(1, 2, 0), after.transpose(1, 2, 0)
    changed = before != after
    area = (changed.any(2) if changed.ndim == 3 else changed).mean()
    assert 0.01 < area < 0.2


def test_a_model_that_changes_nothing_changes_no_bit() -> None:
    """The whole way, face found, aligned, put back, loses nothing."""
    image, face = portrait()
    editor = make_editor([face])
    module_of(editor.model.get(REMOVE)).forward = lambda photo: photo  # type: ignore[method-assign]
    edit = editor.edit(image, REMOVE)
    assert np.array_equal(edit.picture, image) and not edit.changed
    assert [(face.done, face.reason) for face in edit.faces] == [(LEFT, "the model changes nothing")]


def test_a_model_of_grey_faces_keeps_the_colours() -> None:
    """iSee knows brightness alone: a photo must not turn grey where it edits."""
    image, face = portrait()
    editor = make_editor([face], level=0.0)
    editor.model.generators[REMOVE] = Generator(  # type: ignore[index]
        editor.model.get(REMOVE).network, GeneratorSettings(input_nc=1, output_nc=1), SIZE
    )
    result = editor.remove(image).astype(int)
    changed = np.abs(result - image).max(2) > 30
    assert changed.any()
    colourful = (result.max(2) - result.min(2))[changed].mean()
    assert colourful > 0.6 * (image.max(2).astype(int) - image.min(2))[changed].mean() > 5


def test_further_passes_go_over_the_result() -> None:
    """What a first pass leaves pale a second one may take away; a pass is the model once more, no more."""
    image, face = portrait()
    editor, seen = make_editor([face]), []

    def paler(photo: torch.Tensor) -> torch.Tensor:
        seen.append(photo.clone())
        edited = photo.clone()
        edited[:, :, 16:22, 10:38] *= 0.5
        return edited

    module_of(editor.model.get(REMOVE)).forward = paler  # type: ignore[method-assign]
    editor.remove(image, EditSettings(passes=2))
    assert len(seen) == 2 and torch.equal(seen[1][:, :, 16:22, 10:38], seen[0][:, :, 16:22, 10:38] * 0.5)
    assert torch.equal(seen[1][:, :, :16], seen[0][:, :, :16])
    once, twice = (editor.remove(image, EditSettings(passes=n)).astype(int) for n in (1, 2))
    middle = np.abs(once - image).max(2) > 10
    assert np.abs(twice - 128)[middle].mean() < 0.75 * np.abs(once - 128)[middle].mean()
    often = replace(editor.model.get(REMOVE), passes=2)  # as its packing said
    editor.model = replace(editor.model, generators={REMOVE: often})
    assert np.array_equal(editor.remove(image), twice)
    assert np.array_equal(editor.remove(image, EditSettings(passes=1)), once)
    module_of(editor.model.get(REMOVE)).forward = lambda photo: photo + 3  # type: ignore[method-assign]
    assert editor.edit(image, REMOVE, EditSettings(passes=3)).picture.max() <= 255


def test_a_photo_is_copied_once_and_not_at_all_where_nothing_is_done() -> None:
    """Large photos with many faces would be copied for each of them."""
    image, faces = crowd()
    editor = make_editor(faces)
    targets = editor.find_targets(image, REMOVE, EditSettings())
    before = image.copy()
    result, reports = editor.blend(
        image, targets, editor.translate(targets, REMOVE, EditSettings()), EditSettings()
    )
    assert result is not image and np.array_equal(image, before) and len(reports) == 3
    nothing = EditSettings(face="9")
    targets = editor.find_targets(image, REMOVE, nothing)
    assert editor.blend(image, targets, [], nothing)[0] is image


def test_lists_of_pictures_and_both_directions() -> None:
    image, face = portrait()
    editor = make_editor([face])
    dark = editor.remove([image, image[:, :118]])
    bright = editor.add(image, frame="learned")
    assert len(dark) == 2 and np.array_equal(dark[0], editor.remove(image))
    assert dark[0].astype(int).sum() < image.astype(int).sum() < bright.astype(int).sum()


@pytest.mark.parametrize(
    "asked, edited", [("all", [0, 1, 2]), ("largest", [0]), ("1", [0]), ("3", [2]), ("4", [])]
)
def test_which_faces(asked, edited) -> None:
    image, faces = crowd()
    edit = make_editor(faces).edit(image, REMOVE, EditSettings(face=asked))
    assert [number for number, face in enumerate(edit.faces) if face.done == EDITED] == edited
    assert [face.box[2] for face in edit.faces] == sorted((f.box[2] for f in faces), reverse=True)
    changed = (edit.picture != image).any(2)
    for number, (left, right) in {2: (0, 100), 0: (100, 260), 1: (260, 390)}.items():
        assert changed[:, left:right].any() == (number in edited)
        if number in edited:
            area = changed[:, left:right].sum() / changed.size
            report = edit.faces[number]
            assert area <= report.area < area + 0.04
            assert report.share == report.area, "the name of before"


def test_the_classifier_leaves_alone_what_needs_nothing() -> None:
    image, faces = crowd()
    classifier = Says(GLASSES, NONE)
    editor = make_editor(faces, classifier)
    edit = editor.edit(image, REMOVE)
    assert np.array_equal(edit.picture, image)
    assert {face.reason for face in edit.faces} == {"wears no glasses"}
    assert edit.faces[0].before and edit.faces[0].before.label == NONE
    assert editor.edit(image, REMOVE, EditSettings(force=True)).changed
    assert editor.edit(image, ADD).changed
    assert set(classifier.asked) == {3}, "all faces of a picture at once"
    wearing = make_editor(faces, Says(NONE, GLASSES)).edit(image, ADD)
    assert {face.reason for face in wearing.faces} == {"wears glasses already: swap takes them off first"}


def test_faces_that_the_classifier_does_not_know_are_edited() -> None:
    image, face = portrait()
    assert make_editor([face], Says(BROKEN, BROKEN)).edit(image, REMOVE).changed


def test_the_results_are_classified_when_asked() -> None:
    image, face = portrait()
    editor = make_editor([face], Says(NONE, GLASSES))
    report = editor.edit(image, REMOVE, EditSettings(check=True)).faces[0]
    assert report.before and report.after
    assert (report.before.label, report.after.label) == (GLASSES, NONE)
    assert editor.edit(image, REMOVE).faces[0].after is None
    with pytest.raises(UserError, match="no attribute classifier"):
        make_editor([face]).edit(image, REMOVE, EditSettings(check=True))


def test_threads_share_an_editor() -> None:
    image, faces = crowd()
    editor = make_editor(faces, Says(GLASSES, GLASSES))
    pictures = [image[:, : 400 - 10 * number] for number in range(6)]
    alone = [editor.remove(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(editor.remove, pictures))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_a_face_that_cannot_be_aligned_is_left_alone() -> None:
    image, face = portrait()
    flat = Face(face.box, 1.0, np.full((5, 2), 40.0))
    edit = make_editor([flat], Says(GLASSES, GLASSES)).edit(image, REMOVE)
    assert np.array_equal(edit.picture, image)
    assert edit.faces[0].done == LEFT and "cannot be aligned" in edit.faces[0].reason


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((9, 9, 5), np.uint8),
        np.zeros((0, 9, 3), np.uint8),
        np.zeros((9, 9, 3), np.int32),
        np.full((9, 9, 3), 200.0),
        np.full((9, 9, 3), np.nan),
        Image.new("CMYK", (9, 9)),
        torch.zeros(1, 3, 9, 9),
    ],
    ids=["5 channels", "empty", "int32", "floats to 255", "NaN", "CMYK", "batch"],
)
def test_other_pictures_are_refused_with_a_reason(picture) -> None:
    with pytest.raises(ValueError, match=r"give|convert|between 0 and 1"):
        make_editor([]).remove(picture)


@pytest.mark.parametrize(
    "options",
    [
        {"face": "0"},
        {"face": "nose"},
        {"strength": 1.1},
        {"strength": float("nan")},
        {"passes": 0},
        {"passes": 9},
    ],
)
def test_settings_that_cannot_be(options) -> None:
    with pytest.raises(UserError, match=r"--face|--strength|--passes"):
        EditSettings(**options)


def test_what_is_no_face_puts_no_glasses_back() -> None:
    """`--force` edits false faces too: one over the eyes of a true one leaves alone what that one edits."""
    image, face = portrait()
    false = Face(tuple(1.2 * side for side in face.box), 1.0, face.landmarks + np.array([0.0, 4.0]))
    likely, alone = (make_editor(faces, Says(GLASSES, GLASSES)) for faces in ([false, face], [face]))
    forced = EditSettings(force=True)
    targets = likely.find_targets(image, REMOVE, forced)
    assert targets[0].face is false
    probabilities = ({NONE: 0.9, GLASSES: 0.1}, {NONE: 0.1, GLASSES: 0.9})
    told = [
        replace(one, report=replace(one.report, before=Verdict(GLASSES, 0.9, values)))
        for one, values in zip(targets, probabilities, strict=True)
    ]
    made = likely.translate(told, REMOVE, forced)
    made[0] = replace(made[0], picture=np.full_like(made[0].picture, 255))
    both, _ = likely.blend(image, told, made, forced)
    first = alone.remove(image, forced)
    bar = (first < 6).all(axis=2) & (image > 20).all(axis=2)
    assert bar.sum() > 100
    assert np.abs(both[bar].astype(int) - first[bar]).max() <= 6, "white without the rule"
    assert (both != first).any(), "around it the other one is edited, too"
