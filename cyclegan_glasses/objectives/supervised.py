"""Removal, or adding, learnt from pairs whose truth is known: Mask2Face and iSee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.losses import adversarial_loss, distance
from cyclegan_glasses.networks.layers import recompute_activations
from cyclegan_glasses.networks.registry import build_discriminator, build_generator
from cyclegan_glasses.networks.weights import initialise, load_weights
from cyclegan_glasses.objectives.execution import Execution, Graph, Tensors, wants_compiling
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings.supervised import SupervisedSettings


class Supervised:
    """A generator that is to come near the truth, and optionally a discriminator of the domain it goes to.

    They are `G_A` and `D_A` from A to B, which takes glasses off, and `G_B` and `D_B` back, as in CycleGAN.

    Args:
        settings: networks and losses.
        precision: of the networks, and the device.
        seed: not used: nothing but the initial weights (torch's global state) is random.
        distributed: the processes that train together.
    """

    per_rank_keys: tuple[str, ...] = ()

    def __init__(
        self,
        settings: SupervisedSettings,
        precision: Precision,
        seed: int = 0,
        distributed: DistributedContext = ALONE,
    ) -> None:
        self.settings, self.device = settings, precision.device
        self._source, self._target = settings.direction.split("to")
        self._g, self._d = f"G_{self._source}", f"D_{self._source}"
        self.generator = build_generator(settings.generator)
        self.weights: dict[str, nn.Module] = {self._g: self.generator}
        if settings.lambda_gan:
            discriminator = replace(settings.discriminator, input_nc=settings.generator.output_nc)
            self.weights[self._d] = initialise(build_discriminator(discriminator), settings.init)
        if settings.recompute:
            recompute_activations(self.generator)
        self.execution = Execution(
            self.weights,
            {name[0]: ((name,), settings.adam) for name in self.weights},
            precision,
            distributed,
            compiled=tuple(self.weights) if wants_compiling(settings.compile, self.device) else (),
            micro_batch=settings.micro_batch,
        )
        self.optimizers = self.execution.optimizers
        adversarial = (self._g, self._d) if settings.lambda_gan else ()
        self.loss_names: tuple[str, ...] = ("truth", *adversarial)
        self.metric_names: tuple[str, ...] = ("truth",)
        self.score_losses: tuple[str, ...] = adversarial[1:]
        self.pictures: Tensors = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        pair = {"source": batch[self._source], "target": batch[self._target]}
        pair = self.execution.begin(pair, self._warm_up)
        # The generator: near the truth, and taken for it.
        losses, images = self.execution.minimize("G", self._generator_graphs, pair)
        # The discriminator: tells the truth from what was made.
        if self._d in self.weights:
            inputs = {"real": pair["target"], "fake": images["output"]}
            losses |= self.execution.minimize("D", self._discriminator_graphs, inputs)[0]
        self.pictures = {
            f"real_{self._source}": pair["source"],
            f"fake_{self._target}": images["output"].clamp(-1, 1),
            f"real_{self._target}": pair["target"],
        }
        return losses

    def _generator_graphs(self, pair: Tensors) -> Iterator[Graph]:
        output = self.execution.run(self._g, pair["source"])
        scores = self.execution.run(self._d, output) if self._d in self.weights else None
        losses = {"truth": distance(output, pair["target"], self.settings.distance)}
        if scores is not None:
            losses[self._g] = adversarial_loss(scores, True, "lsgan") * self.settings.lambda_gan
        yield losses, {"output": output}

    def _discriminator_graphs(self, inputs: Tensors) -> Iterator[Graph]:
        on_real, on_fake = self.execution.run_together(self._d, inputs["real"], inputs["fake"])
        loss = adversarial_loss(on_real, True, "lsgan") + adversarial_loss(on_fake, False, "lsgan")
        yield {self._d: loss / 2}, {}

    def _warm_up(self, pair: Tensors) -> None:
        self.execution.gradients("G", self._generator_graphs, pair)
        if self._d in self.weights:
            inputs = {"real": pair["target"], "fake": pair["target"]}
            self.execution.gradients("D", self._discriminator_graphs, inputs)

    @torch.no_grad()
    def validate(self, batch: Batch) -> Tensor:
        """The distance from the truth of pictures that are not trained on; a scalar."""
        self.generator.eval()
        with self.execution.precision.autocast():
            output = self.generator(batch[self._source].to(self.device))
        target = batch[self._target].to(self.device)
        return distance(full_precision(output), target, self.settings.distance)

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        for name, tensors in weights.items():
            load_weights(self.weights[name], tensors, f"net_{name}")

    def state_dict(self) -> dict[str, Any]:
        return self.execution.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.execution.load_state_dict(state)
