"""Scores of whole sets: truth, baselines, groups, a classifier, and the files that come of them."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclegan_glasses.attributes.frame_reading import CHOICES, VALUES, reading_of
from cyclegan_glasses.attributes.verdicts import BROKEN, Verdict
from cyclegan_glasses.domains import ADD, GLASSES, NONE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.evaluation import measure as measuring
from cyclegan_glasses.evaluation.editors import baseline
from cyclegan_glasses.evaluation.inputs import Inputs, evenly_chosen, eyes_of
from cyclegan_glasses.evaluation.measure import Instruments, already_there, measure, score
from cyclegan_glasses.evaluation.page import Examples, write_page
from cyclegan_glasses.evaluation.report import (
    Candidate,
    Report,
    evaluated,
    to_markdown,
    write_report,
)
from cyclegan_glasses.evaluation.settings import InputSettings, Protocol
from cyclegan_glasses.evaluation.statistics import bootstrap, by_group, summarise
from cyclegan_glasses.photo import Photo, write_manifest
from tests.evaluation.portraits import SIDE, portrait, spoiled

SIZE = Protocol(load_size=SIDE, crop_size=SIDE)


class EyeBand:
    """A classifier by the darkness of the eye band: simple, and the same each time."""

    name, sha256 = "eye band", "ab" * 32

    def classify(self, faces: np.ndarray) -> list[Verdict]:
        return [
            Verdict(GLASSES if value > 0.5 else NONE, max(value, 1 - value))
            for value in np.clip(self.features(faces)[:, 0] * 4, 0, 1).tolist()
        ]

    def features(self, faces: np.ndarray) -> np.ndarray:
        """Darkness of the band against that of the cheeks, and mean colour."""
        values = faces.astype(np.float32) / 255
        side = faces.shape[1]
        band = values[:, int(0.33 * side) : int(0.47 * side), int(0.2 * side) : int(0.8 * side)]
        cheeks = values[:, int(0.55 * side) : int(0.65 * side), int(0.3 * side) : int(0.7 * side)]
        darkness = cheeks.mean(axis=(1, 2, 3)) - band.mean(axis=(1, 2, 3))
        return np.column_stack([darkness, values.mean(axis=(1, 2))]).astype(np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Six pairs with masks and a manifest; every second person is of group X."""
    root, photos = tmp_path_factory.mktemp("data"), []
    for number in range(6):
        face = portrait(number)
        for folder, values in (("testB", face.picture), ("testA", face.truth)):
            (root / folder).mkdir(exist_ok=True)
            Image.fromarray(values).save(root / folder / f"{number}.png")
            facts = {"face": {"landmarks": [*face.eyes.tolist(), [0, 0], [0, 0], [0, 0]]}}
            group = {"race": "XY"[number % 2]}
            photos.append(Photo(f"{folder}/{number}.png", width=SIDE, height=SIDE, group=group, facts=facts))
        (root / "testM").mkdir(exist_ok=True)
        Image.fromarray(np.round(face.mask * 255).astype(np.uint8)).save(root / "testM" / f"{number}.png")
    write_manifest(root, photos)
    return root


def inputs_of(data: Path, direction: str = "AtoB", **more) -> Inputs:
    return Inputs(InputSettings(data, direction, protocol=SIZE, **more))


def perfect(inputs: Inputs):
    truths = {item.picture.tobytes(): item.truth for item in inputs}
    return lambda picture, _: (truths.get(picture.tobytes(), picture), picture)


def test_the_truth_beats_every_baseline_and_leaves_nothing(data: Path) -> None:
    inputs = inputs_of(data)
    ideal = summarise(measure(inputs, perfect(inputs), Instruments()).rows)
    untouched = summarise(measure(inputs, baseline("untouched"), Instruments()).rows)
    painted = summarise(measure(inputs, baseline("telea"), Instruments()).rows)
    assert ideal["L1"].mean == 0 == ideal["L1 elsewhere"].mean == ideal["cycle L1"].mean
    assert ideal["MS-SSIM"].mean == pytest.approx(1) and ideal["frame left"].mean < 0.1
    assert untouched["frame left"].mean == 1 and untouched["whole frame off"].mean == 0
    assert untouched["change"].mean == 0 and ideal["change"].mean == pytest.approx(untouched["L1"].mean)
    assert untouched["L1 inside"].mean > 5 and painted["L1 inside"].mean > 5
    assert painted["L1 outside"].mean == 0 and painted["frame left"].mean < 0.2


@pytest.mark.parametrize("fault", ["blurred", "gamma", "shifted", "noisy", "half", "faint"])
def test_every_spoiled_result_is_nearer_or_further_as_it_should(data: Path, fault: str) -> None:
    item = next(iter(inputs_of(data)))
    good = score(item, item.truth, None, "AtoB")
    bad = score(item, spoiled(item.truth, item.picture, item.eyes)[fault], None, "AtoB")
    assert bad["PSNR"] < 60 and bad["L1"] > good["L1"] and bad["SSIM"] < good["SSIM"]
    assert bad["MS-SSIM"] < good["MS-SSIM"] and bad["L1 inside"] > good["L1 inside"]
    local = fault in ("half", "faint")
    assert (bad["L1 elsewhere"] == 0) == (bad["L1 ring"] == 0) == local
    if local:
        assert bad["rims off"] < good["rims off"] or bad["frame left"] > good["frame left"]


def test_a_classifier_counts_what_turned_out_as_asked(data: Path) -> None:
    inputs, classifier = inputs_of(data), EyeBand()
    tools = Instruments(classifier=classifier, encoder=classifier, classifier_size=SIDE)
    ideal, untouched = (measure(inputs, editor, tools) for editor in (perfect(inputs), baseline("untouched")))
    mine, theirs = summarise(ideal.rows), summarise(untouched.rows)
    assert mine["as asked"].mean > theirs["as asked"].mean == theirs["right before"].mean
    assert mine["confidence"].mean > theirs["confidence"].mean
    assert mine["broken"].mean == 0 and theirs["likeness (judge)"].mean == pytest.approx(1)
    assert 0 < mine["likeness (judge)"].mean < 1
    pytest.importorskip("torch_fidelity")
    assert ideal.whole["FD-judge"] < 1e-5 < untouched.whole["FD-judge"]
    assert "FID" not in ideal.whole


def test_what_is_broken_may_still_be_nearer_to_what_was_asked(data: Path) -> None:
    class Doubtful(EyeBand):
        """Calls bare faces broken, though it takes them rather for bare than for anything else whole."""

        def classify(self, faces: np.ndarray) -> list[Verdict]:
            said = {
                GLASSES: Verdict(GLASSES, 0.9, {GLASSES: 0.9, NONE: 0.1, BROKEN: 0.0}),
                NONE: Verdict(BROKEN, 0.5, {GLASSES: 0.2, NONE: 0.3, BROKEN: 0.5}),
            }
            return [said[verdict.label] for verdict in super().classify(faces)]

    inputs = inputs_of(data)
    mine, theirs = (
        summarise(measure(inputs, editor, Instruments(classifier=Doubtful(), classifier_size=SIDE)).rows)
        for editor in (perfect(inputs), baseline("untouched"))
    )
    assert mine["as asked"].mean == theirs["as asked"].mean == 0
    assert mine["as asked, of two"].mean == mine["broken"].mean > theirs["as asked, of two"].mean


def test_neither_the_batch_nor_the_order_matters(data: Path, monkeypatch) -> None:
    """A number that depends on who sat beside whom is none."""
    pytest.importorskip("torch_fidelity")
    inputs, classifier = inputs_of(data), EyeBand()
    tools, found = Instruments(classifier=classifier, encoder=classifier, classifier_size=SIDE), []
    for batch, turned in ((32, False), (1, False), (4, True)):
        monkeypatch.setattr(measuring, "BATCH", batch)
        with monkeypatch.context() as patch:
            if turned:
                patch.setattr(Inputs, "__iter__", lambda _, items=list(inputs): iter(items[::-1]))
            found.append(measure(inputs, baseline("telea"), tools))
    rows = [dict(zip(done.stems, done.rows, strict=True)) for done in found]
    assert rows[0].keys() == rows[1].keys() == rows[2].keys() and found[2].stems == found[0].stems[::-1]
    for other, done in zip(rows[1:], found[1:], strict=True):
        for stem, row in rows[0].items():
            assert other[stem] == pytest.approx(row, rel=1e-6, abs=1e-9)
        assert done.whole == pytest.approx(found[0].whole, rel=1e-4, abs=1e-6)


def test_without_a_classifier_its_rows_are_not_there(data: Path) -> None:
    """A number that was not measured must not look like one that was."""
    done = measure(inputs_of(data, limit=1), baseline("untouched"), Instruments())
    assert not done.whole and not {"as asked", "broken", "confidence"} & done.rows[0].keys()


def test_what_is_right_already_should_stay(data: Path) -> None:
    inputs = inputs_of(data)
    assert already_there(inputs, baseline("untouched"), 3) == [0, 0, 0]
    darker = already_there(inputs, lambda picture, _: (picture - np.minimum(picture, 10), None), 2)
    assert all(8 < value <= 10 for value in darker)


def test_pictures_come_with_what_is_known_of_them(data: Path, tmp_path: Path) -> None:
    items = list(inputs_of(data, limit=4))
    assert [item.stem for item in items] == ["0", "1", "3", "4"]
    assert items[0].group["race"] == "X" and "skin (ITA)" in items[0].group
    assert items[0].mask is not None and 0 < items[0].mask.mean() < 0.5
    assert items[0].eyes == pytest.approx(portrait(0).eyes)
    assert eyes_of(None, (100, 200)) == pytest.approx(np.array([[32.0, 80.0], [68.0, 80.0]]))
    half = Inputs(InputSettings(data, protocol=Protocol(load_size=SIDE // 2, crop_size=SIDE // 2)))
    assert next(iter(half)).eyes == pytest.approx(portrait(0).eyes / 2)
    assert (
        evenly_chosen([1, 2, 3, 4, 5], 2) == [1, 3]
        and evenly_chosen([1, 2], 9) == [1, 2]
        and evenly_chosen([], 1) == []
    )
    assert {item.group.keys() == {"race"} for item in inputs_of(data, groups=("race",))} == {True}


def test_the_two_pictures_of_one_name_are_both_scored_against_their_own_truth(
    data: Path, tmp_path: Path
) -> None:
    """A second format of a picture must neither be dropped nor move the truths and masks."""
    shutil.copytree(data, tmp_path / "data")
    for name in ("testA/1", "testB/4", "testM/2"):
        Image.open(tmp_path / f"data/{name}.png").save(tmp_path / f"data/{name}.bmp")
    items = list(inputs_of(tmp_path / "data"))
    assert [item.stem for item in items] == ["0", "1", "1-2", "2", "3", "4", "5"]
    for item, number in zip(items, (0, 1, 1, 2, 3, 4, 5), strict=True):
        face = portrait(number)
        assert np.array_equal(item.truth, face.picture) and np.allclose(item.mask, face.mask, atol=0.003)


def test_bad_input_is_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no photo has a group 'age': --group can be race, skin"):
        inputs_of(data, groups=("age",))
    with pytest.raises(UserError, match=r"there is no .*validA"):
        inputs_of(data, phase="valid")
    with pytest.raises(UserError, match="there is no --dataroot"):
        InputSettings(tmp_path / "gone")
    with pytest.raises(UserError, match="unknown --rivals 'magic'"):
        baseline("magic")
    for folder, side in (("testA", 32), ("testB", 40)):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (side, side)).save(tmp_path / folder / "x.png")
    with pytest.raises(UserError, match="40x40, its input 32x32: the pictures of a pair must have one size"):
        list(inputs_of(tmp_path))


def test_the_interval_is_that_of_the_mean() -> None:
    """Of 400 values of deviation 1 the mean has one of 0.05: 1.96 of it on each side."""
    values = np.random.default_rng(0).normal(5, 1, 400)
    found = bootstrap(values)
    assert found.mean == pytest.approx(values.mean()) and found.n == 400
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert bootstrap([1.0, math.inf, math.nan, 3.0]).n == 2
    assert math.isnan(bootstrap([]).mean) and bootstrap([2.0]).low == 2


def test_the_worst_group_is_named_and_small_ones_are_not_blamed() -> None:
    rows = [{"s": 1.0}] * 40 + [{"s": 3.0}] * 40 + [{"s": 9.0}] * 5
    values = ["a"] * 40 + ["b"] * 40 + ["few"] * 5
    high = by_group(rows, values, "s", lambda value: value)
    low = by_group(rows, values, "s", lambda value: -value)
    assert (high.worst, low.worst, high.gap) == ("a", "b", 2)
    assert high.means["few"].n == 5 and "" not in high.means
    assert by_group(rows[:40], values[:40], "s", abs).worst == ""


def test_a_report_leads_back_to_what_was_measured(data: Path, tmp_path: Path) -> None:
    inputs = inputs_of(data)
    report = Report({"direction": "AtoB", "manifest": "abc", "versions": "x 1"})
    kept, done = Examples("mine 5"), []
    for candidate, editor in (
        (Candidate("mine", "5", 1, "w" * 12, "o" * 12, "m" * 12), perfect(inputs)),
        (Candidate("mine", "10"), baseline("telea")),
        (Candidate("untouched"), baseline("untouched")),
    ):
        done.append(measure(inputs, editor, Instruments(), kept.keep))
        report.columns.append(evaluated(candidate, done[-1]))
    report.notes = report.warnings()
    assert "2 of race" in report.notes[0]
    assert report.best("L1").candidate.epoch == "5" and report.best("no such") is None
    write_report(report, done, tmp_path)
    page = write_page(report, [kept], tmp_path)
    rows = list(csv.DictReader((tmp_path / "evaluation.csv").open()))
    assert [row["name"] for row in rows] == ["mine", "mine", "untouched"]
    assert rows[0]["weights"] == "w" * 12 and rows[0]["manifest"] == "abc" and rows[2]["frame left"] == "1"
    assert float(rows[2]["L1 inside low"]) <= float(rows[2]["L1 inside"]) <= float(rows[2]["L1 inside high"])
    stored = json.loads((tmp_path / "evaluation.json").read_text())
    assert stored["columns"][2]["scores"]["L1"]["n"] == 6
    assert set(stored["columns"][0]["groups"]["race"]["L1 elsewhere"]["means"]) == {"X", "Y"}
    text = to_markdown(report)
    assert "| frame left ↓" in text and "mine 5" in text
    assert len(list(csv.reader((tmp_path / "pictures.csv").open()))) == 1 + 3 * 6
    html = page.read_text()
    assert "How well glasses are taken off" in html and "mine 5</b>, 6 results: " in html
    assert "0% of the difference to the same face without glasses is left" in html
    places = [html.index(text) for text in ("is left", "in order", "the worst 8", "Over the", "by race")]
    assert places == sorted(places)
    assert len(list((tmp_path / "images").glob("*.png"))) == (4 + 8) * 3


class Reads:
    """A frame reader that knows how many frames it was asked for."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def read(self, faces):
        self.sizes += [face.shape for face in faces]
        return [reading_of({n: np.eye(len(c))[0] for n, c in CHOICES.items()}, *np.zeros((2, len(VALUES))))
                for _ in faces]  # fmt: skip


def test_the_variety_of_added_frames_is_that_of_results_with_glasses(data):
    """A model that draws one frame on everybody has one shape; bare results have none to be read."""
    inputs = Inputs(InputSettings(data, ADD, protocol=SIZE))
    reader = Reads()
    measured = measure(inputs, lambda picture, mask: (picture, None), Instruments(frame_reader=reader))
    assert measured.whole["frame shapes"] == pytest.approx(1)
    assert measured.whole["frame colours"] == pytest.approx(0, abs=1e-4)
    assert set(reader.sizes) == {(176, 176, 3)} and len(reader.sizes) == len(measured.rows)
    some = Reads()
    seen = measure(inputs, lambda picture, mask: (picture, None), Instruments(EyeBand(), frame_reader=some))
    assert len(some.sizes) == sum(row["as asked"] for row in seen.rows) < len(seen.rows)
    removal = measure(
        Inputs(InputSettings(data, protocol=SIZE)),
        lambda picture, mask: (picture, None),
        Instruments(frame_reader=Reads()),
    )
    assert "frame shapes" not in removal.whole
