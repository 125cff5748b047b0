"""`benchmarks/scale.py`: hours of measuring must not end in a table or chart that cannot be made."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import scale
from cyclegan_glasses.photo import Photo, latest_photos, write_manifest

ROWS = [
    {"stage": stage, "count": count, "wall": 2.0 * count / 1000, "processor": count / 1000, "memory": 81.4}
    for count in (1000, 100)
    for stage in scale.STAGES
]


def test_rows_that_are_there_are_not_measured_again_but_printed_in_order(tmp_path, monkeypatch, capsys):
    results = tmp_path / "scale.json"
    results.write_text(json.dumps(ROWS))
    monkeypatch.setattr(scale, "measured", lambda command: pytest.fail("measured again"))
    monkeypatch.setattr(scale, "compose", lambda folder, count: folder.mkdir())
    argv = ["scale.py", "--counts", "1000", "100", "--root", str(tmp_path), "--results", str(results)]
    monkeypatch.setattr(sys, "argv", argv)
    scale.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == ["| gather | 100 | 0.2 | 0.1 | 81 |", "| gather | 1,000 | 2 | 1 | 81 |"]
    assert [line.split()[1] for line in lines[2::2]] == list(scale.STAGES)


def test_the_chart_shows_every_stage_from_few_pictures_to_many(tmp_path, monkeypatch):
    figures = pytest.importorskip("matplotlib.figure", reason="the extra docs is not installed")
    drawn = []
    monkeypatch.setattr(figures.Figure, "savefig", lambda figure, file, dpi: drawn.append(figure))
    scale.draw([row for row in ROWS if row["stage"] != "measure"], tmp_path / "scale.png")
    for axis in drawn[0].axes:
        lines = {line.get_label(): line.get_xdata().tolist() for line in axis.get_lines()}
        assert lines == {stage: [100, 1000] for stage in scale.STAGES if stage != "measure"}


def test_photos_that_were_not_measured_get_scores_but_no_two_are_copies(tmp_path):
    """A manifest of copies would make the search for duplicates another task."""
    like = Photo("x.jpg", facts={"measured": "stamp", "hashes": "0" * 32}, scores={"turn": 3.0})
    known = Photo(
        "a.jpg", facts={"measured": "s", "hashes": "1" * 32}, scores={"turn": 1.0}, verdict="accepted"
    )
    write_manifest(tmp_path, [known, *(Photo(f"{n}.jpg") for n in range(9))])
    scale.known_scores(tmp_path, [like])
    first, *others = latest_photos(tmp_path).values()
    assert (first.verdict, first.facts) == ("", known.facts)
    assert all(photo.scores == like.scores and photo.facts["measured"] == "stamp" for photo in others)
    assert len({photo.facts["hashes"] for photo in others}) == 9
