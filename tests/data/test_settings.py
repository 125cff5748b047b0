"""Without these a mistyped option fails hours later, or never and silently."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError


def test_defaults_are_those_of_the_reference_implementation() -> None:
    settings = DataSettings("somewhere")
    assert (settings.load_size, settings.crop_size, settings.batch_size, settings.num_threads) == (
        286,
        256,
        1,
        4,
    )
    assert (settings.preprocess, settings.dataset_mode, settings.direction) == (
        "resize_and_crop",
        "unaligned",
        "AtoB",
    )
    assert settings.flip and not settings.serial_batches and settings.max_dataset_size is None


@pytest.mark.parametrize(
    ("wrong", "terms"),
    [
        ({"crop_size": 288}, ["--crop_size 288", "--load_size 286"]),
        ({"crop_size": 288, "preprocess": "scale_width_and_crop"}, ["--crop_size 288", "--load_size 286"]),
        ({"crop_size": 250}, ["--crop_size 250", "248", "252"]),
        ({"preprocess": "stretch"}, ["unknown --preprocess 'stretch'", "scale_width"]),
        ({"dataset_mode": "paired"}, ["unknown --dataset_mode 'paired'", "aligned"]),
        ({"direction": "BtoC"}, ["unknown --direction 'BtoC'", "BtoA"]),
        ({"batch_size": 0}, ["--batch_size 0"]),
        ({"num_threads": -1}, ["--num_threads -1"]),
        ({"input_nc": 4}, ["--input_nc 4"]),
        ({"max_dataset_size": 0}, ["--max_dataset_size 0"]),
        ({"cache": "ram"}, ["--cache", "ram", "memory"]),
        ({"cache": "disk", "preprocess": "crop"}, ["--cache disk", "--preprocess crop"]),
        ({"cache": "memory", "dataset_mode": "labelled"}, ["--cache memory", "labelled"]),
        ({"seed": -1}, ["--seed -1"]),
        ({"seed": 2**32}, ["--seed 4294967296"]),
    ],
)
def test_an_invalid_value_is_refused_in_one_line_that_names_the_option(
    wrong: dict[str, Any], terms: list[str]
) -> None:
    with pytest.raises(UserError) as caught:
        DataSettings("somewhere", **wrong)
    assert all(term in str(caught.value) for term in terms)
    assert "\n" not in str(caught.value)


def test_sizes_only_matter_to_modes_that_use_them() -> None:
    DataSettings("somewhere", load_size=128, preprocess="crop")
    DataSettings("somewhere", load_size=128, crop_size=250, preprocess="none")
    DataSettings("somewhere", load_size=256, crop_size=256)


def test_in_order_follows_the_phase_unless_told() -> None:
    assert not DataSettings("somewhere").in_order
    assert DataSettings("somewhere", phase="test").in_order
    assert DataSettings("somewhere", fixed=True).in_order
    assert not DataSettings("somewhere", phase="val", fixed=False).in_order


def test_channels_belong_to_the_domain_that_the_direction_makes_input() -> None:
    assert DataSettings("somewhere", input_nc=1).channels == {"A": 1, "B": 3}
    assert DataSettings("somewhere", input_nc=1, direction="BtoA").channels == {"A": 3, "B": 1}


def test_settings_do_not_import_torch() -> None:
    """Else `--help` takes seconds."""
    code = "import sys, cyclegan_glasses.data.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
