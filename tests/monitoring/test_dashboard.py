"""The dashboard shows each run under its own name, from its first report on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cyclegan_glasses.monitoring.history import History
from cyclegan_glasses.monitoring.settings import DashboardSettings
from cyclegan_glasses.monitoring.visdom import dashboard
from cyclegan_glasses.monitoring.visdom.dashboard import Dashboard
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import LABELS, losses, pictures


class Screen(dict):
    """Stands for the sender: holds the newest of each window."""

    def offer(self, window: str, build: Callable[[], Any]) -> None:
        self[window] = build

    def close(self) -> None:
        self["closed"] = dict


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setattr(dashboard, "ensure_server", lambda settings, log: None)
    monkeypatch.setattr(dashboard, "Sender", lambda *args: made)
    return made


def test_curves_of_earlier_sessions(
    screen: Screen, make_run: Callable[..., Run], at: Callable[[int], Progress]
) -> None:
    """A run that goes on draws its curves on; they do not begin anew."""
    run = make_run(step=200, resumed=True)
    history = History(run.folder)
    for step in (100, 200):
        history.losses(at(step), losses(step))
    watch = Dashboard(DashboardSettings(), print)
    watch.start(run)
    assert screen["demo_1_loss"]()["data"][0]["x"] == [0.1, 0.2]
    watch.losses(at(300), losses(300))
    assert screen["demo_1_loss"]()["data"][0]["x"] == [0.1, 0.2, 0.3]
    watch.message("saved latest")
    assert "saved latest" in screen["demo_1_text"]()["data"][0]["content"]
    watch.close()
    assert "not running" in screen["demo_1_text"]()["data"][0]["content"] and "closed" in screen


def test_scores_have_curves_of_their_own_that_go_on(
    screen: Screen, make_run: Callable[..., Run], at: Callable[[int], Progress]
) -> None:
    """Scores of 0 to 1 and losses of 10 on one axis could not be read."""
    run = make_run(step=200, resumed=True)
    history = History(run.folder)
    history.scores(at(100), {"off_A": 0.2})
    history.scores(at(300), {"off_A": 0.9})
    history.start(run)
    watch = Dashboard(DashboardSettings(), print)
    watch.start(run)
    watch.scores(at(300), {"off_A": 0.4})
    pane = screen["demo_1_scores"]()
    assert pane["data"][0]["name"] == "off_A" and pane["data"][0]["y"] == [0.2, 0.4]
    assert "demo_1_loss" not in screen


@pytest.mark.parametrize(
    ("columns", "windows"),
    [(4, {"a%20b_7_images"}), (0, {f"a%20b_7_{label}" for label in LABELS})],
)
def test_pictures(
    columns: int,
    windows: set[str],
    screen: Screen,
    make_run: Callable[..., Run],
    at: Callable[[int], Progress],
) -> None:
    """One table, or with `--display_ncols 0` a pane a picture; another `--display_id` has other panes."""
    watch = Dashboard(DashboardSettings(display_id=7, display_ncols=columns), print)
    watch.start(make_run("a b"))
    watch.pictures(at(100), pictures())
    drawn = {window: screen[window]() for window in screen if not window.endswith("_text")}
    assert set(drawn) == windows
    assert sum(pane["data"][0]["content"].count("<img") for pane in drawn.values()) == len(LABELS)
