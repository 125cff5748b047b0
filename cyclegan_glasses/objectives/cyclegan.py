"""CycleGAN: two generators, two discriminators, unpaired pictures (Zhu et al., arXiv 1703.10593)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.losses import adversarial_loss, gradient_penalty, l1_loss
from cyclegan_glasses.machine import trim_memory
from cyclegan_glasses.networks.layers import recompute_activations
from cyclegan_glasses.networks.registry import build_discriminator, build_generator
from cyclegan_glasses.networks.weights import initialise, load_weights
from cyclegan_glasses.objectives.adam import make_adam
from cyclegan_glasses.objectives.compiled import Call, CompiledNetworks, wants_compiling
from cyclegan_glasses.objectives.micro_batches import parts
from cyclegan_glasses.objectives.pool import ImagePool
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings import CycleGANSettings

#: Losses by name, and pictures by label, of one turn.
Turn = tuple[dict[str, Tensor], dict[str, Tensor]]
#: From so many pixels of a batch on memory is what lacks; below, getting it back again costs a step a tenth.
LARGE = 256 * 256
LABELS = (
    *("real_A", "fake_B", "rec_A", "idt_B", "real_B", "fake_A", "rec_B", "idt_A"),
    *("pair_A", "pair_fake_B", "pair_B", "pair_fake_A"),
)


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
    own: tuple[str, ...] = ("pools", "penalty_chance")

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
        for network in networks[2 if forth.balanced else 0 :]:
            initialise(network, settings.init)
        self.remove_glasses, self.add_glasses, self.discriminator_b, self.discriminator_a = (
            network.to(device).to(memory_format=self._format) for network in networks
        )
        self._networks: dict[str, nn.Module] = {
            "G_A": self.remove_glasses,
            "G_B": self.add_glasses,
            "D_A": self.discriminator_b,
            "D_B": self.discriminator_a,
        }
        self._averages = (
            {name: copy.deepcopy(self._networks[name]).requires_grad_(False) for name in ("G_A", "G_B")}
            if settings.ema
            else {}
        )
        of_discriminators = replace(settings.adam, lr=settings.adam.lr * settings.lr_ratio)
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            "G": make_adam(networks[:2], settings.adam, device, fused=not settings.plain),
            "D": make_adam(networks[2:], of_discriminators, device, fused=not settings.plain),
        }
        if settings.recompute:
            recompute_activations(self.remove_glasses)
            recompute_activations(self.add_glasses)
        # the penalty differentiates the gradient of a discriminator, which what is compiled does not offer
        compiled = ("G_A", "G_B") if settings.gan_mode == "wgangp" else tuple(self._networks)
        wanted = not settings.plain and wants_compiling(settings.compile, device)
        self._passes = CompiledNetworks(self._networks, compiled if wanted else (), device)
        self._pools = {
            "fake_B": ImagePool(settings.pool_size, seed),
            "fake_A": ImagePool(settings.pool_size, seed + 1),
        }
        self._penalty_rng = torch.Generator().manual_seed(seed + 2)
        self._pictures: dict[str, Tensor] = {}
        self._steps = 0
        # Norms within a picture let two inputs share a pass; statistics over a batch, and dropout, do not.
        within = {settings.generator.norm, settings.discriminator.norm} <= {"instance", "none"}
        self._can_merge = within and not settings.generator.dropout and not settings.plain
        # on a CPU a pass that is shared is no quicker, and memory goes (docs/speed.md)
        self._share_identity = self._can_merge and device.type != "cpu"

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        names = ("A", "B", *(("pair_A", "pair_B") if self._pair_weights else ()))
        given = {name: batch[name].to(self.device, memory_format=self._format) for name in names}
        for network in self._networks.values():
            network.train()
        self._passes.begin(partial(self._warm_up, given))
        learn = self._steps >= self.settings.discriminators_first
        with torch.set_grad_enabled(learn):
            losses = self._step_generators(given, progress, learn)
        losses |= self._step_discriminators(given["A"], given["B"])
        self._steps += 1
        self._average()
        return {name: losses[name] for name in self.loss_names}

    def _step_generators(self, given: dict[str, Tensor], progress: float, learn: bool) -> dict[str, Tensor]:
        self._discriminators_learn(False)
        self._passes.clear(self.optimizers["G"])
        losses = {name: given["A"].new_zeros(()) for name in self.loss_names}
        shown: dict[str, list[Tensor]] = {}
        for part, share in parts(given, self.settings.micro_batch):
            turns = self._turns(part, progress)
            if self.settings.plain:
                turns = iter([_together(turns)])
            for terms, out in turns:
                if learn:
                    self._backward(torch.stack(list(terms.values())).sum() * share, given["A"])
                for name, term in terms.items():
                    losses[name] = losses[name] + term.detach() * share
                for label, picture in out.items():
                    shown.setdefault(label, []).append(self._passes.kept(picture))
        if learn:
            self._take_step("G")
        out = given | {label: torch.cat(pictures) for label, pictures in shown.items()}
        out |= {"real_A": given["A"], "real_B": given["B"]}
        self._pictures = {label: out[label] for label in LABELS if label in out}
        return losses

    def _turns(self, given: dict[str, Tensor], progress: float) -> Iterator[Turn]:
        """The losses of the generators and what they made, in turns that do not share a graph.

        So the memory of one can be given back before the next. Where norms work within a picture, inputs
        that a network sees at the same time share a pass; both are exact. In plain mode passes come in the
        order of the reference implementation.
        """
        s = self.settings
        cycle = 1 + (s.lambda_decay[0] - 1) * progress
        identity = s.lambda_identity * (1 + (s.lambda_decay[-1] - 1) * progress)
        for way in "AB":
            yield self._cycle(way, given, cycle, identity)
        if s.lambda_identity and not self._share_identity:
            for way in "AB":
                forth, wished = self._forth(way), given[_other(way)]
                with self.precision.autocast():
                    same = forth(wished)
                yield self._identity(way, same, wished, identity)
        for name, weight in self._pair_weights.items():
            way = name[-1]
            with self.precision.autocast():
                found = self._forth(way)(given[name])
            truth = given[f"pair_{_other(way)}"]
            yield {name: l1_loss(full_precision(found), truth) * weight}, {f"pair_fake_{_other(way)}": found}

    def _cycle(self, way: str, given: dict[str, Tensor], cycle: float, identity: float) -> Turn:
        """From one domain to the other and back, judged on the way; with the identity if it can share."""
        forth, back = self._forth(way), self._forth(_other(way))
        real, wished, same = given[way], given[_other(way)], None
        with self.precision.autocast():
            if self.settings.lambda_identity and self._share_identity:
                fake, same = forth(torch.cat([real, wished])).split(len(real))
            else:
                fake = forth(real)
            found, scores = back(fake), self._passes[f"D_{way}"](fake)
        weight = self.settings.lambda_A if way == "A" else self.settings.lambda_B
        terms = {
            f"G_{way}": adversarial_loss(full_precision(scores), True, self.settings.gan_mode),
            f"cycle_{way}": l1_loss(full_precision(found), real) * (weight * cycle),
        }
        out = {f"fake_{_other(way)}": fake, f"rec_{way}": found}
        if same is None:
            return terms, out
        return _together(iter([(terms, out), self._identity(way, same, wished, identity)]))

    def _identity(self, way: str, same: Tensor, wished: Tensor, share: float) -> Turn:
        weight = self.settings.lambda_B if way == "A" else self.settings.lambda_A
        return {f"idt_{way}": l1_loss(full_precision(same), wished) * (weight * share)}, {f"idt_{way}": same}

    def _forth(self, way: str) -> Call:
        return self._passes[f"G_{way}"]

    def _warm_up(self, given: dict[str, Tensor]) -> None:
        """The passes of a step and nothing else."""
        part, _ = next(parts(given, self.settings.micro_batch))
        self._discriminators_learn(False)
        for terms, _ in self._turns(part, 0.0):
            self.precision.backward(torch.stack(list(terms.values())).sum())
        self._discriminators_learn(True)
        for way in "AB":
            real = part[_other(way)]
            other = part[way] if self.settings.mismatched else None
            self.precision.backward(self._judge_loss(self._passes[f"D_{way}"], real, real, other))

    def _step_discriminators(self, real_a: Tensor, real_b: Tensor) -> dict[str, Tensor]:
        self._discriminators_learn(True)
        self._passes.clear(self.optimizers["D"])
        losses: dict[str, Tensor] = {}
        for name, real, label, other in (
            ("D_A", real_b, "fake_B", real_a),
            ("D_B", real_a, "fake_A", real_b),
        ):
            seen = {"real": real, "fake": self._earlier(label)}
            if self.settings.mismatched:
                seen["other"] = other
            if self.settings.gan_mode == "wgangp":
                seen["share"] = torch.rand(len(real), 1, 1, 1, generator=self._penalty_rng)
            losses[name] = real.new_zeros(())
            for part, share in parts(seen, self.settings.micro_batch):
                loss = self._judge_loss(self._passes[name], **part) * share
                self._backward(loss, real)
                losses[name] = losses[name] + loss.detach()
        self._take_step("D")
        return losses

    def _earlier(self, name: str) -> Tensor:
        return self._pools[name].query(self._pictures[name]).contiguous(memory_format=self._format)

    def _judge_loss(
        self,
        judge: Call,
        real: Tensor,
        fake: Tensor,
        other: Tensor | None = None,
        share: Tensor | None = None,
    ) -> Tensor:
        """Of a discriminator; `other` are real pictures of the domain that it does not judge."""
        mode = self.settings.gan_mode
        inputs = [real, fake] if other is None else [real, fake, other]
        with self.precision.autocast():
            if self._can_merge:
                scores = judge(torch.cat(inputs)).split([len(pictures) for pictures in inputs])
            else:
                scores = [judge(pictures) for pictures in inputs]
        on_real, *on_fakes = (adversarial_loss(full_precision(s), not i, mode) for i, s in enumerate(scores))
        loss = (on_real + torch.stack(on_fakes).mean()) / 2
        if share is not None:
            loss = loss + self.settings.lambda_gp * gradient_penalty(judge, real, fake, share)
        return loss

    def _backward(self, loss: Tensor, batch: Tensor) -> None:
        self.precision.backward(loss)
        if self.device.type == "cpu" and not self.settings.plain and batch[:, 0].numel() >= LARGE:
            trim_memory()

    def _take_step(self, name: str) -> None:
        self.precision.step(self.optimizers[name], clip=self.settings.adam.clip or None)

    def _discriminators_learn(self, learn: bool) -> None:
        for network in (self.discriminator_a, self.discriminator_b):
            network.requires_grad_(learn)

    @torch.no_grad()
    def _average(self) -> None:
        for name, average in self._averages.items():
            follow = get_ema_multi_avg_fn(self.settings.ema)
            follow(list(average.parameters()), list(self._networks[name].parameters()), 0)
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
            "penalty_chance": self._penalty_rng.get_state(),
            "steps": self._steps,
            "precision": self.precision.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, network in self._networks.items():
            load_weights(network, state["networks"][name], f"net_{name} of the state file")
        for name, average in self._averages.items():
            kept = state["averages"].get(name) or state["networks"][name]
            load_weights(average, kept, f"the average of net_{name}")
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        for name, pool in self._pools.items():
            pool.load_state_dict(state["pools"][name], self.device)
        self._penalty_rng.set_state(state["penalty_chance"])
        self._steps = state.get("steps", self.settings.discriminators_first)
        self.precision.load_state_dict(state["precision"])


def _together(turns: Iterator[Turn]) -> Turn:
    """All turns as one."""
    terms: dict[str, Tensor] = {}
    out: dict[str, Tensor] = {}
    for more_terms, more_out in turns:
        terms, out = terms | more_terms, out | more_out
    return terms, out


def _other(way: str) -> str:
    return "B" if way == "A" else "A"
