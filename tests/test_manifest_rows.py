"""Manifests too long to hold: the same rows count, read one at a time."""

from __future__ import annotations

import hashlib
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import (
    MANIFEST,
    Photo,
    append_photos,
    current_offsets,
    latest_photos,
    manifest_hash,
    photos_at,
    read_manifest,
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ü/c", "d d"]), st.text(max_size=5))), st.booleans())
def test_the_rows_that_count_are_those_of_latest_photos(tmp_path_factory, rows, torn):
    folder = tmp_path_factory.mktemp("rows")
    append_photos(folder, [Photo(path, author=author) for path, author in rows])
    if torn:
        with (folder / MANIFEST).open("ab") as file:
            file.write(b'{"path":"to')
    latest = latest_photos(folder)
    assert list(photos_at(folder, current_offsets(folder))) == list(latest.values())
    lines = "".join(f"{latest[path].to_json()}\n" for path in sorted(latest))
    assert manifest_hash(folder) == hashlib.sha256(lines.encode()).hexdigest()


def test_the_hash_of_a_manifest_does_not_hold_its_photos(tmp_path):
    """A build of 100,000 photos took 858 MB, most of it for this."""
    append_photos(tmp_path, [Photo(f"{n}.png", author="x" * 4000) for n in range(500)])
    manifest_hash(tmp_path)  # modules that are imported do not count
    tracemalloc.start()
    manifest_hash(tmp_path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 500 * 1000


@pytest.mark.parametrize(
    "field",
    [
        {"scores": {"turn": "x"}},
        {"scores": {"turn": True}},
        {"scores": {"turn": 10**400}},
        {"scores": {"turn": float("nan")}},
        {"group": {"race": 3}},
        {"path": "../a"},
        {"path": "/a"},
        {"split": "../../escaped/x"},
        {"split": "x"},
        {"label": "spectacles"},
        {"verdict": "yes"},
        {"width": -1},
        {"height": 10**10},
        {"width": 1.5},
        {"facts": []},
        {"version": True},
        {"version": None},
        {"other": 1},
    ],
)
def test_values_of_the_wrong_type_are_refused_by_line(tmp_path, field):
    """They would fail later, in the middle of a filter run, with a traceback."""
    (tmp_path / MANIFEST).write_text(json.dumps({"path": "a", **field}) + "\n")
    with pytest.raises(UserError, match="line 1 is damaged"):
        list(read_manifest(tmp_path))
