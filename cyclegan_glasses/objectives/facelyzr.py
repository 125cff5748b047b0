"""Facelyzr: a stacked denoising autoencoder, then heads that read glasses, gender, age and landmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.losses import balanced_cross_entropy, known_smooth_l1
from cyclegan_glasses.networks.facelyzr import LANDMARKS, Answers, Facelyzr
from cyclegan_glasses.networks.weights import load_weights
from cyclegan_glasses.objectives.execution import Execution, Graph, Tensors
from cyclegan_glasses.objectives.faces import corrupt, gather_faces
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings.faces import FacelyzrSettings

#: Of the pretraining, during which each stage is trained by itself.
_BY_STAGE = 2 / 3


class FacelyzrObjective:
    """Trains `Facelyzr` in the order that `FacelyzrSettings.pretraining` says.

    A batch is one of `data.labelled`, or of two domains: then A is `glasses`, B is `none`, and the other
    labels are missing.

    Args:
        settings: network and weights.
        precision: of the network, and the device.
        seed: of the noise; the initial weights come from torch's global state.
        distributed: the processes that train together.
    """

    loss_names: tuple[str, ...] = ("picture", "glasses", "gender", "age", "landmarks")
    metric_names: tuple[str, ...] = ("picture", "glasses", "gender", "age", "landmarks")
    score_losses: tuple[str, ...] = ()
    per_rank_keys: tuple[str, ...] = ("chance",)

    def __init__(
        self,
        settings: FacelyzrSettings,
        precision: Precision,
        seed: int = 0,
        distributed: DistributedContext = ALONE,
    ) -> None:
        self.settings, self.precision = settings, precision
        self.network = Facelyzr(settings.reader)
        self.weights: dict[str, nn.Module] = {"judge": self.network}
        self.execution = Execution(
            self.weights, {"judge": (("judge",), settings.adam)}, precision, distributed
        )
        self.optimizers = self.execution.optimizers
        self._rng = torch.Generator().manual_seed(seed)
        self.pictures: Tensors = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        self.network.train()
        inputs = self._inputs(batch)
        losses, images = self.execution.minimize("judge", partial(self._graphs, progress=progress), inputs)
        count = len(batch["A"])
        images = {"real": inputs["faces"], **images}
        self.pictures = {label: faces[:count].clamp(-1, 1) for label, faces in images.items()}
        absent = inputs["faces"].new_zeros(())
        return {name: losses.get(name, absent) for name in self.loss_names}

    def _inputs(self, batch: Batch) -> Tensors:
        """The faces at the network's size, and their labels, on the device."""
        faces = gather_faces(batch, self.settings.reader.size, self.precision.device)
        count = len(faces)
        missing, domains = torch.full((count,), -1), (torch.arange(count) >= len(batch["A"])).long()
        defaults = {
            "glasses": domains if "B" in batch else missing,
            "gender": missing,
            "age": torch.full((count,), torch.nan),
            "landmarks": torch.full((count, LANDMARKS, 2), torch.nan),
        }
        labels = {name: batch.get(name, default).to(faces.device) for name, default in defaults.items()}
        return {"faces": faces} | labels

    def _graphs(self, inputs: Tensors, progress: float) -> Iterator[Graph]:
        s, faces = self.settings, inputs["faces"]
        pretrained = progress / s.pretraining_share if s.pretraining == "layers" else 1.0
        losses: Tensors = {}
        images: Tensors = {}
        # Each stage by itself, then all of them together.
        if pretrained < _BY_STAGE:
            stages = len(self.network.encoder)
            stage = min(int(pretrained / _BY_STAGE * stages), stages - 1)
            with torch.no_grad(), self.precision.autocast():
                clean = full_precision(self.network.encode(faces, stage))
            down, up = self.network.encoder[stage], self.network.decoder[stage]  # type: ignore[index]
            losses["picture"], images = self._denoise(clean, lambda noisy: up(down(noisy)))
            images = images if stage == 0 else {}
        elif pretrained < 1 or s.pretraining == "joint":
            encode, decode = self.network.encode, self.network.decode
            losses["picture"], images = self._denoise(faces, lambda noisy: decode(encode(noisy)))
        # The heads.
        if pretrained >= 1:
            if s.pretraining == "joint":
                losses["picture"] = losses["picture"] * s.lambda_picture
            with self.precision.autocast():
                answers = self.network(faces)
            losses |= self._head_losses(Answers(*map(full_precision, answers)), inputs)
        yield losses, images

    def _denoise(self, clean: Tensor, restore: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensors]:
        """How well `restore` undoes noise on `clean`; pictures, or the code below a stage."""
        noisy = corrupt(clean, self.settings.noise, self.settings.noise_level, self._rng)
        with self.precision.autocast():
            restored = restore(noisy)
        return F.mse_loss(full_precision(restored), clean), {"noisy": noisy, "restored": restored}

    def _head_losses(self, answers: Answers, labels: Mapping[str, Tensor]) -> Tensors:
        s = self.settings
        return {
            "glasses": balanced_cross_entropy(answers.glasses, labels["glasses"]),
            "gender": s.lambda_gender * balanced_cross_entropy(answers.gender, labels["gender"]),
            "age": s.lambda_age * known_smooth_l1(answers.age / 10, labels["age"] / 10),
            "landmarks": s.lambda_landmarks
            * known_smooth_l1(answers.landmarks * 20, labels["landmarks"] * 20),
        }

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Take over weights; those of a classifier, which has lost its decoder, leave this one's as it is."""
        decoder = {
            key: value for key, value in self.network.state_dict().items() if key.startswith("decoder.")
        }
        for tensors in weights.values():
            load_weights(self.network, decoder | dict(tensors), "net_judge")

    def state_dict(self) -> dict[str, Any]:
        return self.execution.state_of_one() | {"chance": self._rng.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.execution.load_state_of_one(state)
        self._rng.set_state(state["chance"])
