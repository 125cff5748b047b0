"""The history of a run survives kills and tells one story without zigzag."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.monitoring.history import HISTORY, History, HistoryRow, read_history, thin
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import NAMES, losses

finite = st.floats(allow_infinity=False, allow_nan=False)


def row(step: int, **values: float) -> HistoryRow:
    return HistoryRow(1, step, step, step, step / 1000, 2e-4, 8.0, 1.7e9, values or {"G": float(step)})


@given(
    st.builds(
        HistoryRow,
        *[st.integers(0, 2**40)] * 4,
        *[finite] * 4,
        losses=st.dictionaries(st.text(), finite),
    )
)
def test_round_trip(written: HistoryRow) -> None:
    """What is written is what is read."""
    line = written.to_json()
    assert "\n" not in line
    assert HistoryRow.from_json(line) == written


@given(st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_foreign_lines(line: str) -> None:
    """A damaged line is refused by ValueError and by nothing else."""
    with pytest.raises(ValueError):
        HistoryRow.from_json(line)


def test_not_finite() -> None:
    """A loss of NaN is written as strict JSON, so that other programs can read the file."""
    line = row(1, G=math.nan, D=math.inf).to_json()
    assert json.loads(line, parse_constant=lambda name: pytest.fail(name))["losses"] == {"G": None, "D": None}
    assert math.isnan(HistoryRow.from_json(line).losses["G"])


def test_one_row_a_report(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """Each report is a row with where the run stood, its rate and every loss."""
    run = make_run()
    history = History(run.folder)
    history.start(run)
    for step in (100, 200, 1100):
        history.losses(at(step), losses(step))
    rows = list(read_history(run.folder))
    assert [(r.epoch, r.pictures, r.step) for r in rows] == [(1, 100, 100), (1, 200, 200), (2, 100, 1100)]
    assert rows[2].position == pytest.approx(1.1) and rows[2].rate == 0.0002
    assert tuple(rows[0].losses) == NAMES and rows[0].losses["G_A"] == pytest.approx(2 / 1.1)


def test_resume_after_a_kill(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """Rows beyond the saved step are dropped and a torn one too; those before it stay byte for byte."""
    run = make_run()
    history = History(run.folder)
    history.start(run)
    for step in (100, 200, 300, 400):
        history.losses(at(step), losses(step))
    path = run.folder / HISTORY
    kept = b"".join(path.read_bytes().splitlines(keepends=True)[:2])
    with path.open("ab") as file:
        file.write(b'{"epoch":1,"pict')

    resumed = make_run(step=250, resumed=True)
    again = History(resumed.folder)
    again.start(resumed)
    assert path.read_bytes() == kept
    again.losses(at(300), losses(300))
    assert [r.step for r in read_history(run.folder)] == [100, 200, 300]


def test_new_run_in_an_old_folder(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """A run that begins anew has its own curves; the old ones are set aside, not lost."""
    run = make_run()
    for _ in range(2):
        history = History(run.folder)
        history.start(run)
        history.losses(at(100), losses(100))
    assert [r.step for r in read_history(run.folder)] == [100]
    assert len((run.folder / "history.previous.jsonl").read_text().splitlines()) == 1


def test_damaged_line_costs_itself(make_run: Callable[..., Run]) -> None:
    """One bad line does not take the rest of the curves away."""
    folder = make_run().folder
    (folder / HISTORY).write_text(row(1).to_json() + "\nrubbish\n" + row(3).to_json() + "\n")
    assert [r.step for r in read_history(folder)] == [1, 3]


def test_no_history(make_run: Callable[..., Run]) -> None:
    """A run that has not reported yet has no rows, and that is no error."""
    assert list(read_history(make_run().folder)) == []


@given(st.integers(0, 3000), st.integers(3, 500))
def test_thin(count: int, limit: int) -> None:
    """A drawing has a bounded number of points; the newest value in it is the true one."""
    rows = [row(step) for step in range(count)]
    fewer = thin(rows, limit)
    assert len(fewer) <= limit
    assert fewer == rows if count <= limit else (fewer[0], fewer[-1]) == (rows[0], rows[-1])
    assert [r.position for r in fewer] == sorted(r.position for r in fewer)


def test_thin_means() -> None:
    """Between its ends a thinned curve shows means, and a lone NaN does not swallow its neighbours."""
    rows = [row(step, G=float(step)) for step in range(10)]
    rows[4] = row(4, G=math.nan)
    assert [r.losses["G"] for r in thin(rows, 4)] == pytest.approx([0, (1 + 2 + 3) / 3, 6.5, 9])
