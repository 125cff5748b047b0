"""`hype` as a person types it, from results to a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cyclegan_glasses.cli.main import parse
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.answers import Answer, append_answer
from cyclegan_glasses.evaluation.hype.plan import plan
from cyclegan_glasses.evaluation.hype.study import read_study
from tests.evaluation.hype.helpers import make_data, make_results, make_study


def run(*argv: str | Path) -> None:
    parse([str(word) for word in ("hype", *argv)])()


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Path:
    """Results of `one` and `two`, and the data that they are of, in the current folder."""
    stems = [f"face{number}" for number in range(8)]
    for seed, name in enumerate(("one", "two"), 1):
        make_results(tmp_path, name, stems, seed)
    make_data(tmp_path, stems)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_results_to_a_report(place: Path, capsys) -> None:
    argv = ("--name", "one", "two", "--dataroot", "data", "--group", "race", "--tasks", "criteria")
    run("build", "study", *argv, "--count", "4")
    said = capsys.readouterr().out
    assert "4 portraits of 2 models; a rater answers 8 of criteria" in said and "hype serve study" in said
    study = read_study(place / "study")
    assert sorted(portrait.group["race"] for portrait in study.portraits) == ["X", "X", "Y", "Y"]
    run("export", "study", "--rater", "bob", "-o", "bob.html")
    assert "for bob alone" in capsys.readouterr().out and (place / "bob.html").is_file()
    for item in plan(study, "ann"):
        append_answer(
            place / "study", Answer("ann", item.id, (1, 1, 0, 0) if item.model == "one" else (1,) * 4)
        )
    rows = [{"rater": "bob", "item": item.id, "value": [0, 0, 0, 0]} for item in plan(study, "bob")]
    (place / "bob.json").write_text(json.dumps(rows))
    run("report", "study", "--answers", "bob.json", "--group", "gender")
    said = capsys.readouterr().out
    assert said.startswith("2 raters, 4 portraits") and "| gender " in said and "| race " not in said
    assert "| 1.00 [1.00, 1.00] | 2.00 [2.00, 2.00] |" in said
    assert (place / "study" / "report.csv").read_text().splitlines()[1].endswith(",1,2")


def test_the_staircase_against_a_known_threshold(capsys) -> None:
    run("simulate", "--threshold", "300", "--raters", "20")
    found = float(capsys.readouterr().out.split("found ")[1].split()[0])
    assert 260 < found < 350


def test_what_a_person_can_mend_is_one_line(place: Path) -> None:
    make_study(place, tasks=("criteria",))
    make_results(place, "far", ["elsewhere"], 9)
    build = ("build", "new", "--dataroot", "data", "--name")
    for argv, message in (
        (("report", "study"), "no answers yet"),
        (
            ("report", "study", "--group", "tone"),
            "no portrait has a group 'tone': --group can be",
        ),
        (("report", "gone"), "gone holds no study"),
        (("serve", "gone"), "gone holds no study"),
        (("serve", "study", "--port", "70000"), "--port: 70000: give 0"),
        (("simulate", "--threshold", "5"), "--threshold must lie between"),
        ((*build, "one", "far"), "one, far have no pictures in common: translate the same --dataroot"),
        ((*build, "one", "--group", "age"), "no photo has a group 'age'"),
        ((*build, "three"), "run test.py --name three"),
        ((*build, "one", "one"), "--name must name each run once"),
        ((*build, "one", "--count", "0"), "must not be empty or 0"),
    ):
        with pytest.raises(UserError) as caught:
            run(*argv)
        assert message in str(caught.value) and "\n" not in str(caught.value)
    assert not (place / "new").exists()
