"""Moving averages of networks, which are what is shared of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from cyclegan_glasses.networks.weights import load_weights


class MovingAverages:
    """Copies of networks that follow them by a fraction of 1 - `decay` a step; none where it is 0."""

    def __init__(self, networks: Mapping[str, nn.Module], decay: float) -> None:
        self._networks, self._decay = networks, decay
        self.networks = (
            {name: copy.deepcopy(network).requires_grad_(False) for name, network in networks.items()}
            if decay
            else {}
        )

    @torch.no_grad()
    def follow(self) -> None:
        """Move towards the networks as they are now; buffers are theirs."""
        for name, average in self.networks.items():
            follow = get_ema_multi_avg_fn(self._decay)
            follow(list(average.parameters()), list(self._networks[name].parameters()), 0)
            for old, new in zip(average.buffers(), self._networks[name].buffers(), strict=True):
                old.copy_(new)

    def load_weights(self, name: str, weights: Mapping[str, Tensor]) -> None:
        """Begin with these weights of network `name`."""
        if name in self.networks:
            load_weights(self.networks[name], weights, f"net_{name}")

    def state_dict(self) -> dict[str, Any]:
        """The averages, by name."""
        return {name: network.state_dict() for name, network in self.networks.items()}

    def load_state_dict(self, state: Mapping[str, Any], networks: Mapping[str, Any]) -> None:
        """Go on from `state`; with the weights in `networks` where it has no average."""
        for name, average in self.networks.items():
            load_weights(average, state.get(name) or networks[name], f"the average of net_{name}")
