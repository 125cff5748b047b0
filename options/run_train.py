"""Train a model on two folders of portraits, or on pairs or labelled faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cyclegan_glasses.cli.parser import Command
from cyclegan_glasses.cli.progress import progress
from cyclegan_glasses.training.run_folder import check_folder, describe_options, name_data, read_options

if TYPE_CHECKING:
    from .train import TrainOptions

HELP = "train a model of your own"


def parse(argv: Sequence[str] | None = None, prog: str = "train.py") -> Command:
    """The training that the arguments ask for, ready to run.

    Raises:
        UserError: see `train.parse`.
    """
    from .train import parse

    options = parse(argv, prog)
    return lambda: run(options)


def run(o: TrainOptions) -> int:
    """Train, and return the exit code.

    Raises:
        UserError: the run's folder, the data or the machine do not go with the options.
    """
    folder, label = o.run.folder, o.run.label if o.continue_train else None
    changes = check_folder(folder, read_options(folder), o.values, o.continue_train, o.free, o.fixed)

    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.distributed import join, local_rank
    from cyclegan_glasses.evaluation.examiner import Examiner
    from cyclegan_glasses.monitoring.build import build_monitors
    from cyclegan_glasses.objectives.registry import build_objective
    from cyclegan_glasses.training.early_stopping import make_early_stopping
    from cyclegan_glasses.training.run import Training

    device = choose_device(o.run.device, o.run.gpu_ids, local_rank())
    with join(device) as context:
        log = print if context.is_main else lambda *_, **__: None
        batches = make_batches(o.data, context.rank, context.size, device)
        precision = choose_precision(o.run.precision, device)
        objective = build_objective(o.model, o.objective, precision, o.data.seed, context)
        if o.dry_run or o.run.verbose:
            networks = objective.weights().values() if o.run.verbose else ()
            log(describe_options(o.values), *networks, sep="\n")
        if o.dry_run:
            return 0
        early_stopping = make_early_stopping(objective, o.data, o.loop.patience, context)
        helpers = Examiner(objective, o.data, device), early_stopping, context
        training = Training(objective, batches, o.rate, o.loop, folder, *helpers)
        started = training.begin(o.start_from, label, o.epoch_count)
        ready = batches.prepare(progress) if context.is_main else batches.prepare()
        log(*started, *changes, ready, sep="\n")
        values = o.values | name_data(o.data.dataroot, o.data.paired_dataroot)
        monitor = build_monitors(o.monitoring, folder, context)
        outcome = training.run(monitor, o.run.name, values, o.continue_train)
        log(o.what_next(outcome.step, bool(outcome.stopped)))
        return outcome.exit_code
