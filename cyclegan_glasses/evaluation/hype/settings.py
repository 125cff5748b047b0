"""What a study is told. Free of torch and numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.option import check, option

CRITERIA, INFINITY, TIME = "criteria", "infinity", "time"
TASKS = (CRITERIA, INFINITY, TIME)


def _in_order(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Tasks once each, in the order of `TASKS`; what is unknown comes last."""
    return tuple(sorted(set(values["tasks"]), key=lambda task: (*TASKS, task).index(task)))


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What a study is made of.

    Attributes:
        names: of the runs, whose results test.py has written below `results`.
        dataroot: with the real pictures of the target's domain and the manifest that knows the groups.
        groups: whose values are balanced.
        results, phase, epoch: where results are, `<results>/<name>/<phase>_<epoch>`.
    """

    names: tuple[str, ...]
    dataroot: Path
    direction: str = option(REMOVE, "of the results", choices=DIRECTIONS)
    tasks: tuple[str, ...] = option(TASKS, f"any of {' '.join(TASKS)}", read=_in_order)
    count: int = option(30, "portraits")
    groups: tuple[str, ...] = ()
    each: int = option(50, "fakes, and as many reals, without a time limit")
    trials: int = option(150, "pictures of a staircase")
    results: Path = option(Path("results"), "folder of results", flag="results_dir")
    phase: str = option("test", "of the results")
    epoch: str = option("latest", "of the results")
    seed: int = option(0, "of the choice and of every order")

    def __post_init__(self) -> None:
        check(self)
        for task in self.tasks:
            one_of("tasks", task, TASKS)
        if not self.names or len(set(self.names)) < len(self.names):
            raise UserError("--name must name each run once")
        if not self.tasks or min(self.count, self.each, self.trials) < 1:
            raise UserError("--tasks, --count, --each and --trials must not be empty or 0")
