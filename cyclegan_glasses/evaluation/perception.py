"""LPIPS: how different two pictures look to people, by the weights that were fitted to what people said."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.encoders import checked
from cyclegan_glasses.pixels import to_tensor
from cyclegan_glasses.weight_files import load_tensors

ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
ALEXNET_SHA256 = "7be5be79"  # what torchvision's file name says of its beginning
SMALLEST = 32  # pixels to each side, below which nothing is left of a picture in AlexNet's last layers

NEEDS_EXTRA = "LPIPS needs the package lpips: pip install 'cyclegan-glasses[metrics]'"


class Lpips:
    """The distance of Zhang et al., «The unreasonable effectiveness of deep features», CVPR 2018, eq. 1.

    The package of its authors, version 0.1 of the weights, with AlexNet: what tables call LPIPS. AlexNet's
    own weights are torchvision's.

    Args:
        path: of `ALEXNET_FILE`, from download.pytorch.org/models.
        expected: how the file's SHA-256 begins.

    Raises:
        UserError: the file is not there or is another one, or the package is not installed.
    """

    def __init__(self, path: Path, expected: str = ALEXNET_SHA256) -> None:
        self.sha256 = checked(path, "--lpips", f"torchvision's {ALEXNET_FILE}", expected)
        try:
            from lpips import LPIPS
        except ImportError:
            raise UserError(NEEDS_EXTRA) from None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it asks torchvision for random weights in an old way
            self._network = LPIPS(net="alex", pnet_rand=True, verbose=False)
        try:
            backbone = load_tensors(path)
            layers = self._network.net.state_dict()  # `slice2.3.weight` is AlexNet's `features.3.weight`
            own = {name: backbone[f"features.{name.partition('.')[2]}"] for name in layers}
            self._network.net.load_state_dict(own)
        except Exception as error:
            raise UserError(f"--lpips {path} cannot be loaded: download {ALEXNET_FILE} anew") from error

    def distances(self, pictures: np.ndarray, truths: np.ndarray) -> np.ndarray:
        """How far each picture lies from its truth: uint8 RGB (n, height, width, 3) each, to float64 (n,)."""
        with torch.inference_mode():
            found = self._network(to_tensor(pictures), to_tensor(truths))
        return np.asarray(found.flatten().double().numpy())


def find_alexnet() -> Path | None:
    """AlexNet's weights where torch keeps its downloads, if they and the package are there."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET_FILE
    return path if path.is_file() and importlib.util.find_spec("lpips") else None
