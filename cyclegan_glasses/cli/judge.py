"""Say whether the faces of photos wear glasses, sunglasses, none, or something broken; with age and gender.

Photos may have any size; faces are found and aligned first. A line a face goes to standard output. What the
attribute classifier knows, and what it must not be used for, is in docs/guides/attributes.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclegan_glasses.cli.arguments import add_detector
from cyclegan_glasses.cli.echo import echo, echo_json
from cyclegan_glasses.errors import UserError

if TYPE_CHECKING:
    from cyclegan_glasses.attributes.classifier import FaceAttributes
    from cyclegan_glasses.faces.detect import Face

HELP = "say what faces wear: glasses, sunglasses, none, broken ones"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `judge`."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="files or folders")
    parser.add_argument("--json", action="store_true", help="an object a photo, one a line")
    parser.add_argument("--aligned", action="store_true", help="the photos are aligned crops: find no face")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="another classifier than the one that ships"
    )
    add_detector(parser)


def run(args: argparse.Namespace) -> int:
    """Classify, and return the exit code: 1 where a photo cannot be read or shows no face."""
    for path in args.photos:
        if not path.exists():
            raise UserError(f"there is no {path}: name photos, or folders of them")
    from cyclegan_glasses.attributes.classifier import load_classifier
    from cyclegan_glasses.attributes.photos import classify_files
    from cyclegan_glasses.faces.detect import make_detector
    from cyclegan_glasses.images import find_pictures

    classifier = load_classifier(args.weights)
    if classifier is None:
        raise UserError("no attribute classifier ships with this package: name one with --weights FILE")
    paths = [path for photo in args.photos for path in find_pictures(photo)]
    if not paths:
        raise UserError(f"there is no picture in {', '.join(map(str, args.photos))}")
    detector = None if args.aligned else make_detector(args.yunet)
    bad = 0
    for path, faces, trouble in classify_files(paths, detector, classifier):
        rows = [_row(attributes, face) for face, attributes in faces]
        if args.json:
            echo_json({"path": str(path), "faces": rows, **({"trouble": trouble} if trouble else {})})
        elif trouble:
            echo(f"{path}: {trouble}", file=sys.stderr)
        for number, row in enumerate([] if args.json else rows, 1):
            which = f" face {number}" if len(rows) > 1 else ""
            echo(f"{path}{which}: {_sentence(row)}")
        bad += bool(trouble)
    return 1 if bad else 0


def _row(attributes: FaceAttributes, face: Face | None) -> dict[str, Any]:
    """One face as JSON; `box` and `landmarks` where it was found in a photo."""
    row: dict[str, Any] = {
        "label": attributes.verdict.label,
        "confidence": round(attributes.verdict.confidence, 4),
        "sure": attributes.verdict.sure,
        "probabilities": {name: round(value, 4) for name, value in attributes.verdict.probabilities.items()},
        "gender": attributes.gender,
        "gender_confidence": round(attributes.gender_confidence, 4),
        "gender_sure": attributes.gender_sure,
        "age": round(attributes.age, 1),
        "ages": [round(years, 1) for years in attributes.ages],
    }
    if face is not None:
        row |= {"box": [round(value, 1) for value in face.box], "landmarks": face.landmarks.round(1).tolist()}
    return row


def _sentence(row: Mapping[str, Any]) -> str:
    sure = "" if row["sure"] else ", unsure"
    gender = f"{row['gender']} ({row['gender_confidence']:.2f})" if row["gender_sure"] else "gender unsure"
    low, high = row["ages"]
    return (
        f"{row['label']} ({row['confidence']:.2f}{sure}), {gender},"
        f" about {row['age']:.0f} years ({low:.0f} to {high:.0f})"
    )
