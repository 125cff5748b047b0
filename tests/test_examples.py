"""The examples do what their first lines say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.commands import ROOT, TINY, start, two_domains

NOTEBOOK = ROOT / "examples" / "tour.ipynb"


def test_a_generator_of_ones_own_trains(tmp_path: Path) -> None:
    """With its option, and under its name."""
    arguments = ["--dataroot", two_domains(tmp_path), "--checkpoints_dir", tmp_path, "--name", "own"]
    small = [*TINY[TINY.index("--netD") :], "--sketch_filters", "3", "--max_steps", "2"]
    process = start("examples/own_generator.py", *arguments, *small)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    options = json.loads((tmp_path / "own" / "train_opt.json").read_text("utf-8"))
    assert (options["netG"], options["sketch_filters"]) == ("sketch", 3)


def test_a_source_of_ones_own_labels_by_folder(tmp_path: Path) -> None:
    """Every picture has a row with its label and author."""
    two_domains(tmp_path / "mine", a=2, b=1)
    (tmp_path / "mine" / "trainA").rename(tmp_path / "mine" / "glasses")
    (tmp_path / "mine" / "trainB").rename(tmp_path / "mine" / "none")
    process = start("examples/own_source.py", tmp_path / "mine", "--out", tmp_path / "raw", "--author", "Ann")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    rows = [json.loads(line) for line in (tmp_path / "raw" / "manifest.jsonl").open(encoding="utf-8")]
    assert sorted((row["label"], row["author"]) for row in rows) == [
        ("glasses", "Ann"),
        ("glasses", "Ann"),
        ("none", "Ann"),
    ]


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first cell to the last, with two steps of training in place of its minute, and commands in the
    notebook's own process, since each new one takes seconds to begin."""
    nbclient = pytest.importorskip("nbclient", reason="the extra docs is not installed")
    nbformat = pytest.importorskip("nbformat", reason="the extra docs is not installed")
    pytest.importorskip("matplotlib", reason="the extra docs is not installed")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    text = NOTEBOOK.read_text("utf-8")
    shorter = {
        "STEPS = 150": "STEPS = 2",
        "--count 240": "--count 24",
        "--test 40": "--test 6",
        "--out datasets/pairs": "--out datasets/pairs --workers 1",
        "import subprocess": "from tests.commands import typed",
        "subprocess.run(command, capture_output=True, text=True)": "typed(*line.split())",
    }
    for long, short in shorter.items():
        assert text.count(long) == 1
        text = text.replace(long, short)
    notebook = nbformat.reads(text, as_version=4)
    nbclient.NotebookClient(notebook, timeout=240, resources={"metadata": {"path": tmp_path}}).execute()
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert "from the ground truth" in last.outputs[0]["text"]


def test_the_notebook_is_committed_without_outputs() -> None:
    """Outputs would put pictures, paths and times of one machine into the project."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert cells and not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
