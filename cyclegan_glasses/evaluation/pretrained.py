"""Networks of other projects that scores need: Inception for FID and KID, SFace for likeness, LPIPS.

Their weights are files that a person downloads; a file other than the published one is refused.
"""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import cv2
import numpy as np
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.distances import INCEPTION, NEEDED
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.files import sha256_of
from cyclegan_glasses.machine import optional
from cyclegan_glasses.pixels import to_tensor
from cyclegan_glasses.weight_files import load_tensors

INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"
INCEPTION_SHA256 = "6726825d"  # what torch-fidelity's file name says of its beginning
ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
ALEXNET_SHA256 = "7be5be79"  # what torchvision's file name says of its beginning
SMALLEST_LPIPS = 32  # pixels to each side, below which nothing is left of a picture in AlexNet's last layers
SFACE_SIZE = 112
#: Where SFace's own alignment (OpenCV's `alignCrop`) puts the eyes.
SFACE_FRAMING = Framing(eye_height=51.6 / 112, eye_distance=35.24 / 112)


class Inception:
    """torch-fidelity's InceptionV3, the one that FID and KID are defined by: 2,048 features a picture.

    Args:
        path: of `INCEPTION_FILE`, from torch-fidelity's releases.
        expected: how the file's SHA-256 begins.

    Raises:
        UserError: the file is not there or is another one, or torch-fidelity is not installed.
    """

    name = INCEPTION

    def __init__(self, path: Path, expected: str = INCEPTION_SHA256) -> None:
        self.sha256 = checked(path, "--inception", f"torch-fidelity's {INCEPTION_FILE}", expected)
        extractors = optional("torch_fidelity.feature_extractor_inceptionv3", *NEEDED)
        try:
            load_tensors(path)  # torch-fidelity itself would run code
            self._network = extractors.FeatureExtractorInceptionV3(
                "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path)
            )
        except Exception as error:
            raise UserError(f"--inception {path} cannot be loaded: download {INCEPTION_FILE} anew") from error

    def features(self, faces: np.ndarray) -> np.ndarray:
        """See `verdicts.Encoder.features`."""
        batch = torch.from_numpy(np.ascontiguousarray(faces.transpose(0, 3, 1, 2)))
        with torch.inference_mode():
            return np.asarray(self._network(batch)[0].numpy(), np.float32)


class SFace:
    """OpenCV's face recognizer (Zhong et al., "SFace", 2021): 128 features of a face of 112 pixels.

    Args:
        path: of `face_recognition_sface_2021dec.onnx` from the OpenCV Zoo.

    Raises:
        UserError: the file is not there or is no such network.
    """

    name = "SFace"

    def __init__(self, path: Path) -> None:
        self.sha256 = checked(path, "--sface", "OpenCV Zoo's face_recognition_sface_2021dec.onnx")
        try:
            self._network = cv2.FaceRecognizerSF.create(str(path), "")
            self.features(np.zeros((1, SFACE_SIZE, SFACE_SIZE, 3), np.uint8))
        except cv2.error:
            raise UserError(
                f"--sface {path} is no SFace that OpenCV {cv2.__version__} can read: take the OpenCV Zoo's"
            ) from None

    def features(self, faces: np.ndarray) -> np.ndarray:
        """See `verdicts.Encoder.features`; `faces` are framed by `SFACE_FRAMING`."""
        rows = [self._network.feature(np.ascontiguousarray(face[:, :, ::-1])) for face in faces]
        return np.stack([np.ravel(row) for row in rows]).astype(np.float32)


class Lpips:
    """The distance of Zhang et al., "The unreasonable effectiveness of deep features", CVPR 2018, eq. 1.

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
        lpips = optional("lpips", "metrics", "LPIPS needs the package lpips")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it asks torchvision for random weights in an old way
            self._network = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
        try:
            backbone = load_tensors(path)
            layers = self._network.net.state_dict()  # `slice2.3.weight` is AlexNet's `features.3.weight`
            weights = {name: backbone[f"features.{name.partition('.')[2]}"] for name in layers}
            self._network.net.load_state_dict(weights)
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


def checked(path: Path, option: str, what: str, expected: str = "") -> str:
    """The SHA-256 of the file that `--option` names, which must begin as `expected`.

    Raises:
        UserError: it is not there, or is another file than `what`.
    """
    if not path.is_file():
        raise UserError(f"{option} {path} is not there: give {what}")
    found = sha256_of(path)
    if not found.startswith(expected):
        raise UserError(f"{option} {path} is another file (SHA-256 {found[:8]}…): give {what}")
    return found
