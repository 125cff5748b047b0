"""The options of test.py."""

from __future__ import annotations

import json
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options import test as options

BASE = ("--dataroot", "data")


def parse(*args: str) -> options.TestOptions:
    return options.parse([*BASE, *args])


@pytest.mark.parametrize(
    "args, path, value",
    [
        ("--name mine", "run.name", "mine"),
        ("--checkpoints_dir runs", "run.folder", Path("runs/experiment_name")),
        ("--results_dir out/", "results", Path("out/experiment_name/test_latest")),
        ("--phase val", "results", Path("results/experiment_name/val_latest")),
        ("--epoch 5", "run.label", "5"),
        ("--load_iter 400", "run.label", "iter_400"),
        ("--model test", "model", "test"),
        ("--model test", "data.dataset_mode", "single"),
        ("--model_suffix _A", "suffix", "_A"),
        ("--gpu_ids -1", "run.gpu_ids", [-1]),
        ("--device cpu", "run.device", "cpu"),
        ("--precision fp32", "run.precision", "fp32"),
        ("--eval", "evaluation_mode", True),
        ("--num_test 7", "num_test", 7),
        ("--aspect_ratio 1.5", "output.aspect_ratio", 1.5),
        ("--original_size", "output.original_size", True),
        ("--results_only", "output.results_only", True),
        ("--verbose", "run.verbose", True),
        ("--netG resnet_6blocks", "architecture", {"kind": "resnet_6blocks"}),
        ("--ngf 32 --norm batch", "architecture", {"filters": 32, "norm": "batch"}),
        ("--input_nc 1 --composite", "architecture", {"input_nc": 1, "composite": True}),
        ("--upsample resize --output_nc 1", "architecture", {"upsample": "resize", "output_nc": 1}),
        ("--dataset_mode aligned", "data.dataset_mode", "aligned"),
        ("--direction BtoA", "data.direction", "BtoA"),
        ("--phase val", "data.phase", "val"),
        ("--crop_size 128", "data.crop_size", 128),
        ("--crop_size 128", "data.load_size", 128),
        ("--load_size 300", "data.load_size", 300),
        ("--preprocess none", "data.preprocess", "none"),
        ("--max_dataset_size 3", "data.max_dataset_size", 3),
        ("--num_threads 2", "data.num_threads", 2),
    ],
)
def test_options_become_settings(args: str, path: str, value: Any) -> None:
    read = attrgetter(path)
    assert read(parse(*args.split())) == value
    assert read(parse()) != value


def test_a_test_leaves_nothing_to_chance() -> None:
    data = parse().data
    assert (data.in_order, data.flip, data.batch_size) == (True, False, 1)
    assert (data.load_size, data.crop_size) == (256, 256)


def test_published_defaults() -> None:
    o = parse()
    assert (o.num_test, o.output.aspect_ratio, o.run.label, o.data.phase) == (50, 1.0, "latest", "test")
    assert o.results == Path("results/experiment_name/test_latest")
    assert o.architecture == {}


@pytest.mark.parametrize(
    "args",
    [
        "--no_dropout --serial_batches --no_flip --use_wandb --wandb_project_name x",
        "--batch_size 1 --ndf 64 --netD basic --n_layers_D 3 --init_type normal --init_gain 0.02",
        "--display_winsize 256 --suffix {netG}_size{crop_size} --netG resnet_9blocks --model cycle_gan",
    ],
)
def test_options_that_say_nothing_to_a_test_are_taken(args: str) -> None:
    """They do nothing there either, and stand in the command lines that people have."""
    assert parse(*args.split()).data.batch_size == 1


def test_a_runs_own_options_say_the_size(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    saved = {
        "model": "cyclegan",
        "crop_size": 64,
        "load_size": 72,
        "preprocess": "scale_width_and_crop",
        "ngf": 8,
    }
    (tmp_path / "x" / "train_opt.json").write_text(json.dumps(saved))
    places = ("--name", "x", "--checkpoints_dir", str(tmp_path))
    data = parse(*places).data
    assert (data.crop_size, data.load_size, data.preprocess) == (64, 64, "scale_width_and_crop")
    assert parse(*places, "--crop_size", "32").data.crop_size == 32


@pytest.mark.parametrize(
    "args",
    ["--num_test 0", "--aspect_ratio 0", "--netG x", "--crop_size 30", "--name a/b", "--dataset_mode x"],
)
def test_a_wrong_argument_is_a_user_error_of_one_line(args: str) -> None:
    with pytest.raises(UserError) as error:
        parse(*args.split())
    assert "\n" not in str(error.value)
