"""A stacked autoencoder of faces with heads that read attributes off its code."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from cyclegan_glasses.networks.settings import ReaderSettings

LANDMARKS = 5


class Answers(NamedTuple):
    """What the heads say of N faces.

    Attributes:
        glasses: logits (N, classes).
        gender: logits (N, 2).
        age: years (N,).
        landmarks: (N, 5, 2) as fractions of the crop's side.
    """

    glasses: Tensor
    gender: Tensor
    age: Tensor
    landmarks: Tensor


class Facelyzr(nn.Module):
    """Encoder stages, each with the decoder stage that undoes it (Masci et al. 2011), and heads.

    Args:
        settings: sizes.
        decoder: build the decoder; the heads do without.
    """

    def __init__(self, settings: ReaderSettings, decoder: bool = True) -> None:
        super().__init__()
        self.settings = settings
        widths = (3, *settings.channels)
        pairs = list(pairwise(widths))
        self.encoder = nn.ModuleList(_down(a, b, deep=index > 0) for index, (a, b) in enumerate(pairs))
        self.decoder = nn.ModuleList(_up(b, a) for a, b in pairs) if decoder else None
        side = settings.size >> len(settings.channels)
        self.embed = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(settings.dropout),
            nn.Linear(widths[-1] * side * side, settings.features),
            nn.ReLU(),
        )
        outputs = {"glasses": settings.classes, "gender": 2, "age": 1, "landmarks": 2 * LANDMARKS}
        self.heads = nn.ModuleDict({name: nn.Linear(settings.features, n) for name, n in outputs.items()})

    def encode(self, pictures: Tensor, stages: int | None = None) -> Tensor:
        """The code after the first `stages` (all by default) of `pictures` (N, 3, size, size) in [-1, 1]."""
        for stage in self.encoder[:stages]:
            pictures = stage(pictures)
        return pictures

    def decode(self, code: Tensor) -> Tensor:
        """Pictures (N, 3, size, size) from the code of all stages; not clipped to [-1, 1].

        Raises:
            ValueError: it was built without a decoder.
        """
        if self.decoder is None:
            raise ValueError("this network has no decoder")
        for stage in reversed(self.decoder):
            code = stage(code)
        return code

    def features(self, pictures: Tensor) -> Tensor:
        """What the heads read, (N, features), of `pictures` (N, 3, size, size) in [-1, 1]."""
        return self.embed(self.encode(pictures))

    def answers(self, features: Tensor) -> Answers:
        """What the heads say of `features` (N, features)."""
        return Answers(
            self.heads["glasses"](features),
            self.heads["gender"](features),
            40 + 15 * self.heads["age"](features).squeeze(1),
            0.5 + 0.25 * self.heads["landmarks"](features).unflatten(1, (LANDMARKS, 2)),
        )

    def forward(self, pictures: Tensor) -> Answers:
        """What the heads say of `pictures` (N, 3, size, size) in [-1, 1]."""
        return self.answers(self.features(pictures))


def infer_facelyzr(weights: Mapping[str, Tensor], size: int) -> ReaderSettings:
    """The settings of the network for faces of `size` pixels that `weights` belong to.

    Raises:
        LookupError: they are of another network.
    """
    stages = sorted({int(key.split(".")[1]) for key in weights if key.startswith("encoder.")})
    return ReaderSettings(
        size=size,
        channels=tuple(weights[f"encoder.{stage}.0.weight"].shape[0] for stage in stages),
        features=weights["heads.glasses.weight"].shape[1],
        classes=weights["heads.glasses.weight"].shape[0],
    )


def _down(inputs: int, outputs: int, deep: bool) -> nn.Sequential:
    """(N, inputs, H, W) → (N, outputs, H/2, W/2), not below zero."""
    layers = [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    if deep:
        layers += [nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


def _up(inputs: int, outputs: int) -> nn.Sequential:
    """(N, inputs, H, W) → (N, outputs, 2H, 2W); pictures may be negative, codes are not."""
    rectifier = nn.Identity() if outputs == 3 else nn.ReLU()
    return nn.Sequential(nn.Upsample(scale_factor=2.0), nn.Conv2d(inputs, outputs, 3, 1, 1), rectifier)
