"""Glasses that are drawn: on the right faces, the photo's own depth kept, nothing else touched."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.attributes.verdicts import BROKEN, Verdict
from cyclegan_glasses.domains import ADD, GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.editing.batch import edit_files
from cyclegan_glasses.editing.drawing import Drawing, drawing_of
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.jobs import EditJob, plan
from cyclegan_glasses.editing.reports import EDITED
from cyclegan_glasses.editing.settings import SWAP, EditSettings, OutputSettings
from cyclegan_glasses.editing.sheet import CELL, COLUMNS, LABEL, sheet_of
from cyclegan_glasses.editing.targets import is_bare
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.custom_frames import load_frame
from cyclegan_glasses.overlays.face_traits import read_traits
from cyclegan_glasses.overlays.fit import FACE
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.recommend import recommend
from cyclegan_glasses.overlays.settings import FrameSettings
from tests.conftest import ROOT
from tests.editing.helpers import Says, make_editor, portrait
from tests.editing.test_editor import KINDS, crowd, plain

RED = Frame(colour=(255, 0, 0))


def reds(picture: np.ndarray) -> int:
    """How many pixels are as red as the frame `RED`."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return int(((red > 90) & (green + blue < red)).sum())


def faces_of(*verdicts: str) -> tuple[np.ndarray, GlassesEditor]:
    """A face, and an editor whose classifier says one verdict after another of it."""
    image, face = portrait()
    queue = list(verdicts)

    class InTurn:
        name = "in turn"

        def classify(self, crops: np.ndarray) -> list[Verdict]:
            label = queue.pop(0) if len(queue) > 1 else queue[0]
            return [Verdict(label, 0.9) for _ in crops]

    return image, make_editor([face], InTurn())


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_in_comes_out_with_the_frame(kind) -> None:
    image, face = portrait(160)
    picture = KINDS[kind](image)
    before = plain(picture)
    result = make_editor([face]).add(picture, frame=RED)
    assert type(result) is type(picture) and np.array_equal(plain(picture), before)
    after = plain(result)
    assert after.shape == before.shape and after.dtype == before.dtype
    if isinstance(picture, torch.Tensor):
        before, after = before.transpose(1, 2, 0), after.transpose(1, 2, 0)
    changed = (before != after).reshape(*before.shape[:2], -1)
    assert 0.02 < changed.any(2).mean() < 0.4
    assert not changed[:30].any() and not changed[-30:].any(), "bits outside of the glasses"
    if "alpha" in kind:
        assert not changed[..., 3].any()


def test_16_bits_keep_their_depth() -> None:
    """The glasses are blended in the photo's own levels: a lens of 8-bit steps would show bands."""
    image, face = portrait(160)
    fine = image.astype(np.uint16) * 256 + np.arange(160, dtype=np.uint16)[:, None]
    result = make_editor([face]).add(fine, frame=RED)
    changed = (result != fine).any(2)
    assert (result[changed] % 257 != 0).mean() > 0.9
    eight = make_editor([face]).add(image, frame=RED)
    assert np.abs(result / 257 - eight)[changed].mean() < 1.5


def test_the_report_tells_the_frame_and_only_the_drawn_area() -> None:
    image, face = portrait()
    edit = make_editor([face]).edit(image, ADD, drawing=Drawing(RED, "mine"))
    (report,) = edit.faces
    assert report.done == EDITED and 0.02 < report.area < 0.4
    told = json.loads(json.dumps(report.to_json()))["frame"]
    assert told["name"] == "mine" and told["colour"] == [255, 0, 0] and told["shape"] == "rectangle"
    assert (edit.picture != image).any(2).mean() <= report.area


def test_strength_fades_the_drawing() -> None:
    image, face = portrait()
    editor = make_editor([face])
    whole, half, none = (
        editor.add(image, EditSettings(strength=s), frame=RED).astype(int) for s in (1, 0.5, 0)
    )
    assert np.array_equal(none, image)
    assert np.abs(half - (whole + image) / 2).max() <= 0.5


@pytest.mark.parametrize("label", [GLASSES, SUNGLASSES, BROKEN])
def test_glasses_are_never_drawn_over_glasses(label) -> None:
    image, editor = faces_of(label)
    edit = editor.edit(image, ADD, drawing=Drawing(RED))
    assert np.array_equal(edit.picture, image) and "swap takes them off first" in edit.faces[0].reason
    assert edit.faces[0].reason.startswith("wears" if label in (GLASSES, SUNGLASSES) else "may wear")
    assert editor.edit(image, ADD, EditSettings(force=True), Drawing(RED)).changed


def test_a_doubtful_face_is_bare_where_glasses_are_far_less_likely() -> None:
    """A blurred bare face is broken to the classifier, and its owner wants glasses all the same."""
    likely = {GLASSES: 0.01, NONE: 0.4, SUNGLASSES: 0.01, BROKEN: 0.58}
    assert is_bare(Verdict(BROKEN, 0.58, likely)) and is_bare(Verdict(NONE, 0.4, likely, sure=False))
    assert not is_bare(Verdict(NONE, 0.4, likely | {GLASSES: 0.05}, sure=False))
    assert not is_bare(Verdict(BROKEN, 0.9)) and not is_bare(None)


def test_swap_takes_the_old_glasses_off_first() -> None:
    image, editor = faces_of(GLASSES, NONE)
    removed = make_editor([portrait()[1]]).remove(image)
    edit = editor.edit(image, SWAP, drawing=Drawing(RED))
    assert edit.changed and reds(edit.picture) > 100
    bar = (removed != image).any(2)
    elsewhere = bar & (np.abs(edit.picture.astype(int) - removed).max(2) < 3)
    assert elsewhere.any() and (edit.picture != image)[elsewhere].any(), "the model's removal is below"


@pytest.mark.parametrize("left", [SUNGLASSES, BROKEN])
def test_swap_leaves_glasses_alone_that_do_not_come_off(left) -> None:
    """Two frames on one nose look broken; the photo stays as it was, to the last bit."""
    image, editor = faces_of(GLASSES, left)
    edit = editor.edit(image, SWAP, drawing=Drawing(RED))
    assert np.array_equal(edit.picture, image)
    assert [face.reason for face in edit.faces] == [
        "its glasses do not come off: --force draws over what is left"
    ]
    assert editor.edit(image, SWAP, EditSettings(force=True), Drawing(RED)).changed


def test_swap_only_draws_on_a_bare_face() -> None:
    image, editor = faces_of(NONE)
    swapped = editor.edit(image, SWAP, drawing=Drawing(RED)).picture
    assert np.array_equal(swapped, editor.edit(image, ADD, drawing=Drawing(RED)).picture)


def test_bystanders_get_no_glasses_unless_asked() -> None:
    image, faces = crowd()  # 100, 160 and 130 pixels high
    editor = make_editor(faces)
    edit = editor.edit(image, ADD, drawing=Drawing(RED))
    assert [face.done == EDITED for face in edit.faces] == [True, True, False]
    assert "bystander" in edit.faces[2].reason and not (edit.picture != image)[:, :95].any()
    for settings in (EditSettings(force=True), EditSettings(face="3")):
        assert (editor.edit(image, ADD, settings, Drawing(RED)).picture != image)[:, :95].any()


def test_half_a_face_at_the_side_is_a_bystander() -> None:
    image, faces = crowd()
    left, _, width, _ = faces[2].box
    cut = int(left + 0.8 * width)
    edit = make_editor(faces).edit(np.ascontiguousarray(image[:, :cut]), ADD, drawing=Drawing(RED))
    assert sorted(face.done == EDITED for face in edit.faces) == [False, False, True]


@pytest.mark.parametrize("yaw, drawn", [(0, True), (25, True), (-25, True), (60, False), (-60, False)])
def test_faces_turned_too_far_are_left_alone(yaw, drawn) -> None:
    image, face = portrait(200)
    left, right = face.landmarks[:2]
    turned = Pose.from_eyes(left, right, yaw).project(FACE)
    edit = make_editor([Face(face.box, 1.0, turned)]).edit(image, ADD, drawing=Drawing(RED))
    assert edit.changed is drawn
    assert drawn or f"turned by {abs(edit.faces[0].yaw):.0f} degrees" in edit.faces[0].reason


def test_sizes_are_true_to_the_distance_of_the_pupils() -> None:
    image, face = portrait(200)
    editor = make_editor([face])

    def width(size: str, **wish) -> float:
        """Of fronts wider than the head, whose temples therefore do not show beside them."""
        drawing = drawing_of(FrameSettings("rectangle", colour="#ff0000", size=size, **wish))
        picture = editor.edit(image, ADD, drawing=drawing).picture.astype(int)
        return float(np.ptp(np.flatnonzero((picture[..., 0] - picture[..., 1] > 120).any(0))))

    usual = width("155")
    assert width("170") / usual == pytest.approx(170 / 155, rel=0.03)
    assert width("170", pd=70.0) / width("170") == pytest.approx(63 / 70, rel=0.03)
    pixels_a_mm = np.hypot(*(face.landmarks[1] - face.landmarks[0])) / 63
    assert usual / pixels_a_mm == pytest.approx(155, rel=0.04)


def test_a_frame_of_a_picture_is_drawn_and_named() -> None:
    image, face = portrait(160)
    frame = load_frame(ROOT / "examples" / "frames" / "rectangle_131mm.png")
    edit = make_editor([face]).edit(image, ADD, drawing=Drawing(frame, "own"))
    told = edit.faces[0].frame
    assert edit.changed and told and told["file"] == "rectangle_131mm.png" and told["width"] == 131
    assert json.loads(json.dumps(edit.faces[0].to_json()))["frame"]["name"] == "own"


def test_the_default_frame_suits_the_face_and_can_be_restyled() -> None:
    image, face = portrait(200)
    editor = make_editor([face])
    advised = recommend(read_traits(image, face.landmarks))[0]
    frame = editor.edit(image, ADD, drawing=Drawing()).faces[0].frame
    assert frame and (frame["name"], frame["colour"]) == (advised.name, advised.frame.colour)
    blue = editor.edit(image, ADD, drawing=drawing_of(FrameSettings(colour="#203080"))).faces[0].frame
    assert blue and blue["name"] == advised.name and blue["colour"] == (0x20, 0x30, 0x80)
    assert np.array_equal(editor.add(image), editor.edit(image, ADD, drawing=Drawing()).picture)


def test_without_a_nose_and_a_mouth_a_frame_is_drawn_all_the_same() -> None:
    """Of some faces the eyes alone are known."""
    image, face = portrait(200)
    face.landmarks[2:] = np.nan
    assert make_editor([face]).edit(image, ADD, drawing=Drawing()).changed


def photos(folder: Path, *names: str) -> list[str]:
    folder.mkdir()
    for name in names:
        Image.fromarray(portrait()[0]).save(folder / name)
    return [str(folder / name) for name in names]


def test_another_frame_is_another_result(tmp_path) -> None:
    """A folder tried with one frame must not pass for done when another one is asked for."""
    photos(tmp_path / "in", "a.png", "b.png")
    editor = make_editor([portrait()[1]])
    custom = load_frame(ROOT / "examples" / "frames" / "rectangle_131mm.png")

    def states(drawing: Drawing | None, **output) -> set[str]:
        jobs = plan([str(tmp_path / "in")], tmp_path / "out", **output).jobs
        settings = (EditSettings(), OutputSettings(**output))
        rows = edit_files(editor, jobs, ADD, *settings, tmp_path / "out" / "journal.jsonl", drawing=drawing)
        return {row.state for row in rows}

    assert states(Drawing(RED)) == {"edited"} and states(Drawing(RED)) == {"already there"}
    for other in (Drawing(Frame()), Drawing(RED, pupils=60.0), Drawing(custom), Drawing(), None):
        assert states(other) == {"skipped"}
        assert states(other, overwrite=True) == {"edited"} and states(other) == {"already there"}


def test_results_lie_beside_the_photo_where_no_place_is_named(tmp_path, monkeypatch) -> None:
    one, two = photos(tmp_path / "in.d", "a.png", "b.png")
    monkeypatch.chdir(tmp_path)
    assert plan([one], None, ending="_x").jobs == [EditJob(Path(one), tmp_path / "in.d" / "a_x.png")]
    work = plan([one, two], None, ending="_x")
    assert [job.target.name for job in work.jobs] == ["a_x.png", "b_x.png"] and work.folder is None
    folder = plan(["in.d"], None, ending="_x")
    assert folder.folder == Path("in.d_x") and folder.jobs[0].target == Path("in.d_x/a.png")
    monkeypatch.chdir("in.d")
    assert plan(["."], None, ending="_x").folder == tmp_path / "in.d_x"
    Image.new("RGB", (4, 4)).save("a_x.png")
    jobs = plan(["*.png"], None, ending="_x").jobs
    assert [job.source.name for job in jobs] == ["a.png", "b.png"], "earlier results are no photos to edit"
    with pytest.raises(UserError, match="give -o a folder"):
        plan([one, "."], None, ending="_x")


def test_a_sheet_shows_every_frame_on_the_face() -> None:
    image, face = portrait(300)
    frames = {name: entry.frame for name, entry in read_catalogue().items()}
    sheet = np.asarray(sheet_of(image, face, frames))
    rows = -(-(len(frames) + 1) // COLUMNS)
    assert sheet.shape[0] <= rows * (CELL + LABEL) and sheet.shape[1] <= COLUMNS * CELL
    height, width = sheet.shape[0] // rows, sheet.shape[1] // COLUMNS
    cells = [
        sheet[row * height : (row + 1) * height - LABEL, column * width : (column + 1) * width]
        for row in range(rows)
        for column in range(COLUMNS)
    ]
    different = {cell.tobytes() for cell in cells}
    assert len(different) == len(frames) + 2, "the bare face, every frame, and the empty cell at the end"


def test_an_edit_with_the_classifier_looks_at_the_drawing_when_asked() -> None:
    image, face = portrait()
    editor = make_editor([face], Says(GLASSES, NONE))
    report = editor.edit(image, ADD, EditSettings(check=True), Drawing(Frame(rim=9.0))).faces[0]
    assert report.before and report.after and report.before.label == NONE
