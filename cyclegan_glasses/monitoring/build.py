"""Puts together everything that watches a run."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.monitoring.console import Console
from cyclegan_glasses.monitoring.history import History
from cyclegan_glasses.monitoring.relay import CompositeMonitor, ThreadedMonitor
from cyclegan_glasses.monitoring.settings import MonitoringSettings
from cyclegan_glasses.monitoring.training_page import TrainingPage
from cyclegan_glasses.monitoring.visdom.dashboard import Dashboard
from cyclegan_glasses.monitoring.wandb import WeightsAndBiases
from cyclegan_glasses.training.progress import Monitor, NullMonitor


def build_monitors(
    settings: MonitoringSettings,
    folder: Path,
    context: DistributedContext = ALONE,
    stream: TextIO | None = None,
) -> Monitor:
    """Everything that watches the run in `folder`, as one monitor that never raises.

    Call it once the run is sure to begin: it creates the folder and looks for the dashboard, which it starts
    if need be.

    Args:
        settings: what is wanted.
        folder: `checkpoints/<name>`.
        context: the processes that train together; the first one's monitor watches.
        stream: where the console prints, standard output if not given.

    Raises:
        UserError: the dashboard's port is taken by something else, `wandb` is asked for and not installed,
            or the folder cannot be written.
    """
    if not context.is_main:
        return NullMonitor()
    console = Console(folder, stream)
    # These may refuse, so they come before anything is written.
    far: list[Monitor] = [WeightsAndBiases(settings.wandb_project)] if settings.use_wandb else []
    if settings.dashboard.enabled:
        far.append(Dashboard(settings.dashboard, console.message))
    # The history comes first: the others read at the start what it has put in order.
    near: list[Monitor] = [History(folder), console]
    if settings.html:
        near.append(ThreadedMonitor(TrainingPage(folder)))
    return CompositeMonitor(near + far)
