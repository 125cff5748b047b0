"""What a study is told. Free of torch and numpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.errors import UserError, one_of

CRITERIA, INFINITY, TIME = "criteria", "infinity", "time"
TASKS = (CRITERIA, INFINITY, TIME)


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What a study is made of.

    Attributes:
        names: of the runs, whose results test.py has written below `results`.
        dataroot: with the real pictures of the target's domain and the manifest that knows the groups.
        direction: `AtoB` shows pictures without glasses, `BtoA` with.
        tasks: any of `TASKS`.
        count: portraits.
        groups: whose values are balanced.
        each: fakes of a model, and as many reals, that a rater sees with unlimited time.
        trials: pictures of a staircase.
        results, phase, epoch: where results are, `<results>/<name>/<phase>_<epoch>`.
        seed: of every choice and order.
    """

    names: tuple[str, ...]
    dataroot: Path
    direction: str = REMOVE
    tasks: tuple[str, ...] = TASKS
    count: int = 30
    groups: tuple[str, ...] = ()
    each: int = 50
    trials: int = 150
    results: Path = Path("results")
    phase: str = "test"
    epoch: str = "latest"
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("direction", self.direction, DIRECTIONS)
        for task in self.tasks:
            one_of("tasks", task, TASKS)
        if not self.names or len(set(self.names)) < len(self.names):
            raise UserError("--name must name each run once")
        if not self.tasks or min(self.count, self.each, self.trials) < 1:
            raise UserError("--tasks, --count, --each and --trials must not be empty or 0")
