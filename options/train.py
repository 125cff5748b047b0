"""Train a model on two folders of portraits, or on pairs or labelled faces."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses.cli.echo import echo, suggesting
from cyclegan_glasses.cli.options import add_options
from cyclegan_glasses.cli.parser import command_line
from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.data.settings import MULTIPLE, DataSettings
from cyclegan_glasses.errors import one_of
from cyclegan_glasses.locks import folder_lock
from cyclegan_glasses.monitoring.settings import MonitoringSettings
from cyclegan_glasses.objectives.settings.base import EXECUTION, ObjectiveSettings
from cyclegan_glasses.objectives.settings.models import ALIASES, MODELS
from cyclegan_glasses.option import Option, Settings, build, flags_that, option, options_of, variants
from cyclegan_glasses.shipped import SHIPPED, is_shipped
from cyclegan_glasses.training.run_folder import (
    check_folder,
    describe_options,
    name_data,
    read_options,
    saved_option,
)
from cyclegan_glasses.training.settings import LoopSettings, LRScheduleSettings

from .arguments import RunOptions, option_parser, run_name
from .presets import PRESETS
from .renamed import check_names

HELP = "train a model of your own"


def _folders(values: Mapping[str, Any]) -> tuple[Path, ...]:
    """Runs, packed models and the model that ships."""
    if values["continue_train"]:
        return ()
    return tuple(
        SHIPPED if is_shipped(text, Path(values["checkpoints_dir"])) else Path(text)
        for text in values["start_from"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions(Settings):
    """What train.py was asked for, as settings for each room.

    Attributes:
        values: every option by name, as they are written down.
        free, fixed: options that may always differ in a run that goes on, and never.
    """

    RESUME = "session"

    run: RunOptions
    data: DataSettings
    objective: ObjectiveSettings = variants(
        MODELS, "cyclegan", "what is trained", flag="model", resume="fixed"
    )
    preset: str | None = option(
        None,
        f"a recipe: {', '.join(PRESETS)}; after --model NAME, quick is NAME-quick, and that of mask2face"
        " begins with the model that ships",
    )
    rate: LRScheduleSettings
    loop: LoopSettings
    monitoring: MonitoringSettings
    start_from: tuple[Path, ...] = option(
        (),
        "other runs, packed models, or the word shipped: their newest weights are the first ones of this;"
        " each gives the networks that it has, such as G_A",
        group="training",
        metavar="RUN",
        parse=str,
        read=_folders,
        resume="reported",
    )
    continue_train: bool = option(False, "go on exactly where the run stopped", group="training")
    epoch_count: int | None = option(
        None, "first epoch, instead of the one that comes next", group="training"
    )
    dry_run: bool = option(False, "show the options and the data, then end", group="training")
    values: dict[str, Any]
    free: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()

    @property
    def model(self) -> str:
        """What is trained, by the name that `objectives.registry` knows."""
        return str(self.values["model"])

    def what_next(self, step: int, taken: int, stopped: bool, whole: bool) -> str:
        """How a session ended, at `step` after `taken` steps, and what to type next.

        Args:
            stopped: by a signal.
            whole: all epochs are done.
        """
        if stopped:
            command = command_line("train")
            if "TORCHELASTIC_RUN_ID" in os.environ:
                command = command.replace("python", "torchrun …", 1)
            return _ended(
                f"stopped at step {step}", f"go on: {command} {self.run.arguments} --continue_train"
            )
        data = shlex.quote(self.data.dataroot)
        test = f"next: {command_line('test')} --dataroot {data} {self.run.arguments}"
        if taken:
            return _ended(f"trained {taken} steps{f', {step} in all' if step > taken else ''}", test)
        if whole:
            end = f"all {self.rate.epochs} epochs are done: more --n_epochs or --n_epochs_decay go further"
        elif 0 < self.loop.max_steps <= step:
            end = f"step {step} is reached: a larger --max_steps goes further"
        else:
            end = "nothing better was found for --patience validations: a larger --patience goes further"
        return _ended(f"nothing was left to train, {end}", test)


def _ended(how: str, advice: str) -> str:
    return f"{how}; {advice}" if suggesting() else how


def train_options(model: str) -> list[Option]:
    """Every option of train.py with `--model model`."""
    return options_of(TrainOptions, MODELS[model].USES, model=model)


def parse(argv: Sequence[str] | None = None, prog: str = "train.py") -> TrainOptions:
    """Read the arguments of train.py. A run that goes on takes its own options as defaults.

    Raises:
        UserError: an option that is unknown, wrong, or does not go with another.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    check_names(argv)
    first = option_parser(prog=prog, add_help=False)
    first.add_argument("--model")
    first.add_argument("--preset")
    preset, recipe = first.parse_known_args(argv)[0].preset, list[str]()
    if preset:
        typed = first.parse_known_args(argv)[0].model
        preset = f"{typed}-{preset}" if f"{typed}-{preset}" in PRESETS else preset
        one_of("preset", preset, PRESETS)
        recipe = PRESETS[preset].split()
    model = first.parse_known_args([*recipe, *argv])[0].model
    values = _values(model or "cyclegan", prog, recipe, argv)
    folder = Path(values["checkpoints_dir"]) / run_name(values)
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) and (folder / "latest.pt").exists():
        argv.append("--continue_train")  # torchrun began again after one of its processes ended
        values["continue_train"] = True
    if values["continue_train"] and (saved := read_options(folder)):
        values = _values(model or saved_option(saved, "model", str, "cyclegan"), prog, recipe, argv, saved)
    return _options(values)


def _values(
    model: str, prog: str, recipe: Sequence[str], argv: Sequence[str], saved: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Values by flag: those of `argv`, else of the recipe, else of the saved run, else of the model."""
    one_of("model", model, MODELS)
    options, saved = train_options(model), saved or {}
    kept = {item.flag for item in options if item.resume != "session"} & saved.keys()
    for item in options:
        if item.flag in kept:
            item.check_saved(saved[item.flag])
    defaults = {"model": model, **MODELS[model].DEFAULTS, **{flag: saved[flag] for flag in kept}}
    parser = option_parser(prog=prog, description="Train a model on two folders of portraits.")
    add_options(parser, options, defaults, last=(EXECUTION, "training", "watching"))
    return vars(parser.parse_args(argv, parser.parse_known_args(recipe)[0]))


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


def run(o: TrainOptions) -> int:
    """Train, and return the exit code.

    Raises:
        UserError: the run's folder, the data or the machine do not go with the options, or another process
            trains in that folder.
    """
    main = os.environ.get("RANK", "0") == "0"  # of those that torchrun started together
    with folder_lock(o.run.folder) if main and not o.dry_run else nullcontext():
        return _train(o)


def _train(o: TrainOptions) -> int:
    folder, label = o.run.folder, o.run.label if o.continue_train else None
    saved = read_options(folder)
    changes = check_folder(folder, saved, o.values, o.continue_train, o.free, o.fixed)

    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.distributed import join, local_rank
    from cyclegan_glasses.evaluation.examiner import Examiner
    from cyclegan_glasses.monitoring.build import build_monitors
    from cyclegan_glasses.objectives import measured
    from cyclegan_glasses.objectives.registry import build_objective
    from cyclegan_glasses.training.checkpoint import save_checkpoint
    from cyclegan_glasses.training.early_stopping import make_early_stopping
    from cyclegan_glasses.training.loop import Loop
    from cyclegan_glasses.training.run import Training

    device = choose_device(o.run.device, o.run.gpu_ids, local_rank())
    with join(device) as context:
        log = echo if context.is_main else lambda *_, **__: None
        batches = make_batches(o.data, context.rank, context.size, device)
        name, settings, computed = o.run.precision, o.objective, list[str]()
        if device.type == "cpu":
            steps = 0 if o.dry_run else _steps(o, batches.epoch_size // context.size)
            kept = saved if o.continue_train else None
            way, why = context.broadcast(
                measured.choose(o.model, settings, name, batches.example, steps, kept)
            )
            name, settings, computed = way.precision, way.applied(settings), list(astuple(way))
            if why:
                log(why)
        precision = choose_precision(name, device)
        objective = build_objective(o.model, settings, precision, o.data.seed, context)
        if o.dry_run or o.run.verbose:
            networks = objective.weights.values() if o.run.verbose else ()
            log(describe_options(o.values), *networks, sep="\n")
        if o.dry_run:
            return 0
        early_stopping = make_early_stopping(objective, o.data, o.loop, context)
        examiner = Examiner(objective, o.data, device)
        helpers = examiner, early_stopping, context, examiner.gallery

        def save(epoch: str, state: dict[str, Any]) -> None:
            save_checkpoint(folder, epoch, objective, state, context)

        training = Training(Loop(objective, batches, o.rate, o.loop, save, *helpers), folder)
        started = training.begin(o.start_from, label, o.epoch_count)
        ready = batches.prepare(progress) if context.is_main else batches.prepare()
        log(*started, *changes, ready, sep="\n")
        data = name_data(o.data.dataroot, o.data.paired_dataroot, o.data.unpaired_dataroot)
        values = o.values | data | {measured.KEY: computed}
        monitor = build_monitors(o.monitoring, folder, context)
        before = training.loop.step
        outcome = training.run(monitor, o.run.name, values, o.continue_train)
        whole = training.loop.epoch > o.rate.epochs
        log(o.what_next(outcome.step, outcome.step - before, bool(outcome.stopped), whole))
        return outcome.exit_code


def _steps(o: TrainOptions, pictures: int) -> int:
    """How many steps a process takes in the whole run, with so many pictures an epoch."""
    steps = o.rate.epochs * -(-pictures // o.data.batch_size)
    return min(steps, o.loop.max_steps or steps)
