"""`from cyclegan_glasses import remove`: one line in somebody's own program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cyclegan_glasses
from cyclegan_glasses import Frame, GlassesEditor, __version__, add, load_frames, remove, swap
from cyclegan_glasses.attributes import classifier as attribute_classifier
from cyclegan_glasses.domains import NONE
from cyclegan_glasses.editing import api, editor
from cyclegan_glasses.errors import UserError
from tests.editing.helpers import Known, Says, portrait


@pytest.fixture
def photo(monkeypatch, tmp_path) -> Path:
    """A drawn portrait whose face is known; no editor is loaded yet, and there is no classifier."""
    image, face = portrait()
    Image.fromarray(image).save(tmp_path / "photo.png")
    monkeypatch.setattr(editor, "make_detector", lambda *_: Known([face]))
    monkeypatch.setattr(attribute_classifier, "load_classifier", lambda: None)
    api._editor.cache_clear()
    yield tmp_path / "photo.png"
    api._editor.cache_clear()


def test_the_public_names_are_there() -> None:
    for name in cyclegan_glasses.__all__:
        assert getattr(cyclegan_glasses, name) is not None
    assert cyclegan_glasses.__version__ == __version__ and load_frames.__name__ == "load_frames"
    with pytest.raises(AttributeError, match="no attribute 'dance'"):
        _ = cyclegan_glasses.dance


def test_a_path_a_picture_and_a_fainter_edit(photo) -> None:
    before = np.asarray(Image.open(photo))
    whole = remove(str(photo))
    assert isinstance(whole, Image.Image) and whole.size == before.shape[1::-1]
    assert (remove(photo) == whole) and (np.asarray(whole) != before).any()
    array = remove(before)
    assert isinstance(array, np.ndarray) and (array == np.asarray(whole)).all()
    half = remove(before, strength=0.5).astype(int)
    changes = [np.abs(picture - before.astype(int)).sum() for picture in (half, array.astype(int))]
    assert 0.4 * changes[1] < changes[0] < 0.6 * changes[1]
    assert (add(before) != array).any()


def test_what_a_person_can_mend_is_said(photo) -> None:
    with pytest.raises(UserError, match=r"gone\.png"):
        remove(photo.with_name("gone.png"))
    with pytest.raises(UserError, match="strength"):
        remove(photo, strength=2)
    with pytest.raises(ValueError, match="shape"):
        add(np.zeros(3, np.uint8))


def test_a_bare_face_is_left_alone_unless_the_classifier_is_left_out(photo, monkeypatch) -> None:
    """As on the command line: the same photo must not come out differently from Python."""
    monkeypatch.setattr(attribute_classifier, "load_classifier", lambda: Says(NONE, NONE))
    picture = Image.open(photo)
    assert np.array_equal(remove(picture), picture)
    assert not np.array_equal(remove(picture, force=True), picture)
    assert not np.array_equal(GlassesEditor.load(device="cpu", classifier=None).remove(picture), picture)


def test_the_editor_loads_the_classifier_that_ships() -> None:
    assert GlassesEditor.load(device="cpu", judge=None).classifier is None, "programs of before"
    loaded = GlassesEditor.load(device="cpu")
    assert isinstance(loaded.classifier, attribute_classifier.FacelyzrClassifier)


def test_a_frame_is_asked_for_as_on_the_command_line(photo) -> None:
    before = np.asarray(Image.open(photo))
    gold = np.asarray(add(photo, frame="aviator", colour="gold"))
    assert not np.array_equal(gold, before) and not np.array_equal(
        gold, add(before, frame="aviator", rim=3.0)
    )
    sun = add(before, frame=Frame("round", lens_width=48.0), lens="sun")
    assert not np.array_equal(sun, add(before, frame=Frame("round", lens_width=48.0)))
    learned = add(before, frame="learned")
    assert not np.array_equal(learned, add(before))
    assert np.array_equal(learned, GlassesEditor.load(device="cpu").add(before, frame="learned"))
    assert not np.array_equal(swap(before, frame="panto"), before) and not np.array_equal(
        swap(before), before
    )
    with pytest.raises(UserError, match="unknown --frame 'heart'"):
        add(before, frame="heart")
    with pytest.raises(UserError, match="by the command"):
        add(before, frame="all")
    with pytest.raises(UserError, match="swap draws a frame"):
        swap(before, frame="learned")
    with pytest.raises(UserError, match="unknown --colour"):
        swap(before, frame=Frame(), colour="mauve")
