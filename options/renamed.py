"""What pytorch-CycleGAN-and-pix2pix and its older versions call options that have another name here.

An old command line ends with one line that says today's name, since a guess would train something else.
"""

from __future__ import annotations

from collections.abc import Sequence

from cyclegan_glasses.errors import UserError

OPTIONS = {
    "batchSize": "--batch_size",
    "fineSize": "--crop_size",
    "loadSize": "--load_size",
    "resize_or_crop": "--preprocess",
    "nThreads": "--num_threads",
    "which_direction": "--direction",
    "which_epoch": "--epoch",
    "which_model_netG": "--netG",
    "which_model_netD": "--netD",
    "niter": "--n_epochs",
    "niter_decay": "--n_epochs_decay",
    "identity": "--lambda_identity",
    "no_lsgan": "--gan_mode vanilla",
    "use_dropout": "--dropout",
    "align_data": "--dataset_mode aligned",
    "display_single_pane_ncols": "--display_ncols",
    "ntest": "--num_test",
    "how_many": "--num_test",
}
"""Today's options by the old names."""
VALUES = {
    ("norm", "sync_batch"): "syncbatch",
    ("lr_policy", "lambda"): "linear",
}
"""Today's values by option and old value."""


def check_names(argv: Sequence[str]) -> None:
    """Refuse the old name of an option or value.

    Raises:
        UserError: says what it is called today.
    """
    args = [part for arg in argv for part in (arg.split("=", 1) if arg.startswith("--") else [arg])]
    for arg, value in zip(args, [*args[1:], ""], strict=True):
        flag = arg.removeprefix("--") if arg.startswith("--") else ""
        if flag in OPTIONS:
            raise UserError(f"--{flag} is called {OPTIONS[flag]} here")
        if (flag, value) in VALUES:
            raise UserError(f"--{flag} {value} is called --{flag} {VALUES[flag, value]} here")
