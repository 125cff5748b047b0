"""The filter over folders: whole manifests, resumption, kills, memory."""

from __future__ import annotations

import dataclasses
import json
import random
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.criteria import filtering, measure
from cyclegan_glasses.criteria.filtering import count_photos, decide_folders, general, measure_folders
from cyclegan_glasses.criteria.settings import FilterSettings, Thresholds
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo, append_photos, latest_photos, read_manifest, write_manifest
from tests.criteria.batches import filter_batches
from tests.criteria.helpers import DrawnFaces, make_pile, use_drawn_faces, varied
from tests.forks import Forked

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
HERE = FilterSettings(align=True, workers=1)


@pytest.fixture(autouse=True)
def drawn_faces(monkeypatch):
    """Faces are where they were drawn; no detector file is needed."""
    use_drawn_faces(monkeypatch)


def run(folder: Path, settings: FilterSettings = HERE, classifier=None) -> tuple[int, filtering.Summary]:
    """Filter one folder: photos measured now, and the summary."""
    measured = sum(measure_folders([folder], settings, classifier))
    return measured, decide_folders([folder], settings)


def test_verdicts_reasons_and_scores_are_in_the_manifest(tmp_path):
    make_pile(tmp_path, 4)
    Image.new("RGB", (256, 256), (9, 9, 9)).save(tmp_path / "photos/flat.png")
    (tmp_path / "photos/broken.png").write_bytes(b"no picture")
    Image.fromarray(varied(0)).save(tmp_path / "photos/copy.webp", quality=80)
    names = ("flat.png", "broken.png", "copy.webp", "gone.png")
    append_photos(tmp_path, [Photo(f"photos/{name}", label="none") for name in names])
    measured, summary = run(tmp_path)
    photos = latest_photos(tmp_path)
    assert measured == count_photos([tmp_path]) == 8
    assert {name: photo.reason for name, photo in photos.items() if photo.reason} == {
        "photos/flat.png": "framing: no face found",
        "photos/broken.png": "unreadable: not a picture of a known format",
        "photos/copy.webp": "duplicates: nearly the same picture as photos/0000.png",
        "photos/gone.png": "unreadable: the file is gone",
    }
    assert sum(photo.verdict == "accepted" for photo in photos.values()) == 4
    assert photos["photos/0000.png"].scores["turn"] == 0
    assert photos["photos/0000.png"].width == 256
    assert summary.kinds["none", "rejected", "unreadable: the file is gone"] == 1


def test_another_threshold_measures_nothing_again_and_the_same_one_writes_nothing(tmp_path):
    make_pile(tmp_path, 4)
    run(tmp_path)
    rows = len(list(read_manifest(tmp_path)))
    assert run(tmp_path)[0] == 0
    assert len(list(read_manifest(tmp_path))) == rows, "each run would make the manifest longer"
    strict = dataclasses.replace(HERE, thresholds=Thresholds(min_eye_distance=200))
    measured, summary = run(tmp_path, strict)
    assert (measured, summary.changed) == (0, 4)
    assert {photo.reason for photo in latest_photos(tmp_path).values()} == {
        "quality: small: 92 pixels between the eyes"
    }
    assert run(tmp_path)[1].changed == 4
    assert json.loads((tmp_path / "filter.json").read_text())["align"] is True


def test_a_dry_run_counts_and_writes_no_verdict(tmp_path):
    make_pile(tmp_path, 2)
    assert sum(measure_folders([tmp_path], HERE)) == 2
    summary = decide_folders([tmp_path], HERE, dry_run=True)
    assert summary.changed == 2
    assert {photo.verdict for photo in latest_photos(tmp_path).values()} == {""}
    assert not (tmp_path / "filter.json").exists()


def test_what_a_person_decided_stays_until_it_is_asked_for(tmp_path):
    make_pile(tmp_path, 2)
    run(tmp_path)
    first = latest_photos(tmp_path)["photos/0000.png"]
    chosen = dataclasses.replace(
        first, verdict="rejected", reason="review: ugly", facts={**first.facts, "reviewed": "reject"}
    )
    append_photos(tmp_path, [chosen])
    assert run(tmp_path)[1].changed == 0
    assert run(tmp_path, dataclasses.replace(HERE, redo_reviewed=True))[1].changed == 1
    assert latest_photos(tmp_path)["photos/0000.png"].verdict == "accepted"


def test_rejections_of_other_commands_stay(tmp_path):
    write_manifest(tmp_path, [Photo("rejected/a.png", verdict="rejected", reason="align: no face found")])
    assert run(tmp_path)[0] == 0
    assert latest_photos(tmp_path)["rejected/a.png"].reason == "align: no face found"


def test_copies_are_found_across_folders_and_the_first_folder_keeps_them(tmp_path):
    make_pile(tmp_path / "one", 3)
    make_pile(tmp_path / "two", 3, first=2)
    folders = [tmp_path / "one", tmp_path / "two"]
    list(measure_folders(folders, HERE))
    decide_folders(folders, HERE)
    assert {photo.verdict for photo in latest_photos(folders[0]).values()} == {"accepted"}
    assert (
        latest_photos(folders[1])["photos/0002.png"].reason
        == "duplicates: the same file as one/photos/0002.png"
    )


class Everyone:
    """A classifier for which everybody wears glasses."""

    name = "everyone"

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        """See `AttributeClassifier.classify`."""
        return [Verdict("glasses", 0.97)] * len(faces)


def test_verdicts_count_against_labels_and_another_classifier_is_asked_anew(tmp_path):
    make_pile(tmp_path, 2)
    run(tmp_path)
    measured, _ = run(tmp_path, classifier=Everyone())
    assert measured == 2
    photos = latest_photos(tmp_path)
    assert photos["photos/0000.png"].reason == "glasses: labelled none, judged glasses"
    assert photos["photos/0001.png"].verdict == "accepted"


def test_a_folder_without_a_manifest_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match="has no manifest"):
        list(measure_folders([tmp_path], HERE))


def test_particulars_are_left_out_of_the_table():
    assert general("eyes: turned 41.0 degrees to the side") == "eyes: turned … degrees to the side"
    assert general("duplicates: the same file as a/b 3.png") == "duplicates: the same file as another"


def synthetic_rows(folder: Path, count: int) -> None:
    """A manifest of `count` photos with their scores, and no pictures."""
    lots = random.Random(0)
    facts = {"measured": measure.fingerprint(DrawnFaces(), None)}
    scores = {"faces": 1.0, "turn": 5.0, "lens": 0.8, "edges": 0.5, "sharpness": 0.2}
    write_manifest(
        folder,
        (
            Photo(
                f"photos/{n}.png",
                label="none",
                scores=scores,
                facts={**facts, "hashes": f"{lots.getrandbits(128):032x}"},
            )
            for n in range(count)
        ),
    )


def test_memory_does_not_grow_with_the_photos(tmp_path):
    """A hundred thousand rows held as photos would be hundreds of megabytes."""

    def peak(count: int) -> float:
        folder = tmp_path / str(count)
        synthetic_rows(folder, count)
        tracemalloc.start()
        assert run(folder)[0] == 0
        megabytes = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        return megabytes

    small, large = peak(200), peak(3000)
    assert (large - small) / 2800 * 1000 < 0.9, "more than 0.9 kB a photo is kept"


def test_killed_again_and_again_it_ends_with_every_row_whole(tmp_path):
    """Power fails in the night: the morning finds every score once and no torn row."""
    photos = make_pile(tmp_path, 24)
    lots = random.Random(1)
    for _ in range(4):
        process = Forked(filter_batches, [str(tmp_path)])
        for _ in range(lots.randrange(1, 6)):
            process.stdout.readline()
        time.sleep(lots.random() / 50)
        process.kill()
        process.wait()
    before = len(list(read_manifest(tmp_path)))
    assert before > len(photos), "no run got anywhere"
    measured, _ = run(tmp_path)
    assert measured < len(photos), "what was measured before the kills is not kept"
    rows = list(read_manifest(tmp_path))
    assert list(latest_photos(tmp_path)) == [photo.path for photo in photos]
    assert sum(bool(row.scores) and not row.verdict for row in rows) <= len(photos)
    assert {photo.verdict for photo in latest_photos(tmp_path).values()} == {"accepted"}


def test_a_dask_cluster_gives_the_same_rows(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    for name in ("here", "there"):
        make_pile(tmp_path / name, 6)
    run(tmp_path / "here")
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        dashboard_address=None,
        host="127.0.0.1",
        protocol="tcp://",
    ) as cluster:
        run(tmp_path / "there", dataclasses.replace(HERE, cluster=cluster.scheduler_address))
    assert latest_photos(tmp_path / "here") == latest_photos(tmp_path / "there")


def test_a_dead_cluster_is_one_clear_line(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    make_pile(tmp_path, 1)
    monkeypatch.setattr("cyclegan_glasses.parallel.CONNECT_SECONDS", 1)
    with pytest.raises(UserError, match="no Dask scheduler answers"):
        list(measure_folders([tmp_path], dataclasses.replace(HERE, cluster="tcp://127.0.0.1:9")))
