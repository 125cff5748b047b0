"""A run without any dashboard still leaves all its files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from cyclegan_glasses.monitoring.build import build_monitors
from cyclegan_glasses.monitoring.history import read_history
from cyclegan_glasses.monitoring.settings import DashboardSettings, MonitoringSettings
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import losses, pictures

OFF = DashboardSettings(display_id=0)


@pytest.mark.parametrize("html", [True, False])
def test_files(
    html: bool, home: Path, make_run: Callable[..., Run], at: Callable[[int], Progress], tmp_path: Path
) -> None:
    """Log, history and page are there; `--no_html` and `--display_id 0` leave out what they say."""
    run, stream = make_run(), io.StringIO()
    monitor = build_monitors(MonitoringSettings(dashboard=OFF, html=html), run.folder, stream=stream)
    monitor.start(run)
    monitor.step(at(100))
    monitor.losses(at(100), losses(100))
    monitor.pictures(at(100), pictures())
    monitor.page(at(100), pictures())
    monitor.message("saved latest")
    monitor.close()
    assert [row.step for row in read_history(run.folder)] == [100]
    assert (run.folder / "loss_log.txt").read_text().count("epoch: 1, iters: 100") == 1
    assert "saved latest" in stream.getvalue()
    assert (run.folder / "web" / "images" / "epoch001_fake_B.png").exists() == html
    assert (run.folder / "web" / "index.html").exists() == html
    assert not list(home.iterdir())
