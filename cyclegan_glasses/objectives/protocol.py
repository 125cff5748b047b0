"""What the training loop asks of anything that can be trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

Batch = Mapping[str, Any]


class Validated(Protocol):
    """An objective that can be measured on pairs with a known truth."""

    def validate(self, batch: Batch) -> Tensor:
        """A scalar, lower is better, over pictures that are not trained on; changes nothing."""


class Objective(Protocol):
    """Networks, losses and optimizers behind one `step`. Prints and saves nothing.

    Attributes:
        loss_names: names of the losses of a step, in the order in which they are shown.
        optimizers: by name; the loop sets their learning rates.
        metric_names: losses whose sum over an epoch says how training goes (the `plateau` policy).
        score_losses: losses of discriminators, watched for a collapse.
        per_rank_keys: keys of `state_dict` whose values differ between the processes that train together:
            pools, states of random generators.
        pictures: the newest inputs and outputs by label, detached, (N, C, H, W) in [-1, 1].
        weights: the networks that people share, by name: saved beside the state as `<epoch>_net_<name>.pth`.
    """

    loss_names: tuple[str, ...]
    metric_names: tuple[str, ...]
    score_losses: tuple[str, ...]
    per_rank_keys: tuple[str, ...]
    optimizers: Mapping[str, Optimizer]
    pictures: dict[str, Tensor]
    weights: dict[str, nn.Module]

    def step(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Take one optimizer step.

        Args:
            batch: tensors on the objective's device; `A` and `B` are (N, C, H, W) in [-1, 1].
            progress: fraction of the planned training that is over, 0 to 1.

        Returns:
            Detached scalars by name, weighted as they enter the total.
        """

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Start from shared weights, by name as in `weights`; a name that is missing keeps its own."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, torch's global random state apart."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
