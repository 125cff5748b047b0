"""A study hides what it must and shows what it should."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation.hype.answers import Answer, append_answer, read_answers
from cyclegan_glasses.evaluation.hype.plan import plan, to_page
from cyclegan_glasses.evaluation.hype.settings import CRITERIA, INFINITY, TASKS, TIME, StudySettings
from cyclegan_glasses.evaluation.hype.study import balanced, build_study, read_study
from cyclegan_glasses.photo import Photo, write_manifest
from tests.evaluation.hype.helpers import SIDE, draw, make_data, make_results, make_study


def test_a_study_comes_back_as_it_was_written(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    assert read_study(tmp_path / "study") == study
    for name in study.pictures():
        with Image.open(tmp_path / "study" / "pictures" / name) as picture:
            assert picture.size == (SIDE, SIDE) and not picture.info


def test_names_of_pictures_tell_nothing(tmp_path: Path) -> None:
    """A rater who reads the address would know the answer."""
    names = make_study(tmp_path).pictures()
    assert len(names) == 4 * 3 + 6
    assert not any(word in name for name in names for word in ("face", "real", "fake", "one", "two"))


def test_groups_are_balanced_although_the_pile_is_not(tmp_path: Path) -> None:
    study = make_study(tmp_path, groups=("race",))
    assert Counter(p.group["race"] for p in study.portraits) == {"X": 2, "Y": 2}
    stems = [f"s{n}" for n in range(9)]
    groups = {stem: {"g": "rare" if stem == "s3" else "often"} for stem in stems}
    assert "s3" in balanced(stems, groups, ["g"], 2, seed=1)
    assert sorted(balanced(stems, groups, ["g"], 20, seed=1)) == stems


def test_a_plan_is_the_same_each_time_and_another_for_another_rater(tmp_path: Path) -> None:
    """A rater who goes on tomorrow would answer other questions."""
    study = make_study(tmp_path, trials=10)
    assert plan(study, "ann") == plan(study, "ann")
    assert [i.id for i in plan(study, "ann")] != [i.id for i in plan(study, "bob")]
    items = plan(study, "ann")
    assert len({item.id for item in items}) == len(items)
    assert Counter(item.task for item in items) == {CRITERIA: 8, INFINITY: 16, TIME: 20}
    for task in (INFINITY, TIME):
        assert sum(i.real for i in items if i.task == task) * 2 == sum(i.task == task for i in items)
    models = [item.model for item in items if item.task == TIME]
    assert models in (["one"] * 10 + ["two"] * 10, ["two"] * 10 + ["one"] * 10), "a staircase is one model's"


def test_the_page_is_not_told_whose_result_it_shows(tmp_path: Path) -> None:
    rows = to_page(make_study(tmp_path, trials=2), "ann")
    assert not any("stem" in row for row in rows)
    assert all(("real" in row) == (row["task"] == TIME) for row in rows)
    assert {row["model"] for row in rows} == {0, 1}


def test_what_cannot_be_built_is_one_line(tmp_path: Path) -> None:
    make_study(tmp_path)

    def settings(*names: str, groups: tuple[str, ...] = (), direction: str = "AtoB") -> StudySettings:
        return StudySettings(
            names, tmp_path / "data", groups=groups, direction=direction, results=tmp_path / "results"
        )

    with pytest.raises(UserError, match="holds a study already"):
        build_study(settings("one"), tmp_path / "study")
    with pytest.raises(UserError, match=r"no results AtoB: run test.py --name three"):
        build_study(settings("three"), tmp_path / "new")
    with pytest.raises(UserError, match=r"no results BtoA"):
        build_study(settings("one", direction="BtoA"), tmp_path / "new")
    with pytest.raises(UserError, match="no photo has a group 'age': --group can be gender, race"):
        build_study(settings("one", groups=("age",)), tmp_path / "new")
    make_results(tmp_path, "other", ["elsewhere"], 3)
    with pytest.raises(UserError, match="one, other have no pictures in common"):
        build_study(settings("one", "other"), tmp_path / "new")
    make_results(tmp_path, "large", ["face0"], 4, side=20)
    with pytest.raises(UserError, match="20x20, others 16x16"):
        build_study(settings("one", "large"), tmp_path / "new")
    with pytest.raises(UserError, match="unknown --tasks 'taste'"):
        StudySettings(("one",), tmp_path, tasks=("taste",))
    with pytest.raises(UserError, match="holds no study"):
        read_study(tmp_path)
    assert not (tmp_path / "new" / "study.json").exists()


def test_reals_of_another_size_do_not_give_themselves_away(tmp_path: Path) -> None:
    stems = [f"face{place}" for place in range(4)]
    make_results(tmp_path, "one", stems, 1)
    draw(tmp_path / "data" / "testB" / "large.png", 3, side=40)
    study = build_study(
        StudySettings(("one",), tmp_path / "data", results=tmp_path / "results"), tmp_path / "s"
    )
    with Image.open(tmp_path / "s" / "pictures" / study.reals[0]) as picture:
        assert picture.size == (SIDE, SIDE)


def test_the_last_answer_counts_and_a_cut_off_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    append_answer(tmp_path, Answer("ann", "i-0-f0", (1,), seconds=2.5))
    path.write_bytes(path.read_bytes() + b'{"rater": "ann", "item"')
    append_answer(tmp_path, Answer("ann", "i-0-f0", (0,)))
    append_answer(tmp_path, Answer("bob", "c-0-0", (1, 0, 1, 1)))
    found = read_answers([path])
    assert [(a.rater, a.value) for a in found] == [("ann", (0,)), ("bob", (1, 0, 1, 1))]


def test_files_that_are_no_answers(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('[{"rater": "../x", "item": "i", "value": [1]}]')
    with pytest.raises(UserError, match="holds something else than answers"):
        read_answers([tmp_path / "x"])
    with pytest.raises(UserError, match="cannot be read"):
        read_answers([tmp_path / "gone"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(JSON | st.fixed_dictionaries({"rater": JSON, "item": JSON, "value": JSON, "shown": JSON}))
def test_whatever_a_page_sends_is_an_answer_or_refused(row) -> None:
    """What is stored is read again at the end of the study: it must not fail there."""
    try:
        answer = Answer.from_json(row)
    except ValueError:
        return
    assert answer.rater and all(value in (0, 1) for value in answer.value)


def test_pictures_of_one_name_keep_their_own_groups(tmp_path: Path) -> None:
    """test.py numbers them in the order of their paths; a portrait must not be counted in another's group."""
    stems = ["x", "x-2", "y"]
    make_results(tmp_path, "one", stems, 1)
    data = make_data(tmp_path, stems)
    places = {"testA/b/x.png": "second", "testA/y.png": "third", "testA/a/x.jpg": "first"}
    write_manifest(data, [Photo(path, group={"race": race}) for path, race in places.items()])
    settings = StudySettings(
        names=("one",), dataroot=data, tasks=TASKS, count=3, results=tmp_path / "results"
    )
    portraits = build_study(settings, tmp_path / "s").portraits
    assert {portrait.stem: portrait.group["race"] for portrait in portraits} == {
        "x": "first",
        "x-2": "second",
        "y": "third",
    }
