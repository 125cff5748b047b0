"""A generator of your own, trained like those that are built in:

    python examples/own_generator.py --dataroot datasets/mine --name sketch

Every option of train.py may follow. To make the generator part of the toolkit, see CONTRIBUTING.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.networks import registry
from cyclegan_glasses.networks.settings import GENERATOR_SETTINGS, AnyGeneratorSettings
from cyclegan_glasses.option import option, shared


@dataclass(frozen=True, slots=True)
class SketchSettings(AnyGeneratorSettings):
    """Two convolutions; pictures of any size. Each field is an option of the command line."""

    input_nc: int = shared(3, "input_nc")
    output_nc: int = shared(3, "output_nc")
    filters: int = option(32, "channels of --netG sketch", flag="sketch_filters", least=1)
    kind, norm = "sketch", "instance"
    balanced = False  # weights start by --init_type
    exports_any_size = True


class Sketch(nn.Module):
    """(N, input_nc, H, W) in [-1, 1] to (N, output_nc, H, W) in [-1, 1]."""

    def __init__(self, settings: SketchSettings) -> None:
        super().__init__()
        self.outline = nn.Conv2d(settings.input_nc, settings.filters, 5, padding=2)
        self.norm = nn.InstanceNorm2d(settings.filters)
        self.colour = nn.Conv2d(settings.filters, settings.output_nc, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.colour(torch.relu(self.norm(self.outline(x)))).to(x.dtype))


def infer_sketch(weights: Mapping[str, Tensor]) -> SketchSettings:
    """The settings that a state dict belongs to; LookupError for another network's."""
    first, last = weights["outline.weight"], weights["colour.weight"]
    return SketchSettings(first.shape[1], last.shape[0], first.shape[0])


def register() -> None:
    """Let `--netG sketch` exist, and its weights be recognised. Before the options are read."""
    GENERATOR_SETTINGS["sketch"] = SketchSettings
    registry.GENERATORS["sketch"] = registry.Entry(SketchSettings, Sketch, infer_sketch)


def main() -> int:
    register()
    from cyclegan_glasses.options.train import parse, run  # which builds the options from what is registered

    return run(parse(["--netG", "sketch", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(run_command(main))
