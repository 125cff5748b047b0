"""Removal, or adding, learnt from pairs whose truth is known: Mask2Face and iSee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.losses import adversarial_loss, distance
from cyclegan_glasses.networks.layers import recompute_activations
from cyclegan_glasses.networks.registry import build_discriminator, build_generator
from cyclegan_glasses.networks.weights import initialise, load_weights
from cyclegan_glasses.objectives.adam import make_adam
from cyclegan_glasses.objectives.compiled import CompiledNetworks, wants_compiling
from cyclegan_glasses.objectives.micro_batches import parts
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
        compiled = tuple(self._networks) if wants_compiling(settings.compile, device) else ()
        self._passes = CompiledNetworks(self._networks, compiled, device)
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
        self._passes.begin(partial(self._warm_up, given, truth))
        losses: dict[str, Tensor] = {name: given.new_zeros(()) for name in self.loss_names}
        found = self._step_generator(given, truth, losses)
        if self._judge in self._networks:
            self._step_judge(truth, found, losses)
        self._pictures = {
            f"real_{self._source}": given,
            f"fake_{self._target}": found.clamp(-1, 1),
            f"real_{self._target}": truth,
        }
        return losses

    def _step_generator(self, given: Tensor, truth: Tensor, losses: dict[str, Tensor]) -> Tensor:
        """Take its step, add to `losses`, and return what it made."""
        self._judge_learns(False)
        self._passes.clear(self.optimizers["G"])
        made = []
        for part, share in parts({"given": given, "truth": truth}, self.settings.micro_batch):
            terms, found = self._generator_terms(**part)
            self.precision.backward(torch.stack(list(terms.values())).sum() * share)
            for name, term in terms.items():
                losses[name] = losses[name] + term.detach() * share
            made.append(self._passes.kept(found))
        self._take_step("G")
        return torch.cat(made)

    def _generator_terms(self, given: Tensor, truth: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        with self.precision.autocast():
            found = self._passes[self._forth](given)
            scores = self._passes[self._judge](found) if self._judge in self._networks else None
        terms = {"truth": distance(full_precision(found), truth, self.settings.distance)}
        if scores is not None:
            terms[self._forth] = (
                adversarial_loss(full_precision(scores), True, "lsgan") * self.settings.lambda_gan
            )
        return terms, found

    def _step_judge(self, real: Tensor, fake: Tensor, losses: dict[str, Tensor]) -> None:
        self._judge_learns(True)
        self._passes.clear(self.optimizers["D"])
        for part, share in parts({"real": real, "fake": fake}, self.settings.micro_batch):
            loss = self._judge_loss(**part) * share
            self.precision.backward(loss)
            losses[self._judge] = losses[self._judge] + loss.detach()
        self._take_step("D")

    def _judge_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        judge = self._passes[self._judge]
        with self.precision.autocast():
            on_real, on_fake = full_precision(judge(real)), full_precision(judge(fake))
        return (adversarial_loss(on_real, True, "lsgan") + adversarial_loss(on_fake, False, "lsgan")) / 2

    def _judge_learns(self, learns: bool) -> None:
        if self._judge in self._networks:
            self._networks[self._judge].requires_grad_(learns)

    def _warm_up(self, given: Tensor, truth: Tensor) -> None:
        """The passes of a step and nothing else."""
        part, _ = next(parts({"given": given, "truth": truth}, self.settings.micro_batch))
        self._judge_learns(False)
        terms, _ = self._generator_terms(**part)
        self.precision.backward(torch.stack(list(terms.values())).sum())
        if self._judge in self._networks:
            self._judge_learns(True)
            self.precision.backward(self._judge_loss(part["truth"], part["truth"]))

    def _take_step(self, name: str) -> None:
        self.precision.step(self.optimizers[name], clip=self.settings.adam.clip or None)

    @torch.no_grad()
    def validate(self, batch: Batch) -> Tensor:
        """The distance from the truth of pictures that are not trained on; a scalar."""
        self.generator.eval()
        with self.precision.autocast():
            found = self.generator(batch[self._source].to(self.device))
        return distance(full_precision(found), batch[self._target].to(self.device), self.settings.distance)

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
