"""Words that several verbs share: which model, which device."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cyclegan_glasses.networks.settings import GENERATORS, NORMS


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which model."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--name", help="a run, its folder, or a file of weights; otherwise the model that ships"
    )
    group.add_argument("--checkpoints_dir", type=Path, default=Path("checkpoints"), help="folder of runs")
    group.add_argument("--epoch", default="latest", help="which saved epoch of a run")
    group.add_argument(
        "--netG", choices=tuple(GENERATORS), help="insist on this generator; read off the weights"
    )
    group.add_argument("--ngf", type=int, help="insist on so many filters")
    group.add_argument("--norm", choices=NORMS, help="insist on this normalisation")
    group.add_argument("--crop_size", type=int, help="side of the faces that the model knows, if not known")


def model_words(args: argparse.Namespace) -> dict[str, Any]:
    """The words of `add_model` as `package.load_model` takes them, all but which model."""
    insisted = {"kind": args.netG, "filters": args.ngf, "norm": args.norm}
    return {
        "runs": args.checkpoints_dir,
        "label": args.epoch,
        "asked": {name: value for name, value in insisted.items() if value is not None},
        "size": args.crop_size,
    }
