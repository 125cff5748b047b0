"""Clips without flicker: one decision a face, and a place that is steady and still right where it moves."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.domains import ADD, GLASSES, NONE, REMOVE
from cyclegan_glasses.editing.batch import PhotoReport, edit_files
from cyclegan_glasses.editing.drawing import Drawing
from cyclegan_glasses.editing.jobs import plan
from cyclegan_glasses.editing.journal import JOURNAL
from cyclegan_glasses.editing.settings import EditSettings, OutputSettings
from cyclegan_glasses.editing.tracks import Tracker, one_euro, steadied
from cyclegan_glasses.faces.face import Face
from tests.editing.helpers import make_editor, portrait
from tests.editing.videos import read_video, sound_of, write_video

GROUND = np.full((120, 160, 3), 128, np.uint8)


def face_at(x: float, y: float = 60.0, side: float = 40.0) -> Face:
    points = [[-8, -5], [8, -5], [0, 3], [-6, 10], [6, 10]]
    landmarks = np.array(points) * side / 40 + (x, y)
    return Face((x - side / 2, y - side / 2, side, side), 1.0, landmarks)


def followed(faces: list[list[Face]], grounds: list[np.ndarray] | None = None, rate: float = 30.0) -> Tracker:
    tracker = Tracker(rate)
    for number, found in enumerate(faces):
        tracker.add(grounds[number] if grounds else GROUND, found)
    return tracker


def test_jitter_of_a_face_that_stands_still_goes() -> None:
    rng = np.random.default_rng(0)
    jitter = rng.normal(0, 0.5, (90, 2))
    (track,) = followed([[face_at(60 + dx, 60 + dy)] for dx, dy in jitter]).tracks
    smooth = steadied(track, 30)
    eye = np.stack([smooth.face(frame).landmarks[0] for frame in range(90)])
    step, before = (np.abs(np.diff(values, axis=0)).mean() for values in (eye, jitter))
    assert step < before / 5 and np.abs(eye.mean(0) - (52, 55)).max() < 0.2


def test_a_face_that_moves_is_where_it_is() -> None:
    """A filter alone runs behind: glasses would swim."""
    (track,) = followed([[face_at(30 + 1.5 * frame)] for frame in range(60)]).tracks
    smooth = steadied(track, 30)
    late = [smooth.face(frame).landmarks[2, 0] - (30 + 1.5 * frame) for frame in range(10, 50)]
    assert np.abs(late).max() < 0.1
    swing = 80 + 20 * np.sin(np.arange(90) / 30 * 2 * np.pi)  # once a second
    (track,) = followed([[face_at(x)] for x in swing]).tracks
    smooth = steadied(track, 30)
    error = [smooth.face(frame).landmarks[2, 0] - swing[frame] for frame in range(90)]
    assert np.sqrt(np.mean(np.square(error))) < 16 * 0.04, "of the distance of the eyes"
    lag = one_euro(np.stack([swing, swing], axis=1)[:, None] / 16, 30)[:, 0, 0] * 16 - swing
    assert np.square(error).mean() < np.square(lag).mean() / 4, "one direction alone runs behind"


def test_frames_in_which_a_face_is_missed_are_filled_in() -> None:
    seen = [[face_at(40 + 2 * frame)] if frame not in (4, 5, 6) else [] for frame in range(12)]
    (track,) = followed(seen).tracks
    smooth = steadied(track, 30)
    assert [*smooth.places] == [*range(12)]
    assert smooth.face(5).landmarks[2, 0] == pytest.approx(50, abs=1)
    long_gone = [[face_at(40)] if not 4 <= frame < 24 else [] for frame in range(28)]
    assert len(followed(long_gone).tracks) == 2, "after a while it is another face"


def test_two_faces_keep_their_tracks_and_a_cut_ends_them() -> None:
    pair = [[face_at(40 + frame), face_at(120 - frame)] for frame in range(10)]
    first, second = followed(pair).tracks
    assert first.face(9).landmarks[2, 0] < second.face(9).landmarks[2, 0]
    swapped = [found[:: 1 if frame % 2 else -1] for frame, found in enumerate(pair)]
    assert len(followed(swapped).tracks) == 2, "in whatever order they are found"
    grounds = [GROUND] * 5 + [GROUND // 4] * 5
    assert len(followed([[face_at(60)]] * 10, grounds).tracks) == 2, "behind a cut it is another face"


def test_what_is_seen_for_a_moment_is_no_face() -> None:
    tracker = followed([[face_at(40), *([face_at(120)] if frame == 5 else [])] for frame in range(12)])
    assert [tracker.is_long_enough(track) for track in tracker.tracks] == [True, False]
    short = followed([[face_at(40)], [face_at(40)]])
    assert short.is_long_enough(short.tracks[0]), "a clip of two frames has no longer faces"


class Jittering:
    """A detector that never says the same place twice, and misses one frame in nine."""

    name = "jittering"

    def __init__(self, face: Face, most: float = 1.0) -> None:
        self.face, self.most, self.rng, self.count = face, most, np.random.default_rng(0), 0

    def find_faces(self, image: np.ndarray) -> list[Face]:
        self.count += 1
        if self.count % 9 == 0:
            return []
        by = self.rng.normal(0, self.most, 2)
        (x, y, width, height), points = self.face.box, self.face.landmarks
        return [Face((x + by[0], y + by[1], width, height), 1.0, points + by)]


class Wavering:
    """A classifier that says bare in every third face, and glasses otherwise."""

    name = "wavering"

    def __init__(self) -> None:
        self.count = 0

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        self.count += 1
        return [Verdict(NONE if self.count % 3 == 0 else GLASSES, 0.9)] * len(faces)


def edit(
    source: Path, target: Path, direction: str = REMOVE, drawing=None, wavering=True, **output
) -> PhotoReport:
    face = portrait()[1]
    editor = replace(make_editor([], Wavering() if wavering else None), detector=Jittering(face))
    (row,) = edit_files(
        editor,
        plan([str(source)], target).jobs,
        direction,
        EditSettings(),
        OutputSettings(**output),
        None,
        2,
        drawing,
    )
    return row


def still(path: Path, count: int = 30) -> Path:
    """A clip in which nothing moves."""
    image, _ = portrait()
    if path.suffix in (".mp4", ".mkv"):
        return write_video(path, [image] * count, sound=True)
    pictures = [Image.fromarray(image).quantize(200) for _ in range(count)]
    for number, picture in enumerate(pictures):  # frames that are the same would be one
        picture.putpixel((0, 0), number % 2)
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=50, loop=0)
    return path


def flicker(frames: list[np.ndarray]) -> float:
    """Mean change from frame to frame, in levels of 255."""
    return float(np.mean([np.abs(one.astype(int) - other).mean() for one, other in pairwise(frames)]))


def test_a_video_of_a_still_face_does_not_flicker(tmp_path: Path) -> None:
    """The detector jitters and misses frames, the classifier wavers: the result must not show it."""
    source = still(tmp_path / "x.mp4")
    row = edit(source, tmp_path / "y.mp4")
    assert (row.state, row.frames, len(row.faces)) == ("edited", 30, 1)
    before, _ = read_video(source)
    after, _ = read_video(tmp_path / "y.mp4")
    assert len(after) == 30 and sound_of(tmp_path / "y.mp4") == sound_of(source)
    assert all(np.abs(new.astype(int) - old).mean() > 2 for new, old in zip(after, before, strict=True)), (
        "every frame is edited, those too in which the face was missed"
    )
    editor = replace(make_editor([]), detector=Jittering(portrait()[1]))
    each = [editor.remove(frame) for frame in before]
    assert flicker(after) < flicker(each) / 4, "as it does frame by frame"


def test_an_animation_is_edited_and_told_with_its_frames(tmp_path: Path) -> None:
    source = still(tmp_path / "x.gif", 12)
    row = edit(source, tmp_path / "y.gif", pairs=True)
    told = json.loads(json.dumps(row.to_json()))
    assert (told["state"], told["frames"], told["faces"][0]["done"]) == ("edited", 12, "edited")
    with Image.open(tmp_path / "y.gif") as result, Image.open(tmp_path / "y_before_after.gif") as both:
        assert result.n_frames == both.n_frames == 12 and both.width == 2 * result.width
        for number in (0, 11):
            result.seek(number)
            both.seek(number)
            right = np.asarray(both.convert("RGB"))[:, result.width :]
            assert np.abs(right.astype(int) - np.asarray(result.convert("RGB"))).mean() < 3


def test_a_clip_in_which_nothing_is_to_be_done_is_copied_byte_for_byte(tmp_path: Path) -> None:
    source = still(tmp_path / "x.gif", 4)
    row = edit(source, tmp_path / "y.gif", ADD)
    assert row.state == "unchanged" and "glasses already" in row.reason
    assert (tmp_path / "y.gif").read_bytes() == source.read_bytes()


def test_the_frame_that_suits_is_chosen_once(tmp_path: Path, monkeypatch) -> None:
    drawn: list[str] = []
    chosen = Drawing.frame_for

    def wavering(self, seen, face):
        name, frame = chosen(self, seen, face)
        return (name, frame) if self.frame else (f"{name} {len(drawn)}", frame)

    def noted(result, frame, fitted):
        drawn.append(repr(frame))
        return 1

    monkeypatch.setattr(Drawing, "frame_for", wavering)
    monkeypatch.setattr("cyclegan_glasses.editing.editor.draw", noted)
    row = edit(still(tmp_path / "x.gif", 12), tmp_path / "y.gif", ADD, Drawing(), wavering=False)
    assert row.state == "edited" and len(set(drawn[-12:])) == 1


def test_a_folder_with_clips_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    still(tmp_path / "in/a.gif", 6)
    still(tmp_path / "in/b.mkv", 6)
    (tmp_path / "in/c.mp4").write_bytes((tmp_path / "in/b.mkv").read_bytes())
    (tmp_path / "in/d.mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(90))
    out = tmp_path / "out"

    def states() -> dict[str, str]:
        editor = make_editor([portrait()[1]])
        jobs = plan([str(tmp_path / "in")], out).jobs
        rows = edit_files(editor, jobs, REMOVE, EditSettings(), OutputSettings(), out / JOURNAL)
        return {Path(row.target).name: row.state for row in rows}

    done = {"a.gif": "edited", "b.mkv": "edited", "c.mkv": "edited", "d.mp4": "skipped"}
    assert states() == done, "an MKV that is called .mp4 stays an MKV"
    assert sorted(path.name for path in out.iterdir()) == ["a.gif", "b.mkv", "c.mkv", JOURNAL]
    (out / "b.mkv").unlink()
    there = dict.fromkeys(("a.gif", "c.mkv"), "already there")
    assert states() == done | there


def test_a_clip_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    source = still(tmp_path / "x.gif", 6)

    def stop(done: int, total: int) -> None:
        if done == 9:
            raise KeyboardInterrupt

    editor = make_editor([portrait()[1]])
    jobs = plan([str(source)], tmp_path / "y.gif").jobs
    with pytest.raises(KeyboardInterrupt):
        list(edit_files(editor, jobs, REMOVE, EditSettings(), OutputSettings(), None, 2, None, stop))
    assert [path.name for path in tmp_path.iterdir()] == ["x.gif"]
