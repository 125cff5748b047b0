"""What is written to a file of JSON lines is there after a kill, and damage is named."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclegan_glasses import jsonl
from cyclegan_glasses.errors import UserError


@settings(max_examples=60)
@given(st.lists(st.text(max_size=200_000)), st.binary(max_size=200_000))
def test_a_torn_row_costs_itself_alone(tmp_path_factory, values, torn):
    """Also one that is longer than a block, and characters that some call line ends."""
    path = tmp_path_factory.mktemp("rows") / "new" / "rows.jsonl"
    lines = [json.dumps(value, ensure_ascii=False) for value in values]
    assert jsonl.append(path, lines) == len(values)
    with path.open("ab") as file:
        file.write(torn.replace(b"\n", b" "))
    assert list(jsonl.read(path, json.loads)) == values
    jsonl.append(path, ['"last"'], sync=True)
    assert path.read_bytes() == b"".join(map(jsonl.encode, [*lines, '"last"']))
    assert list(jsonl.read(path, json.loads)) == [*values, "last"]


def test_names_that_are_no_unicode_come_back(tmp_path):
    """File names may hold any bytes; they must neither stop a run nor come back as others."""
    name = os.fsdecode(b"f\xff.jpg")
    jsonl.append(tmp_path / "x", [json.dumps(name, ensure_ascii=False)])
    jsonl.write(tmp_path / "y", [json.dumps(name, ensure_ascii=False)])
    for path in (tmp_path / "x", tmp_path / "y"):
        assert list(jsonl.read(path, json.loads)) == [name]


@pytest.mark.parametrize("damage", [b"rubbish", b"\xff", b"3", b"{}", b"[" * 100_000])
def test_a_damaged_line_is_an_error_or_reported(tmp_path, caplog, damage):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a":1}\n' + damage + b'\n{"a":2}\nx\n{"a":3')

    def parse(line: str) -> int:
        return json.loads(line)["a"]

    with pytest.raises(UserError, match=r"rows\.jsonl line 2 is damaged"):
        list(jsonl.read(path, parse))
    assert list(jsonl.read_offsets(path, parse, skip_damaged=True)) == [(0, 1), (9 + len(damage), 2)]
    assert "rows.jsonl: 2 damaged lines are passed over (line 2:" in caplog.text


def test_what_the_disk_does_not_take_is_told(tmp_path, monkeypatch):
    """A write may be short where the disk is full; the row must not count as written."""
    taken, write = iter([4, 0]), os.write

    def short(descriptor: int, data: bytes) -> int:
        if not (room := next(taken)):
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:room])

    jsonl.append(tmp_path / "x", ["1"])
    monkeypatch.setattr(os, "write", short)
    with pytest.raises(UserError, match="No space left"):
        jsonl.append(tmp_path / "x", ['"second"'])
    monkeypatch.undo()
    jsonl.append(tmp_path / "x", ["3"])
    assert list(jsonl.read(tmp_path / "x", json.loads)) == [1, 3]
