"""Facelyzr: a stacked denoising autoencoder, then heads that read glasses, gender, age and landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.losses import balanced_cross_entropy, known_smooth_l1
from cyclegan_glasses.networks.facelyzr import LANDMARKS, Answers, Facelyzr
from cyclegan_glasses.networks.weights import load_weights
from cyclegan_glasses.objectives.adam import make_adam
from cyclegan_glasses.objectives.noise import corrupt
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings import FacelyzrSettings

_ALONE = 2 / 3  # of the pretraining: each stage by itself


class FacelyzrObjective:
    """Trains `Facelyzr` in the order that `FacelyzrSettings.pretraining` says.

    A batch is one of `data.labelled`, or of two domains: then A is `glasses`, B is `none`, and the other
    labels are missing.

    Args:
        settings: network and weights.
        device: where everything lives.
        precision: how the step computes.
        seed: of the noise; the initial weights come from torch's global state.
    """

    loss_names: tuple[str, ...] = ("picture", "glasses", "gender", "age", "landmarks")
    metric_names: tuple[str, ...] = ("picture", "glasses", "gender", "age", "landmarks")
    score_losses: tuple[str, ...] = ()
    own: tuple[str, ...] = ("chance",)

    def __init__(
        self, settings: FacelyzrSettings, device: torch.device, precision: Precision, seed: int = 0
    ) -> None:
        self.settings, self.device, self.precision = settings, device, precision
        self.network = Facelyzr(settings.reader).to(device)
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            "judge": make_adam([self.network], settings.adam, device)
        }
        self._chance = torch.Generator().manual_seed(seed)
        self._pictures: dict[str, Tensor] = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        s = self.settings
        faces, labels = self._sides(batch)
        self.network.train()
        losses = {name: faces.new_zeros(()) for name in self.loss_names}
        share = progress / s.pretraining_share if s.pretraining == "layers" else 1.0
        shown = {"real": faces}
        if share < _ALONE:
            stage = min(int(share / _ALONE * len(self.network.encoder)), len(self.network.encoder) - 1)
            losses["picture"] = self._stage_loss(faces, stage, shown)
        elif share < 1 or s.pretraining == "joint":
            losses["picture"] = self._picture_loss(faces, shown)
        if share >= 1:
            if s.pretraining == "joint":
                losses["picture"] = losses["picture"] * s.lambda_picture
            with self.precision.autocast():
                answers = self.network(faces)
            losses |= self._head_losses(Answers(*(full_precision(part) for part in answers)), labels)
        optimizer = self.optimizers["judge"]
        optimizer.zero_grad(set_to_none=True)
        self.precision.backward(torch.stack(list(losses.values())).sum())
        self.precision.step(optimizer, clip=s.adam.clip or None)
        count = len(batch["A"])
        self._pictures = {
            name: full_precision(part[:count].detach()).clamp(-1, 1) for name, part in shown.items()
        }
        return {name: losses[name].detach() for name in self.loss_names}

    def _sides(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The faces at the network's size, and their labels, on the device."""
        parts = [batch[side] for side in "AB" if side in batch]
        faces = torch.cat(parts).to(self.device)
        size = self.settings.reader.size
        if faces.shape[2:] != (size, size):
            faces = F.interpolate(faces, (size, size), mode="bilinear", antialias=True)
        count = len(faces)
        domains = torch.arange(len(parts)).repeat_interleave(torch.tensor([len(part) for part in parts]))
        labels = {
            "glasses": batch.get("glasses", domains if len(parts) == 2 else torch.full((count,), -1)),
            "gender": batch.get("gender", torch.full((count,), -1)),
            "age": batch.get("age", torch.full((count,), torch.nan)),
            "landmarks": batch.get("landmarks", torch.full((count, LANDMARKS, 2), torch.nan)),
        }
        return faces, {name: values.to(self.device) for name, values in labels.items()}

    def _stage_loss(self, faces: Tensor, stage: int, shown: dict[str, Tensor]) -> Tensor:
        """How well a stage and its decoder undo noise on what comes from the stages below it."""
        with torch.no_grad(), self.precision.autocast():
            clean = full_precision(self.network.encode(faces, stage))
        noisy = corrupt(clean, self.settings.noise, self.settings.noise_level, self._chance)
        with self.precision.autocast():
            back = self.network.decoder[stage](self.network.encoder[stage](noisy))  # type: ignore[index]
        if stage == 0:
            shown |= {"noisy": noisy, "restored": back}
        return F.mse_loss(full_precision(back), clean)

    def _picture_loss(self, faces: Tensor, shown: dict[str, Tensor]) -> Tensor:
        noisy = corrupt(faces, self.settings.noise, self.settings.noise_level, self._chance)
        with self.precision.autocast():
            back = self.network.decode(self.network.encode(noisy))
        shown |= {"noisy": noisy, "restored": back}
        return F.mse_loss(full_precision(back), faces)

    def _head_losses(self, answers: Answers, labels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        s = self.settings
        return {
            "glasses": balanced_cross_entropy(answers.glasses, labels["glasses"]),
            "gender": s.lambda_gender * balanced_cross_entropy(answers.gender, labels["gender"]),
            "age": s.lambda_age * known_smooth_l1(answers.age / 10, labels["age"] / 10),
            "landmarks": s.lambda_landmarks
            * known_smooth_l1(answers.landmarks * 20, labels["landmarks"] * 20),
        }

    def pictures(self) -> dict[str, Tensor]:
        return self._pictures

    def weights(self) -> dict[str, nn.Module]:
        return {"judge": self.network}

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Take over weights; those of a judge, which has lost its decoder, leave this one's as it is."""
        own = {key: value for key, value in self.network.state_dict().items() if key.startswith("decoder.")}
        for tensors in weights.values():
            load_weights(self.network, own | dict(tensors), "net_judge")

    def state_dict(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizers["judge"].state_dict(),
            "chance": self._chance.get_state(),
            "precision": self.precision.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        load_weights(self.network, state["network"], "net_judge of the state file")
        self.optimizers["judge"].load_state_dict(state["optimizer"])
        self._chance.set_state(state["chance"])
        self.precision.load_state_dict(state["precision"])
