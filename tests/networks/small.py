"""Networks of the registry, so small that a test can go through all that they can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks import registry
from cyclegan_glasses.networks.settings import NORMS, UPSAMPLINGS

CHOICES = {"norm": NORMS, "upsample": UPSAMPLINGS}


def small(kind: str, **chosen: Any) -> Any:
    """Settings of few channels, and of three levels at most."""
    settings = _settings(kind)
    for field in fields(settings):
        if field.name == "kind":
            chosen["kind"] = kind
        elif isinstance(field.default, tuple):
            chosen[field.name] = (2, 3, 4) if field.name == "filters" else field.default[:3]
        elif field.name == "filters":
            chosen["filters"] = 2
    return settings(**chosen)


def variants(kind: str) -> Iterator[Any]:
    """Every combination of its flags and choices, in colour; then of grey and colour."""
    yield from _combinations(kind, _flags(kind))
    yield from _combinations(kind, _channels(kind))


def changes(kind: str) -> Iterator[Any]:
    """Each of its flags, choices and channels changed by itself."""
    for name, values in (_flags(kind) | _channels(kind)).items():
        yield from _combinations(kind, {name: values})


def _combinations(kind: str, options: dict[str, tuple[Any, ...]]) -> Iterator[Any]:
    for values in product(*options.values()):
        chosen = dict.fromkeys(_channels(kind), 3) | dict(zip(options, values, strict=True))
        yield small(kind, **chosen)


def _settings(kind: str) -> type[Any]:
    return (registry.GENERATORS | registry.DISCRIMINATORS)[kind].settings


def _flags(kind: str) -> dict[str, tuple[Any, ...]]:
    known = fields(_settings(kind))
    flags = {field.name: (False, True) for field in known if isinstance(field.default, bool)}
    return flags | {field.name: CHOICES[field.name] for field in known if field.name in CHOICES}


def _channels(kind: str) -> dict[str, tuple[Any, ...]]:
    known = fields(_settings(kind))
    return {field.name: (1, 3) for field in known if field.name in ("input_nc", "output_nc")}


def build(settings: Any, seed: int = 0) -> nn.Module:
    """The network of `settings`, with weights of its own for every seed."""
    torch.manual_seed(seed)
    builds = (
        registry.build_generator if settings.kind in registry.GENERATORS else registry.build_discriminator
    )
    return builds(settings)


def pictures(settings: Any, count: int = 2) -> Tensor:
    """(count, C, side, side) in [-1, 1], of the smallest side from 24 on that suits it."""
    side = next(side for side in range(24, 513) if _suits(settings, side))
    rng = torch.Generator().manual_seed(3)
    return torch.rand(count, settings.input_nc, side, side, generator=rng) * 2 - 1


def _suits(settings: Any, side: int) -> bool:
    try:
        settings.check_side(side)
    except UserError:
        return False
    return True
