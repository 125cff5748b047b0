"""Arguments that several commands share: which model, face detector, device."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cyclegan_glasses.networks.settings import GENERATOR_SETTINGS, NORMS

PRECISIONS = ("auto", "fp32", "bf16", "fp16")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which model."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--name",
        help="a run, its folder, or a file of weights; shipped (the default) is the model that ships",
    )
    group.add_argument("--checkpoints_dir", type=Path, default=Path("checkpoints"), help="folder of runs")
    group.add_argument("--epoch", default="latest", help="which saved epoch of a run")
    group.add_argument(
        "--netG", choices=tuple(GENERATOR_SETTINGS), help="insist on this generator; read off the weights"
    )
    group.add_argument("--ngf", type=int, help="insist on so many filters")
    group.add_argument("--norm", choices=NORMS, help="insist on this normalisation")
    group.add_argument("--crop_size", type=int, help="side of the faces that the model knows, if not known")


def model_choice(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `add_model` as `package.load_model` takes them, all but which model."""
    insisted = {"kind": args.netG, "filters": args.ngf, "norm": args.norm}
    return {
        "runs": args.checkpoints_dir,
        "label": args.epoch,
        "asked": {name: value for name, value in insisted.items() if value is not None},
        "size": args.crop_size,
    }


def add_detector(parser: argparse._ActionsContainer) -> None:
    """`--yunet`."""
    parser.add_argument(
        "--yunet", type=Path, metavar="FILE", help="find faces by YuNet, whose ONNX file this is"
    )


def add_device(parser: argparse._ActionsContainer, precision: str = "auto") -> None:
    """`--device` and `--precision`."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=precision,
        help=f"of the network's computation ({precision})",
    )


def add_port(parser: argparse.ArgumentParser) -> None:
    """`--port` of a local page."""
    parser.add_argument("--port", type=_port, default=0, help="to listen on (0: any that is free)")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text}: give 0 (any that is free) to 65535")
    return int(text)
