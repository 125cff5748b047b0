"""Facemath: a variational autoencoder whose codes can be added and subtracted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.losses import kl_divergence
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.weights import load_weights
from cyclegan_glasses.objectives.execution import Execution, Graph, Tensors
from cyclegan_glasses.objectives.faces import gather_faces
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings.faces import FacemathSettings
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
        precision: of the network, and the device.
        seed: of the codes that are drawn; the initial weights come from torch's global state.
        distributed: the processes that train together.
    """

    loss_names: tuple[str, ...] = ("picture", "divergence")
    metric_names: tuple[str, ...] = ("picture", "divergence")
    score_losses: tuple[str, ...] = ()
    per_rank_keys: tuple[str, ...] = ("chance", "seen")

    def __init__(
        self,
        settings: FacemathSettings,
        precision: Precision,
        seed: int = 0,
        distributed: DistributedContext = ALONE,
    ) -> None:
        self.settings, self.precision = settings, precision
        self.network = FaceAutoencoder(settings.autoencoder)
        self.weights: dict[str, nn.Module] = {"facemath": self.network}
        self.execution = Execution(
            self.weights,
            {"facemath": (("facemath",), settings.adam)},
            precision,
            distributed,
            memory_format=torch.channels_last,
        )
        self.optimizers = self.execution.optimizers
        self._rng = torch.Generator().manual_seed(seed)
        self._seen: list[Tensor] | None = []  # None from when the eigenfaces are known
        self.pictures: Tensors = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        faces = gather_faces(batch, self.settings.autoencoder.size, self.precision.device)
        faces = faces.contiguous(memory_format=self.execution.memory_format)
        trains = self._seen is None
        self._collect(faces)
        losses, images = self.execution.minimize("facemath", self._graphs, {"faces": faces}, update=trains)
        count = len(batch["A"])
        self.pictures = {"real": faces[:count], "restored": images["restored"][:count].clamp(-1, 1)}
        return losses

    def _graphs(self, inputs: Tensors) -> Iterator[Graph]:
        """The evidence lower bound, with its sign (arXiv 1312.6114, eq. 7)."""
        s, faces = self.settings, inputs["faces"]
        with self.precision.autocast():
            mean, log_variance = map(full_precision, self.network.encode(faces))
            noise = torch.randn(mean.shape, generator=self._rng).to(mean)
            restored = self.network.decode(mean + (log_variance / 2).exp() * noise)
        error = F.mse_loss if s.reconstruction == "mse" else F.l1_loss
        divergence = s.beta * kl_divergence(mean, log_variance) / faces[0].numel()
        yield {"picture": error(restored, faces), "divergence": divergence}, {"restored": restored}

    def _collect(self, faces: Tensor) -> None:
        """Keep `faces` until there are enough for eigenfaces; then take those of the first process."""
        if self._seen is None:
            return
        self._seen.append(quantize(faces).cpu())
        if sum(map(len, self._seen)) >= LOOKS * self.settings.autoencoder.latent:
            self.network.fit(normalize(torch.cat(self._seen).to(faces.device)).to(faces.dtype))
            self.execution.distributed.broadcast_tensors(list(self.network.state_dict().values()))
            self._seen = None

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        for tensors in weights.values():
            load_weights(self.network, tensors, "net_facemath")
            self._seen = None

    def state_dict(self) -> dict[str, Any]:
        return self.execution.state_of_one() | {
            "chance": self._rng.get_state(),
            "seen": None if self._seen is None else list(self._seen),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.execution.load_state_of_one(state)
        self._rng.set_state(state["chance"])
        self._seen = None if state["seen"] is None else list(state["seen"])
