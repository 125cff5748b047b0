"""Removal learnt from pairs whose truth is known: Mask2Face and iSee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.losses import adversarial_loss, distance
from cyclegan_glasses.networks.build import build_discriminator, build_generator, initialise, load_weights
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings import SupervisedSettings


class Supervised:
    """A generator that is to come near the truth, and optionally a discriminator of bare faces.

    The generator is `G_A` and the discriminator `D_A`, as in CycleGAN: A to B takes glasses off.

    Args:
        settings: networks and losses.
        device: where everything lives.
        precision: how the step computes.
        seed: not used: nothing but the initial weights (torch's global state) is drawn by chance.
    """

    def __init__(
        self, settings: SupervisedSettings, device: torch.device, precision: Precision, seed: int = 0
    ) -> None:
        self.settings, self.device, self.precision = settings, device, precision
        self.remove_glasses = _balanced(build_generator(settings.generator)).to(device)
        self._networks: dict[str, nn.Module] = {"G_A": self.remove_glasses}
        if settings.lambda_gan:
            judge = replace(settings.discriminator, input_nc=settings.generator.output_nc)
            self._networks["D_A"] = initialise(build_discriminator(judge), settings.init).to(device)
        adam = settings.adam
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            name[0]: torch.optim.Adam(network.parameters(), lr=adam.lr, betas=(adam.beta1, adam.beta2))
            for name, network in self._networks.items()
        }
        self.loss_names: tuple[str, ...] = ("removal", *(("G_A", "D_A") if settings.lambda_gan else ()))
        self.metric_names: tuple[str, ...] = ("removal",)
        self.score_losses: tuple[str, ...] = ("D_A",) if settings.lambda_gan else ()
        self._pictures: dict[str, Tensor] = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        glasses, truth = (batch[side].to(self.device) for side in "AB")
        for network in self._networks.values():
            network.train()
        judge = self._networks.get("D_A")
        if judge is not None:
            judge.requires_grad_(False)
        with self.precision.autocast():
            found = self.remove_glasses(glasses)
            scores = None if judge is None else judge(found)
        losses = {"removal": distance(found.float(), truth, self.settings.distance)}
        if scores is not None:
            losses["G_A"] = adversarial_loss(scores.float(), True, "lsgan") * self.settings.lambda_gan
        self._descend("G", torch.stack(list(losses.values())).sum())
        found = found.detach().float()
        if judge is not None:
            losses["D_A"] = self._step_judge(judge, truth, found)
        self._pictures = {"real_A": glasses, "fake_B": found.clamp(-1, 1), "real_B": truth}
        return {name: losses[name].detach() for name in self.loss_names}

    def _step_judge(self, judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        judge.requires_grad_(True)
        with self.precision.autocast():
            on_real, on_fake = judge(real).float(), judge(fake).float()
        loss = (adversarial_loss(on_real, True, "lsgan") + adversarial_loss(on_fake, False, "lsgan")) / 2
        self._descend("D", loss)
        return loss

    def _descend(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        self.precision.backward(loss)
        self.precision.step(optimizer, clip=self.settings.adam.clip or None)

    @torch.no_grad()
    def validate(self, batch: Batch) -> Tensor:
        """The distance from the truth of pictures that are not trained on; a scalar."""
        self.remove_glasses.eval()
        with self.precision.autocast():
            found = self.remove_glasses(batch["A"].to(self.device))
        return distance(found.float(), batch["B"].to(self.device), self.settings.distance)

    def pictures(self) -> dict[str, Tensor]:
        return self._pictures

    def weights(self) -> dict[str, nn.Module]:
        return dict(self._networks)

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        for name, tensors in weights.items():
            load_weights(self._networks[name], tensors, f"net_{name}")

    def state_dict(self) -> dict[str, Any]:
        return {
            "networks": {name: network.state_dict() for name, network in self._networks.items()},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "precision": self.precision.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, network in self._networks.items():
            load_weights(network, state["networks"][name], f"net_{name} of the state file")
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.precision.load_state_dict(state["precision"])


def _balanced(network: nn.Module) -> nn.Module:
    """Draw weights that keep the size of signals through rectified layers (He et al., arXiv 1502.01852).

    A layer named `out`, which proposes the picture, begins at a tenth: near grey, far from saturation.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if name.endswith("out"):
                module.weight.data.mul_(0.1)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network
