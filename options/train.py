"""The command line of train.py."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from cyclegan_glasses.cli.parser import typed
from cyclegan_glasses.data.settings import MULTIPLE, DataSettings
from cyclegan_glasses.errors import one_of
from cyclegan_glasses.monitoring.settings import DashboardSettings, MonitoringSettings
from cyclegan_glasses.training.run_folder import read_options
from cyclegan_glasses.training.settings import POLICIES, LoopSettings, LRScheduleSettings

from . import cyclegan, facelyzr, facemath, isee, mask2face
from .arguments import (
    ANY_SIZE,
    MODELS,
    add_data,
    add_run,
    label_settings,
    number,
    option_parser,
    parse_again,
    require_dataroot,
    run_name,
    saved_label,
)
from .presets import PRESETS

#: What a model adds to the command line: `add_arguments(parser)` and `settings(args)`, and optionally
#: `DEFAULTS`, its own for options that all models have.
MODEL_OPTIONS: dict[str, ModuleType] = {
    "cyclegan": cyclegan,
    "mask2face": mask2face,
    "isee": isee,
    "facelyzr": facelyzr,
    "facemath": facemath,
}

#: Options that say how a run is watched, stopped and found, not what it is.
FREE = frozenset(
    "dataroot paired_dataroot checkpoints_dir name suffix epoch load_iter device gpu_ids verbose"
    " num_threads cache recompute compile preset dry_run continue_train epoch_count max_steps print_freq"
    " display_freq display_ncols display_id display_server display_env display_port display_winsize"
    " display_user display_password update_html_freq no_html use_wandb wandb_project_name"
    " save_latest_freq save_epoch_freq save_by_iter eval_freq".split()
)
#: Options of one session: a run that goes on does not take them from the session before.
SESSION = frozenset(
    "checkpoints_dir name suffix epoch load_iter device gpu_ids verbose preset dry_run continue_train"
    " epoch_count max_steps display_user".split()
)
#: Options that shape the networks: a run cannot go on with others.
SHAPE = frozenset(
    "model input_nc output_nc netG ngf norm dropout upsample composite netD ndf n_layers_D filters kernels"
    " refine channels features latent".split()
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What train.py was asked for, as settings for each room; `values` is every option by name."""

    model: str
    name: str
    folder: Path
    data: DataSettings
    objective: Any
    rate: LRScheduleSettings
    loop: LoopSettings
    monitoring: MonitoringSettings
    device: str
    gpu_ids: list[int] | None
    precision: str
    seed: int
    continue_train: bool
    label: str
    start_from: tuple[Path, ...]
    epoch_count: int | None
    dry_run: bool
    verbose: bool
    values: dict[str, Any]

    @property
    def words(self) -> str:
        """What names this run on a command line."""
        place = self.folder.parent
        elsewhere = "" if place == Path("checkpoints") else f" --checkpoints_dir {shlex.quote(str(place))}"
        return f"--name {shlex.quote(self.name)}{elsewhere}"

    def what_next(self, step: int, stopped: bool) -> str:
        """What to type after a run that ended, or was stopped, at `step`."""
        if stopped:
            command = typed("train")
            if "TORCHELASTIC_RUN_ID" in os.environ:
                command = command.replace("python", "torchrun …", 1)
            return f"stopped at step {step}; go on: {command} {self.words} --continue_train"
        data = shlex.quote(self.data.dataroot)
        return f"trained {step} steps; next: {typed('test')} --dataroot {data} {self.words}"


def parse(argv: Sequence[str] | None = None, prog: str = "train.py") -> TrainOptions:
    """Read the words of train.py. A run that goes on takes its own options as defaults.

    Raises:
        UserError: an option that is unknown, wrong, or does not go with another.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    first, _ = _first_parser(prog).parse_known_args(argv)
    defaults: dict[str, Any] = {}
    if first.preset:
        one_of("preset", first.preset, PRESETS)
        defaults = dict(PRESETS[first.preset])
    args = parse_again(_parser(first.model or defaults.get("model", "cyclegan"), prog), argv, defaults)
    folder = Path(args.checkpoints_dir) / run_name(args)
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) and (folder / "latest.pt").exists():
        argv.append("--continue_train")  # torchrun began again after one of its processes ended
        args.continue_train = True
    if args.continue_train and (saved := read_options(folder)):
        model = first.model or defaults.get("model") or saved.get("model", "cyclegan")
        kept = {name: value for name, value in saved.items() if name not in SESSION}
        args = parse_again(_parser(model, prog), argv, kept | defaults)
    return _options(args, folder)


def _options(args: argparse.Namespace, folder: Path) -> TrainOptions:
    model = MODELS[args.model]
    values = vars(args) | {"model": model}
    return TrainOptions(
        model=model,
        name=folder.name,
        folder=folder,
        data=_data(args, model),
        objective=MODEL_OPTIONS[model].settings(args),
        rate=LRScheduleSettings(args.lr_policy, args.n_epochs, args.n_epochs_decay, args.lr_decay_iters),
        loop=LoopSettings(
            max_steps=args.max_steps,
            print_freq=args.print_freq,
            display_freq=args.display_freq,
            update_html_freq=args.update_html_freq,
            save_latest_freq=args.save_latest_freq,
            save_epoch_freq=args.save_epoch_freq,
            save_by_iter=args.save_by_iter,
            eval_freq=args.eval_freq,
            patience=getattr(args, "patience", 0),
        ),
        monitoring=_monitoring(args),
        device=args.device,
        gpu_ids=args.gpu_ids,
        precision=args.precision,
        seed=args.seed,
        continue_train=args.continue_train,
        label=saved_label(args),
        start_from=tuple(map(Path, [] if args.continue_train else args.start_from)),
        epoch_count=args.epoch_count,
        dry_run=args.dry_run,
        verbose=args.verbose,
        values={name: value for name, value in values.items() if name != "display_password"},
    )


def _data(args: argparse.Namespace, model: str) -> DataSettings:
    return DataSettings(
        dataroot=require_dataroot(args),
        phase=args.phase,
        dataset_mode=args.dataset_mode,
        direction=args.direction,
        input_nc=args.input_nc,
        output_nc=args.output_nc,
        load_size=args.load_size,
        crop_size=args.crop_size,
        preprocess=args.preprocess,
        flip=not args.no_flip,
        serial_batches=args.serial_batches,
        max_dataset_size=args.max_dataset_size,
        batch_size=args.batch_size * max(1, getattr(args, "accumulate", 1)),
        num_threads=args.num_threads,
        seed=args.seed,
        fixed=False,
        labels=label_settings(args),
        cache=args.cache,
        paired_dataroot=getattr(args, "paired_dataroot", ""),
        multiple=1 if model in ANY_SIZE else MULTIPLE,
    )


def _monitoring(args: argparse.Namespace) -> MonitoringSettings:
    return MonitoringSettings(
        dashboard=DashboardSettings(
            display_id=args.display_id,
            display_server=args.display_server,
            display_port=args.display_port,
            display_env=args.display_env,
            display_ncols=args.display_ncols,
            display_winsize=args.display_winsize,
            username=args.display_user,
            password=args.display_password,
        ),
        html=not args.no_html,
        use_wandb=args.use_wandb,
        wandb_project=args.wandb_project_name,
    )


def _first_parser(prog: str) -> argparse.ArgumentParser:
    parser = option_parser(prog=prog, add_help=False)
    parser.add_argument("--model")
    parser.add_argument("--preset")
    return parser


def _parser(model: str, prog: str) -> argparse.ArgumentParser:
    one_of("model", model, MODELS)
    parser = option_parser(prog=prog, description="Train a model on two folders of portraits.")
    parser.add_argument("--model", choices=tuple(MODELS), default="cyclegan", help="what is trained")
    parser.add_argument("--preset", help=f"a recipe: {', '.join(PRESETS)}")
    add_run(parser)
    add_data(parser)
    MODEL_OPTIONS[MODELS[model]].add_arguments(parser)
    _add_training(parser)
    _add_watching(parser)
    parser.set_defaults(**{"model": model} | getattr(MODEL_OPTIONS[MODELS[model]], "DEFAULTS", {}))
    return parser


def _add_training(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("training")
    group.add_argument("--phase", default="train", help="first part of the folder names")
    group.add_argument(
        "--start_from",
        nargs="+",
        default=[],
        metavar="RUN",
        help="folders of other runs whose newest weights are the first ones of this; each gives the networks"
        " that it has, such as G_A",
    )
    group.add_argument("--continue_train", action="store_true", help="go on exactly where the run stopped")
    group.add_argument(
        "--epoch_count", type=int, default=None, help="first epoch, instead of the one that comes next"
    )
    group.add_argument("--n_epochs", type=int, default=100, help="epochs at the full learning rate")
    group.add_argument("--n_epochs_decay", type=int, default=100, help="epochs in which it falls to zero")
    group.add_argument(
        "--max_steps", type=int, default=0, help="stop after so many steps in all; 0: no limit"
    )
    group.add_argument("--lr", type=number, default=0.0002, help="learning rate of Adam")
    group.add_argument("--beta1", type=number, default=0.5, help="first moment of Adam")
    group.add_argument(
        "--beta2", type=number, default=0.999, help="second moment of Adam; 0.99 adapts sooner"
    )
    group.add_argument("--lr_policy", choices=POLICIES, default="linear", help="learning rate over epochs")
    group.add_argument(
        "--lr_decay_iters", type=int, default=50, help="epochs between the falls of policy step"
    )
    group.add_argument(
        "--clip_grad", type=number, default=0.0, help="largest norm of a gradient; 0: no limit"
    )
    group.add_argument("--save_latest_freq", type=int, default=5000, help="pictures between saves")
    group.add_argument("--save_epoch_freq", type=int, default=5, help="epochs between states that are kept")
    group.add_argument(
        "--save_by_iter", action="store_true", help="keep every save under its count of pictures"
    )
    group.add_argument("--dry_run", action="store_true", help="show the options and the data, then end")


def _add_watching(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("watching")
    group.add_argument("--print_freq", type=int, default=100, help="pictures between reports of the losses")
    group.add_argument(
        "--display_freq", type=int, default=400, help="pictures between showings on the dashboard"
    )
    group.add_argument(
        "--update_html_freq", type=int, default=1000, help="pictures between updates of the web page"
    )
    group.add_argument(
        "--eval_freq", type=int, default=0, help="pictures between scores on 32 test pictures; 0: never"
    )
    group.add_argument("--no_html", action="store_true", help="no web page")
    group.add_argument("--display_id", type=int, default=1, help="0 or less: no dashboard")
    group.add_argument(
        "--display_server", default="http://localhost", help="where Visdom answers or is started"
    )
    group.add_argument("--display_port", type=int, default=8097, help="of Visdom")
    group.add_argument("--display_env", default="main", help="Visdom environment")
    group.add_argument("--display_ncols", type=int, default=4, help="pictures in a row")
    group.add_argument("--display_winsize", type=int, default=256, help="width of a picture in pixels")
    group.add_argument("--display_user", default="", help="user name of the Visdom server")
    group.add_argument("--display_password", default="", help="its password; kept out of every file")
    group.add_argument("--use_wandb", action="store_true", help="also report to Weights & Biases")
    group.add_argument("--wandb_project_name", default="cyclegan-glasses", help="project there")
