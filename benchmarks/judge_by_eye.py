"""Test faces that a person looked at: three hundred by group, or those on which verdict and label differ.

    python benchmarks/judge_by_eye.py datasets/judge --sheets sheets
    python benchmarks/judge_by_eye.py datasets/judge
    python benchmarks/judge_by_eye.py datasets/others --disagreements sheets

The first writes numbered contact sheets, as many faces of each race group, shuffled, without label or answer,
and `faces.csv`, which says who is where. The second compares what was read off them, `judge_by_eye.csv`
beside this script, with the labels and with the classifier; faces that the folder lacks are left out.
The third writes the faces of which the classifier says something else than the label, and what it says.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.attributes.verdicts import CLASSES, Verdict
from cyclegan_glasses.data.labels import FaceLabels, read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.images import open_picture

VERDICTS = Path(__file__).with_suffix(".csv")
SEED = 5
COUNT = 300
#: Faces of a race group by the machine's label: enough glasses to count, and a few sunglasses.
WANTED = {"glasses": 18, "sunglasses": 5, "none": 20}
ACROSS, DOWN, SIDE = 10, 6, 150
Row = tuple[Path, FaceLabels]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataroot", type=Path)
    parser.add_argument("--sheets", type=Path, metavar="DIR", help="write the sheets, measure nothing")
    parser.add_argument(
        "--disagreements", type=Path, metavar="DIR", help="write those of classifier and label"
    )
    parser.add_argument("--verdicts", type=Path, default=VERDICTS, help="file,seen of each face")
    parser.add_argument("--weights", type=Path, help="another classifier than the one that ships")
    args = parser.parse_args()
    rows = read_labels(args.dataroot, "test", LabelSettings())
    grouped = [row for row in rows if "race" in row[1].group]
    if args.sheets:
        write_sheets(chosen(grouped), args.sheets)
    elif args.disagreements:
        disagreements([row for row in rows if row[1].glasses >= 0], args.disagreements, args.weights)
    else:
        compare(grouped, read_verdicts(args.verdicts), args.weights)


def chosen(rows: list[Row]) -> list[Row]:
    """`COUNT` faces, as many of each race group, in an order that tells nothing."""
    rng = np.random.default_rng(SEED)
    piles: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        piles[row[1].group["race"], CLASSES[row[1].glasses]].append(row)
    picked = []
    for race in sorted({race for race, _ in piles}):
        missing = 0
        for label, count in WANTED.items():
            pile = piles[race, label]
            count += missing if label == NONE else 0
            taken = rng.permutation(len(pile))[:count]
            missing += count - len(taken)
            picked += [pile[index] for index in taken]
    return [picked[index] for index in rng.permutation(len(picked))[:COUNT]]


def write_sheets(rows: list[Row], folder: Path) -> None:
    """Sheets of `ACROSS` times `DOWN` faces, numbered from 0, and the table of their files."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(rows), ACROSS * DOWN):
        sheet = np.zeros((DOWN * (SIDE + 16), ACROSS * SIDE, 3), np.uint8)
        for place, (path, _) in enumerate(rows[start : start + ACROSS * DOWN]):
            face = cv2.resize(np.asarray(open_picture(path)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
            top, left = place // ACROSS * (SIDE + 16), place % ACROSS * SIDE
            sheet[top : top + SIDE, left : left + SIDE] = face[:, :, ::-1]
            at = (left + 4, top + SIDE + 12)
            cv2.putText(sheet, str(start + place), at, 0, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"sheet_{start // (ACROSS * DOWN)}.png"), sheet)
    with (folder / "faces.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("number", "file"), *((i, path.name) for i, (path, _) in enumerate(rows))])
    print(f"{folder}: {len(rows)} faces; write what you see as file,seen into a table for --verdicts")


def read_verdicts(path: Path) -> dict[str, str]:
    """What was seen, by file name: one of `CLASSES`, or `cannot say`."""
    with path.open(newline="") as file:
        return {row["file"]: row["seen"] for row in csv.DictReader(file)}


def classified(rows: list[Row], weights: Path | None) -> tuple[str, list[Verdict]]:
    """The classifier's name and its verdicts."""
    classifier = load_classifier(weights)
    assert classifier is not None, "no classifier ships: give --weights"
    return classifier.name, classifier.classify(
        np.stack([np.asarray(open_picture(path)) for path, _ in rows])
    )


def disagreements(rows: list[Row], folder: Path, weights: Path | None) -> None:
    _, verdicts = classified(rows, weights)
    indices = [
        index
        for index, (_, known) in enumerate(rows)
        if (verdicts[index].sure and verdicts[index].label != CLASSES[known.glasses])
        or (known.glasses < 2 and verdicts[index].of_two != CLASSES[known.glasses])
    ]
    write_sheets([rows[index] for index in indices], folder)
    for number, index in enumerate(indices):
        (path, known), verdict = rows[index], verdicts[index]
        print(f"{number} {path.name}: label {CLASSES[known.glasses]}, verdict {verdict.label}", end=" ")
        print(f"({verdict.confidence:.2f}), likelier {verdict.of_two}")


def compare(rows: list[Row], seen: dict[str, str], weights: Path | None) -> None:
    rows = [row for row in rows if row[0].name in seen]
    eye = [seen[path.name] for path, _ in rows]
    name, verdicts = classified(rows, weights)
    print(f"{name}: {len(rows)} faces that were looked at")
    labels = sorted(set(eye), key=[*CLASSES, "cannot say"].index)
    table("seen", labels, eye, [CLASSES[known.glasses] for _, known in rows], "label")
    table("seen", labels, eye, [verdict.label for verdict in verdicts], "verdict")
    groups = ["all", *sorted({known.group["race"] for _, known in rows})]
    head = f"{'glasses or none seen':24}{'faces':>7}{'label right':>13}{'verdict right':>15}"
    print(f"\n{head}{'kept':>8}{'of them right':>15}")
    for group in groups:
        members = [
            i
            for i, (_, known) in enumerate(rows)
            if eye[i] in (GLASSES, NONE) and group in ("all", known.group["race"])
        ]
        sure = [i for i in members if verdicts[i].sure]
        labelled = fraction(CLASSES[rows[i][1].glasses] == eye[i] for i in members)
        right = fraction(verdicts[i].of_two == eye[i] for i in members)
        kept, of_them = len(sure) / max(1, len(members)), fraction(verdicts[i].label == eye[i] for i in sure)
        print(f"{group:24}{len(members):7d}{labelled:13.3f}{right:15.3f}{kept:8.3f}{of_them:15.3f}")
    for i, (path, known) in enumerate(rows):
        if eye[i] in (GLASSES, NONE) and (verdicts[i].of_two != eye[i] or CLASSES[known.glasses] != eye[i]):
            print(
                f"{path.name}: seen {eye[i]}, label {CLASSES[known.glasses]}, verdict {verdicts[i].label}",
                end="",
            )
            print(f", likelier {verdicts[i].of_two}")


def fraction(right: Iterable[bool]) -> float:
    """Of the true ones; NaN where there are none."""
    values = list(right)
    return sum(values) / len(values) if values else float("nan")


def table(name: str, labels: list[str], eye: list[str], other: list[str], whose: str) -> None:
    answers = sorted(set(other), key=CLASSES.index)
    print(f"\n{name + ' / ' + whose:24}" + "".join(f"{word:>12}" for word in answers))
    for word in labels:
        found = [b for a, b in zip(eye, other, strict=True) if a == word]
        print(f"{word:24}" + "".join(f"{found.count(answer):12d}" for answer in answers))


if __name__ == "__main__":
    main()
