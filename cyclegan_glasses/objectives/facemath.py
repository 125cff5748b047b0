"""Facemath: a variational autoencoder whose codes can be added and subtracted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.losses import kl_divergence
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.weights import load_weights
from cyclegan_glasses.objectives.adam import make_adam
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings import FacemathSettings
from cyclegan_glasses.pixels import normalize, quantize

#: Faces that the eigenfaces are taken from, for each number of a code.
LOOKS = 8


class FacemathObjective:
    """Reconstruction of the faces of both domains, and β times the divergence of their codes.

    Both are sums over a face, as in the evidence lower bound (arXiv 1312.6114, eq. 7), divided by the number
    of its values. The first `LOOKS` faces for each number of a code are only looked at, for the eigenfaces
    that training begins with.

    Args:
        settings: network and weights.
        device: where everything lives.
        precision: how the step computes.
        seed: of the codes that are drawn; the initial weights come from torch's global state.
    """

    loss_names: tuple[str, ...] = ("picture", "divergence")
    metric_names: tuple[str, ...] = ("picture", "divergence")
    score_losses: tuple[str, ...] = ()
    own: tuple[str, ...] = ("chance", "seen")

    def __init__(
        self, settings: FacemathSettings, device: torch.device, precision: Precision, seed: int = 0
    ) -> None:
        self.settings, self.device, self.precision = settings, device, precision
        self.network = FaceAutoencoder(settings.autoencoder).to(memory_format=torch.channels_last)
        self.network.to(device)
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            "facemath": make_adam([self.network], settings.adam, device)
        }
        self._chance = torch.Generator().manual_seed(seed)
        self._seen: list[Tensor] | None = []  # None from when the eigenfaces are known
        self._pictures: dict[str, Tensor] = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        faces = torch.cat([batch[side] for side in "AB" if side in batch]).to(self.device)
        size = self.settings.autoencoder.size
        if faces.shape[2:] != (size, size):
            faces = F.interpolate(faces, (size, size), mode="bilinear", antialias=True)
        faces = faces.contiguous(memory_format=torch.channels_last)
        trains = self._seen is None
        self._look(faces)
        with self.precision.autocast(), torch.set_grad_enabled(trains):
            mean, log_variance = self.network.encode(faces)
            mean, log_variance = full_precision(mean), full_precision(log_variance)
            noise = torch.randn(mean.shape, generator=self._chance).to(mean)
            back = self.network.decode(mean + (log_variance / 2).exp() * noise)
        error = F.mse_loss if self.settings.reconstruction == "mse" else F.l1_loss
        divergence = kl_divergence(mean, log_variance)
        losses = {
            "picture": error(back, faces),
            "divergence": self.settings.beta * divergence / faces[0].numel(),
        }
        if trains:
            optimizer = self.optimizers["facemath"]
            optimizer.zero_grad(set_to_none=True)
            self.precision.backward(losses["picture"] + losses["divergence"])
            self.precision.step(optimizer, clip=self.settings.adam.clip or None)
        count = len(batch["A"])
        restored = back[:count].detach().clamp(-1, 1)
        self._pictures = {"real": faces[:count].detach(), "restored": restored}
        return {name: losses[name].detach() for name in self.loss_names}

    def _look(self, faces: Tensor) -> None:
        """Keep `faces` until there are enough for eigenfaces; then take those of the first process."""
        if self._seen is None:
            return
        self._seen.append(quantize(faces).cpu())
        if sum(map(len, self._seen)) >= LOOKS * self.settings.autoencoder.latent:
            self.network.fit(normalize(torch.cat(self._seen).to(faces.device)).to(faces.dtype))
            self.precision.ranks.share(list(self.network.state_dict().values()))
            self._seen = None

    def pictures(self) -> dict[str, Tensor]:
        return self._pictures

    def weights(self) -> dict[str, nn.Module]:
        return {"facemath": self.network}

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        for tensors in weights.values():
            load_weights(self.network, tensors, "net_facemath")
            self._seen = None

    def state_dict(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizers["facemath"].state_dict(),
            "chance": self._chance.get_state(),
            "seen": None if self._seen is None else list(self._seen),
            "precision": self.precision.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        load_weights(self.network, state["network"], "net_facemath of the state file")
        self.optimizers["facemath"].load_state_dict(state["optimizer"])
        self._chance.set_state(state["chance"])
        self._seen = None if state["seen"] is None else list(state["seen"])
        self.precision.load_state_dict(state["precision"])
