"""CycleGAN: two generators, two discriminators, unpaired images (Zhu et al., arXiv 1703.10593)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.losses import adversarial_loss, gradient_penalty, insensitive_l1_loss, l1_loss
from cyclegan_glasses.networks.layers import recompute_activations
from cyclegan_glasses.networks.registry import build_discriminator, build_generator
from cyclegan_glasses.networks.weights import initialise, load_weights
from cyclegan_glasses.objectives.averages import MovingAverages
from cyclegan_glasses.objectives.condition import taken_off
from cyclegan_glasses.objectives.execution import Execution, Graph, Tensors, joined, wants_compiling
from cyclegan_glasses.objectives.pool import ImagePool
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings.cyclegan import CycleGANSettings

LABELS = (
    *("real_A", "fake_B", "drawn_A", "rec_A", "idt_B"),
    *("real_B", "drawn_B", "fake_A", "rec_B", "idt_A"),
    *("pair_A", "pair_fake_B", "pair_B", "pair_fake_A"),
)
#: What a conditioned `G_B` may change a drawing by at no cost, in the units of [-1, 1]: light, blur, shadow.
TOLERANCE = 0.1
#: A domain and the other. `G_`, `D_` and losses have the name of the one that a translation starts from.
SIDES = (("A", "B"), ("B", "A"))


class Translation(NamedTuple):
    """What a term of the generators' loss sees: from one domain to the other and back, (N, C, H, W) each.

    Attributes:
        real: x, of the domain that it starts from.
        fake: G(x).
        reconstructed: F(G(x)).
        scores: of the fake, D_Y(G(x)), (N, 1, h, w).
        target: y, real ones of the domain that it goes to, of no relation to x.
        drawn: x with a frame drawn on it, where a conditioned `G_B` was shown that; else x.
    """

    real: Tensor
    fake: Tensor
    reconstructed: Tensor
    scores: Tensor
    target: Tensor
    drawn: Tensor


class Term(NamedTuple):
    """A term of the generators' loss, for both directions.

    Attributes:
        name: of the loss, with `_A` behind it for A→B→A and `_B` for B→A→B.
        weight: from the settings, `A` or `B`, and the fraction of training that is over.
        loss: a scalar.
    """

    name: str
    weight: Callable[[CycleGANSettings, str, float], float]
    loss: Callable[[Translation, CycleGANSettings], Tensor]


def _cycle_weight(s: CycleGANSettings, side: str, progress: float) -> float:
    return (s.lambda_A if side == "A" else s.lambda_B) * (1 + (s.lambda_decay[0] - 1) * progress)


def _identity_weight(s: CycleGANSettings, side: str, progress: float) -> float:
    faded = s.lambda_identity * (1 + (s.lambda_decay[-1] - 1) * progress)
    return (s.lambda_B if side == "A" else s.lambda_A) * faded


def _drawn_weight(s: CycleGANSettings, side: str, progress: float) -> float:
    return s.lambda_drawn if side == "B" and s.conditioned else 0.0


#: The generators' part of eq. 3. A term that is added here is trained, logged and drawn as a curve.
TERMS = (
    # adversarial, eq. 1
    Term("G", lambda s, side, progress: 1.0, lambda t, s: adversarial_loss(t.scores, True, s.gan_mode)),
    # cycle consistency, eq. 2
    Term("cycle", _cycle_weight, lambda t, s: l1_loss(t.reconstructed, t.real)),
    # closeness of what is added to the frame that was chosen
    Term("drawn", _drawn_weight, lambda t, s: insensitive_l1_loss(t.fake, t.drawn, TOLERANCE)),
)


class CycleGAN:
    """The objective of eq. 3 with the identity losses of section 5.2.

    `gen_ab` is G of the paper (`G_A` in files), `gen_ba` is F (`G_B`). The published names of discriminators
    are crossed: `discriminator_b`, against the fakes of `gen_ab`, is `D_A` in files.

    With `lambda_pair` a batch holds `pair_A` and `pair_B` too, a face with drawn glasses and the same one
    without, and `gen_ab` is also drawn to that truth. `lambda_pair_B` does so for `gen_ba`, which has many
    right answers and becomes blurred where it follows one too closely.

    With `condition` a batch holds `drawn_B`, the faces of B with a frame drawn on each, and `gen_ba` is shown
    a second picture behind the first: of B the drawn one; in the cycle of A what `gen_ab` took off
    (`condition.taken_off`); for its identity loss the picture itself, to which nothing is to be done.

    Args:
        settings: networks and weights.
        precision: of the networks, and the device.
        seed: of the pools; initial weights come from torch's global state.
        distributed: the processes that train together.
    """

    metric_names: tuple[str, ...] = ("cycle_A", "cycle_B")
    score_losses: tuple[str, ...] = ("D_A", "D_B")
    per_rank_keys: tuple[str, ...] = ("pools", "penalty_chance")

    def __init__(
        self,
        settings: CycleGANSettings,
        precision: Precision,
        seed: int = 0,
        distributed: DistributedContext = ALONE,
    ) -> None:
        self.settings, self.device = settings, precision.device
        self._networks = _build_networks(settings)
        self.gen_ab, self.gen_ba, self.discriminator_b, self.discriminator_a = self._networks.values()
        # Norms within an image let two inputs share a pass; statistics over a batch, and dropout, do not.
        within = {settings.generator.norm, settings.discriminator.norm} <= {"instance", "none"}
        merge = within and not settings.generator.dropout and not settings.plain
        cpu = self.device.type == "cpu"
        channels_last = cpu and settings.channels_last(precision.name)
        # The penalty differentiates the gradient of a discriminator, which what is compiled does not offer.
        wanted = not settings.plain and wants_compiling(settings.compile, self.device)
        compiled = ("G_A", "G_B") if settings.gan_mode == "wgangp" else tuple(self._networks)
        discriminators = replace(settings.adam, lr=settings.adam.lr * settings.lr_ratio)
        self.execution = Execution(
            self._networks,
            {"G": (("G_A", "G_B"), settings.adam), "D": (("D_A", "D_B"), discriminators)},
            precision,
            distributed,
            memory_format=torch.channels_last if channels_last else torch.contiguous_format,
            winograd=settings.winograd != "off",
            compiled=compiled if wanted else (),
            merge=merge,
            micro_batch=settings.micro_batch,
            trim=not settings.plain,
            fused=not settings.plain,
        )
        self.optimizers = self.execution.optimizers
        # On a CPU a shared identity pass is no quicker and keeps a third more (docs/results/speed.md).
        self._share_identity = merge and not cpu
        generators = {name: self._networks[name] for name in ("G_A", "G_B")}
        self._averages = MovingAverages(generators, settings.ema)
        self.weights = self._networks | self._averages.networks
        if settings.recompute:
            recompute_activations(self.gen_ab)
            recompute_activations(self.gen_ba)
        labels = ("fake_B", "fake_A")
        self._pools = {label: ImagePool(settings.pool_size, seed + i) for i, label in enumerate(labels)}
        self._penalty_rng = torch.Generator().manual_seed(seed + 2)
        self._pair_weights = {"A": settings.lambda_pair, "B": settings.lambda_pair_B}
        self._steps = 0
        self.pictures: Tensors = {}
        # Those of the reference implementation always, others where they have a weight.
        always = [f"{name}_{side}" for side in "AB" for name in ("D", "G", "cycle", "idt")]
        weighed = [f"{t.name}_{side}" for t in TERMS for side in "AB" if t.weight(settings, side, 0.0)]
        pairs = [f"pair_{side}" for side, weight in self._pair_weights.items() if weight]
        self.loss_names = tuple(dict.fromkeys((*always, *weighed, *pairs)))

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        names = ["A", "B", *(("pair_A", "pair_B") if any(self._pair_weights.values()) else ())]
        names += ["drawn_B"] if self.settings.conditioned else []
        real = self.execution.begin({name: batch[name] for name in names}, self._warm_up)
        # Generators: eq. 3 over G and F.
        update = self._steps >= self.settings.discriminators_first
        graphs = partial(self._generator_graphs, progress=progress)
        losses, fakes = self.execution.minimize("G", graphs, real, update=update, at_once=self.settings.plain)
        # Discriminators: eq. 3 over D_X and D_Y.
        inputs = self._discriminator_inputs(real, fakes)
        losses |= self.execution.minimize("D", self._discriminator_graphs, inputs)[0]
        self._steps += 1
        self._averages.follow()
        images = real | fakes | {"real_A": real["A"], "real_B": real["B"]}
        self.pictures = {label: images[label] for label in LABELS if label in images}
        return {name: losses.get(name, real["A"].new_zeros(())) for name in self.loss_names}

    def _generator_graphs(self, real: Tensors, progress: float) -> Iterator[Graph]:
        """The losses of the generators, in graphs that have nothing in common but weights.

        So the memory of one is free before the next. In `plain` mode passes come in the order of the
        reference implementation.
        """
        # A → B → A and B → A → B: adversarial and cycle losses (eq. 1 and 2).
        for source, target in SIDES:
            yield self._translation_graph(source, target, real, progress)
        # Identity losses (section 5.2).
        if self.settings.lambda_identity and not self._share_identity:
            for source, target in SIDES:
                y = real[target]
                identity = self.execution.run(f"G_{source}", self._input_of(source, y, y))
                yield self._identity_graph(source, identity, y, progress)
        # Pairs whose truth is known.
        for source, target in SIDES:
            if weight := self._pair_weights[source]:
                fake = self.execution.run(f"G_{source}", real[f"pair_{source}"])
                loss = l1_loss(fake, real[f"pair_{target}"]) * weight
                yield {f"pair_{source}": loss}, {f"pair_fake_{target}": fake}

    def _translation_graph(self, source: str, target: str, real: Tensors, progress: float) -> Graph:
        """x → G(x) → F(G(x)) and D_Y(G(x)), of x from `source`; with G(y) where that shares a pass."""
        x, y, run = real[source], real[target], self.execution.run
        shares = self.settings.lambda_identity and self._share_identity
        # What a conditioned G_B sees behind x of B: a drawn frame; behind G(x) of A: what was taken off.
        drawn = real["drawn_B"] if self.settings.conditioned and source == "B" else x
        inputs = [self._input_of(source, x, drawn), *([self._input_of(source, y, y)] if shares else [])]
        fake, *identity = self.execution.run_together(f"G_{source}", *inputs)
        worn = taken_off(x, fake) if self.settings.conditioned and source == "A" else fake
        reconstructed = run(f"G_{target}", self._input_of(target, fake, worn))
        t = Translation(x, fake, reconstructed, run(f"D_{source}", fake), y, drawn)
        losses = {
            f"{term.name}_{source}": term.loss(t, self.settings) * weight
            for term in TERMS
            if (weight := term.weight(self.settings, source, progress))
        }
        images = {f"fake_{target}": fake, f"rec_{source}": t.reconstructed}
        if self.settings.conditioned:
            images[f"drawn_{source}"] = worn if source == "A" else drawn
        graphs = [(losses, images)]
        return joined(graphs + [self._identity_graph(source, images, y, progress) for images in identity])

    def _input_of(self, side: str, picture: Tensor, drawn: Tensor) -> Tensor:
        """What `G_A` or `G_B` sees: the picture; a conditioned `G_B` sees `drawn` behind it."""
        return torch.cat([picture, drawn], 1) if side == "B" and self.settings.conditioned else picture

    def _identity_graph(self, side: str, identity: Tensor, target: Tensor, progress: float) -> Graph:
        weight = _identity_weight(self.settings, side, progress)
        return {f"idt_{side}": l1_loss(identity, target) * weight}, {f"idt_{side}": identity}

    def _discriminator_inputs(self, real: Tensors, fakes: Tensors) -> Tensors:
        """What discriminators see: real images, and fakes of this step and of earlier ones (section 4)."""
        inputs = {"real_A": real["A"], "real_B": real["B"]}
        for label, pool in self._pools.items():
            fake = pool.query(fakes[label])
            inputs[label] = fake.contiguous(memory_format=self.execution.memory_format)
        if self.settings.gan_mode == "wgangp":
            for name in ("mix_B", "mix_A"):
                inputs[name] = torch.rand(len(real["A"]), 1, 1, 1, generator=self._penalty_rng)
        return inputs

    def _discriminator_graphs(self, inputs: Tensors) -> Iterator[Graph]:
        """Eq. 1 as each discriminator sees it, halved (section 7.1), and its gradient penalty."""
        s = self.settings
        for source, target in SIDES:
            name, real, fake = f"D_{source}", inputs[f"real_{target}"], inputs[f"fake_{target}"]
            fakes = [fake, inputs[f"real_{source}"]] if s.mismatched else [fake]
            scores = self.execution.run_together(name, real, *fakes)
            on_real, *on_fakes = (adversarial_loss(x, not i, s.gan_mode) for i, x in enumerate(scores))
            loss = (on_real + torch.stack(on_fakes).mean()) / 2
            # The fraction of `real` in what the penalty is taken at.
            if (mix := inputs.get(f"mix_{target}")) is not None:
                loss = loss + s.lambda_gp * gradient_penalty(self._networks[name], real, fake, mix)
            yield {name: loss}, {}

    def _warm_up(self, real: Tensors) -> None:
        self.execution.gradients("G", partial(self._generator_graphs, progress=0.0), real)
        inputs = {"real_A": real["A"], "real_B": real["B"], "fake_A": real["A"], "fake_B": real["B"]}
        self.execution.gradients("D", self._discriminator_graphs, inputs)

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        for name, tensors in weights.items():
            load_weights(self._networks[name], tensors, f"net_{name}")
            self._averages.load_weights(name, tensors)

    def state_dict(self) -> dict[str, Any]:
        return self.execution.state_dict() | {
            "averages": self._averages.state_dict(),
            "pools": {name: pool.state_dict() for name, pool in self._pools.items()},
            "penalty_chance": self._penalty_rng.get_state(),
            "steps": self._steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.execution.load_state_dict(state)
        self._averages.load_state_dict(state["averages"], state["networks"])
        for name, pool in self._pools.items():
            pool.load_state_dict(state["pools"][name], self.device)
        self._penalty_rng.set_state(state["penalty_chance"])
        self._steps = state.get("steps", self.settings.discriminators_first)


def _build_networks(settings: CycleGANSettings) -> dict[str, nn.Module]:
    """The networks by their names in files."""
    generator, discriminator = settings.generator, settings.discriminator
    channels_a, channels_b = generator.input_nc, generator.output_nc
    way_back = generator
    if settings.conditioned or channels_a != channels_b:
        seen = 2 * channels_b if settings.conditioned else channels_b
        way_back = replace(generator, **{"input_nc": seen, "output_nc": channels_a})
    networks = {
        "G_A": build_generator(generator),
        "G_B": build_generator(way_back),
        "D_A": build_discriminator(replace(discriminator, input_nc=channels_b)),
        "D_B": build_discriminator(replace(discriminator, input_nc=channels_a)),
    }
    for name, network in networks.items():
        if name[0] == "D" or not generator.balanced:
            initialise(network, settings.init)
    return networks
