"""A study of others asks raters what it may ask, and shows them its pictures alone."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.server import export_page
from cyclegan_glasses.evaluation.hype.study import STUDY, read_study
from cyclegan_glasses.evaluation.results_page import Result, read_rows
from tests.fuzz.readers import STUDY_VALUES


def changed(change: dict[str, Any], portrait: dict[str, Any]) -> str:
    values = copy.deepcopy(STUDY_VALUES) | change
    if values["portraits"]:
        values["portraits"][0] |= portrait
    return json.dumps(values)


@pytest.mark.parametrize(
    ("change", "portrait"),
    [
        ({}, {"input": "../../secret.txt"}),
        ({}, {"results": {"m": "/etc/passwd", "n": "2" * 16 + ".png"}}),
        ({}, {"results": {"m": "1" * 16 + ".png"}}),
        ({"reals": ["../x.png"]}, {}),
        ({"reals": []}, {}),  # staircases would look for ever for a real picture
        ({"direction": "x"}, {}),
        ({"tasks": ["other"]}, {}),
        ({"models": []}, {}),
        ({"portraits": []}, {}),
        ({"trials": 10**9}, {}),
        ({"trials": 0}, {}),
    ],
)
def test_a_study_that_nobody_builds_is_refused(tmp_path, change, portrait):
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "studies" / "one"
    folder.mkdir(parents=True)
    (folder / STUDY).write_text(changed({}, {}))
    assert read_study(folder).trials == STUDY_VALUES["trials"]
    (folder / STUDY).write_text(changed(change, portrait))
    with pytest.raises(UserError, match="build the study again"):
        export_page(folder, "anna", tmp_path / "anna.html")
    assert not (tmp_path / "anna.html").exists()


def test_results_name_no_files_elsewhere(tmp_path):
    with pytest.raises(ValueError, match="no path below"):
        Result("s", {"real_A": "../../x.png"})
    rows = {"version": 1, "directions": {"AtoB": [{"stem": "s", "pictures": {"real_A": "/etc/passwd"}}]}}
    (tmp_path / "results.json").write_text(json.dumps(rows))
    assert read_rows(tmp_path) == {}
