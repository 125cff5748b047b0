"""The options of train.py: those of pytorch-CycleGAN-and-pix2pix mean the same here."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.objectives.settings.models import ALIASES, MODELS
from cyclegan_glasses.option import Option
from cyclegan_glasses.options.presets import PRESETS
from cyclegan_glasses.options.train import parse, train_options
from cyclegan_glasses.shipped import SHIPPED

PUBLISHED_DEFAULTS = {
    **{"name": "experiment_name", "checkpoints_dir": "./checkpoints", "suffix": "", "epoch": "latest"},
    **{"load_iter": 0, "phase": "train", "verbose": False, "continue_train": False},
    **{"input_nc": 3, "output_nc": 3, "dataset_mode": "unaligned", "direction": "AtoB"},
    **{"num_threads": 4, "batch_size": 1, "load_size": 286, "crop_size": 256, "max_dataset_size": None},
    **{"preprocess": "resize_and_crop", "serial_batches": False, "no_flip": False},
    **{"ngf": 64, "ndf": 64, "netD": "basic", "netG": "resnet_9blocks", "n_layers_D": 3, "norm": "instance"},
    **{"dropout": False, "init_type": "normal", "init_gain": 0.02},
    **{"n_epochs": 100, "n_epochs_decay": 100, "beta1": 0.5, "lr": 0.0002, "lr_policy": "linear"},
    **{"lr_decay_iters": 50, "gan_mode": "lsgan", "pool_size": 50},
    **{"lambda_A": 10.0, "lambda_B": 10.0, "lambda_identity": 0.5},
    **{"display_freq": 400, "display_ncols": 4, "display_id": 1, "display_server": "http://localhost"},
    **{"display_env": "main", "display_port": 8097, "display_winsize": 256, "use_wandb": False},
    **{"update_html_freq": 1000, "print_freq": 100, "no_html": False},
    **{"save_latest_freq": 5000, "save_epoch_freq": 5, "save_by_iter": False},
}
# Another value of an option, where its type, bounds and choices do not say one.
OTHER = {
    **{"suffix": "{crop_size}", "gpu_ids": "1,2", "display_server": "http://example.org", "preset": "paper"},
    **{"input_nc": "1", "output_nc": "1", "load_size": "300", "crop_size": "128", "start_from": "one two"},
    **{"filters": "8 8 8 8 8 8", "kernels": "5 5 5 3 3 3", "channels": "8 16 24", "lambda_decay": "0.5 0.1"},
    **{"crop_height": "128", "fine_filters": "8 8 8 8 8", "fine_kernels": "5 5 5 3 3"},
    **{"coarse_filters": "8 8 8 8", "coarse_kernels": "5 5 3 3", "coarse_passes": "3"},
    **{
        ("mask2face", "preset"): "demo-pairs",
        ("isee", "filters"): "8",
        ("isee", "input_nc"): "3",
        ("isee", "output_nc"): "3",
    },
}
# What has to be given with it.
PAIRED = "--paired_dataroot p --lambda_pair 1 --lambda_pair_B 1"
FINE = "--netG coarse_to_fine"
LOGIN = "--display_user me --display_password secret"
WITH: dict[Any, str] = {
    **dict.fromkeys(("paired_dataroot", "lambda_pair", "lambda_pair_B"), PAIRED),
    "unpaired_dataroot": "--lambda_gan 1",
    **dict.fromkeys(("display_user", "display_password"), LOGIN),
    **dict.fromkeys((("cyclegan", "input_nc"), ("cyclegan", "output_nc")), "--lambda_identity 0"),
    **dict.fromkeys((("cyclegan", "filters"), ("cyclegan", "kernels")), "--netG residual_unet"),
    **dict.fromkeys((("cyclegan", "camera"), ("cyclegan", "bare_share")), PAIRED),
    **dict.fromkeys(("fine_filters", "fine_kernels", "fine_size", "coarse_size", "coarse_passes"), FINE),
    **dict.fromkeys(("coarse_filters", "coarse_kernels", "lambda_frame"), FINE),
    **{"lambda_rim": f"{FINE} --lambda_frame 1"},
    **{
        "crop_height": "--load_size 300",
    },
    **{"crop_size": "--load_size 300", "accumulate": "--batch_size 2"},
}
# Options of which a model allows one value alone.
SETTLED = {
    "mask2face": {"dataset_mode"},
    "isee": {"dataset_mode"},
    "facemath": {"input_nc", "output_nc"},
    "facelyzr": {"input_nc", "preprocess", "cache"},
}


def args_of(*args: str) -> list[str]:
    return ["--dataroot", "data", *args]


def values_of(settings: Any) -> dict[str, list[Any]]:
    """What the fields within `settings` hold, by the flags of their options."""
    found: dict[str, list[Any]] = defaultdict(list)
    for item in fields(settings):
        value, option = getattr(settings, item.name), item.metadata.get("option")
        if option:
            found[option.flag or item.name].append(value)
        if is_dataclass(value):
            for flag, values in values_of(value).items():
                found[flag] += values
    return found


def another(option: Option, model: str) -> str:
    """A value that is not the default, as it is typed."""
    default = option.typed_default
    if value := OTHER.get((model, option.flag), OTHER.get(option.flag)):  # type: ignore[call-overload]
        return value
    if option.choices:
        return next(choice for choice in option.choices if choice != default)
    if option.element is bool:
        return ""
    return {int: str((default or 0) + 1), float: "0.45"}[option.element] if option.bounds else "5"


@pytest.mark.parametrize("model", sorted({*MODELS} - {*ALIASES}))
def test_every_option_fills_a_field(model: str) -> None:
    """An option that is read and ignored costs a person a run."""
    ignored = []
    for option in train_options(model):
        if option.flag in {"model", *SETTLED.get(model, ())}:
            continue
        also = WITH.get((model, option.flag), WITH.get(option.flag, "")).split()
        common = args_of("--model", model, *also)
        changed = parse([*common, f"--{option.flag}", *another(option, model).split()])
        if values_of(changed)[option.flag] == values_of(parse(common))[option.flag]:
            ignored.append(option.flag)
    assert ignored == []


def test_options_of_the_reference_implementation() -> None:
    """Command lines that people have in their scripts and papers do the same here."""
    values = parse(args_of()).values
    assert {name: values[name] for name in PUBLISHED_DEFAULTS} == PUBLISHED_DEFAULTS
    both = parse(
        args_of("--model", "cycle_gan", "--no_dropout", "--norm", "batch", "--max_dataset_size", "inf")
    )
    assert (both.model, both.objective.generator.dropout, both.data.max_dataset_size) == (
        "cyclegan",
        False,
        None,
    )
    assert both.objective.generator.norm == both.objective.discriminator.norm == "batch"
    assert parse(args_of("--suffix", "{netG}_{crop_size}")).run.name == "experiment_name_resnet_9blocks_256"


def test_what_options_become() -> None:
    """Where a value is not simply passed on."""
    o = parse(args_of("--accumulate", "4", "--batch_size", "2", "--load_iter", "400", "--gpu_ids", "-1"))
    assert (o.data.batch_size, o.objective.micro_batch, o.run.label, o.run.gpu_ids) == (
        8,
        2,
        "iter_400",
        [-1],
    )
    o = parse(
        args_of("--lambda_decay", "0.5", "--checkpoints_dir", "elsewhere", "--start_from", "one", "two")
    )
    assert (o.objective.lambda_decay, o.objective.compile) == ((0.5,), "auto")
    assert (o.run.folder, o.start_from) == (Path("elsewhere/experiment_name"), (Path("one"), Path("two")))
    o = parse(args_of("--lambda_decay", "0.5", "0.1", "--no_flip", "--no_html", "--seed", "7"))
    assert o.objective.lambda_decay == (0.5, 0.1)
    assert (o.data.flip, o.monitoring.html, o.data.seed) == (False, False, 7)
    assert parse(args_of("--start_from", "shipped")).start_from == (SHIPPED,)
    o = parse(args_of())
    assert (o.data.cache, o.objective.compile, o.objective.micro_batch) == ("auto", "auto", 0)


def test_what_resuming_means() -> None:
    """Runs that were saved before must go on, and not with other networks."""
    o = parse(args_of())
    assert o.fixed == set(
        "model input_nc output_nc netG ngf norm dropout upsample composite netD ndf n_layers_D filters"
        " kernels condition fine_filters fine_kernels coarse_filters coarse_kernels coarse_size fine_size"
        " coarse_passes".split()
    )
    assert {"dataroot", "cache", "recompute", "print_freq", "name", "max_steps"} <= o.free
    assert not o.free & {"lr", "lambda_A", "seed", "precision", "start_from", "batch_size", *o.fixed}
    o = parse(args_of("--model", "mask2face"))
    assert {"refine", "filters", "kernels"} <= o.fixed and "patience" not in o.free


def test_an_option_that_the_generator_does_not_use_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """A person who set --ngf for hours of training should know that it said nothing; old lines still run."""
    parse(args_of("--netG", "residual_unet", "--ngf", "32", "--upsample", "resize"))
    assert caplog.messages == ["--netG residual_unet does not use --ngf, --upsample"]
    caplog.clear()
    parse(args_of("--netG", "resnet_6blocks", "--ngf", "32", "--no_dropout"))
    assert not caplog.messages


def test_a_password_is_in_no_file() -> None:
    options = parse(args_of("--display_user", "me", "--display_password", "secret"))
    assert "secret" not in json.dumps(options.values)


def test_all_values_can_be_written_and_read() -> None:
    values = parse(args_of("--gpu_ids", "0", "--max_dataset_size", "inf", "--lambda_decay", "1", "2")).values
    assert json.loads(json.dumps(values)) == values


def test_the_paper() -> None:
    """CycleGAN, arXiv 1703.10593, §4, §5.2 and §7."""
    o = parse(args_of("--preset", "paper"))
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
    o = parse(args_of("--preset", "glasses2021"))
    s = o.objective
    assert (s.generator.kind, s.discriminator.kind, s.init.kind) == ("resnet_9blocks", "basic", "kaiming")
    assert (s.gan_mode, s.lambda_A, s.lambda_B, s.lambda_identity) == ("vanilla", 0.1, 0.1, 0.5)
    assert (o.data.load_size, o.data.crop_size, o.data.preprocess) == (286, 256, "resize_and_crop")
    assert (s.adam.lr, o.rate.n_epochs, o.rate.n_epochs_decay) == (0.0002, 100, 0)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_made_of_options(preset: str) -> None:
    """A name that is misspelt in a recipe would be passed over without a sound."""
    values = parse(args_of("--preset", preset)).values
    assert values == parse(args_of(*PRESETS[preset].split())).values | {"preset": preset}


def test_arguments_win_over_a_preset() -> None:
    o = parse(args_of("--preset", "paper", "--lambda_A", "3", "--batch_size", "4"))
    assert (o.objective.lambda_A, o.data.batch_size, o.objective.lambda_B) == (3, 4, 10)


def test_a_run_that_goes_on_takes_its_own_options(tmp_path: Path) -> None:
    """All but those of one session; what is typed now wins."""
    places = ["--name", "x", "--checkpoints_dir", str(tmp_path)]
    changed = "--ngf 8 --print_freq 7 --num_threads 0 --max_steps 5 --display_id 0".split()
    first = parse(args_of(*places, *changed))
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "train_opt.json").write_text(json.dumps(first.values))
    again = parse([*places, "--continue_train", "--print_freq", "9"])
    assert (again.data.dataroot, again.objective.generator.filters, again.data.num_threads) == ("data", 8, 0)
    assert (again.loop.print_freq, again.monitoring.dashboard.display_id) == (9, 0)
    assert (again.loop.max_steps, again.continue_train) == (0, True)
    assert parse(args_of(*places)).objective.generator.filters == 64


def test_what_names_a_run_on_a_command_line() -> None:
    assert parse(args_of("--name", "my run")).run.arguments == "--name 'my run'"
    elsewhere = args_of("--name", "x", "--checkpoints_dir", "/tmp/my runs")
    assert parse(elsewhere).run.arguments == "--name x --checkpoints_dir '/tmp/my runs'"


def test_direction_names_the_input_and_networks_stay_what_they_are() -> None:
    """G_A goes from A to B also where B is called the input."""
    o = parse(args_of("--direction", "BtoA", "--input_nc", "1", "--lambda_identity", "0"))
    assert o.data.channels == {"A": 3, "B": 1}
    assert (o.objective.generator.input_nc, o.objective.generator.output_nc) == (3, 1)


@pytest.mark.parametrize(
    "arg",
    ["--ngf=many", "--lr", "--no_such", "--lr=nan", "--ema=inf", "--ngf=0", "--display_server=ftp://x"],
)
def test_a_wrong_argument_is_a_user_error_of_one_line(arg: str) -> None:
    with pytest.raises(UserError) as error:
        parse(args_of(arg))
    assert "\n" not in str(error.value)


def test_quick_is_the_preset_of_the_model_that_is_named() -> None:
    isee, drawn = (parse(args_of("--model", model, "--preset", "quick")) for model in ("isee", "mask2face"))
    assert (isee.model, drawn.model) == ("isee", "mask2face") and drawn.rate.epochs < isee.rate.epochs < 100
    assert drawn.start_from and not isee.start_from
    with pytest.raises(UserError, match="unknown --preset 'quick'"):
        parse(args_of("--preset", "quick"))
