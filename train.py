"""Train: `python train.py --dataroot datasets/demo --name demo`; `--help` lists the options."""

import sys

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.training.run_folder import check_folder, describe_options, name_data, read_options
from options.progress import shown
from options.train import FREE, SHAPE, parse


def main() -> int:
    o = parse()
    changes = check_folder(o.folder, read_options(o.folder), o.values, o.continue_train, FREE, SHAPE)

    import torch

    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.monitoring.build import build_monitors
    from cyclegan_glasses.objectives.registry import OBJECTIVES
    from cyclegan_glasses.serving.examiner import Examiner
    from cyclegan_glasses.training.patience import make_patience
    from cyclegan_glasses.training.run import Training

    device = choose_device(o.device, o.gpu_ids)
    batches = make_batches(o.data, device=device)
    torch.manual_seed(o.seed)
    objective = OBJECTIVES[o.model](o.objective, device, choose_precision(o.precision, device), o.seed)
    if o.dry_run or o.verbose:
        print(describe_options(o.values), *(objective.weights().values() if o.verbose else ()), sep="\n")
    if o.dry_run:
        return 0
    helpers = Examiner(objective, o.data, device), make_patience(objective, o.data, o.loop.patience)
    training = Training(objective, batches, o.rate, o.loop, o.folder, *helpers)
    if o.continue_train:
        print(training.resume(o.label), *changes, sep="\n")
    if o.epoch_count is not None:
        print(training.start_at(o.epoch_count))
    print(batches.prepare(shown))
    monitor = build_monitors(o.monitoring, o.folder)
    data = name_data(o.data.dataroot, o.data.paired_dataroot)
    outcome = training.run(monitor, o.name, o.values | data, o.continue_train)
    print(o.what_next(outcome.step, bool(outcome.stopped)))
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(run_command(main))
