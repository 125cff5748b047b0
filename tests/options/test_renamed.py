"""Command lines of pytorch-CycleGAN-and-pix2pix, old and new: what is called otherwise here is told."""

from __future__ import annotations

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.renamed import OPTIONS, VALUES, check_names
from cyclegan_glasses.options.test import parse as parse_test
from cyclegan_glasses.options.test import test_options as options_of_test
from cyclegan_glasses.options.train import parse as parse_train
from cyclegan_glasses.options.train import train_options
from tests.commands import run


@pytest.mark.parametrize(
    "script, argv, complaint",
    [
        ("train.py", "--niter 100", "--niter is called --n_epochs here"),
        ("train.py", "--niter_decay=100", "--niter_decay is called --n_epochs_decay here"),
        ("train.py", "--batchSize 4", "--batchSize is called --batch_size here"),
        ("train.py", "--norm sync_batch", "--norm sync_batch is called --norm syncbatch here"),
        ("train.py", "--lr_policy=lambda", "--lr_policy lambda is called --lr_policy linear here"),
        ("train.py", "--lamda_identity 3", "did you mean --lambda_identity?"),
        ("test.py", "--ntest 5", "--ntest is called --num_test here"),
        ("test.py", "--which_direction BtoA", "--which_direction is called --direction here"),
    ],
)
def test_an_old_name_is_one_line_with_the_name_of_today(script: str, argv: str, complaint: str) -> None:
    assert complaint in run(script, "--dataroot", "photos", *argv.split()).complaint


def test_the_hints_name_options_that_there_are() -> None:
    """A hint that leads to another error would be worse than none."""
    flags = {item.flag: item for item in (*train_options("cyclegan"), *options_of_test())}
    assert not flags.keys() & OPTIONS.keys()
    for name in OPTIONS.values():
        flag, *value = name.removeprefix("--").split()
        assert all(one in flags[flag].choices for one in value)
    for (flag, old), new in VALUES.items():
        assert new in flags[flag].choices and old not in flags[flag].choices


def test_a_value_that_is_no_option_is_left_alone() -> None:
    assert parse_train(["--dataroot", "niter", "--name", "batchSize"]).run.name == "batchSize"
    assert parse_test(["--dataroot", "ntest"]).data.dataroot == "ntest"
    with pytest.raises(UserError):
        check_names(["--name", "x", "--niter"])
