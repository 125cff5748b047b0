"""The options of --model facelyzr and --model facemath."""

from __future__ import annotations

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.train import parse


def test_what_their_networks_are_made_of() -> None:
    reader = parse(
        "--dataroot d --model facelyzr --channels 8 16 --crop_size 32 --dropout_share 0.4".split()
    ).objective.reader
    assert (reader.channels, reader.size, reader.dropout) == ((8, 16), 32, 0.4)
    o = parse("--dataroot d --model facemath --channels 8 16 --crop_size 64 --latent 9 --clip_grad 1".split())
    assert (o.objective.autoencoder.channels, o.objective.autoencoder.size) == ((8, 16), 64)
    assert (o.objective.autoencoder.latent, o.objective.adam.clip) == (9, 1.0)


def test_each_model_has_defaults_of_its_own() -> None:
    o = parse(["--model", "facelyzr", "--dataroot", "d"])
    assert (o.data.dataset_mode, o.data.crop_size, o.data.batch_size) == ("labelled", 64, 64)
    assert o.data.labels is not None and o.data.labels.augment
    assert not parse(["--model", "facelyzr", "--dataroot", "d", "--no_augment"]).data.labels.augment
    assert parse(["--model", "facemath", "--dataroot", "d"]).data.labels is None
    assert parse(["--dataroot", "d"]).data.crop_size == 256


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("--model facelyzr --dataset_mode single", "--dataset_mode single"),
        ("--model facelyzr --crop_size 60", "--crop_size 60"),
        ("--model facelyzr --input_nc 1", "--input_nc"),
        ("--model facelyzr --drawn 9", "--drawn 9"),
        ("--model facelyzr --noise hum", "noise"),
        ("--model facelyzr --channels 0 8", "--channels 0"),
        ("--model facemath --beta -1", "--beta"),
        ("--model facemath --output_nc 1", "--output_nc"),
        ("--model cyclegan --drawn 1", "--drawn"),
    ],
)
def test_what_does_not_go_together_is_refused(args: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse(["--dataroot", "d", *args.split()])
