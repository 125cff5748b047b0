"""`benchmarks/gpu.py`: who rents a GPU for two minutes must not find that the script does not run."""

from __future__ import annotations

import pytest
import torch

from tests.commands import start

GPU = torch.cuda.is_available()


@pytest.mark.slow
def test_it_runs_through_on_a_cpu() -> None:
    """Every table has rows, and what was left out is named."""
    process = start("benchmarks/gpu.py", "--device", "cpu", "--quick")
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    for start_of_row in (
        "| default fp32 |",
        "| 32² | 2 | channels last |",
        "| 32² | memory |",
        "| the remover",
    ):
        assert start_of_row in out
    assert "not compiled (--quick): 32² in batches of 1" in out and "results are right" in out


@pytest.mark.skipif(GPU, reason="there is a GPU here")
def test_without_a_gpu_it_ends_with_one_line() -> None:
    process = start("benchmarks/gpu.py")
    out, err = process.communicate(timeout=100)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("error: no GPU is usable here") and err.count("\n") == 1


@pytest.mark.gpu
@pytest.mark.skipif(not GPU, reason="needs a GPU")
def test_a_gpu_computes_what_plain_float32_computes() -> None:
    process = start("benchmarks/gpu.py", "--quick")
    out, err = process.communicate(timeout=250)
    assert process.returncode == 0, out + err
