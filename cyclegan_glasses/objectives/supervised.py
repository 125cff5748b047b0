"""Removal, or adding, learnt from pairs whose truth is known: Mask2Face and iSee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.losses import adversarial_loss, distance
from cyclegan_glasses.networks.build import build_discriminator, build_generator, initialise, load_weights
from cyclegan_glasses.networks.layers import recompute_activations
from cyclegan_glasses.objectives.adam import make_adam
from cyclegan_glasses.objectives.parts import parts
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings import SupervisedSettings


class Supervised:
    """A generator that is to come near the truth, and optionally a discriminator of the domain it goes to.

    They are `G_A` and `D_A` from A to B, which takes glasses off, and `G_B` and `D_B` back, as in CycleGAN.

    Args:
        settings: networks and losses.
        device: where everything lives.
        precision: how the step computes.
        seed: not used: nothing but the initial weights (torch's global state) is drawn by chance.
    """

    own: tuple[str, ...] = ()

    def __init__(
        self, settings: SupervisedSettings, device: torch.device, precision: Precision, seed: int = 0
    ) -> None:
        self.settings, self.device, self.precision = settings, device, precision
        self._source, self._target = settings.direction.split("to")
        self._forth, self._judge = f"G_{self._source}", f"D_{self._source}"
        self.generator = build_generator(settings.generator).to(device)
        self._networks: dict[str, nn.Module] = {self._forth: self.generator}
        if settings.lambda_gan:
            judge = replace(settings.discriminator, input_nc=settings.generator.output_nc)
            self._networks[self._judge] = initialise(build_discriminator(judge), settings.init).to(device)
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            name[0]: make_adam([network], settings.adam, device) for name, network in self._networks.items()
        }
        if settings.recompute:
            recompute_activations(self.generator)
        self.loss_names: tuple[str, ...] = (
            "truth",
            *((self._forth, self._judge) if settings.lambda_gan else ()),
        )
        self.metric_names: tuple[str, ...] = ("truth",)
        self.score_losses: tuple[str, ...] = (self._judge,) if settings.lambda_gan else ()
        self._pictures: dict[str, Tensor] = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        given, truth = (batch[side].to(self.device) for side in (self._source, self._target))
        for network in self._networks.values():
            network.train()
        losses: dict[str, Tensor] = {name: given.new_zeros(()) for name in self.loss_names}
        found = self._step_generator(given, truth, losses)
        if self._judge in self._networks:
            self._step_judge(self._networks[self._judge], truth, found, losses)
        self._pictures = {
            f"real_{self._source}": given,
            f"fake_{self._target}": found.clamp(-1, 1),
            f"real_{self._target}": truth,
        }
        return losses

    def _step_generator(self, given: Tensor, truth: Tensor, losses: dict[str, Tensor]) -> Tensor:
        """Take its step, add to `losses`, and return what it made."""
        judge = self._networks.get(self._judge)
        if judge is not None:
            judge.requires_grad_(False)
        self.optimizers["G"].zero_grad(set_to_none=True)
        made = []
        for part, share in parts({"given": given, "truth": truth}, self.settings.chunk):
            with self.precision.autocast():
                found = self.generator(part["given"])
                scores = None if judge is None else judge(found)
            terms = {"truth": distance(found.float(), part["truth"], self.settings.distance)}
            if scores is not None:
                gan = adversarial_loss(scores.float(), True, "lsgan")
                terms[self._forth] = gan * self.settings.lambda_gan
            self.precision.backward(torch.stack(list(terms.values())).sum() * share)
            for name, term in terms.items():
                losses[name] = losses[name] + term.detach() * share
            made.append(found.detach().float())
        self._take_step("G")
        return torch.cat(made)

    def _step_judge(self, judge: nn.Module, real: Tensor, fake: Tensor, losses: dict[str, Tensor]) -> None:
        judge.requires_grad_(True)
        self.optimizers["D"].zero_grad(set_to_none=True)
        for part, share in parts({"real": real, "fake": fake}, self.settings.chunk):
            with self.precision.autocast():
                on_real, on_fake = judge(part["real"]).float(), judge(part["fake"]).float()
            loss = adversarial_loss(on_real, True, "lsgan") + adversarial_loss(on_fake, False, "lsgan")
            loss = loss / 2 * share
            self.precision.backward(loss)
            losses[self._judge] = losses[self._judge] + loss.detach()
        self._take_step("D")

    def _take_step(self, name: str) -> None:
        self.precision.step(self.optimizers[name], clip=self.settings.adam.clip or None)

    @torch.no_grad()
    def validate(self, batch: Batch) -> Tensor:
        """The distance from the truth of pictures that are not trained on; a scalar."""
        self.generator.eval()
        with self.precision.autocast():
            found = self.generator(batch[self._source].to(self.device))
        return distance(found.float(), batch[self._target].to(self.device), self.settings.distance)

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
