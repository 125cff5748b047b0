"""Annotation files are read as they are about: with and without header, with a wrong count, or cut off."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.sources.annotations import Lookup, read_annotations
from cyclegan_glasses.sources.archive import open_archive

values = st.integers(-999_999_999, 999_999_999)
names = st.from_regex(r"[0-9]{6}\.(jpg|png)", fullmatch=True)


@given(st.data(), st.booleans(), st.booleans(), st.sampled_from(["  ", "\t", " ", ",", ", "]))
def test_what_was_written_is_read(data: st.DataObject, count: bool, header: bool, gap: str) -> None:
    """Any table of the kind comes back, whatever parts its values."""
    width = data.draw(st.integers(1, 5))
    rows = data.draw(st.lists(st.tuples(names, st.tuples(*[values] * width)), min_size=1, max_size=8))
    columns = [f"c_{i}" for i in range(width)]
    lines = [str(len(rows))] * count + [gap.join(columns)] * header
    lines += [gap.join([name, *map(str, row)]) for name, row in rows]
    found = read_annotations([line + " \r\n" for line in lines], "t")
    assert found[0] == (columns if header else []) and list(found[1]) == rows


@given(st.lists(st.text(alphabet="01 a-,.\n", max_size=12), max_size=6))
def test_any_text_is_a_table_or_one_line(lines: list[str]) -> None:
    """No text makes a traceback."""
    try:
        for _, row in read_annotations(lines, "t")[1]:
            assert row
    except UserError as error:
        assert str(error).startswith("t ") and "\n" not in str(error)


def test_wrong_count_and_cut_row_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """A half-copied file is used as far as it goes, and the person is told."""
    assert list(read_annotations(["3", "a b", "1.jpg 1 -1", "2.jpg 1"], "t")[1]) == [("1.jpg", (1, -1))]
    assert [record.getMessage() for record in caplog.records] == [
        "t line 4 is not a file name and 2 whole numbers: it is the last one, so the file was cut off there",
        "t says that it has 3 rows but has 1: it may be a part of the file",
    ]


def test_right_count_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """A warning means something."""
    with caplog.at_level(logging.WARNING):
        assert len(list(read_annotations(["2", "a b", "1.jpg 1 -1", "", "2.jpg 1 1"], "t")[1])) == 2
    assert not caplog.records


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "has no rows"),
        (["5"], "has no rows"),
        (["5", "a b"], "has no rows"),
        (["<html>"], "has no rows"),
        (["a b c d", "1.jpg 1 2"], "names 4 columns but its rows have 2"),
        (["1.jpg 1 2", "2.jpg 1", "3.jpg 1 2"], "line 2 is not a file name and 2 whole numbers"),
        (["1.jpg 1 2", "2.jpg x 1", "3.jpg 1 2"], "line 2 is not"),
    ],
)
def test_broken_table_is_said(lines: list[str], message: str) -> None:
    """A wrong file is not read as wrong labels."""
    with pytest.raises(UserError, match=message):
        list(read_annotations(lines, "t")[1])


@given(st.dictionaries(names, st.tuples(values)), st.randoms(use_true_random=False))
def test_lookup_finds_every_row_in_any_order(table: dict[str, tuple[int, ...]], rng) -> None:
    """Files in another order still belong to the right pictures."""
    asked = [*table, "missing"]
    rng.shuffle(asked)
    lookup = Lookup(iter(list(table.items())))
    assert [lookup.pop(name) for name in asked] == [table.get(name) for name in asked]


def test_lookup_keeps_nothing_in_the_usual_order() -> None:
    """Two hundred thousand rows side by side take no memory."""
    lookup = Lookup((f"{i}.jpg", (i,)) for i in range(1000))
    assert all(lookup.pop(f"{i}.jpg") == (i,) for i in range(1000))
    assert not lookup._passed


def test_real_files(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The files that people have are read: 20,000 rows, a count line that is wrong, a header of its own."""
    with open_archive(shared / "data/formats") as folder:
        columns, lazy = read_annotations(folder.lines("list_attr_celeba.first20k.txt"), "attr")
        assert len(columns) == 40 and columns[15] == "Eyeglasses"
        rows = list(lazy)
        assert len(rows) == 20_000 and {len(row) for _, row in rows} == {40}
        assert {value for _, row in rows for value in row} == {-1, 1}
        assert [record.getMessage() for record in caplog.records] == [
            "attr says that it has 202599 rows but has 20000: it may be a part of the file"
        ]
        columns, identity = read_annotations(folder.lines("identity_CelebA.first20k.txt"), "identity")
        assert columns == ["label"]
        assert next(identity) == ("000001.jpg", (2880,))
        without = list(folder.lines("identity_CelebA.first20k.txt"))[1:]
        assert list(read_annotations(without, "identity")[1])[1:] == list(identity)
        partition = list(read_annotations(folder.lines("list_eval_partition.first20k.txt"), "partition")[1])
        assert len(partition) == 20_000 and {row for _, row in partition} == {(0,)}
