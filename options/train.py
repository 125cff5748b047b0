"""The command line of train.py."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import Parser, command_line
from cyclegan_glasses.data.settings import MULTIPLE, DataSettings
from cyclegan_glasses.errors import one_of
from cyclegan_glasses.monitoring.settings import MonitoringSettings
from cyclegan_glasses.objectives.settings.base import ObjectiveSettings
from cyclegan_glasses.objectives.settings.models import ALIASES, MODELS
from cyclegan_glasses.option import Option, build, flags_that, option, options_of, variants
from cyclegan_glasses.training.run_folder import read_options
from cyclegan_glasses.training.settings import LoopSettings, LRScheduleSettings

from .arguments import RunOptions, option_parser, parse_again, run_name
from .presets import PRESETS


def _folders(values: Mapping[str, Any]) -> tuple[Path, ...]:
    return () if values["continue_train"] else tuple(map(Path, values["start_from"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What train.py was asked for, as settings for each room.

    Attributes:
        values: every option by name, as they are written down.
        free, fixed: options that may always differ in a run that goes on, and never.
    """

    run: RunOptions
    data: DataSettings
    objective: ObjectiveSettings = variants(
        MODELS, "cyclegan", "what is trained", flag="model", resume="fixed"
    )
    preset: str | None = option(None, f"a recipe: {', '.join(PRESETS)}", resume="session")
    rate: LRScheduleSettings
    loop: LoopSettings
    monitoring: MonitoringSettings
    start_from: tuple[Path, ...] = option(
        (),
        "folders of other runs whose newest weights are the first ones of this; each gives the networks that"
        " it has, such as G_A",
        group="training",
        metavar="RUN",
        parse=str,
        read=_folders,
    )
    continue_train: bool = option(
        False, "go on exactly where the run stopped", group="training", resume="session"
    )
    epoch_count: int | None = option(
        None, "first epoch, instead of the one that comes next", group="training", resume="session"
    )
    dry_run: bool = option(
        False, "show the options and the data, then end", group="training", resume="session"
    )
    values: dict[str, Any]
    free: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()

    @property
    def model(self) -> str:
        """What is trained, by the name that `objectives.registry` knows."""
        return str(self.values["model"])

    @property
    def arguments(self) -> str:
        """What names this run on a command line."""
        place = self.run.folder.parent
        elsewhere = "" if place == Path("checkpoints") else f" --checkpoints_dir {shlex.quote(str(place))}"
        return f"--name {shlex.quote(self.run.name)}{elsewhere}"

    def what_next(self, step: int, stopped: bool) -> str:
        """What to type after a run that ended, or was stopped, at `step`."""
        if stopped:
            command = command_line("train")
            if "TORCHELASTIC_RUN_ID" in os.environ:
                command = command.replace("python", "torchrun …", 1)
            return f"stopped at step {step}; go on: {command} {self.arguments} --continue_train"
        data = shlex.quote(self.data.dataroot)
        return f"trained {step} steps; next: {command_line('test')} --dataroot {data} {self.arguments}"


def train_options(model: str) -> list[Option]:
    """Every option of train.py with `--model model`."""
    return options_of(TrainOptions, MODELS[model].USES, model=model)


def parse(argv: Sequence[str] | None = None, prog: str = "train.py") -> TrainOptions:
    """Read the arguments of train.py. A run that goes on takes its own options as defaults.

    Raises:
        UserError: an option that is unknown, wrong, or does not go with another.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    first, _ = _first_parser(prog).parse_known_args(argv)
    defaults: dict[str, Any] = {}
    if first.preset:
        one_of("preset", first.preset, PRESETS)
        defaults = dict(PRESETS[first.preset])
    model = first.model or defaults.get("model", "cyclegan")
    values = parse_again(_parser(model, prog), argv, defaults)
    folder = Path(values["checkpoints_dir"]) / run_name(values)
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) and (folder / "latest.pt").exists():
        argv.append("--continue_train")  # torchrun began again after one of its processes ended
        values["continue_train"] = True
    if values["continue_train"] and (saved := read_options(folder)):
        model = first.model or defaults.get("model") or saved.get("model", "cyclegan")
        parser = _parser(model, prog)
        session = flags_that(train_options(model), "session")
        kept = {name: value for name, value in saved.items() if name not in session}
        values = parse_again(parser, argv, kept | defaults)
    return _options(values)


def _options(values: dict[str, Any]) -> TrainOptions:
    settings, options = MODELS[values["model"]], train_options(values["model"])
    multiple = 1 if settings.ANY_SIZE else MULTIPLE
    data = build(DataSettings, values, fixed=False, multiple=multiple)
    secret = {item.flag for item in options if item.secret}
    made = build(
        TrainOptions,
        values,
        run=build(RunOptions, values, name=run_name(values)),
        data=data,
        values={name: value for name, value in values.items() if name not in secret}
        | {"model": ALIASES.get(values["model"], values["model"])},
        free=flags_that(options, "session", "free"),
        fixed=flags_that(options, "fixed"),
    )
    made.objective.check_data(data)
    return made


def _first_parser(prog: str) -> Parser:
    parser = option_parser(prog=prog, add_help=False)
    parser.add_argument("--model")
    parser.add_argument("--preset")
    return parser


def _parser(model: str, prog: str) -> Parser:
    one_of("model", model, MODELS)
    parser = option_parser(prog=prog, description="Train a model on two folders of portraits.")
    defaults = {"model": model, **MODELS[model].DEFAULTS}
    add_options(parser, train_options(model), defaults, last=("training", "watching"))
    return parser
