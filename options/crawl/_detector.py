"""Where the face detector of a verb comes from."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_detector(parser: argparse.ArgumentParser) -> None:
    """`--yunet` and `--download_yunet`."""
    parser.add_argument("--yunet", type=Path, metavar="FILE", help="the face detector's ONNX file")
    parser.add_argument(
        "--download_yunet",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="download the face detector once (230 kB, from the OpenCV Zoo unless ADDRESS is given)",
    )


def chosen_detector(args: argparse.Namespace) -> Path | None:
    """YuNet's file by the arguments of `add_detector`, downloaded if asked; None for the Haar cascades."""
    from cyclegan_glasses.faces.detect import detector_file
    from cyclegan_glasses.faces.models import YUNET_URL, download_yunet

    if args.download_yunet is None:
        return detector_file(args.yunet)
    path = download_yunet(args.download_yunet or YUNET_URL)
    print(f"the face detector is {path}")
    return path
