"""A model of one number and batches of two pictures, so that a loop runs in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.training.checkpoint import save_checkpoint
from cyclegan_glasses.training.loop import Loop
from cyclegan_glasses.training.progress import Monitor, Progress, Run
from cyclegan_glasses.training.run import Training
from cyclegan_glasses.training.settings import LoopSettings, LRScheduleSettings


class OneNumber:
    """An objective whose losses are what `losses` says of the step, counted from 1."""

    loss_names = ("D", "G")
    metric_names = ("G",)
    score_losses = ("D",)
    per_rank_keys = ()

    def __init__(self, losses: Callable[[int], tuple[float, float]] = lambda step: (0.5, 1 / step)) -> None:
        self.network = nn.Linear(1, 1)
        self.optimizers: Mapping[str, Optimizer] = {"G": torch.optim.SGD(self.network.parameters(), lr=0.1)}
        self.pictures = {"real_A": torch.zeros(1, 3, 4, 4)}
        self.weights: dict[str, nn.Module] = {"G_A": self.network}
        self.steps = 0
        self.shares: list[float] = []
        self.rates: list[float] = []
        self._losses = losses

    def step(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        self.steps += 1
        self.shares.append(progress)
        self.rates.append(self.optimizers["G"].param_groups[0]["lr"])
        with torch.no_grad():
            self.network.weight += batch["A"].mean() + torch.rand(())
        return dict(zip(self.loss_names, torch.tensor(self._losses(self.steps)), strict=True))

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        self.network.load_state_dict(weights["G_A"])

    def state_dict(self) -> dict[str, Any]:
        return {"network": self.network.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.steps = state["steps"]


class Numbers:
    """Batches of `size` out of `count` pictures; picture i of epoch e holds 100 e + i."""

    def __init__(self, count: int = 10, size: int = 2) -> None:
        self.epoch_size, self.size = count, size
        self.asked: list[tuple[int, int]] = []

    def epoch(self, epoch: int, start: int = 0) -> Iterator[dict[str, Any]]:
        self.asked.append((epoch, start))
        for first in range(start, self.epoch_size, self.size):
            last = min(first + self.size, self.epoch_size)
            values = torch.arange(first, last, dtype=torch.float32)
            yield {"A": (100 * epoch + values).reshape(-1, 1, 1, 1)}


class Notes(Monitor):
    """Writes down what it is told."""

    def __init__(self, at_step: Callable[[Progress], None] = lambda progress: None) -> None:
        self.runs: list[Run] = []
        self.steps: list[Progress] = []
        self.reports: list[tuple[Progress, dict[str, float]]] = []
        self.displayed: list[int] = []
        self.paged: list[int] = []
        self.messages: list[str] = []
        self.hung: list[int] = []
        self.closed = 0
        self._at_step = at_step

    def start(self, run: Run) -> None:
        self.runs.append(run)

    def gallery(self, progress: Progress, rows: dict[str, np.ndarray]) -> None:
        self.hung.append(progress.step)

    def step(self, progress: Progress) -> None:
        self.steps.append(progress)
        self._at_step(progress)

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        self.reports.append((progress, losses))

    def pictures(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        self.displayed.append(progress.seen)

    def page(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        self.paged.append(progress.seen)

    def message(self, text: str) -> None:
        self.messages.append(text)

    def close(self) -> None:
        self.closed += 1


def make_loop(
    objective: OneNumber,
    batches: Numbers,
    epochs: int = 2,
    save: Callable[[str, dict[str, Any]], None] = lambda label, state: None,
    policy: str = "linear",
    evaluate: Callable[[], dict[str, float]] | None = None,
    **settings: Any,
) -> Loop:
    rate = LRScheduleSettings(policy, epochs, 0)
    return Loop(objective, batches, rate, LoopSettings(**settings), save, evaluate)


def make_training(
    folder: Path, objective: OneNumber | None = None, epochs: int = 2, **settings: Any
) -> Training:
    """Training of `OneNumber` on ten pictures by two, in `folder`."""
    objective = objective or OneNumber()

    def save(label: str, state: dict[str, Any]) -> None:
        save_checkpoint(folder, label, objective, state)

    return Training(make_loop(objective, Numbers(), epochs, save, **settings), folder)


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two states are not the same, bit for bit."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [d for key in one for d in differences(one[key], other[key], f"{place}/{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return [
            d
            for i, pair in enumerate(zip(one, other, strict=True))
            for d in differences(*pair, f"{place}/{i}")
        ]
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return [] if torch.equal(one, other) else [place]
    return [] if type(one) is type(other) and one == other else [place]
