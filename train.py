"""Train: `python train.py --dataroot datasets/demo --name demo`; `--help` lists the options."""

import sys

from cyclegan_glasses.errors import run_command
from cyclegan_glasses.training.run_folder import check_folder, describe_options, name_data, read_options
from options.progress import shown
from options.train import FREE, SHAPE, parse


def main() -> int:
    o = parse()
    changes = check_folder(o.folder, read_options(o.folder), o.values, o.continue_train, FREE, SHAPE)

    from cyclegan_glasses.data.loader import make_batches
    from cyclegan_glasses.devices import choose_device, choose_precision
    from cyclegan_glasses.distributed import join, local_rank
    from cyclegan_glasses.evaluation.examiner import Examiner
    from cyclegan_glasses.monitoring.build import build_monitors
    from cyclegan_glasses.objectives.registry import build_objective
    from cyclegan_glasses.training.early_stopping import make_early_stopping
    from cyclegan_glasses.training.run import Training

    device = choose_device(o.device, o.gpu_ids, local_rank())
    with join(device) as ranks:
        say = print if ranks.is_main else lambda *_, **__: None
        batches = make_batches(o.data, ranks.rank, ranks.size, device)
        precision = choose_precision(o.precision, device, ranks)
        objective = build_objective(o.model, o.objective, precision, o.seed)
        if o.dry_run or o.verbose:
            say(describe_options(o.values), *(objective.weights().values() if o.verbose else ()), sep="\n")
        if o.dry_run:
            return 0
        patience = make_early_stopping(objective, o.data, o.loop.patience, ranks)
        helpers = Examiner(objective, o.data, device), patience, ranks
        training = Training(objective, batches, o.rate, o.loop, o.folder, *helpers)
        begun = training.begin(o.start_from, o.label if o.continue_train else None, o.epoch_count)
        ready = batches.prepare(shown) if ranks.is_main else batches.prepare()
        say(*begun, *changes, ready, sep="\n")
        values = o.values | name_data(o.data.dataroot, o.data.paired_dataroot)
        watching = build_monitors(o.monitoring, o.folder, ranks)
        outcome = training.run(watching, o.name, values, o.continue_train)
        say(o.what_next(outcome.step, bool(outcome.stopped)))
        return outcome.exit_code


if __name__ == "__main__":
    sys.exit(run_command(main))
