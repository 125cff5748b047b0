"""The state of a run on disk: one file that holds everything, and beside it the weights that people share."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cyclegan_glasses.distributed import ALONE, DistributedContext
from cyclegan_glasses.domains import GENERATOR_NAMES
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.onnx_network import read_stored
from cyclegan_glasses.shipped import network_files
from cyclegan_glasses.weight_files import WeightFormat, full, load, write_tensors

STATE = WeightFormat("cyclegan-glasses state", 1, "state of this model", "choose another --name or --epoch")
PACKED = WeightFormat(
    "cyclegan-glasses editor", 1, "packed model", "give a folder of a run, or pack it by `export`"
)


def save_checkpoint(
    folder: Path,
    label: str,
    objective: Objective,
    loop_state: Mapping[str, Any],
    distributed: DistributedContext = ALONE,
) -> None:
    """Write the state file (see `state_path`), then `<label>_net_<name>.pth` for every shared network.

    All are on the disk before the first takes the place of its predecessor. The state file is the first: it
    alone decides from where a run goes on, and a save that is killed leaves no weights without their state.

    Where several processes train together all call this: the first one writes, and what differs between them
    (`Objective.per_rank_keys`, random states) goes into the same state file.

    Raises:
        UserError: no space is left, or the folder cannot be written.
    """
    state = objective.state_dict()
    per_rank = distributed.gather(_per_rank_state(objective, state, distributed))
    if not distributed.is_main:
        return
    first, *others = per_rank
    content = {"objective": state, "loop": dict(loop_state), "random": first["random"], "others": others}
    weights = {
        weights_path(folder, label, name): {
            key: value.detach().cpu() for key, value in network.state_dict().items()
        }
        for name, network in objective.weights.items()
    }
    write_tensors({state_path(folder, label): STATE.stamp(content), **weights})


def shipped_weights() -> dict[str, dict[str, Tensor]]:
    """The networks that ship, generators and attribute classifier, by their names; state dicts of float32."""
    return {
        name: {key: torch.from_numpy(values) for key, values in read_stored(path).weights.items()}
        for name, path in network_files().items()
    }


def packed_weights(path: Path) -> dict[str, dict[str, Tensor]]:
    """The generators of a packed model, by the names of networks; state dicts of float32.

    Raises:
        UserError: the file is not there, or holds no packed model.
    """

    def build(state: dict[str, Any]) -> dict[str, dict[str, Tensor]]:
        return {GENERATOR_NAMES[way]: full(weights) for way, weights in state["generators"].items()}

    return load(path, PACKED, build)


def load_checkpoint(
    folder: Path,
    label: str,
    objective: Objective,
    load_loop: Callable[[dict[str, Any]], None],
    distributed: DistributedContext = ALONE,
) -> int:
    """Put `objective`, the loop (through `load_loop`) and all random states where `<label>` left them.

    Returns:
        How many processes trained together; where as many do so now a run goes on exactly.

    Raises:
        UserError: the file is not whole, of a newer version, or of another architecture.
    """

    def restore(state: dict[str, Any]) -> int:
        per_rank = [{"objective": {}, "random": state["random"]}, *state.get("others", [])]
        if distributed.rank < len(per_rank):
            mine = per_rank[distributed.rank]
        else:  # a process that was not there when the state was saved keeps what it begins with
            mine = _per_rank_state(objective, objective.state_dict(), ALONE)
        objective.load_state_dict(state["objective"] | mine["objective"])
        load_loop(state["loop"])
        _set_random_state(mine["random"])
        return len(per_rank)

    return load(state_path(folder, label), STATE, restore)


def state_path(folder: Path, label: str) -> Path:
    """`latest.pt`, `epoch_5.pt` for `5`, `iter_2000.pt`."""
    return folder / (f"epoch_{label}.pt" if label.isdecimal() else f"{label}.pt")


def weights_path(folder: Path, label: str, name: str) -> Path:
    """`latest_net_G_A.pth`, `5_net_G_A.pth`."""
    return folder / f"{label}_net_{name}.pth"


def _per_rank_state(
    objective: Objective, state: Mapping[str, Any], distributed: DistributedContext
) -> dict[str, Any]:
    return {
        "objective": {name: state[name] for name in objective.per_rank_keys},
        "random": _random_state(distributed),
    }


def _random_state(distributed: DistributedContext) -> dict[str, Any]:
    version, python_state, *rest = random.getstate()
    name, keys, *numpy_rest = np.random.get_state()
    cuda: list[Tensor] = []
    if torch.cuda.is_available():  # of all GPUs, or of the one that this process has
        cuda = torch.cuda.get_rng_state_all() if distributed.size == 1 else [torch.cuda.get_rng_state()]
    return {
        "torch": torch.get_rng_state(),
        "cuda": cuda,
        "python": [version, list(python_state), *rest],
        "numpy": [str(name), torch.from_numpy(np.asarray(keys).astype(np.int64)), *numpy_rest],
    }


def _set_random_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == 1:
        torch.cuda.set_rng_state(state["cuda"][0])
    elif torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    version, python_state, *rest = state["python"]
    random.setstate((version, tuple(python_state), *rest))
    name, keys, *numpy_rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *numpy_rest))
