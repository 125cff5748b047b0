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
from cyclegan_glasses.objectives.protocol import Objective
from cyclegan_glasses.weight_files import WeightFormat, load, write_tensors

STATE = WeightFormat("cyclegan-glasses state", 1, "state of this model", "choose another --name or --epoch")


def save_checkpoint(
    folder: Path,
    label: str,
    objective: Objective,
    loop_state: Mapping[str, Any],
    ranks: DistributedContext = ALONE,
) -> None:
    """Write `<label>_net_<name>.pth` for every shared network, then the state file (see `state_path`).

    All are on the disk before the first takes the place of its predecessor, the state file last, so a save
    that fails or is interrupted leaves the previous state in force. Where several processes train together
    all call this: the first one writes, and what the others have of their own (`Objective.own`, random
    states) goes into the same state file.

    Raises:
        UserError: no space is left, or the folder cannot be written.
    """
    state = objective.state_dict()
    own = {"objective": {name: state[name] for name in objective.own}, "random": _random_state(ranks)}
    owned = ranks.gather(own)
    if not ranks.is_main:
        return
    files: dict[Path, Any] = {
        weights_path(folder, label, name): {
            key: value.detach().cpu() for key, value in network.state_dict().items()
        }
        for name, network in objective.weights().items()
    }
    files[state_path(folder, label)] = STATE.stamp(
        {"objective": state, "loop": dict(loop_state), "random": own["random"], "others": owned[1:]}
    )
    write_tensors(files)


def load_checkpoint(
    folder: Path,
    label: str,
    objective: Objective,
    load_loop: Callable[[dict[str, Any]], None],
    ranks: DistributedContext = ALONE,
) -> int:
    """Put `objective`, the loop (through `load_loop`) and all random states where `<label>` left them.

    Returns:
        How many processes trained together; where that is `ranks.size` a run goes on exactly.

    Raises:
        UserError: the file is not whole, of a newer version, or of another architecture.
    """

    def restore(state: dict[str, Any]) -> int:
        owned = [{"objective": {}, "random": state["random"]}, *state.get("others", [])]
        own = owned[ranks.rank] if ranks.rank < len(owned) else _fresh(objective)
        objective.load_state_dict(state["objective"] | own["objective"])
        load_loop(state["loop"])
        _set_random_state(own["random"])
        return len(owned)

    return load(state_path(folder, label), STATE, restore)


def state_path(folder: Path, label: str) -> Path:
    """`latest.pt`, `epoch_5.pt` for `5`, `iter_2000.pt`."""
    return folder / (f"epoch_{label}.pt" if label.isdecimal() else f"{label}.pt")


def weights_path(folder: Path, label: str, name: str) -> Path:
    """`latest_net_G_A.pth`, `5_net_G_A.pth`."""
    return folder / f"{label}_net_{name}.pth"


def _fresh(objective: Objective) -> dict[str, Any]:
    """What a process has of its own that was not there when the state was saved."""
    state = objective.state_dict()
    return {"objective": {name: state[name] for name in objective.own}, "random": _random_state(ALONE)}


def _random_state(ranks: DistributedContext) -> dict[str, Any]:
    kind, words, *rest = random.getstate()
    name, keys, *numpy_rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": _gpu_states(ranks),
        "python": [kind, list(words), *rest],
        "numpy": [str(name), torch.from_numpy(np.asarray(keys).astype(np.int64)), *numpy_rest],
    }


def _gpu_states(ranks: DistributedContext) -> list[Tensor]:
    """Of all GPUs, or of this process's own where each process has one."""
    if not torch.cuda.is_available():
        return []
    return torch.cuda.get_rng_state_all() if ranks.size == 1 else [torch.cuda.get_rng_state()]


def _set_random_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == 1:
        torch.cuda.set_rng_state(state["cuda"][0])
    elif torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    kind, words, *rest = state["python"]
    random.setstate((kind, tuple(words), *rest))
    name, keys, *numpy_rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *numpy_rest))
