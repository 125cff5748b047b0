"""What the attribute classifier gets right on faces it has not seen, by group, and what fools it.

    python benchmarks/judge.py datasets/judge --fool 500

The folder is the one that the classifier was trained with (see docs/guides/attributes.md); its faces of
phase `test` count.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from cyclegan_glasses.attributes.calibration import expected_calibration_error
from cyclegan_glasses.attributes.classifier import FaceAttributes, FacelyzrClassifier, load_classifier
from cyclegan_glasses.attributes.verdicts import CLASSES, GENDERS, Verdict
from cyclegan_glasses.data.labelled import drawn_on
from cyclegan_glasses.data.labels import FaceLabels, read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.domains import NONE
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.overlays.broken import BROKEN

LEAST = 20  # faces of a group that is shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataroot", type=Path)
    parser.add_argument("--weights", type=Path, help="another classifier than the one that ships")
    parser.add_argument("--phase", default="test")
    parser.add_argument("--labels", help="a table instead of the manifests")
    parser.add_argument("--fool", type=int, default=500, help="faces for each way of being broken")
    args = parser.parse_args()
    classifier = load_classifier(args.weights)
    assert classifier is not None, "no classifier ships: give --weights"
    print(classifier.name)
    rows = [
        row
        for row in read_labels(args.dataroot, args.phase, LabelSettings(args.labels))
        if row[1].glasses >= 0
    ]
    faces = [np.asarray(open_picture(path)) for path, _ in rows]
    labels = [known for _, known in rows]
    start = time.process_time()
    attributes = [one for face in faces for one in classifier.predict(face[None])]
    alone = time.process_time() - start
    start = time.process_time()
    classifier.predict(np.stack(faces[:256]))
    batched = (time.process_time() - start) / min(256, len(faces))
    print(f"{len(faces) / alone:.0f} faces a second and core one by one, {1 / batched:.0f} in batches of 64")
    confusion(labels, attributes)
    by_group(labels, attributes)
    by_age(labels, attributes)
    calibrated(labels, attributes)
    if args.fool:
        fooled(classifier, faces, labels, args.fool)


def plain(labels: list[FaceLabels]) -> np.ndarray:
    """Which faces wear glasses or none."""
    return np.array([known.glasses < 2 for known in labels])


def glasses_scores(attributes: list[FaceAttributes]) -> np.ndarray:
    """Probability of glasses against none alone."""
    fractions = [(r.verdict.probabilities["glasses"], r.verdict.probabilities["none"]) for r in attributes]
    return np.array([a / max(a + b, 1e-12) for a, b in fractions])


def confusion(labels: list[FaceLabels], attributes: list[FaceAttributes]) -> None:
    """The best words, and how many of them are sure: both in percent of the faces with a label."""
    print()
    table_head("labelled")
    for number, name in enumerate(CLASSES):
        verdicts = [r.verdict for known, r in zip(labels, attributes, strict=True) if known.glasses == number]
        if verdicts:
            table_row(name, verdicts)


def table_head(what: str) -> None:
    columns = "".join(f"{word:>12}" for word in CLASSES)
    print(f"{what:16}{'faces':>7}{columns}   surely{columns}")


def table_row(name: str, verdicts: list[Verdict]) -> None:
    def percents(said: list[str]) -> str:
        return "".join(f"{100 * said.count(word) / len(verdicts):12.1f}" for word in CLASSES)

    sure = percents([verdict.label for verdict in verdicts if verdict.sure])
    print(f"{name:16}{len(verdicts):7d}{percents([one.label for one in verdicts])}{'':9}{sure}")


def by_group(labels: list[FaceLabels], attributes: list[FaceAttributes]) -> None:
    keep = plain(labels)
    truth, score = np.array([known.glasses == 0 for known in labels]), glasses_scores(attributes)
    sure = np.array([r.verdict.sure for r in attributes])
    said = np.array(
        [CLASSES.index(r.verdict.label) == k.glasses for k, r in zip(labels, attributes, strict=True)]
    )
    sexed = np.array(
        [GENDERS.index(r.gender) == known.gender for known, r in zip(labels, attributes, strict=True)]
    )
    years = np.array([r.age - known.age for known, r in zip(labels, attributes, strict=True)])
    groups: dict[str, list[int]] = defaultdict(list)
    for index, known in enumerate(labels):
        if keep[index]:
            groups["all"].append(index)
            for name, value in sorted(known.group.items()):
                groups[f"{name} {value}"].append(index)
    head = f"{'group':32}{'faces':>7}{'of two':>8}{'AUC':>8}{'right':>8}{'unsure':>8}"
    print(f"\n{head}{'gender':>8}{'MAE':>7}{'RMSE':>7}")
    for name, chosen in sorted(groups.items()):
        if len(chosen) < LEAST:
            continue
        right, error = (score[chosen] > 0.5) == truth[chosen], years[chosen]
        sexes = [index for index in chosen if labels[index].gender >= 0]
        error = error[np.isfinite(error)]
        print(
            f"{name:32}{len(chosen):7d}{right.mean():8.3f}{area(score[chosen], truth[chosen]):8.4f}"
            f"{said[chosen].mean():8.3f}"
            f"{1 - sure[chosen].mean():8.3f}{sexed[sexes].mean() if sexes else np.nan:8.3f}"
            f"{np.abs(error).mean() if len(error) else np.nan:7.1f}"
            f"{np.sqrt((error**2).mean()) if len(error) else np.nan:7.1f}"
        )


def by_age(labels: list[FaceLabels], attributes: list[FaceAttributes]) -> None:
    """Gender and age of the faces by their labelled ages, ten years together, and by their estimated ones."""
    known = [(k, r) for k, r in zip(labels, attributes, strict=True) if np.isfinite(k.age)]
    head = f"{'gender':>9}{'claimed':>9}{'of them':>9}{'age MAE':>9}{'in interval':>13}{'its width':>11}"
    for name, years in (("labelled", [k.age for k, _ in known]), ("estimated", [r.age for _, r in known])):
        print(f"\n{name + ' age':16}{'faces':>7}{head}")
        for decade in (-1, *range(10)):
            rows = [row for row, age in zip(known, years, strict=True) if decade in (-1, int(age // 10))]
            if len(rows) < LEAST:
                continue
            sexed = [(GENDERS.index(r.gender) == k.gender, r.gender_sure) for k, r in rows if k.gender >= 0]
            right, claimed = (np.array(column) for column in zip(*sexed, strict=True))
            error = np.mean([abs(r.age - k.age) for k, r in rows])
            cover = np.mean([r.ages[0] <= k.age <= r.ages[1] for k, r in rows])
            width = np.mean([r.ages[1] - r.ages[0] for _, r in rows])
            band = "all" if decade < 0 else f"{10 * decade} to {10 * decade + 9}"
            of_them = right[claimed].mean() if claimed.any() else np.nan
            print(f"{band:16}{len(rows):7d}{right.mean():9.3f}{claimed.mean():9.3f}{of_them:9.3f}", end="")
            print(f"{error:9.1f}{cover:13.3f}{width:11.1f}")


def area(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC curve: how often a true one scores above a false one."""
    if truth.all() or not truth.any():
        return float("nan")
    above = scores[truth][:, None] - scores[~truth][None]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def calibrated(labels: list[FaceLabels], attributes: list[FaceAttributes]) -> None:
    confidence = np.array([max(r.verdict.probabilities.values()) for r in attributes])
    best = [max(r.verdict.probabilities, key=r.verdict.probabilities.__getitem__) for r in attributes]
    right = np.array([CLASSES[known.glasses] == word for known, word in zip(labels, best, strict=True)])
    gap = expected_calibration_error(confidence, right)
    print(f"\nmean gap of confidence and truth (ECE, 10 bins): {gap:.3f}")
    for low in (0.4, 0.6, 0.8, 0.9):
        chosen = (confidence >= low) & (confidence < {0.4: 0.6, 0.6: 0.8, 0.8: 0.9, 0.9: 1.1}[low])
        if chosen.any():
            said, true = confidence[chosen].mean(), right[chosen].mean()
            print(f"  confidence from {low}: {chosen.sum()} faces, {said:.3f} said, {true:.3f} right")


def fooled(
    classifier: FacelyzrClassifier, faces: list[np.ndarray], labels: list[FaceLabels], count: int
) -> None:
    bare = [index for index, known in enumerate(labels) if CLASSES[known.glasses] == NONE]
    worn = [index for index, known in enumerate(labels) if known.glasses == 0]
    print()
    table_head("drawn")
    for kind in (*BROKEN, "wiped", "glasses", "sunglasses"):
        chosen = (worn if kind == "wiped" else bare)[:count]
        drawn = [
            drawn_on(faces[index], kind, labels[index], np.random.default_rng([7, index])) for index in chosen
        ]
        table_row(kind, classifier.classify(np.stack(drawn)))


if __name__ == "__main__":
    main()
