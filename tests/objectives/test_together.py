"""Two processes with batches of two are one process with batches of four."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.objectives.steps import CASES, EXACT, run
from tests.torchrun import torchrun

pytestmark = pytest.mark.slow

Results = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> list[Results]:
    """What two processes over gloo found."""
    folder = tmp_path_factory.mktemp("together")
    child = torchrun(2, Path(__file__).with_name("steps.py"), folder)
    said, _ = child.communicate(timeout=120)
    assert child.returncode == 0, said
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("case", EXACT)
def test_ten_steps_agree(case: str, together: list[Results], float64: None, one_thread: None) -> None:
    """Losses and weights; without it more processes train another model.

    Gradients that are rounding alone, 1e-16, move a weight by the rate times 1e-8 a step (Adam's epsilon).
    """
    whole = run(case)
    first = together[0][case]
    torch.testing.assert_close(first["losses"], whole["losses"], rtol=1e-11, atol=1e-13)
    for name, weights in whole["weights"].items():
        for key, value in weights.items():
            torch.testing.assert_close(first["weights"][name][key], value, rtol=1e-11, atol=5e-9)


@pytest.mark.parametrize("case", CASES)
def test_both_have_the_same_weights(case: str, together: list[Results], float64: None) -> None:
    """To the bit: what drifts apart is never brought together again. Statistics of batches are their own."""
    for name, weights in together[0][case]["weights"].items():
        for key, value in weights.items():
            if "running" not in key or "sync" in case:
                assert torch.equal(value, together[1][case]["weights"][name][key]), key
    if case not in EXACT:
        name, alone = next(iter(run(case)["weights"].items()))
        assert any(not torch.equal(together[0][case]["weights"][name][key], alone[key]) for key in alone)
