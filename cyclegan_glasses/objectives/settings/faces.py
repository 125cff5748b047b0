"""Models of aligned faces: the reader of attributes and the autoencoder."""

from __future__ import annotations

from dataclasses import dataclass, field

from cyclegan_glasses.data.settings import LABELLED, DataSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.settings import AutoencoderSettings, ReaderSettings
from cyclegan_glasses.objectives.settings.base import AdamSettings, ObjectiveSettings
from cyclegan_glasses.option import option

PRETRAININGS = ("layers", "joint", "none")
NOISES = ("gaussian", "mask", "blocks", "none")
RECONSTRUCTIONS = ("mse", "l1")


@dataclass(frozen=True, slots=True)
class FacelyzrSettings(ObjectiveSettings):
    """A stacked denoising autoencoder (Vincent et al., JMLR 11, 2010) and heads on its code.

    Two thirds of `pretraining_share` go to the stages by themselves.
    """

    DEFAULTS = {
        "dataset_mode": LABELLED, "load_size": 80, "crop_size": 64, "batch_size": 64, "num_threads": 0,
        "lr": 0.001, "beta1": 0.9, "n_epochs": 6, "n_epochs_decay": 8, "print_freq": 4000,
        "display_freq": 8000, "update_html_freq": 20000, "save_latest_freq": 50000,
    }  # fmt: skip
    USES = ("labels",)
    GROUP = "reader"

    reader: ReaderSettings = field(default_factory=ReaderSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    pretraining: str = option(
        "layers",
        "undo noise stage by stage, then all together, then the heads; or joint; or none",
        choices=PRETRAININGS,
    )
    pretraining_share: float = option(
        0.25, "fraction of the training, of --pretraining layers", above=0, below=1
    )
    noise: str = option("gaussian", "noise that the autoencoder undoes", choices=NOISES)
    noise_level: float = option(0.3, "strength of the noise", least=0, most=1)
    lambda_picture: float = option(1.0, "weight of the picture's reconstruction", least=0)
    lambda_gender: float = option(0.5, "weight of the gender's loss", least=0)
    lambda_age: float = option(0.3, "weight of the age's loss", least=0)
    lambda_landmarks: float = option(1.0, "weight of the landmarks' loss", least=0)

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` where nothing says who wears glasses."""
        if data.dataset_mode == "single":
            raise UserError("--dataset_mode single says nothing of glasses: leave it out, or use unaligned")


@dataclass(frozen=True, slots=True)
class FacemathSettings(ObjectiveSettings):
    """A variational autoencoder (arXiv 1312.6114) whose divergence has a weight (Higgins et al. 2017).

    `beta` of twice the squared error that is reached makes both terms one likelihood (Rybkin et al., arXiv
    2006.13202, eq. 4).
    """

    DEFAULTS = {
        "load_size": 64, "crop_size": 64, "batch_size": 16, "num_threads": 0, "lr": 0.002, "beta1": 0.9,
        "beta2": 0.99, "n_epochs": 10, "n_epochs_decay": 10, "print_freq": 2000, "display_freq": 4000,
        "update_html_freq": 20000, "save_latest_freq": 50000,
    }  # fmt: skip
    GROUP = "autoencoder"

    autoencoder: AutoencoderSettings = field(default_factory=AutoencoderSettings)
    adam: AdamSettings = field(default_factory=AdamSettings)
    beta: float = option(0.02, "weight of the codes' divergence", least=0)
    reconstruction: str = option("mse", "squared or absolute error", choices=RECONSTRUCTIONS)

    def check_data(self, data: DataSettings) -> None:
        """Raises `UserError` for faces without colour."""
        if (data.input_nc, data.output_nc) != (3, 3):
            raise UserError("facemath is of faces in colour: leave out --input_nc and --output_nc")
