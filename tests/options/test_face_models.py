"""The words of --model facelyzr and --model facemath."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.train import parse

FACELYZR: list[tuple[str, str, Any]] = [
    ("--channels 8 16", "objective.reader.channels", (8, 16)),
    ("--crop_size 32", "objective.reader.size", 32),
    ("--features 9", "objective.reader.features", 9),
    ("--dropout_share 0.4", "objective.reader.dropout", 0.4),
    ("--pretraining joint", "objective.pretraining", "joint"),
    ("--pretraining_share 0.5", "objective.pretraining_share", 0.5),
    ("--noise blocks", "objective.noise", "blocks"),
    ("--noise_level 0.6", "objective.noise_level", 0.6),
    ("--lambda_picture 3", "objective.lambda_picture", 3.0),
    ("--lambda_gender 3", "objective.lambda_gender", 3.0),
    ("--lambda_age 3", "objective.lambda_age", 3.0),
    ("--lambda_landmarks 3", "objective.lambda_landmarks", 3.0),
    ("--lr 0.5", "objective.adam.lr", 0.5),
    ("--labels x.csv", "data.labels.table", "x.csv"),
    ("--label_share 0.1", "data.labels.fraction", 0.1),
    ("--drawn 0", "data.labels.drawn", 0.0),
    ("--max_lens 0.5", "data.labels.max_lens", 0.5),
    ("--no_augment", "data.labels.augment", False),
    ("--dataset_mode unaligned", "data.dataset_mode", "unaligned"),
]
FACEMATH: list[tuple[str, str, Any]] = [
    ("--channels 8 16", "objective.autoencoder.channels", (8, 16)),
    ("--crop_size 128 --load_size 130", "objective.autoencoder.size", 128),
    ("--latent 9", "objective.autoencoder.latent", 9),
    ("--beta 4", "objective.beta", 4.0),
    ("--reconstruction l1", "objective.reconstruction", "l1"),
    ("--clip_grad 1", "objective.adam.clip", 1.0),
]


@pytest.mark.parametrize(
    ("model", "words", "field", "value"),
    [("facelyzr", *row) for row in FACELYZR] + [("facemath", *row) for row in FACEMATH],
)
def test_a_word_lands_where_it_is_used(model: str, words: str, field: str, value: Any) -> None:
    """An option that is read and ignored costs a person a run."""
    settings = parse(["--model", model, "--dataroot", "d", *words.split()])
    before = parse(["--model", model, "--dataroot", "d"])
    assert reduce(getattr, field.split("."), settings) == value
    assert reduce(getattr, field.split("."), before) != value


def test_each_model_has_defaults_of_its_own() -> None:
    judge = parse(["--model", "facelyzr", "--dataroot", "d"])
    assert (judge.data.dataset_mode, judge.data.crop_size, judge.data.batch_size) == ("labelled", 64, 64)
    assert parse(["--model", "facemath", "--dataroot", "d"]).data.labels is None
    assert parse(["--dataroot", "d"]).data.crop_size == 256


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--model facelyzr --dataset_mode single", "--dataset_mode single"),
        ("--model facelyzr --crop_size 60", "--crop_size 60"),
        ("--model facelyzr --input_nc 1", "--input_nc"),
        ("--model facelyzr --drawn 9", "--drawn 9"),
        ("--model facelyzr --noise hum", "noise"),
        ("--model facemath --beta -1", "--beta"),
        ("--model facemath --output_nc 1", "--output_nc"),
        ("--model cyclegan --drawn 1", "--drawn"),
    ],
)
def test_what_cannot_be_is_refused(words: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse(["--dataroot", "d", *words.split()])
