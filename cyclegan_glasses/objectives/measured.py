"""How a CPU computes the steps of a run quickest: measured with the run's own step, and remembered.

Number format, memory layout, kernels and compiling change nothing of what is computed but for rounding. Which
are quickest depends on the processor, the number of threads, the library and the shape of the run. So `auto`
of these options means that a few steps of each way are timed before a long run begins. Short runs, GPUs and
a run that continues do not measure: they go by a rule, or on as the run began.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cyclegan_glasses import __version__
from cyclegan_glasses.devices import DTYPES, Precision, choose_precision, has_bfloat16_units
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import cache_folder, make_folder, read_json, write_json
from cyclegan_glasses.machine import instructions, processor, trim_memory
from cyclegan_glasses.networks.cpu.layers import uses_winograd
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.objectives.protocol import Batch, Objective
from cyclegan_glasses.objectives.registry import build_objective
from cyclegan_glasses.objectives.settings.base import COMPILING, LAYOUTS, ImageSettings, ObjectiveSettings
from cyclegan_glasses.records import checked

CPU = torch.device("cpu")
#: Shorter runs go by the rule: measuring would take a few hundredths of their time.
LEAST_STEPS = 300
#: Seconds of timing beside the first step of each way, which does not count; each is timed once at least.
SECONDS, ROUNDS = 2.0, 20
#: A way that takes so much longer than the quickest is timed once; one that saves less is not worth a change.
HOPELESS, WORTH = 1.5, 0.02
#: Compiling, which takes a minute, is tried where the run takes so many seconds.
LONG = 3600.0
#: What makes libraries leave instructions of the processor unused.
LIMITS = ("ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY")
#: The way of a run in its options.
KEY = "computed"


@dataclass(frozen=True, slots=True)
class Way:
    """How a step is computed: the words of the options of these names.

    Raises:
        ValueError: a word is none of its option.
    """

    precision: str = "auto"
    layout: str = "auto"
    winograd: str = "auto"
    compile: str = "auto"

    def __post_init__(self) -> None:
        allowed = ("auto", *DTYPES), LAYOUTS, COMPILING, COMPILING
        for value, choices in zip(astuple(self), allowed, strict=True):
            if value not in choices:
                raise ValueError(f"{value!r} is none of {', '.join(choices)}")

    def filled(self, other: Way) -> Way:
        """This one, with the words of `other` where it says `auto`."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Way(*(theirs if mine == "auto" else mine for mine, theirs in pairs))

    def applied(self, settings: ObjectiveSettings) -> ObjectiveSettings:
        """`settings` of an objective that computes in this way."""
        if not isinstance(settings, ImageSettings):
            return settings
        return replace(settings, layout=self.layout, winograd=self.winograd, compile=self.compile)

    def __str__(self) -> str:
        said = [{"fp32": "float32", "bf16": "bfloat16"}.get(self.precision, self.precision)]
        said += [self.layout.replace("_", " ")] if self.layout != "auto" else []
        said += [f"Winograd {self.winograd}"] if self.winograd != "auto" else []
        said += ["compiled"] if self.compile == "on" else []
        return " ".join(said)


@dataclass(frozen=True, slots=True)
class Timed:
    """What was measured of a way: the least seconds of a step, and those of the first one, which compiles."""

    way: Way
    seconds: float
    first: float

    def __post_init__(self) -> None:
        if not (0 < self.seconds < math.inf and 0 < self.first < math.inf):
            raise ValueError("no time of a step")

    def total(self, steps: int) -> float:
        """Seconds of so many steps."""
        return steps * self.seconds + (self.first if self.way.compile == "on" else 0)


def choose(
    model: str,
    settings: ObjectiveSettings,
    precision: str,
    example: Callable[[], Batch],
    steps: int,
    kept: Mapping[str, Any] | None = None,
) -> tuple[Way, str]:
    """How a run on a CPU computes its steps, and a line that says why; empty where nothing is measured.

    Args:
        model, settings, precision: of the run.
        example: makes a batch of it.
        steps: that it will take.
        kept: the options of a run that continues, which computes as it began.

    Raises:
        UserError: these options hold no way to compute, or there is no such precision.
    """
    asked, ways = _asked(precision, settings), possible_ways(settings, precision)
    if kept is not None:
        began = _kept(kept)
        unchanged = asked.precision in ("auto", began.precision)
        return asked.filled(began if unchanged else ways[0]).filled(ways[0]), ""
    compiles = asked.compile == "auto" and ways[0].layout != "auto" and bool(shutil.which("g++"))
    if steps < LEAST_STEPS or (len(ways) == 1 and not compiles):
        return ways[0], ""
    start, batch = time.perf_counter(), example()
    file = cache_folder() / "steps" / f"{_digest(model, settings, asked, batch)}.json"
    known = _remembered(file, ways)
    table = known or measure(model, settings, batch, ways)
    best = quickest(table, steps)
    if compiles and best.total(steps) >= LONG and len(table) == len(ways):
        table = [*table, *measure(model, settings, batch, [replace(best.way, compile="on")])]
        best = quickest(table, steps)
    others = "".join(f", {timed.way} {timed.seconds:.2g} s" for timed in table if timed is not best)
    taken = "" if table is known else f"measured in {time.perf_counter() - start:.0f} s, "
    where = f"remembered in {file}" if table is known or _remember(file, table) else "not remembered"
    return best.way, f"{best.way}: {best.seconds:.2g} s a step{others}; {taken}{where}"


def _asked(precision: str, settings: ObjectiveSettings) -> Way:
    """What the options say."""
    if not isinstance(settings, ImageSettings):
        return Way(precision)
    return Way(precision, settings.layout, settings.winograd, settings.compile)


def possible_ways(settings: ObjectiveSettings, precision: str) -> list[Way]:
    """The ways that may be quickest, uncompiled where `--compile` is `auto`; first the one of the rule."""
    return list(_ways(_asked(precision, settings), settings))


def _ways(asked: Way, settings: ObjectiveSettings) -> Iterator[Way]:
    rule = choose_precision(asked.precision, CPU).name
    precisions = [rule]
    if asked.precision == "auto" and has_bfloat16_units():
        precisions = sorted(("fp32", "bf16"), key=lambda name: name != rule)
    compile_ = "off" if asked.compile == "auto" else asked.compile
    for precision in precisions:
        if not isinstance(settings, ImageSettings) or settings.fixed:
            yield replace(asked, precision=precision, compile=compile_)
            continue
        layouts = [asked.layout]
        if asked.layout == "auto":
            last = settings.channels_last(precision)
            layouts = sorted(("channels_last", "contiguous"), key=lambda name: (name != "contiguous") != last)
            layouts = layouts if settings.allows_channels_last(precision) else ["contiguous"]
        for layout in layouts:
            kernels = [asked.winograd]
            if asked.winograd == "auto" and layout == "channels_last" and precision == "fp32":
                kernels = ["on", "off"] if _is_wide(settings) else kernels
            for winograd in kernels:
                yield Way(precision, layout, winograd, compile_)


def _is_wide(settings: ImageSettings) -> bool:
    """Whether the generator has convolutions for Winograd's algorithm."""
    with torch.device("meta"):
        return uses_winograd(build_generator(settings.generator))  # type: ignore[attr-defined]


def measure(model: str, settings: ObjectiveSettings, batch: Batch, ways: Sequence[Way]) -> list[Timed]:
    """Time a step of each of `ways`, in turns, so that other work on the machine slows all alike."""
    with torch.random.fork_rng():
        made = {way: _build(model, settings, way) for way in ways}
        first = {way: _seconds(objective, batch) for way, objective in made.items()}
        least = dict.fromkeys(ways, math.inf)
        start, rounds = time.perf_counter(), 0
        while rounds == 0 or (rounds < ROUNDS and time.perf_counter() - start < SECONDS):
            for way in ways:
                if least[way] is math.inf or least[way] < HOPELESS * min(least.values()):
                    least[way] = min(least[way], _seconds(made[way], batch))
            rounds += 1
    del made
    trim_memory()
    return [Timed(way, least[way], first[way]) for way in ways]


def _build(model: str, settings: ObjectiveSettings, way: Way) -> Objective:
    """An objective that computes in this way and trains everything from its first step on."""
    if hasattr(settings, "discriminators_first"):
        settings = replace(settings, discriminators_first=0)  # type: ignore[call-arg]
    objective = build_objective(model, way.applied(settings), Precision(way.precision, CPU), 0)
    objective.load_weights({name: network.state_dict() for name, network in objective.weights.items()})
    return objective


def _seconds(objective: Objective, batch: Batch) -> float:
    """How long a step takes, half-way through a training."""
    start = time.perf_counter()
    objective.step(batch, 0.5)
    return time.perf_counter() - start


def quickest(table: Sequence[Timed], steps: int) -> Timed:
    """The quickest for so many steps; the first, which is that of the rule, unless another is worth it."""
    best = min(table, key=lambda timed: timed.total(steps))
    return best if best.total(steps) < (1 - WORTH) * table[0].total(steps) else table[0]


def _kept(options: Mapping[str, Any]) -> Way:
    """The way in the options of a run; nothing but `auto` where they are of a run that knew none."""
    try:
        return Way(*checked(list[str], options.get(KEY, []), KEY))
    except (TypeError, ValueError) as error:
        raise UserError(f"train_opt.json is not of a run ({KEY}: {error}): mend it or remove it") from None


def _digest(model: str, settings: ObjectiveSettings, asked: Way, batch: Batch) -> str:
    """A name for the machine, the libraries and the shape of a run: what the time of a step depends on."""
    machine = [processor(), torch.get_num_threads(), instructions(), *map(os.environ.get, LIMITS)]
    shapes = {name: list(values.shape) for name, values in batch.items() if isinstance(values, Tensor)}
    what = [machine, torch.__version__, __version__, model, astuple(asked)]
    # of a rate or a weight it matters whether there is one
    text = json.dumps([*what, _shape(asdict(settings)), shapes], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    return value > 0 if isinstance(value, float) else value


def _remembered(file: Path, ways: Sequence[Way]) -> list[Timed] | None:
    """What was measured of `ways`, and perhaps of a compiled one; None where the file is not of that."""
    try:
        table: list[Timed] = checked(list[Timed], read_json(file), "the table")
    except (OSError, ValueError):
        return None
    whole = [timed.way for timed in table[: len(ways)]] == list(ways)
    return table if whole and len(table) <= len(ways) + 1 else None


def _remember(file: Path, table: Sequence[Timed]) -> bool:
    """Write down what was measured; whether that was possible."""
    with suppress(UserError, OSError):  # a home that cannot be written to
        make_folder(file.parent)
        write_json(file, [asdict(timed) for timed in table])
        return True
    return False
