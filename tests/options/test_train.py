"""The words of train.py: those of pytorch-CycleGAN-and-pix2pix land where they mean the same."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.options.presets import PRESETS
from cyclegan_glasses.options.train import FREE, MODEL_OPTIONS, SESSION, SHAPE, TrainOptions, parse

# word, published default, field, another value, what it becomes in the field (the value itself if not given)
PEER: list[tuple[Any, ...]] = [
    ("name", "experiment_name", "name", "mine"),
    ("checkpoints_dir", "./checkpoints", "folder", "elsewhere", Path("elsewhere/experiment_name")),
    ("input_nc", 3, "data.input_nc", "1"),
    ("output_nc", 3, "objective.generator.output_nc", "1"),
    ("ngf", 64, "objective.generator.filters", "32"),
    ("ndf", 64, "objective.discriminator.filters", "32"),
    ("netD", "basic", "objective.discriminator.kind", "pixel"),
    ("netG", "resnet_9blocks", "objective.generator.kind", "unet_256"),
    ("n_layers_D", 3, "objective.discriminator.layers", "4"),
    ("norm", "instance", "objective.generator.norm", "batch"),
    ("norm", "instance", "objective.discriminator.norm", "syncbatch"),
    ("init_type", "normal", "objective.init.kind", "xavier"),
    ("init_gain", 0.02, "objective.init.gain", "0.1"),
    ("dataset_mode", "unaligned", "data.dataset_mode", "aligned"),
    ("direction", "AtoB", "data.direction", "BtoA"),
    ("num_threads", 4, "data.num_threads", "2"),
    ("batch_size", 1, "data.batch_size", "8"),
    ("load_size", 286, "data.load_size", "300"),
    ("crop_size", 256, "data.crop_size", "128"),
    ("max_dataset_size", None, "data.max_dataset_size", "10"),
    ("max_dataset_size", None, "data.max_dataset_size", "inf", None),
    ("preprocess", "resize_and_crop", "data.preprocess", "scale_width"),
    ("display_winsize", 256, "monitoring.visdom.dashboard.display_winsize", "128"),
    ("epoch", "latest", "label", "7"),
    ("load_iter", 0, "label", "400", "iter_400"),
    ("suffix", "", "name", "{netG}_{crop_size}", "experiment_name_resnet_9blocks_256"),
    ("wandb_project_name", None, "monitoring.wandb_project", "mine"),
    ("display_freq", 400, "loop.display_freq", "10"),
    ("display_ncols", 4, "monitoring.visdom.dashboard.display_ncols", "2"),
    ("display_id", 1, "monitoring.visdom.dashboard.display_id", "0"),
    (
        "display_server",
        "http://localhost",
        "monitoring.visdom.dashboard.display_server",
        "http://example.org",
    ),
    ("display_env", "main", "monitoring.visdom.dashboard.display_env", "mine"),
    ("display_port", 8097, "monitoring.visdom.dashboard.display_port", "9000"),
    ("update_html_freq", 1000, "loop.update_html_freq", "10"),
    ("print_freq", 100, "loop.print_freq", "10"),
    ("save_latest_freq", 5000, "loop.save_latest_freq", "10"),
    ("save_epoch_freq", 5, "loop.save_epoch_freq", "1"),
    ("epoch_count", None, "epoch_count", "3"),
    ("phase", "train", "data.phase", "val"),
    ("n_epochs", 100, "rate.n_epochs", "10"),
    ("n_epochs_decay", 100, "rate.n_epochs_decay", "10"),
    ("beta1", 0.5, "objective.adam.beta1", "0.9"),
    ("lr", 0.0002, "objective.adam.lr", "0.001"),
    ("gan_mode", "lsgan", "objective.gan_mode", "vanilla"),
    ("pool_size", 50, "objective.pool_size", "0"),
    ("lr_policy", "linear", "rate.policy", "plateau"),
    ("lr_decay_iters", 50, "rate.decay_every", "10"),
    ("lambda_A", 10.0, "objective.lambda_A", "5"),
    ("lambda_B", 10.0, "objective.lambda_B", "5"),
    ("lambda_identity", 0.5, "objective.lambda_identity", "0.1"),
]
PEER_FLAGS = [
    ("serial_batches", "data.serial_batches", True),
    ("no_flip", "data.flip", False),
    ("no_dropout", "objective.generator.dropout", False),
    ("use_wandb", "monitoring.use_wandb", True),
    ("no_html", "monitoring.html", False),
    ("save_by_iter", "loop.save_by_iter", True),
    ("continue_train", "continue_train", True),
    ("verbose", "verbose", True),
]
OURS: list[tuple[str, str, Any]] = [
    ("--gpu_ids 0", "gpu_ids", [0]),
    ("--gpu_ids 1,2", "gpu_ids", [1, 2]),
    ("--gpu_ids -1", "gpu_ids", [-1]),
    ("--device cuda:1", "device", "cuda:1"),
    ("--precision bf16", "precision", "bf16"),
    ("--seed 7", "data.seed", 7),
    ("--cache disk", "data.cache", "disk"),
    ("--dropout", "objective.generator.dropout", True),
    ("--upsample resize", "objective.generator.upsample", "resize"),
    ("--composite", "objective.generator.composite", True),
    ("--netG residual_unet --filters 8 16 --kernels 5 3", "objective.generator.filters", (8, 16)),
    ("--netG residual_unet --composite", "objective.generator.composite", True),
    ("--mismatched", "objective.mismatched", True),
    ("--discriminators_first 9", "objective.discriminators_first", 9),
    ("--start_from one two", "start_from", (Path("one"), Path("two"))),
    ("--beta2 0.99", "objective.adam.beta2", 0.99),
    ("--clip_grad 1", "objective.adam.clip", 1.0),
    ("--lr_ratio 2", "objective.lr_ratio", 2.0),
    ("--paired_dataroot p --lambda_pair 4", "data.paired_dataroot", "p"),
    ("--paired_dataroot p --lambda_pair 4", "objective.lambda_pair", 4.0),
    ("--paired_dataroot p --lambda_pair_B 2", "objective.lambda_pair_B", 2.0),
    ("--lambda_gp 1", "objective.lambda_gp", 1.0),
    ("--lambda_decay 0.5", "objective.identity_decay", 0.5),
    ("--lambda_decay 0.5 0.1", "objective.cycle_decay", 0.5),
    ("--lambda_decay 0.5 0.1", "objective.identity_decay", 0.1),
    ("--ema 0.999", "objective.ema", 0.999),
    ("--plain", "objective.plain", True),
    ("--accumulate 4 --batch_size 2", "data.batch_size", 8),
    ("--accumulate 4 --batch_size 2", "objective.micro_batch", 2),
    ("--recompute", "objective.recompute", True),
    ("--compile off", "objective.compile", "off"),
    ("--max_steps 9", "loop.max_steps", 9),
    ("--eval_freq 100", "loop.eval_freq", 100),
    ("--dry_run", "dry_run", True),
    ("--model cycle_gan", "model", "cyclegan"),
    ("--display_user me --display_password secret", "monitoring.visdom.dashboard.password", "secret"),
]


def field(options: TrainOptions, path: str) -> Any:
    return reduce(getattr, path.split("."), options)


def words_of(*words: str) -> list[str]:
    return ["--dataroot", "data", *words]


@pytest.mark.parametrize("case", PEER, ids=lambda case: f"{case[0]}={case[3]}")
def test_options_of_the_reference_implementation(case: tuple[Any, ...]) -> None:
    """Command lines that people have in their scripts and papers do the same here."""
    name, default, path, value, *became = case
    assert parse(words_of()).values[name] == (
        default if default is not None else parse(words_of()).values[name]
    )
    extra = ["--lambda_identity", "0"] if name in ("input_nc", "output_nc") else []
    extra += ["--crop_size", "256", "--load_size", "256"] if value == "unet_256" else []
    found = field(parse(words_of(f"--{name}", value, *extra)), path)
    expected = became[0] if became else value if isinstance(found, str) else type(found)(value)
    assert found == expected
    usual = field(parse(words_of()), path)
    assert found != usual or value == "inf"


@pytest.mark.parametrize("name, path, value", PEER_FLAGS)
def test_flags_of_the_reference_implementation(name: str, path: str, value: bool) -> None:
    assert field(parse(words_of(f"--{name}")), path) is value
    assert field(parse(words_of()), path) is (value if name == "no_dropout" else not value)


@pytest.mark.parametrize("words, path, value", OURS)
def test_options_of_our_own(words: str, path: str, value: Any) -> None:
    assert field(parse(words_of(*words.split())), path) == value
    assert field(parse(words_of()), path) != value or "cycle_gan" in words


def test_every_option_is_in_a_table() -> None:
    """A new option without a line above may be read and ignored, and nobody would know."""
    tables = {case[0] for case in PEER} | {name for name, _, _ in PEER_FLAGS}
    tables |= {word[2:] for words, _, _ in OURS for word in words.split() if word.startswith("--")}
    known = set(parse(words_of()).values) | {"display_password", "no_dropout"}
    assert known - tables == {"dataroot", "preset"}
    anywhere = known.union(*(parse(words_of("--model", model)).values for model in MODEL_OPTIONS))
    assert anywhere >= FREE | SHAPE | SESSION


def test_a_password_is_in_no_file() -> None:
    options = parse(words_of("--display_user", "me", "--display_password", "secret"))
    assert "secret" not in json.dumps(options.values)


def test_all_values_can_be_written_and_read() -> None:
    values = parse(words_of("--gpu_ids", "0", "--max_dataset_size", "inf", "--lambda_decay", "1", "2")).values
    assert json.loads(json.dumps(values)) == values


def test_the_paper() -> None:
    """CycleGAN, arXiv 1703.10593, §4, §5.2 and §7."""
    o = parse(words_of("--preset", "paper"))
    s = o.objective
    assert (s.generator.kind, s.discriminator.kind, s.generator.norm) == (
        "resnet_9blocks",
        "basic",
        "instance",
    )
    assert (s.gan_mode, s.lambda_A, s.lambda_B, s.lambda_identity, s.pool_size) == ("lsgan", 10, 10, 0.5, 50)
    assert (s.adam.lr, s.adam.beta1, s.init.kind, s.init.gain) == (0.0002, 0.5, "normal", 0.02)
    assert (o.data.load_size, o.data.crop_size, o.data.batch_size) == (286, 256, 1)
    assert (o.rate.policy, o.rate.n_epochs, o.rate.n_epochs_decay) == ("linear", 100, 100)


def test_the_term_project() -> None:
    """286 → random crop 256, nine blocks, 70×70 PatchGAN, BCE, Kaiming, 0.0002, 100 epochs, cycle 0.1."""
    o = parse(words_of("--preset", "glasses2021"))
    s = o.objective
    assert (s.generator.kind, s.discriminator.kind, s.init.kind) == ("resnet_9blocks", "basic", "kaiming")
    assert (s.gan_mode, s.lambda_A, s.lambda_B, s.lambda_identity) == ("vanilla", 0.1, 0.1, 0.5)
    assert (o.data.load_size, o.data.crop_size, o.data.preprocess) == (286, 256, "resize_and_crop")
    assert (s.adam.lr, o.rate.n_epochs, o.rate.n_epochs_decay) == (0.0002, 100, 0)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_made_of_options(preset: str) -> None:
    """A word that is misspelt in a recipe would be passed over without a sound."""
    values = parse(words_of("--preset", preset)).values
    assert {name: values[name] for name in PRESETS[preset]} == PRESETS[preset]


def test_words_win_over_a_preset() -> None:
    o = parse(words_of("--preset", "paper", "--lambda_A", "3", "--batch_size", "4"))
    assert (o.objective.lambda_A, o.data.batch_size, o.objective.lambda_B) == (3, 4, 10)


def test_a_run_that_goes_on_takes_its_own_options(tmp_path: Path) -> None:
    """All but those of one session; words given now win."""
    places = ["--name", "x", "--checkpoints_dir", str(tmp_path)]
    first = parse(
        words_of(
            *places,
            "--ngf",
            "8",
            "--print_freq",
            "7",
            "--num_threads",
            "0",
            "--max_steps",
            "5",
            "--display_id",
            "0",
        )
    )
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "train_opt.json").write_text(json.dumps(first.values))
    again = parse([*places, "--continue_train", "--print_freq", "9"])
    assert (again.data.dataroot, again.objective.generator.filters, again.data.num_threads) == ("data", 8, 0)
    assert (again.loop.print_freq, again.monitoring.visdom.dashboard.display_id) == (9, 0)
    assert (again.loop.max_steps, again.continue_train) == (0, True)
    assert parse(words_of(*places)).objective.generator.filters == 64


def test_what_names_a_run_on_a_command_line() -> None:
    assert parse(words_of("--name", "my run")).words == "--name 'my run'"
    words = parse(words_of("--name", "x", "--checkpoints_dir", "/tmp/my runs")).words
    assert words == "--name x --checkpoints_dir '/tmp/my runs'"


def test_direction_names_the_input_and_networks_stay_what_they_are() -> None:
    """G_A goes from A to B also where B is called the input."""
    o = parse(words_of("--direction", "BtoA", "--input_nc", "1", "--lambda_identity", "0"))
    assert o.data.channels == {"A": 3, "B": 1}
    assert (o.objective.generator.input_nc, o.objective.generator.output_nc) == (3, 1)


@pytest.mark.parametrize(
    "word",
    ["--ngf=many", "--lr", "--no_such", "--lr=nan", "--ema=inf", "--ngf=0", "--display_server=ftp://x"],
)
def test_wrong_words_are_a_user_error_of_one_line(word: str) -> None:
    with pytest.raises(UserError) as error:
        parse(words_of(word))
    assert "\n" not in str(error.value)
