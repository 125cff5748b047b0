"""Removal, or adding, learnt from pairs whose truth is known: Mask2Face and iSee."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.devices import Precision, full_precision
from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.losses import (
    adversarial_loss,
    chroma_loss,
    distance,
    gradient_loss,
    level_loss,
    mask_loss,
    masked_adversarial_loss,
    weighted_l1,
)
from cyclegan_glasses.networks.layers import recompute_activations
from cyclegan_glasses.networks.registry import build_discriminator, build_generator
from cyclegan_glasses.networks.weights import initialise, load_weights
from cyclegan_glasses.objectives.averages import MovingAverages
from cyclegan_glasses.objectives.execution import Execution, Graph, Tensors, wants_compiling
from cyclegan_glasses.objectives.protocol import Batch
from cyclegan_glasses.objectives.settings.supervised import SupervisedSettings

_DIFFERS, _RIM, _REACH = 0.03, 0.06, 2
"""From which difference in units of [-1, 1] a pair counts as changed, from which fraction a pixel as frame,
and how many pixels around either."""


class Restoration(NamedTuple):
    """What a term of the generator's loss sees.

    Attributes:
        output, target: what was made, and the truth, (N, C, H, W).
        changed: 1 where source and target differ and near it, else 0, (N, 1, H, W). Of an input that is the
            generator's own work, the source of that.
        rim: the same for the frame; 0 where it is not asked for.
        logits, frame: how much of each pixel the frame takes, as was found and as it is, (N, 1, H, W); empty
            (no channels) where it is not asked for.
        first: 0 for inputs that are the generator's own work, in which it is to find no frame, else 1,
            (N, 1, 1, 1).
    """

    output: Tensor
    target: Tensor
    changed: Tensor
    rim: Tensor
    logits: Tensor
    frame: Tensor
    first: Tensor

    def emphasis(self, settings: SupervisedSettings) -> Tensor:
        """How much more than 1 each pixel counts, (N, 1, H, W)."""
        return settings.lambda_changed * self.changed + settings.lambda_rim * self.rim


class Term(NamedTuple):
    """A term of the generator's loss: its name, its weight from the settings, and the loss, a scalar."""

    name: str
    weight: Callable[[SupervisedSettings], float]
    loss: Callable[[Restoration, SupervisedSettings], Tensor]


#: A term that is added here is trained, logged and drawn as a curve.
TERMS = (
    Term("truth", lambda s: 1.0, lambda r, s: distance(r.output, r.target, s.distance)),
    Term(
        "changed",
        lambda s: float(s.lambda_changed + s.lambda_rim > 0),
        lambda r, s: weighted_l1(r.output, r.target, r.emphasis(s)),
    ),
    Term(
        "gradient",
        lambda s: s.lambda_gradient,
        lambda r, s: gradient_loss(r.output, r.target, 1 + r.emphasis(s)),
    ),
    Term("chroma", lambda s: s.lambda_chroma, lambda r, s: chroma_loss(r.output, r.target, 0.5 * r.rim)),
    Term("level", lambda s: s.lambda_level, lambda r, s: level_loss(r.output, r.target, r.changed)),
    Term("frame", lambda s: s.lambda_frame, lambda r, s: mask_loss(r.logits, r.frame, r.first)),
)


class Supervised:
    """A generator that is to come near the truth, and optionally a discriminator of the domain it goes to.

    They are `G_A` and `D_A` from A to B, which takes glasses off, and `G_B` and `D_B` back, as in CycleGAN.
    With `lambda_frame` a batch holds `F` too, what the frame takes of A, which the generator is to find.
    Where it holds `unpaired_A` (or `unpaired_B`), photos without a truth, the discriminator also sees what is
    made of them, and scores only the patches that were changed, against the truth of pairs at the same place.

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
        networks: dict[str, nn.Module] = {self._g: self.generator}
        if settings.lambda_gan:
            discriminator = replace(settings.discriminator, input_nc=settings.generator.output_nc)
            networks[self._d] = initialise(build_discriminator(discriminator), settings.init)
        if settings.recompute:
            recompute_activations(self.generator)
        channels_last = self.device.type == "cpu" and settings.channels_last(precision.name)
        self.execution = Execution(
            networks,
            {name[0]: ((name,), settings.adam) for name in networks},
            precision,
            distributed,
            memory_format=torch.channels_last if channels_last else torch.preserve_format,
            winograd=settings.winograd != "off",
            compiled=tuple(networks) if wants_compiling(settings.compile, self.device) else (),
            micro_batch=settings.micro_batch,
        )
        self.optimizers = self.execution.optimizers
        self._averages = MovingAverages({self._g: self.generator}, settings.ema)
        self.weights = networks | self._averages.networks
        adversarial = (self._g, self._d) if settings.lambda_gan else ()
        terms = tuple(term.name for term in TERMS if term.weight(settings))
        self.loss_names: tuple[str, ...] = (*terms, *adversarial)
        self.metric_names: tuple[str, ...] = ("truth",)
        self.score_losses: tuple[str, ...] = adversarial[1:]
        self.pictures: Tensors = {}

    def step(self, batch: Batch, progress: float = 0.0) -> dict[str, Tensor]:
        pair = {"source": batch[self._source], "target": batch[self._target]}
        pair |= {"frame": batch["F"]} if self.settings.lambda_frame else {}
        unpaired = f"unpaired_{self._source}"
        pair |= {"unpaired": batch[unpaired]} if unpaired in batch else {}
        pair = self.execution.begin(pair, self._warm_up)
        seen = pair | self._own_work(pair["source"])
        # The generator: near the truth, and taken for it.
        losses, images = self.execution.minimize("G", self._generator_graphs, seen)
        self._averages.follow()
        # The discriminator: tells the truth from what was made.
        if self.settings.lambda_gan:
            inputs = {"real": pair["target"], **images}
            losses |= self.execution.minimize("D", self._discriminator_graphs, inputs)[0]
        self.pictures = {
            f"real_{self._source}": pair["source"],
            f"fake_{self._target}": images["output"].clamp(-1, 1),
            f"real_{self._target}": pair["target"],
        }
        return losses

    @torch.no_grad()
    def _own_work(self, source: Tensor) -> Tensors:
        """The last pictures of a batch, as many as `own_share` asks for, after the generator went over them.

        Batches are shuffled, so that any picture comes to be one of them, and no random number is needed.
        """
        count = round(self.settings.own_share * len(source))
        if not count:
            return {}
        with self.execution.precision.autocast():
            made = full_precision(self.weights[self._g](source[-count:])).clamp(-1, 1)
        first = source.new_ones(len(source), 1, 1, 1)
        first[-count:] = 0
        return {"source": torch.cat([source[:-count], made]), "before": source, "first": first}

    def _generator_graphs(self, pair: Tensors) -> Iterator[Graph]:
        s, source, target = self.settings, pair["source"], pair["target"]
        before, first = pair.get("before", source), pair.get("first", source.new_ones(len(source), 1, 1, 1))
        how = {"frame": True} if s.lambda_frame else {}
        made = self.execution.run(self._g, source, **how)
        output, logits = made.split([target.shape[1], made.shape[1] - target.shape[1]], 1)
        changed = _changed(before, target)
        frame = pair.get("frame", logits)
        rim = _near(frame > _RIM) if s.lambda_rim else torch.zeros_like(changed)
        seen = Restoration(output, target, changed, rim, logits, frame, first)
        losses = {t.name: t.loss(seen, s) * weight for t in TERMS if (weight := t.weight(s))}
        images = {"output": output}
        if "unpaired" in pair:
            photos = pair["unpaired"]
            images["unpaired"] = self.execution.run(self._g, photos, **how)[:, : output.shape[1]]
            images["output_where"] = _changed(before, output.detach())
            images["unpaired_where"] = _changed(photos, images["unpaired"].detach())
        if s.lambda_gan:
            played = [_play(self.execution.run(self._d, made), True, where) for made, where in _made(images)]
            losses[self._g] = s.lambda_gan * torch.stack(played).mean()
        yield losses, images

    def _discriminator_graphs(self, inputs: Tensors) -> Iterator[Graph]:
        made = _made(inputs)
        on_real, *on_made = self.execution.run_together(
            self._d, inputs["real"], *(picture for picture, _ in made)
        )
        wheres = [where for _, where in made if where is not None]
        everywhere = torch.stack(wheres).amax(0) if wheres else None
        fakes = [_play(scores, False, where) for scores, (_, where) in zip(on_made, made, strict=True)]
        yield {self._d: (_play(on_real, True, everywhere) + torch.stack(fakes).mean()) / 2}, {}

    def _warm_up(self, pair: Tensors) -> None:
        self.execution.gradients("G", self._generator_graphs, pair)
        if self.settings.lambda_gan:
            inputs = {"real": pair["target"], "output": pair["target"]}
            if "unpaired" in pair:
                where = torch.ones_like(pair["target"][:, :1])
                inputs |= {"unpaired": pair["unpaired"], "output_where": where, "unpaired_where": where}
            self.execution.gradients("D", self._discriminator_graphs, inputs)

    @torch.no_grad()
    def validate(self, batch: Batch) -> Tensor:
        """The distance from the truth of pictures that are not trained on; a scalar."""
        generator = self.weights[self._g].eval()
        with self.execution.precision.autocast():
            output = generator(batch[self._source].to(self.device))
        target = batch[self._target].to(self.device)
        return distance(full_precision(output), target, self.settings.distance)

    def load_weights(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        for name, tensors in weights.items():
            load_weights(self.execution.networks[name], tensors, f"net_{name}")
            self._averages.load_weights(name, tensors)

    def state_dict(self) -> dict[str, Any]:
        return self.execution.state_dict() | {"averages": self._averages.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.execution.load_state_dict(state)
        self._averages.load_state_dict(state.get("averages", {}), state["networks"])


def _made(images: Tensors) -> list[tuple[Tensor, Tensor | None]]:
    """What was made of pairs, and of photos without a truth, each with what of it counts; None for all."""
    names = ("output", "unpaired") if "unpaired" in images else ("output",)
    return [(images[name], images.get(f"{name}_where")) for name in names]


def _play(scores: Tensor, real: bool, where: Tensor | None) -> Tensor:
    """The adversarial loss of least squares, of the patches in `where` alone if that is given."""
    if where is None:
        return adversarial_loss(scores, real, "lsgan")
    return masked_adversarial_loss(scores, real, where)


def _changed(before: Tensor, after: Tensor) -> Tensor:
    """1 where two pictures differ, and near it, else 0, (N, 1, H, W)."""
    return _near((before - after).abs().amax(1, keepdim=True) > _DIFFERS)


def _near(where: Tensor) -> Tensor:
    """1 where a mask (N, 1, H, W) is true, and near it, else 0."""
    return F.max_pool2d(where.to(torch.get_default_dtype()), 2 * _REACH + 1, 1, _REACH)
