"""Frames that a conditioned generator is shown: were they not always new, it would learn one by heart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.data import frames
from cyclegan_glasses.data.datasets import open_dataset
from cyclegan_glasses.data.loader import make_batches
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.photo import Photo, write_manifest
from tests.data.drawing import fill
from tests.data.samples import sample_of

SMALL = DataSettings("", load_size=48, crop_size=40, condition="frame")
#: In pixels of a picture of 40 by 36.
MARKS = [[15.0, 12.0], [25.0, 12.0], [20.0, 17.0], [16.0, 22.0], [24.0, 22.0]]


@pytest.fixture
def known(unpaired: Path) -> Path:
    """The unpaired data set with a manifest that knows the faces of B."""
    facts = {"face": {"landmarks": MARKS}}
    rows = [
        Photo(f"trainB/{number}.png", label="none", width=40, height=36, facts=facts)
        for number in range(100, 107)
    ]
    write_manifest(unpaired, rows)
    return unpaired


def settings_of(root: Path, **changes: Any) -> DataSettings:
    return replace(SMALL, dataroot=str(root), **changes)


def test_the_drawn_face_is_the_face_with_a_frame(known: Path) -> None:
    """Both come under one cut and one mirror, and differ in the glasses alone."""
    dataset = open_dataset(settings_of(known))
    mirrored = 0
    for index in range(11):
        sample = sample_of(dataset, 1, index)
        bare, drawn = sample["B"], sample["drawn_B"]
        changed = (bare != drawn).any(0)
        assert bare.shape == drawn.shape == (3, 40, 40)
        assert 0.02 < changed.float().mean() < 0.6
        assert not changed[33:].any(), "the chin is not drawn on"
        mirrored += bool(bare[0, 0, 0] > bare[0, 0, -1])  # red grows to the right
    assert 0 < mirrored < 11
    assert "drawn_B" not in sample_of(open_dataset(settings_of(known, condition="none")), 1, 0)


def test_a_frame_is_a_function_of_seed_epoch_and_index(known: Path) -> None:
    """A run that goes on sees what it would have seen; every epoch sees other frames."""
    fixed = {"fixed": True, "phase": "train", "direction": "BtoA"}  # the same cut each time
    first = [sample_of(open_dataset(settings_of(known, **fixed)), 1, 3)["drawn_B"] for _ in range(2)]
    assert torch.equal(*first)
    other = sample_of(open_dataset(settings_of(known, **fixed)), 2, 3)["drawn_B"]
    assert not torch.equal(first[0], other)
    seeded = sample_of(open_dataset(settings_of(known, seed=1, **fixed)), 1, 3)["drawn_B"]
    assert not torch.equal(first[0], seeded)
    plain = sample_of(open_dataset(settings_of(known)), 2, 5)
    without = sample_of(open_dataset(settings_of(known, condition="none")), 2, 5)
    assert torch.equal(plain["A"], without["A"]) and torch.equal(plain["B"], without["B"])


def test_workers_and_caches_change_nothing(known: Path) -> None:
    whole = [batch["drawn_B"] for batch in make_batches(settings_of(known)).epoch(2)]
    assert len(whole) == 11
    for how in ({"cache": "memory", "num_threads": 2}, {"cache": "none", "num_threads": 1}):
        later = [batch["drawn_B"] for batch in make_batches(settings_of(known, **how)).epoch(2, start=4)]
        assert all(torch.equal(a, b) for a, b in zip(whole[4:], later, strict=True))


def test_a_chosen_frame_is_on_every_face(known: Path) -> None:
    fixed = {"fixed": True, "phase": "train", "direction": "BtoA"}
    dataset = open_dataset(settings_of(known, frame="aviator", **fixed))
    one, other = (sample_of(dataset, epoch, 3) for epoch in (1, 2))
    assert ((one["drawn_B"] - other["drawn_B"]).abs() > 0.2).float().mean() < 0.01  # grain alone
    with pytest.raises(UserError, match="unknown --frame 'monocle'"):
        open_dataset(settings_of(known, frame="monocle"))


class OneFace:
    """A detector that finds a face in pictures that are not black."""

    name = "one"

    def __init__(self) -> None:
        self.seen = 0

    def find_faces(self, image: np.ndarray) -> list[Face]:
        self.seen += 1
        marks = np.array(MARKS) / (40, 36) * image.shape[1::-1]
        return [Face((0, 0, *image.shape[1::-1]), 1.0, marks)] if image.any() else []


def test_without_a_manifest_faces_are_looked_for_once(
    unpaired: Path, known: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The detector and the manifest lead to the same frames; a picture without a face is named and passed."""
    expected = [batch["drawn_B"] for batch in make_batches(settings_of(known)).epoch(1)]
    (known / "manifest.jsonl").unlink()
    detector = OneFace()
    monkeypatch.setattr(frames, "make_detector", lambda: detector)
    monkeypatch.setattr("cyclegan_glasses.data.datasets.make_detector", lambda: detector)
    batches = make_batches(settings_of(unpaired))
    found = [batch["drawn_B"] for epoch in (1, 1) for batch in batches.epoch(epoch)]
    assert all(torch.equal(a, b) for a, b in zip(expected + expected, found, strict=True))
    assert detector.seen <= 7

    fill(unpaired / "trainB", 14, first=107)  # so that one is less than a tenth
    Image.new("RGB", (40, 36)).save(unpaired / "trainB" / "110.png")
    batches = make_batches(settings_of(unpaired, serial_batches=True))  # the eleventh is black
    assert all("drawn_B" in batch for batch in batches.epoch(1))
    (reason,) = batches.skipped.values()
    assert reason == "it shows no face that a frame could be drawn on"


def test_broken_landmarks_of_a_manifest_are_not_believed(known: Path) -> None:
    """A face drawn on at a wrong place teaches glasses on a cheek."""
    broken = [None, {}, {"landmarks": 3}, {"landmarks": MARKS[:2]}, {"landmarks": [MARKS[0]] * 5}]
    facts = [{"face": face} for face in broken]
    rows = [Photo(f"trainB/{100 + n}.png", width=40, height=36, facts=known) for n, known in enumerate(facts)]
    rows.append(Photo("trainB/105.png", facts={"face": {"landmarks": MARKS}}))  # of no known size
    unmeasured = {"face": {"landmarks": [*MARKS[:2], None, None, None]}}
    rows.append(Photo("trainB/106.png", width=40, height=36, facts=unmeasured))
    write_manifest(known, rows)
    (domain,) = open_dataset(settings_of(known, fixed=True, direction="BtoA")).domains
    landmarks = frames.landmarks_by_path(known, domain)
    assert [Path(path).name for path in landmarks] == ["106.png"]


@pytest.mark.parametrize(
    "changes, complaint",
    [
        ({"preprocess": "crop"}, "--condition frame draws on aligned faces in colour"),
        ({"input_nc": 1, "output_nc": 1}, "--condition frame draws on aligned faces in colour"),
        ({"condition": "none", "frame": "round"}, "--frame is what a run with --condition frame adds"),
    ],
)
def test_what_makes_no_sense_is_one_line(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        replace(SMALL, **changes)
