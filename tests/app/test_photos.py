"""What the page makes of a photo is what the command writes."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from cyclegan_glasses.app.photos import (
    Choice,
    edit_photo,
    frames_on_face,
    open_photo,
    preview_of,
    reduced,
    with_boxes,
)
from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.settings import FrameSettings
from tests.app.helpers import group, jpeg, portrait


@pytest.fixture(scope="module")
def editor() -> GlassesEditor:
    return GlassesEditor.load()


def put(folder: Path, picture: np.ndarray, name: str = "me.jpg") -> Path:
    (folder / name).write_bytes(jpeg(picture))
    return folder / name


@pytest.mark.parametrize(
    "choice",
    [
        Choice(faces=(1,)),
        Choice(FrameSettings("panto", colour="gold", size="large", lens="sun"), faces=(3, 1), force=True),
    ],
)
def test_the_command_that_is_shown_writes_the_same_file(editor, tmp_path, monkeypatch, choice) -> None:
    photo = open_photo(editor, put(tmp_path, group(), "my photo.jpg"))
    result = edit_photo(editor, photo, choice)
    data = result.path.read_bytes()
    assert data != photo.path.read_bytes() and b"by hand" in data and b"maker" in data
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(result.command)
    parse([*arguments, "-o", "other.jpg"])()
    assert program == "cyclegan-glasses" and Path("other.jpg").read_bytes() == data


def test_each_face_has_a_box_and_can_be_clicked(editor, tmp_path) -> None:
    photo = open_photo(editor, put(tmp_path, group()))
    assert len(photo.boxes) == 3
    for number, (left, top, width, height) in enumerate(photo.boxes, 1):
        assert photo.face_at(left + width / 2, top + height / 2) == number
    assert photo.face_at(1, 1) is None
    some, every = with_boxes(photo, [1]), with_boxes(photo, [1, 2, 3])
    assert some.shape == every.shape == photo.preview.shape and (some != every).any()


def test_only_the_chosen_face_changes(editor, tmp_path) -> None:
    photo = open_photo(editor, put(tmp_path, group()))
    (place,) = {number for number in (1, 2, 3) if photo.boxes[number - 1][0] < 420}
    result = edit_photo(editor, photo, Choice(faces=(place,)))
    assert [face.reason for face in result.faces].count("not asked for") == 2 and "1 of 3" in result.told()
    changed = np.abs(preview_of(result.path).astype(int) - photo.preview).max(axis=(0, 2)) > 40
    assert changed[:420].any() and not changed[430:].any()


def test_frames_are_drawn_on_the_bare_face_those_that_suit_first(editor, tmp_path) -> None:
    photo = open_photo(editor, put(tmp_path, portrait()))
    drawn = frames_on_face(editor, photo, Choice(FrameSettings()))
    assert set(drawn) == set(read_catalogue())
    red = frames_on_face(editor, photo, Choice(FrameSettings(colour="red")))
    assert (red["panto"] != drawn["panto"]).any()
    assert all(cell.shape == drawn["panto"].shape for cell in drawn.values())
    none = FrameSettings(pattern="tortoise", material="metal")
    with pytest.raises(UserError, match="no frame can be made so"):
        frames_on_face(editor, photo, Choice(none))


def test_what_was_left_alone_is_told_with_its_reason(editor, tmp_path) -> None:
    photo = open_photo(editor, put(tmp_path, portrait(glasses=False)))
    result = edit_photo(editor, photo, Choice())
    assert result.told() == "nothing was changed; wears no glasses"
    assert result.path.read_bytes() == photo.path.read_bytes()


@pytest.mark.parametrize("data", [b"", b"nothing", jpeg(portrait())[:900], b"\0" * 5000])
def test_what_is_no_photo_is_one_line(editor, tmp_path, data) -> None:
    (tmp_path / "me.jpg").write_bytes(data)
    with pytest.raises(UserError, match=r"me\.jpg: ") as caught:
        open_photo(editor, tmp_path / "me.jpg")
    assert "\n" not in str(caught.value)


def test_a_photo_without_a_face_is_told(editor, tmp_path) -> None:
    with pytest.raises(UserError, match=r"grey\.jpg: no face was found"):
        open_photo(editor, put(tmp_path, np.full((200, 300, 3), 120, np.uint8), "grey.jpg"))


def test_a_large_photo_is_shown_small() -> None:
    assert reduced(np.zeros((3000, 1500, 3), np.uint8)).shape == (1600, 800, 3)
    assert reduced(np.zeros((30, 15, 3), np.uint8)).shape == (30, 15, 3)
