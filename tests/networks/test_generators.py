"""The published generators: the names of their weights, foreign and old files, masks, gradients."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.registry import build_generator, infer_generator
from cyclegan_glasses.networks.settings import PUBLISHED, GeneratorSettings
from cyclegan_glasses.networks.weights import load_weights
from tests.networks.small import build, pictures, variants

BLOCKS = {"resnet_6blocks": 6, "resnet_9blocks": 9}
DEPTH = {"unet_128": 7, "unet_256": 8}

PLAIN = [GeneratorSettings(kind, filters=2) for kind in PUBLISHED]


def resnet_keys(settings: GeneratorSettings) -> set[str]:
    """The names of the published files, by their indices."""
    first, after = 10, 10 + BLOCKS[settings.kind]
    second = 6 if settings.dropout else 5
    convolutions = [f"model.{i}" for i in (1, 4, 7)]
    convolutions += [f"model.{i}.conv_block.{j}" for i in range(first, after) for j in (1, second)]
    convolutions += [f"model.{after + i}{'.2' * (settings.upsample == 'resize')}" for i in (0, 3)]
    norms = [f"model.{i}" for i in (2, 5, 8, after + 1, after + 4)]
    norms += [f"model.{i}.conv_block.{j}" for i in range(first, after) for j in (2, second + 1)]
    return named(convolutions, norms, settings.norm) | {f"model.{after + 7}.{w}" for w in ("weight", "bias")}


def unet_keys(settings: GeneratorSettings) -> set[str]:
    two = ".2" * (settings.upsample == "resize")
    convolutions, norms = ["model.model.0"], []
    place = "model.model.1.model"
    for _ in range(DEPTH[settings.kind] - 2):
        convolutions += [f"{place}.1", f"{place}.5{two}"]
        norms += [f"{place}.2", f"{place}.6"]
        place += ".3.model"
    convolutions += [f"{place}.1", f"{place}.3{two}"]
    norms += [f"{place}.4"]
    last = {f"model.model.3{two}.{word}" for word in ("weight", "bias")}
    return named(convolutions, norms, settings.norm) | last


def named(convolutions: list[str], norms: list[str], norm: str) -> set[str]:
    keys = {f"{name}.weight" for name in convolutions}
    if norm == "instance":
        keys |= {f"{name}.bias" for name in convolutions}
    if norm in ("batch", "syncbatch"):
        kept = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        keys |= {f"{name}.{word}" for name in norms for word in kept}
    return keys


@pytest.mark.parametrize("kind", PUBLISHED)
def test_names_are_those_of_published_files(kind: str) -> None:
    """Files of the reference implementation fit, and ours fit there."""
    for settings in variants(kind):
        weights = build(settings).state_dict()
        assert set(weights) == (resnet_keys if kind in BLOCKS else unet_keys)(settings), settings
        if kind in BLOCKS:  # where dropout moves the second convolution on
            assert infer_generator(weights).dropout == settings.dropout


@pytest.mark.parametrize("settings", PLAIN, ids=str)
def test_statistics_that_old_files_keep_of_instance_norm_are_passed_over(settings: GeneratorSettings) -> None:
    """Checkpoints from before 2018 hold them, and people still own those."""
    weights = build_generator(settings).state_dict()
    norms = [f"model.{i}" for i in (2, 5, 8)] if settings.kind in BLOCKS else ["model.model.1.model.2"]
    stale = {f"{name}.running_mean": torch.ones(2) for name in norms}
    stale |= {f"{name}.running_var": torch.ones(2) for name in norms}
    stale |= {f"{name}.num_batches_tracked": torch.tensor(7) for name in norms}
    assert infer_generator(weights | stale) == settings
    network = build_generator(settings)
    load_weights(network, weights | stale, "old")
    for key, value in network.state_dict().items():
        assert torch.equal(value, weights[key])


def test_statistics_of_batch_norm_are_loaded() -> None:
    settings = GeneratorSettings("resnet_6blocks", filters=2, norm="batch")
    weights = build_generator(settings).state_dict()
    weights["model.2.running_mean"] = torch.tensor([3.0, 4.0])
    network = build_generator(settings)
    load_weights(network, weights, "file")
    assert network.state_dict()["model.2.running_mean"].tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "resnet_9blocks"},
        {"filters": 4},
        {"norm": "batch"},
        {"composite": True},
        {"upsample": "resize"},
    ],
    ids=str,
)
def test_weights_of_another_architecture_are_refused(change: dict[str, object]) -> None:
    """Without this some weights would stay random and the results would be noise without a word."""
    settings = GeneratorSettings("resnet_6blocks", filters=2)
    network = build_generator(settings)
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(UserError, match="latest_net_G_A.pth holds another architecture") as refused:
        load_weights(network, build_generator(replace(settings, **change)).state_dict(), "latest_net_G_A.pth")
    assert "\n" not in str(refused.value)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"fc.weight": torch.zeros(3, 3)},
        {"model.1.weight": torch.zeros(2, 3, 7, 7)},
        {"model.1.weight": torch.zeros(())},
        {"model.model.0.weight": torch.zeros(2, 3, 4, 4)},
        {"model.model.0.weight": torch.zeros(2, 3, 4, 4), "model.model.3.weight": torch.zeros(4, 3, 4, 4)},
        build_generator(GeneratorSettings("resnet_6blocks", filters=1)).state_dict()
        | {"model.1.weight": torch.ones(3)},
        {
            key: value
            for key, value in build_generator(GeneratorSettings("resnet_9blocks", filters=1))
            .state_dict()
            .items()
            if not key.startswith("model.12.")
        },
    ],
)
def test_weights_of_no_generator_are_unknown(weights: dict[str, torch.Tensor]) -> None:
    """A foreign file is one clear line later on, never a traceback here."""
    assert infer_generator(weights) is None


@pytest.mark.parametrize("height, width", [(1, 5), (67, 128), (129, 200), (20, 300)])
@pytest.mark.parametrize("composite", [False, True])
def test_a_unet_takes_pictures_of_any_size(composite: bool, height: int, width: int) -> None:
    """A photo of odd sides used to be refused; now it is reflected beyond its borders and cut back."""
    settings = GeneratorSettings("unet_128", filters=1, composite=composite)
    network = build_generator(settings).double().eval()
    x = torch.rand(1, 3, height, width, dtype=torch.float64) * 2 - 1
    made = network(x)
    assert made.shape == x.shape and made.abs().max() <= 1
    padded, (top, left) = np.asarray(x), ((-height % 128) // 2, (-width % 128) // 2)
    rows, columns = ((-height % 128) - top, (-width % 128) - left)
    padded = np.pad(padded, ((0, 0), (0, 0), (top, rows), (left, columns)), "reflect")
    whole = network(torch.from_numpy(padded))
    assert torch.equal(made, whole[..., top : top + height, left : left + width])


def test_a_closed_mask_returns_the_input_exactly() -> None:
    """This is what keeps colours and background outside the glasses what they were."""
    for kind in PUBLISHED:
        settings = GeneratorSettings(kind, filters=2, composite=True)
        network, x = build(settings), pictures(settings)
        last = [module for module in network.modules() if getattr(module, "bias", None) is not None][-1]
        with torch.no_grad():
            last.bias[-1] = -1000.0
            assert torch.equal(network(x), x)
            last.bias[-1] = 1000.0
            assert (network(x) - x).abs().mean() > 0.1 and network(x).abs().max() <= 1


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["plain", "last"])
@pytest.mark.parametrize("kind", ["resnet_6blocks", "unet_128"])
def test_gradients_agree_with_float64(kind: str, layout: torch.memory_format, one_thread: None) -> None:
    """Some fast paths of torch, which float64 does not take, give wrong gradients of the input."""
    ways = ({}, {"upsample": "resize", "composite": True})
    for way, norm, count in product(ways, ("instance", "batch"), (1, 2)):
        if (kind, norm, count) == ("unet_128", "batch", 1):
            continue  # batch norm has no statistics of the one pixel in the middle
        single = build(settings := GeneratorSettings(kind, filters=2, norm=norm, **way), seed=5)
        double = copy.deepcopy(single).double()
        single.to(memory_format=layout)
        x = pictures(settings, count).contiguous(memory_format=layout)
        target = torch.rand(x.shape, generator=torch.Generator().manual_seed(4))
        inputs = [x.clone().requires_grad_(), x.double().requires_grad_()]
        for network, entry in zip((single, double), inputs, strict=True):
            (network(entry) - target.to(entry)).square().mean().backward()
        ours = [inputs[0], *single.parameters()]
        exact = [inputs[1], *double.parameters()]
        scale = max(float(value.grad.norm()) for value in exact[1:])
        for mine, true in zip(ours, exact, strict=True):
            error = float((mine.grad.double() - true.grad).norm())
            # a bias before an instance norm has no gradient but rounding, a small one hardly more than that
            assert error < 1e-3 * max(float(true.grad.norm()), 1e-2 * scale), (settings, count)
