"""Removers beside simple rivals on pairs whose truth is known.

`python benchmarks/removers.py datasets/pairs checkpoints/mask2face checkpoints/isee --size 64 --limit 200`

The rivals: the untouched picture, and OpenCV's inpainting by Telea (2004, doi 10.1080/10867651.2004.10487596)
and by Navier-Stokes (Bertalmio et al. 2001, doi 10.1109/CVPR.2001.990497), both given the exact mask.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cyclegan_glasses.data.datasets import open_dataset
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.editing.models import load_generator
from cyclegan_glasses.evaluation.metrics import l1, psnr, ssim
from cyclegan_glasses.training.checkpoint import weights_path
from cyclegan_glasses.training.loop import to_picture

Remover = Callable[[torch.Tensor, np.ndarray], np.ndarray]


def inpainting(method: int) -> Remover:
    """OpenCV's inpainting of everything that the mask touches."""

    def remove(picture: torch.Tensor, mask: np.ndarray) -> np.ndarray:
        return cv2.inpaint(to_picture(picture), (mask > 0).astype(np.uint8), 3, method)

    return remove


def model(folder: Path, epoch: str) -> Remover:
    """The generator G_A of a run; a grey one is shown the luminance, and gives grey."""
    network, settings = load_generator(weights_path(folder, epoch, "G_A"), torch.device("cpu"))

    def remove(picture: torch.Tensor, mask: np.ndarray) -> np.ndarray:
        if settings.input_nc == 1:
            picture = torch.from_numpy(grey(to_picture(picture))[..., :1]).permute(2, 0, 1) / 127.5 - 1
        with torch.inference_mode():
            return to_picture(network(picture[None])[0])

    return remove


def grey(picture: np.ndarray) -> np.ndarray:
    """Its luminance, three times: uint8 (h, w, 3)."""
    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("runs", type=Path, nargs="*")
    parser.add_argument("--epoch", default="latest")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--grey", action="store_true", help="compare luminance alone")
    args = parser.parse_args()
    data = open_dataset(
        DataSettings(str(args.pairs), "test", "aligned", load_size=args.size, crop_size=args.size, multiple=1)
    )
    removers: dict[str, Remover] = {
        "untouched": lambda picture, mask: to_picture(picture),
        "Telea": inpainting(cv2.INPAINT_TELEA),
        "Navier-Stokes": inpainting(cv2.INPAINT_NS),
    } | {run.name: model(run, args.epoch) for run in args.runs}
    shown = grey if args.grey else lambda picture: picture
    count = min(args.limit, len(data))
    scores: dict[str, list[list[float]]] = {name: [] for name in removers}
    for index in range(count):
        sample = data[1, index]
        truth, mask = shown(to_picture(sample["B"])), sample["M"][0].numpy()
        for name, remove in removers.items():
            made = shown(remove(sample["A"], mask))
            whole, inside = (made, truth), (made, truth, mask)
            scores[name].append([f(*w) for w in (inside, whole) for f in (psnr, ssim, l1)])
    print(f"{count} pairs of {args.pairs} at {args.size} pixels{', luminance' if args.grey else ''}")
    print("| | PSNR inside | SSIM inside | L1 inside | PSNR | SSIM | L1 |", "| --- " * 7 + "|", sep="\n")
    for name, rows in scores.items():
        values = np.array(rows)
        mean = np.where(np.isfinite(values), values, np.nan)
        cells = [f"{value:.{3 if k in (1, 4) else 1}f}" for k, value in enumerate(np.nanmean(mean, axis=0))]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
