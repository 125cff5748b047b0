"""With `--use_wandb` the run arrives at Weights & Biases as people's boards there expect it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.monitoring.build import build_monitors
from cyclegan_glasses.monitoring.settings import DashboardSettings, MonitoringSettings
from cyclegan_glasses.monitoring.wandb import WeightsAndBiases
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import pictures


def test_calls(
    make_run: Callable[..., Run], at: Callable[[int], Progress], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options once, losses and pictures at the number of pictures seen, and a proper end."""
    calls: list[Any] = []
    session = SimpleNamespace(
        log=lambda values, step: calls.append(("log", values, step)), finish=lambda: calls.append("finish")
    )
    fake = SimpleNamespace(
        init=lambda **options: calls.append(("init", options)) or session,
        Image=lambda picture, caption: (caption, picture.shape),
    )
    monkeypatch.setitem(sys.modules, "wandb", fake)
    run = make_run()
    monitor = WeightsAndBiases("eyes")
    monitor.start(run)
    monitor.losses(at(1100), {"G_A": 0.5})
    monitor.pictures(at(1200), {"real_A": pictures()["real_A"]})
    monitor.close()
    assert calls == [
        ("init", {"project": "eyes", "name": "demo", "config": run.options}),
        ("log", {"G_A": 0.5, "learning_rate": 0.0002, "epoch": pytest.approx(1.1)}, 1100),
        ("log", {"real_A": ("real_A", (32, 32, 3))}, 1200),
        "finish",
    ]


def test_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for and not there: one line with the command, before training starts."""
    monkeypatch.setitem(sys.modules, "wandb", None)
    settings = MonitoringSettings(dashboard=DashboardSettings(display_id=0), use_wandb=True)
    with pytest.raises(UserError, match="pip install wandb"):
        build_monitors(settings, tmp_path)
