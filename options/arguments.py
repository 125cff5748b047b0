"""Options that train.py and test.py share, and the parser of both."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses.cli.arguments import PRECISIONS
from cyclegan_glasses.cli.parser import Parser
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, option


def option_parser(**more: Any) -> Parser:
    """The parser of train.py and test.py: help with defaults, and no abbreviations."""
    return Parser(formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False, **more)


def gpu_numbers(text: str) -> list[int]:
    """A text such as `0,1` as numbers.

    Raises:
        ValueError: it is none.
    """
    try:
        return [int(number) for number in text.split(",") if number.strip()]
    except ValueError:
        raise ValueError(f"{text!r} is not a list of numbers") from None


@dataclass(frozen=True, slots=True)
class RunOptions(Settings):
    """Which run, and which device.

    Attributes:
        name: with the suffix filled in.
    """

    GROUP, RESUME = "run", "session"

    name: str = option("experiment_name", "name of the run; its files are below --checkpoints_dir")
    suffix: str = option("", "added to the name; may hold options, as in {netG}_{crop_size}")
    checkpoints_dir: str = option("./checkpoints", "folder of runs")
    epoch: str = option("latest", "which saved epoch to load")
    load_iter: int = option(0, "load the state saved at this count of pictures")
    device: str = option("auto", "what computes: auto, cpu, cuda, cuda:1 or mps")
    gpu_ids: list[int] | None = option(None, "number of the GPU, -1 for the CPU", parse=gpu_numbers)
    precision: str = option(
        "auto", "number format of the forward pass", choices=PRECISIONS, resume="reported"
    )
    verbose: bool = option(False, "print the networks layer by layer")

    @property
    def folder(self) -> Path:
        """Where the run's files are."""
        return Path(self.checkpoints_dir) / self.name

    @property
    def arguments(self) -> str:
        """What names this run on a command line."""
        place = self.folder.parent
        elsewhere = "" if place == Path("checkpoints") else f" --checkpoints_dir {shlex.quote(str(place))}"
        return f"--name {shlex.quote(self.name)}{elsewhere}"

    @property
    def label(self) -> str:
        """The label of the state to load: `latest`, an epoch's number or `iter_<pictures>`."""
        return f"iter_{self.load_iter}" if self.load_iter else self.epoch


def run_name(values: Mapping[str, Any]) -> str:
    """The run's name with its suffix filled in.

    Raises:
        UserError: the suffix names an option that there is not, or the name would leave the folder of runs.
    """
    name, suffix = values["name"], values["suffix"]
    try:
        name += f"_{suffix.format(**values)}" if suffix else ""
    except (KeyError, IndexError, ValueError) as error:
        raise UserError(f"--suffix {suffix!r} names no option ({error})") from error
    if name in ("", ".", "..") or not name.isprintable() or "/" in name or "\\" in name:
        raise UserError(f"--name {name!r} is not a plain folder name")
    return name
