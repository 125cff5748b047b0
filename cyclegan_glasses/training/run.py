"""A run: a loop in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.training.checkpoint import (
    load_checkpoint,
    load_network_weights,
    save_checkpoint,
    state_path,
    weights_path,
)
from cyclegan_glasses.training.loop import Batches, Loop, Outcome
from cyclegan_glasses.training.progress import Monitor, Run
from cyclegan_glasses.training.run_folder import write_options
from cyclegan_glasses.training.schedule import RateSchedule
from cyclegan_glasses.training.settings import LoopSettings, RateSettings


class Training:
    """Trains `objective` on `batches` and keeps everything in `folder`. Writes nothing before `run`."""

    def __init__(
        self,
        objective: Objective,
        batches: Batches,
        rate: RateSettings,
        loop: LoopSettings,
        monitor: Monitor,
        folder: Path,
    ) -> None:
        self.objective, self.folder, self.monitor = objective, folder, monitor
        schedule = RateSchedule(rate, objective.optimizers.values())
        self.loop = Loop(objective, batches, schedule, loop, monitor, self._save)

    def resume(self, label: str, epoch_count: int | None = None) -> str:
        """Put everything where `label` left it, and say so in a line.

        A folder that holds weights alone, from here or from the reference implementation, starts with those.

        Args:
            epoch_count: the epoch to start with instead of the one that comes next.

        Raises:
            UserError: there is nothing to go on with, or it does not fit.
        """
        folder, objective = self.folder, self.objective
        if state_path(folder, label).exists():
            self.loop.load_state_dict(load_checkpoint(folder, label, objective))
            state = state_path(folder, label).name
            said = f"going on from {state}: epoch {self.loop.epoch}, step {self.loop.step}"
        else:
            names = [name for name in objective.weights() if weights_path(folder, label, name).exists()]
            if not names:
                raise UserError(
                    f"{folder} has nothing named {label!r} to go on with: check --name and --epoch"
                )
            objective.load_weights(
                {name: load_network_weights(weights_path(folder, label, name)) for name in names}
            )
            weights = ", ".join(names)
            said = f"starting from the weights of {weights} alone: optimizers and learning rate start anew"
        if epoch_count is not None:
            self.loop.epoch, self.loop.pictures = epoch_count, 0
            said += f"; as asked, at the start of epoch {epoch_count}"
        return said

    def run(self, name: str, values: Mapping[str, Any], resumed: bool = False) -> Outcome:
        """Write the options, train, and close the monitor; see `Loop.run`."""
        write_options(self.folder, values)
        epochs = self.loop.schedule.settings.epochs
        names, step = self.objective.loss_names, self.loop.step
        self.monitor.start(Run(name, self.folder, dict(values), names, epochs, resumed, step))
        try:
            return self.loop.run()
        finally:
            self.monitor.close()

    def _save(self, label: str, state: dict[str, Any]) -> None:
        save_checkpoint(self.folder, label, self.objective, state)
