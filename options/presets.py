"""Recipes by name: defaults that any option given beside `--preset` overrides."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    # Zhu et al., arXiv 1703.10593, §4 and §7: 256², nine blocks, least squares, 100 + 100 epochs.
    "paper": {
        "netG": "resnet_9blocks",
        "netD": "basic",
        "gan_mode": "lsgan",
        "load_size": 286,
        "crop_size": 256,
        "batch_size": 1,
        "lr": 0.0002,
        "n_epochs": 100,
        "n_epochs_decay": 100,
        "lambda_A": 10.0,
        "lambda_B": 10.0,
        "lambda_identity": 0.5,
        "pool_size": 50,
    },
    # The term project of 2021 that this toolkit grew from.
    "glasses2021": {
        "netG": "resnet_9blocks",
        "netD": "basic",
        "gan_mode": "vanilla",
        "init_type": "kaiming",
        "load_size": 286,
        "crop_size": 256,
        "batch_size": 1,
        "lr": 0.0002,
        "n_epochs": 100,
        "n_epochs_decay": 0,
        "lambda_A": 0.1,
        "lambda_B": 0.1,
        "lambda_identity": 0.5,
    },
    # iSee as its authors tuned it, and as they began (docs/isee.md).
    "isee": {"model": "isee", "filters": 90, "n_epochs": 250, "n_epochs_decay": 0, "batch_size": 20},
    "isee-early": {"model": "isee", "filters": 70, "n_epochs": 50, "n_epochs_decay": 0, "batch_size": 25},
    # Minutes on two CPU cores: what `make demo` trains on the synthetic portraits.
    "demo": {
        "netG": "resnet_6blocks",
        "ngf": 24,
        "upsample": "resize",
        "composite": True,
        "ndf": 48,
        "lr_ratio": 2.0,
        "pool_size": 100,
        "load_size": 66,
        "crop_size": 64,
        "batch_size": 4,
        "lr": 0.0002,
        "beta2": 0.99,
        "lambda_A": 5.0,
        "lambda_B": 5.0,
        "lambda_decay": [0.5, 0.2],
        "n_epochs": 3,
        "n_epochs_decay": 2,
        "ema": 0.98,
        "num_threads": 0,
        "print_freq": 200,
        "display_freq": 200,
        "update_html_freq": 800,
    },
}
