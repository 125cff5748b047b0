"""The way to compute that is measured for a run: when, which one, and what is remembered of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import (
    DiscriminatorSettings,
    GeneratorSettings,
    IseeSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.objectives import measured
from cyclegan_glasses.objectives.measured import KEY, LEAST_STEPS, LONG, Way
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings.base import ObjectiveSettings
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings
from cyclegan_glasses.objectives.settings.supervised import IseeTrainingSettings

SMALL = CycleGANSettings(
    generator=ResidualUnetSettings(filters=(2,), kernels=(3,)),
    discriminator=DiscriminatorSettings("pixel", filters=2),
    compile="off",
)
LAST, FIRST = Way("fp32", "channels_last", "auto", "off"), Way("fp32", "contiguous", "auto", "off")
COMPILED = replace(FIRST, compile="on")


def batch() -> Batch:
    return {side: torch.zeros(2, 3, 16, 16) for side in "AB"}


def choose(settings: ObjectiveSettings = SMALL, steps: int = LEAST_STEPS, **more: Any) -> tuple[Way, str]:
    return measured.choose("cyclegan", settings, more.pop("precision", "auto"), batch, steps, **more)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of one's own, and a processor that computes in float32 alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(measured, "has_bfloat16_units", lambda: False)
    return tmp_path


@pytest.fixture
def takes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Way]]]:
    """Sets the seconds of ways, and gives a list of those that are measured from then on."""

    def set_seconds(seconds: dict[Way, float], first: float = 9.0) -> list[Way]:
        seen: list[Way] = []

        def measure(model: str, settings: Any, batch: Batch, ways: list[Way]) -> list[measured.Timed]:
            seen.extend(ways)
            return [measured.Timed(way, seconds[way], first) for way in ways]

        monkeypatch.setattr(measured, "measure", measure)
        return seen

    yield set_seconds


def test_the_quickest_way_is_measured_once_and_remembered(takes: Callable[..., list[Way]]) -> None:
    seen = takes({LAST: 1.5, FIRST: 1.2})
    way, line = choose()
    assert way == FIRST
    assert line.startswith("float32 contiguous: 1.2 s a step, float32 channels last 1.5 s; measured in 0 s, ")
    assert choose()[0] == FIRST
    assert seen == [LAST, FIRST]


def test_what_is_remembered_is_of_this_shape_and_number_of_threads(
    takes: Callable[..., list[Way]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = takes({LAST: 1.5, FIRST: 1.2})
    choose()
    choose(replace(SMALL, lambda_A=3.0, adam=replace(SMALL.adam, lr=0.1)))
    assert len(seen) == 2
    choose(replace(SMALL, lambda_identity=0.0))
    assert len(seen) == 4
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    choose()
    assert len(seen) == 6


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '[{"way": {"precision": "fp31"}, "seconds": 1, "first": 1}]',
        json.dumps([{"way": {"precision": "fp32"}, "seconds": 1, "first": 1}] * 2),
    ],
)
def test_a_file_of_something_else_is_measured_again(
    takes: Callable[..., list[Way]], home: Path, content: str
) -> None:
    seen = takes({LAST: 1.5, FIRST: 1.2})
    choose()
    (file,) = (home / "cyclegan_glasses" / "steps").iterdir()
    file.write_text(content)
    assert choose()[0] == FIRST
    assert len(seen) == 4
    assert choose()[0] == FIRST and len(seen) == 4


def test_a_home_that_cannot_be_written_to_loses_nothing(takes: Callable[..., list[Way]], home: Path) -> None:
    takes({LAST: 1.5, FIRST: 1.2})
    (home / "cyclegan_glasses").write_text("a file")
    way, line = choose()
    assert way == FIRST and line.endswith("not remembered")


def test_a_difference_within_the_error_of_the_measurement_changes_nothing(
    takes: Callable[..., list[Way]],
) -> None:
    takes({LAST: 1.5, FIRST: 1.495})
    assert choose()[0] == LAST


def test_short_runs_and_chosen_words_are_not_measured(takes: Callable[..., list[Way]]) -> None:
    seen = takes({})
    assert choose(steps=LEAST_STEPS - 1) == (LAST, "")
    assert choose(replace(SMALL, layout="contiguous")) == (FIRST, "")
    assert choose(replace(SMALL, plain=True))[0].layout == "auto"
    assert not seen


def test_a_run_that_continues_computes_as_it_began(takes: Callable[..., list[Way]]) -> None:
    seen = takes({LAST: 1.5, FIRST: 1.2})
    began = {KEY: ["fp32", "channels_last", "auto", "off"]}
    assert choose(kept=began) == (LAST, "")
    assert choose(kept={}) == (LAST, ""), "a run from before, which went by the rule"
    assert choose(replace(SMALL, layout="contiguous"), kept=began)[0] == FIRST
    other = choose(precision="bf16", kept=began)[0]
    assert (other.precision, other.layout) == ("bf16", "contiguous")
    assert not seen


@pytest.mark.parametrize("wrong", ["fp32", ["fp32", "sideways"], ["fp32"] * 9, [1]])
def test_options_that_say_nonsense_of_it_are_one_line(wrong: object) -> None:
    with pytest.raises(UserError, match=r"train_opt\.json is not of a run"):
        choose(kept={KEY: wrong})


def test_compiling_is_tried_in_long_runs_and_taken_where_it_pays(
    takes: Callable[..., list[Way]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured.shutil, "which", lambda name: f"/usr/bin/{name}")
    settings, seconds = replace(SMALL, compile="auto"), {LAST: 1.5, FIRST: 1.2, COMPILED: 1.0}
    seen = takes(seconds, first=2000.0)
    assert choose(settings, steps=int(LONG / 1.2) - 1)[0] == FIRST
    assert seen == [LAST, FIRST]
    assert choose(settings, steps=int(LONG / 1.2) + 1)[0] == FIRST, "2,000 s do not come back"
    assert seen == [LAST, FIRST, COMPILED]
    way, line = choose(settings, steps=20_000)
    assert way == COMPILED and line.startswith("float32 contiguous compiled: 1 s a step")
    assert seen == [LAST, FIRST, COMPILED]


def test_bfloat16_is_tried_where_there_are_units_for_it(
    takes: Callable[..., list[Way]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the layout that gives wrong gradients, and only where nobody said which precision."""
    monkeypatch.setattr(measured, "has_bfloat16_units", lambda: True)
    low = Way("bf16", "contiguous", "auto", "off")
    seen = takes({LAST: 1.5, FIRST: 1.2, low: 1.0})
    assert choose()[0] == low
    assert choose(precision="fp32")[0] == FIRST
    assert seen == [LAST, FIRST, low, LAST, FIRST]


def test_winograd_is_tried_where_there_is_a_use_for_it(takes: Callable[..., list[Way]]) -> None:
    wide = replace(SMALL, generator=GeneratorSettings("resnet_6blocks", filters=32))
    ways = [Way("fp32", "channels_last", word, "off") for word in ("on", "off")]
    seen = takes({ways[0]: 1.5, ways[1]: 1.2, FIRST: 2.0})
    assert choose(wide)[0] == ways[1]
    assert seen == [*ways, FIRST]


@pytest.mark.parametrize(
    ("model", "settings"),
    [("cyclegan", SMALL), ("isee", IseeTrainingSettings(generator=IseeSettings(3, 3, 2)))],
)
def test_the_steps_of_each_way_are_timed_and_leave_no_trace(
    model: str, settings: ObjectiveSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "SECONDS", 0.0)
    before = torch.get_rng_state()
    way, line = measured.choose(model, settings, "auto", batch, LEAST_STEPS)
    assert way in (LAST, FIRST) and " s a step, " in line
    assert torch.equal(torch.get_rng_state(), before)
