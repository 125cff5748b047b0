"""The scores of a run while it trains: on its own test pictures, in its own colours, touching nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.examiner import Examiner, overall_of
from cyclegan_glasses.evaluation.metrics import luminance, psnr
from cyclegan_glasses.faces.detect import Face
from tests.evaluation.portraits import SIDE, portrait

CPU = torch.device("cpu")


class Paler(nn.Module):
    """Halves the contrast of what it is given, and notes how it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, bool]] = []

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        self.asked.append((pictures.shape[1], self.training))
        return pictures / 2


class Trained:
    """What an examiner needs of an objective."""

    def __init__(self, **networks: nn.Module) -> None:
        self.weights = networks


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for number in range(2):
        face = portrait(number)
        for folder, values in (("testB", face.picture), ("testA", face.truth), ("testM", face.mask * 255)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(np.asarray(values, np.uint8)).save(tmp_path / folder / f"{number}.png")
    return tmp_path


def settings(data: Path, channels: int) -> DataSettings:
    return DataSettings(str(data), input_nc=channels, output_nc=channels, load_size=SIDE, crop_size=SIDE)


@pytest.mark.parametrize("channels", [3, 1])
def test_the_score_is_that_of_the_result_in_the_colours_of_the_run(data: Path, channels: int) -> None:
    network = Paler().train()
    examiner = Examiner(Trained(G_A=network), settings(data, channels), CPU)
    found = examiner()
    assert network.asked == [(channels, False)] * 2 and network.training, "and trains on as it did"
    expected = []
    for number in range(2):
        face = portrait(number)
        worn, bare = (p if channels == 3 else luminance(p) for p in (face.truth, face.picture))
        result = np.round((worn / 127.5 - 1) / 2 * 127.5 + 127.5).astype(np.uint8)
        expected.append(psnr(result, bare, np.round(face.mask * 255 - 0.5) / 255))
    assert found["PSNR_A"] == pytest.approx(np.mean(expected), abs=0.15)
    assert {"off_A", "left_A", "changed_A"} < found.keys()
    error = 255 * 10 ** (-found["PSNR_A"] / 20)
    assert found["overall"] == pytest.approx(error + found["changed_A"])
    assert examiner() == found


def test_without_generators_or_test_pictures_there_are_no_scores(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only generators, G_A and G_B, can be scored"):
        Examiner(Trained(classifier=Paler()), settings(data, 3), CPU)()
    with pytest.raises(UserError, match="testA"):
        Examiner(Trained(G_A=Paler()), settings(tmp_path / "none", 3), CPU)()


class Copies(nn.Module):
    """Gives back the drawing that it is shown."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        assert pictures.shape[1] == 6
        return pictures[:, 3:]


def test_a_generator_that_is_shown_a_frame_is_scored_with_one(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its scores during training would else end the run."""
    face = portrait(0)
    marks = np.array([*face.eyes, *[(np.nan, np.nan)] * 3])
    found = Face((0, 0, SIDE, SIDE), 1.0, marks)
    detector = SimpleNamespace(find_faces=lambda _: [found])
    monkeypatch.setattr("cyclegan_glasses.data.frames.make_detector", lambda: detector)
    conditioned = replace(settings(data, 3), condition="frame")
    scores = Examiner(Trained(G_B=Copies()), conditioned, CPU)()
    assert scores["on_B"] > 0.5 and scores["changed_B"] < 10


def test_validation_pictures_come_before_test_pictures_and_a_gallery_shows_some_of_them(data: Path) -> None:
    for domain in "AB":
        (data / f"test{domain}").rename(data / f"val{domain}")
    rows = Examiner(Trained(G_B=Paler()), settings(data, 3), CPU).gallery()
    assert list(rows) == ["real_B", "fake_A"] and rows["real_B"].shape == (96, 192, 3)
    assert rows["fake_A"].std() < 0.6 * rows["real_B"].std()


def test_doing_nothing_scores_no_better_than_doing_it_well() -> None:
    nothing = overall_of({"left": 1.0, "changed": 0.0})
    assert overall_of({"left": 0.2, "changed": 3.0}) < nothing < overall_of({"left": 0.1, "changed": 30.0})
    assert overall_of({"on": 0.0, "changed": 0.0}) == nothing
