"""Folders of photos: every photo in its place, none lost to another one's fault, none done twice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.domains import GLASSES, NONE, REMOVE
from cyclegan_glasses.editing.batch import PhotoReport, edit_files
from cyclegan_glasses.editing.jobs import EditJob, plan
from cyclegan_glasses.editing.journal import JOURNAL
from cyclegan_glasses.editing.settings import EditSettings, OutputSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.locks import folder_lock
from tests.editing.helpers import Says, make_editor, portrait

pytestmark = pytest.mark.slow


def photos(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(portrait()[0]).save(folder / name)
    return folder


def edit(inputs: list[str | Path], out: Path, settings=None, classifier=None, **output) -> list[PhotoReport]:
    work = plan([str(path) for path in inputs], out, output.get("overwrite", False))
    journal = work.folder / JOURNAL if work.folder else None
    editor = make_editor([portrait()[1]], classifier)
    return list(
        edit_files(editor, work.jobs, REMOVE, settings or EditSettings(), OutputSettings(**output), journal)
    )


def states(rows: list[PhotoReport]) -> dict[str, str]:
    return {Path(row.source).name: row.state for row in rows}


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_folder_goes_into_a_folder_and_one_bad_file_costs_itself(tmp_path) -> None:
    source = photos(tmp_path / "in", "a.png", "deep/b.png", "z.png")
    (source / "text.jpg").write_text("hello")
    Image.new("RGB", (1, 1)).save(source / "one.png")
    rows = edit([source], tmp_path / "out")
    assert states(rows) == {
        "a.png": "edited",
        "b.png": "edited",
        "one.png": "skipped",
        "text.jpg": "skipped",
        "z.png": "edited",
    }
    reasons = {Path(row.source).name: row.reason for row in rows}
    assert "no face" in reasons["one.png"] and "not a picture" in reasons["text.jpg"]
    assert not (tmp_path / "out" / "text.jpg").exists()
    result, original = read(tmp_path / "out/deep/b.png"), read(source / "deep/b.png")
    changed = (result != original).any(2)
    assert 0 < changed.mean() < 0.2, "all but the region of the edit is the same to the last bit"


def test_the_same_command_goes_on_where_it_stopped(tmp_path) -> None:
    source, out = photos(tmp_path / "in", "a.png", "b.png", "c.png"), tmp_path / "out"
    edit([source], out)
    (out / "b.png").unlink()
    with (out / JOURNAL).open("a") as file:
        file.write('{"target": "cut o')
    when = (out / "a.png").stat().st_mtime_ns
    assert states(edit([source], out)) == {
        "a.png": "already there",
        "b.png": "edited",
        "c.png": "already there",
    }
    assert (out / "a.png").stat().st_mtime_ns == when
    photos(source, "a.png")
    skipped = edit([source], out)[0]
    assert skipped.state == "skipped" and "--overwrite" in skipped.reason, "the photo is another one now"
    assert {row.state for row in edit([source], out, EditSettings(strength=0.5))} == {"skipped"}
    assert {row.state for row in edit([source], out, overwrite=True)} == {"edited"}
    assert len((out / JOURNAL).read_text().splitlines()) > 5


def rows_of(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / JOURNAL).read_text().splitlines()]


def test_a_kill_between_a_result_and_its_row_costs_nothing(tmp_path) -> None:
    """The first row says what the result is to be, so it is recognised, and never done twice or refused."""
    source, out = photos(tmp_path / "in", "a.png", "b.png"), tmp_path / "out"
    edit([source], out)
    intended = [row for row in rows_of(out) if row["state"] == "writing"]
    assert len(intended) == 2
    (out / JOURNAL).write_text("".join(json.dumps(row) + "\n" for row in intended))
    (out / "b.png").unlink()  # here the kill came before the result
    assert states(edit([source], out)) == {"a.png": "already there", "b.png": "edited"}


def test_what_was_intended_and_is_something_else_is_not_touched(tmp_path) -> None:
    source, out = photos(tmp_path / "in", "a.png"), tmp_path / "out"
    edit([source], out)
    (out / JOURNAL).write_text(json.dumps(rows_of(out)[0]) + "\n")
    (out / "a.png").write_bytes(b"of somebody else")
    (row,) = edit([source], out)
    assert row.state == "skipped" and "not from this photo" in row.reason
    assert (out / "a.png").read_bytes() == b"of somebody else"


def test_a_run_with_other_arguments_does_not_make_the_first_forget(tmp_path) -> None:
    source, out = photos(tmp_path / "in", "a.png"), tmp_path / "out"
    edit([source], out)
    assert states(edit([source], out, EditSettings(strength=0.5))) == {"a.png": "skipped"}
    assert states(edit([source], out)) == {"a.png": "already there"}


def test_what_is_being_written_when_a_run_is_stopped_is_written_and_noted(tmp_path) -> None:
    source, out = photos(tmp_path / "in", *(f"{number}.png" for number in range(8))), tmp_path / "out"
    jobs, editor = plan([str(source)], out).jobs, make_editor([portrait()[1]])
    going = edit_files(editor, jobs, REMOVE, EditSettings(), OutputSettings(), out / JOURNAL)
    next(going)
    going.close()  # what an interrupt does
    done = {Path(row["target"]).name for row in rows_of(out) if row["state"] == "edited"}
    assert 1 <= len(done) < 8 and {path.name for path in out.iterdir()} == {JOURNAL, *done}
    assert [row.state for row in edit([source], out)].count("already there") == len(done)


def test_photos_that_are_replaced_are_edited_once_however_often_it_is_stopped(tmp_path) -> None:
    source = photos(tmp_path / "in", "a.png", "b.png")
    assert states(edit([source], source, overwrite=True)) == {"a.png": "edited", "b.png": "edited"}
    once = (source / "a.png").read_bytes()
    assert states(edit([source], source, overwrite=True)) == dict.fromkeys(
        ("a.png", "b.png"), "already there"
    )
    assert (source / "a.png").read_bytes() == once
    other = edit([source], source, EditSettings(strength=0.5), overwrite=True)
    assert {row.state for row in other} == {"edited"}, "other arguments are another edit"


def test_two_edits_at_once_do_not_share_a_folder(tmp_path) -> None:
    source, out = photos(tmp_path / "in", "a.png"), tmp_path / "out"
    with folder_lock(out), pytest.raises(UserError, match="in use by process"):
        edit([source], out)
    assert states(edit([source], out)) == {"a.png": "edited"}


def test_a_photo_with_nothing_to_do_is_copied_byte_for_byte(tmp_path) -> None:
    source = photos(tmp_path / "in", "a.png")
    rows = edit([source], tmp_path / "out", classifier=Says(GLASSES, NONE))
    assert (rows[0].state, rows[0].reason) == ("unchanged", "wears no glasses")
    assert (tmp_path / "out/a.png").read_bytes() == (source / "a.png").read_bytes()


def test_frames_without_a_face_can_be_copied_to_keep_the_sequence_whole(tmp_path) -> None:
    source = photos(tmp_path / "in", "f1.png")
    Image.new("RGB", (2, 2), "red").save(source / "f2.png")
    assert states(edit([source], tmp_path / "x"))["f2.png"] == "skipped"
    assert states(edit([source], tmp_path / "y", copy_faceless=True))["f2.png"] == "unchanged"
    assert (tmp_path / "y/f2.png").read_bytes() == (source / "f2.png").read_bytes()


def test_before_and_after_side_by_side(tmp_path) -> None:
    source = photos(tmp_path, "a.png") / "a.png"
    edit([source], tmp_path / "b.png", pairs=True)
    both, before, after = (read(tmp_path / name) for name in ("b_before_after.png", "a.png", "b.png"))
    assert np.array_equal(both, np.hstack([before, after]))
    edit([tmp_path / "a.png", source], tmp_path / "out", pairs=True)
    result, pair = (tmp_path / "out" / name for name in ("a.png", "a_before_after.png"))
    assert pair.stat().st_mtime_ns <= result.stat().st_mtime_ns, "where the result is, all is"
    assert len(plan([str(tmp_path)], tmp_path / "out").jobs) == 2, "pairs are no photos to edit"


def test_a_report_tells_the_model_and_the_arguments(tmp_path) -> None:
    source = photos(tmp_path / "in", "a.png")
    row = json.loads(json.dumps(edit([source], tmp_path / "out")[0].to_json()))
    assert row["state"] == "edited" and "a bar" in row["key"]
    (face,) = row["faces"]
    assert face["done"] == "edited" and len(face["box"]) == 4 and 0 < face["share"] < 0.2


def test_where_results_go(tmp_path) -> None:
    source = photos(tmp_path / "in", "a.png", "b.jpg", "c/d.png")
    a, out = source / "a.png", tmp_path / "out"

    def targets(*inputs: str | Path, output: Path = out) -> list[str]:
        return [job.target.relative_to(tmp_path).as_posix() for job in plan([*map(str, inputs)], output).jobs]

    assert targets(a, output=tmp_path / "x.webp") == ["x.webp"]
    assert targets(a) == ["out/a.png"]
    assert targets(source) == ["out/a.png", "out/b.jpg", "out/c/d.png"]
    assert targets(a, source / "b.jpg", a) == ["out/a.png", "out/b.jpg"]
    assert targets(f"{source}/*.png") == ["out/a.png"]
    assert targets(f"{source}/*") == ["out/a.png", "out/b.jpg", "out/d.png"], "a folder that a pattern names"
    assert plan([str(a)], out).folder is None
    out.mkdir()
    photos(source, "out/e.png")
    assert "e.png" not in str(plan([str(source)], source / "out").jobs), (
        "earlier results are not edited again"
    )


@pytest.mark.parametrize(
    "inputs, output, message",
    [
        (["in/none.png"], "x.png", "is not there"),
        (["in/*.bmp"], "out", "is not there"),
        (["empty"], "out", "there are no pictures"),
        (["in/a.png"], "x.xyz", "cannot be written as .xyz"),
        (["in"], "x.png", "give -o a folder"),
        (["in/a.png"], "in/a.png", "replaced by its result"),
        (["in"], "in", "replaced by its result"),
        (["in/a.png", "other/a.png"], "out", "would both be written"),
    ],
)
def test_plans_that_cannot_be(inputs, output, message, tmp_path) -> None:
    photos(tmp_path, "in/a.png", "in/b.png", "other/a.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        plan([str(tmp_path / name) for name in inputs], tmp_path / output)


def test_a_photo_is_replaced_only_when_asked(tmp_path) -> None:
    source = photos(tmp_path, "a.png") / "a.png"
    before = read(source)
    assert edit([source], source, overwrite=True)[0].state == "edited"
    assert (read(source) != before).any()


def test_a_folder_that_cannot_be_written_is_a_reason(tmp_path) -> None:
    source = photos(tmp_path / "in", "a.png")
    (tmp_path / "file").write_text("x")
    jobs = [EditJob(source / "a.png", tmp_path / "file" / "a.png")]
    (row,) = edit_files(make_editor([portrait()[1]]), jobs, REMOVE, EditSettings(), OutputSettings())
    assert row.state == "skipped" and "cannot write" in row.reason
