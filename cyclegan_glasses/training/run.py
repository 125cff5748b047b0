"""A run: a loop in its folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.shipped import SHIPPED
from cyclegan_glasses.training.checkpoint import (
    load_checkpoint,
    packed_weights,
    shipped_weights,
    state_path,
    weights_path,
)
from cyclegan_glasses.training.loop import Loop, Outcome
from cyclegan_glasses.training.progress import Monitor, Run
from cyclegan_glasses.training.run_folder import read_options, write_options
from cyclegan_glasses.weight_files import load_network_weights


class Training:
    """Starts, continues and runs a loop that saves to `folder`. Writes nothing before `run`.

    Where several processes train together all do this, and the first one writes.
    """

    def __init__(self, loop: Loop, folder: Path) -> None:
        self.loop, self.folder = loop, folder
        self.objective, self._distributed = loop.objective, loop.distributed

    def begin(
        self, runs: Iterable[Path] = (), label: str | None = None, epoch: int | None = None
    ) -> list[str]:
        """Start from other `runs`, go on from `label`, with `epoch`: whatever is given, in this order.

        Returns:
            A line for each.

        Raises:
            UserError: see `start_from`, `resume` and `start_at`.
        """
        messages = [self.start_from(runs)] if runs else []
        messages += [self.resume(label)] if label is not None else []
        return messages + ([self.start_at(epoch)] if epoch is not None else [])

    def resume(self, label: str) -> str:
        """Put everything where `label` left it, and say so in a line.

        A folder that holds weights alone, from here or from the reference implementation, starts with those.

        Raises:
            UserError: there is nothing to go on with, or it does not fit.
        """
        folder, objective = self.folder, self.objective
        if state_path(folder, label).exists():
            count = load_checkpoint(folder, label, objective, self.loop.load_state_dict, self._distributed)
            where = f"{state_path(folder, label).name}: epoch {self.loop.epoch}, step {self.loop.step}"
            other = (
                "" if count == self._distributed.size else f", saved by {count} processes, so not to the bit"
            )
            return f"going on from {where}{other}"
        names = self._load_weights(folder, label)
        if not names and label == "latest" and read_options(folder):
            return "the run was stopped before anything was saved: it begins anew"
        if not names:
            raise UserError(
                f"{folder} has nothing named {label!r} to go on with: check --name and --epoch, or leave"
                " --continue_train out to begin"
            )
        return f"starting from the weights of {', '.join(names)} alone: optimizers and learning rate are new"

    def start_from(self, runs: Iterable[Path]) -> str:
        """Begin with the newest weights of other runs, each with the networks it has, and say so in a line.

        Where two runs have the same network, the later one counts.

        Args:
            runs: their folders, or packed models.

        Raises:
            UserError: a run is not there, has no network of this objective, or one of another architecture.
        """
        taken: dict[str, Path] = {}
        for run in runs:
            if run == SHIPPED:
                names = self._load(shipped_weights())
            elif run.is_file():
                names = self._load(packed_weights(run))
            else:
                names = self._load_weights(run, "latest")
            if not names:
                wanted = ", ".join(self.objective.weights)
                raise UserError(
                    f"--start_from {run} has no latest weights of {wanted}: name the folder of a run, or a"
                    " packed model"
                )
            taken |= dict.fromkeys(names, run)
        self.loop.trained_before = True
        return "starting with " + ", ".join(f"{name} of {run}" for name, run in sorted(taken.items()))

    def _load(self, found: Mapping[str, Mapping[str, Tensor]]) -> list[str]:
        """Load what the objective has networks for of the weights of a model; the names of these."""
        weights = {name: found[name] for name in self.objective.weights if name in found}
        if weights:
            self.objective.load_weights(weights)
        return list(weights)

    def _load_weights(self, folder: Path, label: str) -> list[str]:
        """Load the weights that `folder` has under `label`; the names of their networks."""
        names = [name for name in self.objective.weights if weights_path(folder, label, name).exists()]
        if names:
            self.objective.load_weights(
                {name: load_network_weights(weights_path(folder, label, name)) for name in names}
            )
        return names

    def start_at(self, epoch: int) -> str:
        """Begin with `epoch`, counted from 1, whatever came before, and say so in a line.

        Raises:
            UserError: it lies beyond the last one.
        """
        last = self.loop.schedule.settings.epochs
        if not 1 <= epoch <= last:
            raise UserError(f"--epoch_count {epoch} is not among the epochs 1 to {last}: see --n_epochs")
        self.loop.epoch, self.loop.pictures = epoch, 0
        return f"starting with epoch {epoch}, as asked"

    def run(self, monitor: Monitor, name: str, values: Mapping[str, Any], resumed: bool = False) -> Outcome:
        """Write the options, train, and close the monitor; see `Loop.run`."""
        if self._distributed.is_main:
            write_options(self.folder, values)
        optimizers = self.objective.optimizers.values()
        weights = [p.data for o in optimizers for group in o.param_groups for p in group["params"]]
        self._distributed.broadcast_tensors(weights)
        epochs = self.loop.schedule.settings.epochs
        names, step = self.objective.loss_names, self.loop.step
        monitor.start(Run(name, self.folder, dict(values), names, epochs, resumed, step))
        try:
            return self.loop.run(monitor)
        finally:
            monitor.close()
