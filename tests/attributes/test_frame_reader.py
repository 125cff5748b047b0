"""Frames read off faces: if these fail, `--like` draws other glasses than the photo shows."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.attributes.frame_reader import SIDE, FrameReader, eye_region
from cyclegan_glasses.attributes.frame_reading import (
    CHOICES,
    VALUES,
    FrameReading,
    classes_of,
    lens_kind,
    reading_of,
    to_lab,
    values_of,
)
from cyclegan_glasses.attributes.frame_weights import read_network, write_weights
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.variety import COLOURS, SHAPES, variety
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.overlays import outlines
from cyclegan_glasses.overlays.fit import FACE
from cyclegan_glasses.overlays.frames import ACETATE, Frame, random_frame
from cyclegan_glasses.photo import Photo, append_photos
from cyclegan_glasses.portraits.aligned import drawn_portrait
from cyclegan_glasses.portraits.draw import draw_portrait
from cyclegan_glasses.portraits.parameters import random_portrait
from cyclegan_glasses.shipped import FRAME_READER
from tests.conftest import ROOT

FRAMES = [
    random_frame(np.random.default_rng(number), shape, sunglasses=number % 3 == 0)
    for number, shape in enumerate(outlines.SHAPES)
]


def as_said(frame: Frame) -> FrameReading:
    """The reading of a network that is right and sure."""
    chances = {name: np.eye(len(CHOICES[name]))[k] for name, k in classes_of(frame).items()}
    return reading_of(chances, np.nan_to_num(values_of(frame)), np.zeros(len(VALUES)))


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.shape)
def test_what_is_read_rightly_is_the_frame(frame: Frame) -> None:
    found = as_said(frame)
    assert next(iter(found.probabilities["shape"])) == frame.shape
    for name in ("shape", "material", "pattern", "rim", "lens_width", "lens_height", "bridge"):
        value = getattr(frame, name)
        expected = value if isinstance(value, str) else pytest.approx(value, abs=0.01)
        assert getattr(found.frame, name) == expected
    assert np.abs(np.subtract(found.frame.colour, frame.colour)).max() <= 1
    assert found.lens == lens_kind(frame.tint_strength)
    assert {"rim", "lens_width", "colour", "tint"} <= found.errors.keys()


def test_a_colour_that_is_nearly_one_that_is_sold_becomes_it() -> None:
    """A black frame in bright light is black, and a colour like no other stays."""
    chances = {name: np.eye(len(classes))[0] for name, classes in CHOICES.items()}
    for colour, expected in (((40, 34, 30), ACETATE["black"]), ((60, 190, 90), (60, 190, 90))):
        values = np.nan_to_num(values_of(Frame(colour=colour)))
        frame = reading_of(chances, values, np.full(len(VALUES), 0.4)).frame
        assert np.abs(np.subtract(frame.colour, expected)).max() <= 1


def test_what_cannot_be_is_never_drawn() -> None:
    """A network far off its range must not crash the command."""
    for away in (-50.0, 50.0):
        chances = {name: np.full(len(classes), 1 / len(classes)) for name, classes in CHOICES.items()}
        frame = reading_of(chances, np.full(len(VALUES), away), np.ones(len(VALUES))).frame
        assert min(frame.colour) >= 0 and max(frame.colour) <= 255
        assert 30 < frame.lens_width < 70 and 0 <= frame.rim < 10 and 0 <= frame.tint_strength <= 1


def faces_with(frames: list[Frame]) -> np.ndarray:
    """Aligned synthetic portraits that wear them."""
    worn = []
    for number, frame in enumerate(frames):
        portrait = replace(random_portrait(5, number), yaw=0.0)
        drawing = draw_portrait(portrait, 2 * SIDE)
        _, face = drawn_portrait(0, 2 * SIDE, glasses=False)
        face = replace(face, landmarks=drawing.pose.project(FACE) + 0.5)
        worn.append(align(drawing.with_glasses(frame)[0], face, SIDE)[0])
    return np.stack(worn)


def test_the_shipped_reader_reads_frames_on_portraits_that_it_never_saw() -> None:
    """It was trained on photographs; drawn people are as strange to it as a new camera."""
    frames = [replace(frame, tint_strength=0.05) for frame in FRAMES[::2]]
    found = FrameReader.load().read(faces_with(frames))
    places = [list(r.probabilities["shape"]).index(f.shape) for r, f in zip(found, frames, strict=True)]
    assert np.less(places, 3).mean() > 0.7
    widths = [abs(r.frame.lens_width - f.lens_width) for r, f in zip(found, frames, strict=True)]
    assert np.median(widths) < 3
    assert sum(r.lens == "clear" for r in found) >= 5


def test_each_face_is_read_by_itself_at_any_size() -> None:
    """A batch must not change what is read, nor the size of the crop much."""
    reader, faces = FrameReader.load(), faces_with(FRAMES[:3])
    together, alone = reader.read(faces), reader.read(faces[1:2])[0]
    assert together[1].frame.shape == alone.frame.shape
    assert together[1].frame.lens_width == pytest.approx(alone.frame.lens_width, abs=0.02)
    large = [np.asarray(Image.fromarray(face).resize((400, 400), Image.Resampling.BICUBIC)) for face in faces]
    for one, other in zip(together, reader.read(large), strict=True):
        assert one.frame.lens_width == pytest.approx(other.frame.lens_width, abs=1.5)
    assert reader.read([]) == []


def test_weights_ship_within_a_megabyte() -> None:
    assert FRAME_READER.stat().st_size <= 1_000_000


@pytest.mark.parametrize("size", [(80, 160), (176, 170)])
def test_what_is_no_aligned_face_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a face is uint8"):
        eye_region(np.zeros((*size, 3), np.uint8))


def test_other_files_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be loaded"):
        FrameReader.load(tmp_path / "none.onnx")
    (tmp_path / "cut.onnx").write_bytes(FRAME_READER.read_bytes()[:5000])
    with pytest.raises(UserError, match="cannot be loaded"):
        FrameReader.load(tmp_path / "cut.onnx")
    with pytest.raises(UserError, match="reads other shapes"):
        FrameReader.load(FRAME_READER.with_name("judge.onnx"))


def test_training_goes_on_with_the_weights_that_ship(tmp_path: Path) -> None:
    """A reader that is trained further and written again must read the same until it has learned more."""
    write_weights(tmp_path / "again.onnx", read_network(FRAME_READER))
    faces = faces_with(FRAMES[:2])
    for one, other in zip(
        FrameReader.load().read(faces), FrameReader.load(tmp_path / "again.onnx").read(faces), strict=True
    ):
        assert one.frame == other.frame
    with pytest.raises(UserError, match="holds another architecture"):
        read_network(FRAME_READER.with_name("judge.onnx"))


def test_colours_are_measured_as_cie_says() -> None:
    lab = to_lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]]))
    np.testing.assert_allclose(lab, [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]], atol=0.3)


def test_variety_counts_shapes_and_spreads_colours() -> None:
    """A model that draws one frame on everybody is seen to."""
    alike = variety([as_said(FRAMES[0])] * 5)
    assert alike[SHAPES] == pytest.approx(1) and alike[COLOURS] == pytest.approx(0, abs=1e-4)
    mixed = variety([as_said(frame) for frame in FRAMES])
    assert mixed[SHAPES] == pytest.approx(13)
    black, white = (as_said(replace(FRAMES[0], colour=(level,) * 3)) for level in (0, 255))
    assert variety([black, white])[COLOURS] == pytest.approx(50, abs=0.5)
    assert variety([]) == {}


def test_the_recipe_draws_trains_and_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who trains a reader of their own gets one that loads."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import frame_reader

    data = tmp_path / "faces"
    for number, phase in enumerate(("train", "train", "test")):
        drawing = draw_portrait(random_portrait(5, number), SIDE)
        marks = drawing.pose.project(FACE) + 0.5
        photo = Photo(
            f"{phase}B/{number}.png", "drawn", str(number), facts={"face": {"landmarks": marks.tolist()}}
        )
        (data / photo.path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawing.image).save(data / photo.path)
        append_photos(data, [photo])
    frame_reader.draw(data, tmp_path / "drawn")
    rows = [json.loads(line) for line in (tmp_path / "drawn" / "frames.jsonl").read_text().splitlines()]
    assert [row["origin"] for row in rows] == ["0"] * 4 + ["1"] * 4
    frame_reader.train(tmp_path / "drawn", tmp_path / "a.pt", 2)
    figures = frame_reader.measure(data, tmp_path / "a.pt", 1)
    assert figures["faces"] == 1 and 0 <= figures["shape among three"] <= 1
    del sys.modules["frame_reader"]
