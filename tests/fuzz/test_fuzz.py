"""No damaged file of others is more than one line: a traceback, a hang or a full memory ends a long run."""

from __future__ import annotations

import pytest

from tests.fuzz.cases import case_file, run_case
from tests.fuzz.readers import READERS, Reader

CASES = 25


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_every_valid_file_is_read(reader: Reader, tmp_path) -> None:
    """A fuzzer whose readers refuse everything finds nothing."""
    for number, data in enumerate(reader.seeds()):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / reader.file).write_bytes(data)
        if reader.name not in ("photographs", "fronts of frames"):  # animations; no folder of one kind
            reader.read(tmp_path / str(number) / reader.file)


def test_a_case_is_the_same_whenever_it_is_run() -> None:
    assert [case_file(3, number)[1] for number in range(20)] == [case_file(3, n)[1] for n in range(20)]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_damaged_file_is_a_result_or_one_line(reader: Reader, tmp_path) -> None:
    outcomes = [run_case(0, number, reader.name, tmp_path) for number in range(CASES)]
    assert not [outcome for outcome in outcomes if outcome.failure]
