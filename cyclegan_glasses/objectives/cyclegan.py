"""CycleGAN: two generators, two discriminators, unpaired pictures (Zhu et al., arXiv 1703.10593)."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.losses import adversarial_loss, gradient_penalty, l1_loss
from cyclegan_glasses.networks.build import build_discriminator, build_generator, initialise, load_weights
from cyclegan_glasses.networks.settings import GeneratorSettings
from cyclegan_glasses.objectives.pool import ImagePool
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings import CycleGANSettings


class CycleGAN:
    """The objective of eq. 3 with the identity losses of §5.2.

    `remove_glasses` is G_A (A→B), `add_glasses` is G_B (B→A). The published names of the discriminators are
    crossed: D_A judges domain B (against G_A's fakes), D_B judges domain A.

    With `lambda_pair` a batch holds `pair_A` and `pair_B` too, a face with drawn glasses and the same one
    without, and G_A is also drawn to that truth. `lambda_pair_B` does so for G_B, which has many right
    answers and becomes blurred where it follows one too closely.

    Args:
        settings: networks and weights.
        device: where everything lives.
        precision: how the step computes.
        seed: of the initial weights (with torch's global state seeded by the caller) and of the pools.
    """

    metric_names: tuple[str, ...] = ("cycle_A", "cycle_B")
    score_losses: tuple[str, ...] = ("D_A", "D_B")

    def __init__(
        self, settings: CycleGANSettings, device: torch.device, precision: Precision, seed: int = 0
    ) -> None:
        self.settings, self.device, self.precision = settings, device, precision
        supervised = {"pair_A": settings.lambda_pair, "pair_B": settings.lambda_pair_B}
        self._pair_weights = {name: weight for name, weight in supervised.items() if weight}
        names = ("D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B")
        self.loss_names: tuple[str, ...] = (*names, *self._pair_weights)
        # Quicker on CPUs (benchmarks/step.py). In bfloat16 a batch of one would get wrong gradients: the
        # library's instance norm before its transposed convolution, in this layout.
        fast = device.type == "cpu" and precision.name == "fp32" and not settings.plain
        self._format = torch.channels_last if fast else torch.contiguous_format

        forth, judge = settings.generator, settings.discriminator
        of_a, of_b = forth.input_nc, forth.output_nc
        networks = (
            build_generator(forth),
            build_generator(replace(forth, input_nc=of_b, output_nc=of_a)),
            build_discriminator(replace(judge, input_nc=of_b)),
            build_discriminator(replace(judge, input_nc=of_a)),
        )
        for network in networks[0 if isinstance(forth, GeneratorSettings) else 2 :]:
            initialise(network, settings.init)
        self.remove_glasses, self.add_glasses, self.judge_b, self.judge_a = (
            network.to(device).to(memory_format=self._format) for network in networks
        )
        self._networks: dict[str, nn.Module] = {
            "G_A": self.remove_glasses,
            "G_B": self.add_glasses,
            "D_A": self.judge_b,
            "D_B": self.judge_a,
        }
        self._averages = (
            {name: copy.deepcopy(self._networks[name]).requires_grad_(False) for name in ("G_A", "G_B")}
            if settings.ema
            else {}
        )
        adam = settings.adam
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            name: torch.optim.Adam(
                itertools.chain(first.parameters(), second.parameters()),
                lr=lr,
                betas=(adam.beta1, adam.beta2),
            )
            for name, lr, first, second in (
                ("G", adam.lr, self.remove_glasses, self.add_glasses),
                ("D", adam.lr * settings.lr_ratio, self.judge_b, self.judge_a),
            )
        }
        self._pools = {
            "fake_B": ImagePool(settings.pool_size, seed),
            "fake_A": ImagePool(settings.pool_size, seed + 1),
        }
        self._penalty_chance = torch.Generator().manual_seed(seed + 2)
        self._pictures: dict[str, Tensor] = {}
        self._steps = 0
        # Norms within a picture let two inputs share a pass; statistics over a batch, and dropout, do not.
        within = settings.generator.norm in ("instance", "none") and settings.discriminator.norm in (
            "instance",
            "none",
        )
        self._can_merge = within and not settings.generator.dropout and not settings.plain

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        real_a, real_b = (batch[side].to(self.device, memory_format=self._format) for side in "AB")
        for network in self._networks.values():
            network.train()
        names = ("pair_A", "pair_B") if self._pair_weights else ()
        pair = {name: batch[name].to(self.device, memory_format=self._format) for name in names}
        learn = self._steps >= self.settings.discriminators_first
        with torch.set_grad_enabled(learn):
            losses = self._step_generators(real_a, real_b, pair, progress, learn)
        losses |= self._step_discriminators(real_a, real_b)
        self._steps += 1
        self._average()
        return {name: losses[name].detach() for name in self.loss_names}

    def _step_generators(
        self, real_a: Tensor, real_b: Tensor, pair: dict[str, Tensor], progress: float, learn: bool
    ) -> dict[str, Tensor]:
        s = self.settings
        cycle = 1 + (s.cycle_decay - 1) * progress
        identity = s.lambda_identity * (1 + (s.identity_decay - 1) * progress)
        self._discriminators_learn(False)
        with self.precision.autocast():
            out = self._outputs(real_a, real_b)
            scores_b, scores_a = self.judge_b(out["fake_B"]), self.judge_a(out["fake_A"])
            out |= self._pair_outputs(pair)
        losses = {"idt_A": real_a.new_zeros(()), "idt_B": real_a.new_zeros(())}
        if identity:
            losses["idt_A"] = l1_loss(out["idt_A"].float(), real_b) * (s.lambda_B * identity)
            losses["idt_B"] = l1_loss(out["idt_B"].float(), real_a) * (s.lambda_A * identity)
        losses["G_A"] = adversarial_loss(scores_b.float(), True, s.gan_mode)
        losses["G_B"] = adversarial_loss(scores_a.float(), True, s.gan_mode)
        losses["cycle_A"] = l1_loss(out["rec_A"].float(), real_a) * (s.lambda_A * cycle)
        losses["cycle_B"] = l1_loss(out["rec_B"].float(), real_b) * (s.lambda_B * cycle)
        for name, weight in self._pair_weights.items():
            other = "B" if name == "pair_A" else "A"
            losses[name] = l1_loss(out[f"pair_fake_{other}"].float(), pair[f"pair_{other}"]) * weight
        if learn:
            self._descend("G", torch.stack(list(losses.values())).sum())
        labels: tuple[str, ...] = ("real_A", "fake_B", "rec_A", "idt_B", "real_B", "fake_A", "rec_B", "idt_A")
        labels += ("pair_A", "pair_fake_B", "pair_B", "pair_fake_A")
        out |= {"real_A": real_a, "real_B": real_b} | pair
        self._pictures = {label: out[label].detach().float() for label in labels if label in out}
        return losses

    def _outputs(self, real_a: Tensor, real_b: Tensor) -> dict[str, Tensor]:
        """Fakes, reconstructions and, if they count, identity outputs.

        Where the norm works within a picture, inputs that are known at the same time share a pass, which is
        exact; otherwise, and in plain mode, each has its own, in the order of the reference implementation.
        """
        remove, add, n = self.remove_glasses, self.add_glasses, len(real_a)
        identity = self.settings.lambda_identity > 0
        if not self._can_merge:
            fake_b = remove(real_a)
            out = {"fake_B": fake_b, "rec_A": add(fake_b)}
            fake_a = add(real_b)
            out |= {"fake_A": fake_a, "rec_B": remove(fake_a)}
            return out | ({"idt_A": remove(real_b), "idt_B": add(real_a)} if identity else {})
        if not identity:
            fake_b = remove(real_a)
            fake_a, rec_a = add(torch.cat([real_b, fake_b])).split(n)
            return {"fake_B": fake_b, "rec_A": rec_a, "fake_A": fake_a, "rec_B": remove(fake_a)}
        fake_b, idt_a = remove(torch.cat([real_a, real_b])).split(n)
        fake_a, idt_b, rec_a = add(torch.cat([real_b, real_a, fake_b])).split(n)
        rec_b = remove(fake_a)
        return {
            "fake_B": fake_b,
            "rec_A": rec_a,
            "fake_A": fake_a,
            "rec_B": rec_b,
            "idt_A": idt_a,
            "idt_B": idt_b,
        }

    def _pair_outputs(self, pair: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the generators make of a pair, as far as it counts."""
        ways = {"pair_A": ("pair_fake_B", self.remove_glasses), "pair_B": ("pair_fake_A", self.add_glasses)}
        return {ways[name][0]: ways[name][1](pair[name]) for name in self._pair_weights}

    def _step_discriminators(self, real_a: Tensor, real_b: Tensor) -> dict[str, Tensor]:
        self._discriminators_learn(True)
        losses = {
            "D_A": self._judge_loss(self.judge_b, real_b, self._earlier("fake_B"), real_a),
            "D_B": self._judge_loss(self.judge_a, real_a, self._earlier("fake_A"), real_b),
        }
        self._descend("D", losses["D_A"] + losses["D_B"])
        return losses

    def _earlier(self, name: str) -> Tensor:
        return self._pools[name].query(self._pictures[name]).contiguous(memory_format=self._format)

    def _judge_loss(self, judge: nn.Module, real: Tensor, fake: Tensor, other: Tensor) -> Tensor:
        """Of a discriminator; `other` are real pictures of the domain that it does not judge."""
        mode = self.settings.gan_mode
        inputs = [real, fake, other] if self.settings.mismatched else [real, fake]
        with self.precision.autocast():
            if self._can_merge:
                scores = judge(torch.cat(inputs)).split([len(pictures) for pictures in inputs])
            else:
                scores = [judge(pictures) for pictures in inputs]
        on_real, *on_fakes = (adversarial_loss(s.float(), not i, mode) for i, s in enumerate(scores))
        loss = (on_real + torch.stack(on_fakes).mean()) / 2
        if mode == "wgangp":
            loss = loss + self.settings.lambda_gp * gradient_penalty(judge, real, fake, self._penalty_chance)
        return loss

    def _descend(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        self.precision.backward(loss)
        self.precision.step(optimizer, clip=self.settings.adam.clip or None)

    def _discriminators_learn(self, learn: bool) -> None:
        for network in (self.judge_a, self.judge_b):
            network.requires_grad_(learn)

    @torch.no_grad()
    def _average(self) -> None:
        for name, average in self._averages.items():
            for mean, new in zip(average.parameters(), self._networks[name].parameters(), strict=True):
                mean.lerp_(new, 1 - self.settings.ema)
            for kept, buffer in zip(average.buffers(), self._networks[name].buffers(), strict=True):
                kept.copy_(buffer)

    def pictures(self) -> dict[str, Tensor]:
        return self._pictures

    def weights(self) -> dict[str, nn.Module]:
        return self._networks | self._averages

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        for name, tensors in weights.items():
            load_weights(self._networks[name], tensors, f"net_{name}")
            if name in self._averages:
                load_weights(self._averages[name], tensors, f"net_{name}")

    def state_dict(self) -> dict[str, Any]:
        return {
            "networks": {name: network.state_dict() for name, network in self._networks.items()},
            "averages": {name: network.state_dict() for name, network in self._averages.items()},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "pools": {name: pool.state_dict() for name, pool in self._pools.items()},
            "penalty_chance": self._penalty_chance.get_state(),
            "steps": self._steps,
            "precision": self.precision.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, network in self._networks.items():
            load_weights(network, state["networks"][name], f"net_{name} of the state file")
        for name, average in self._averages.items():
            load_weights(
                average, state["averages"].get(name) or state["networks"][name], f"the average of net_{name}"
            )
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        for name, pool in self._pools.items():
            pool.load_state_dict(state["pools"][name], self.device)
        self._penalty_chance.set_state(state["penalty_chance"])
        self._steps = state.get("steps", self.settings.discriminators_first)
        self.precision.load_state_dict(state["precision"])
