"""Say whether the faces of photos wear glasses, sunglasses, none, or something broken; with age and gender.

Photos may have any size; faces are found and aligned first. A line a face goes to standard output. What the
attribute classifier knows, and what it must not be used for, is in docs/judge.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cyclegan_glasses.errors import UserError

HELP = "say what faces wear: glasses, sunglasses, none, or something broken"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `judge`."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="files or folders")
    parser.add_argument("--json", action="store_true", help="an object a photo, one a line")
    parser.add_argument("--aligned", action="store_true", help="the photos are aligned crops: find no face")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="another classifier than the one that ships"
    )
    parser.add_argument("--yunet", type=Path, metavar="FILE", help="the face detector's ONNX file")


def command(args: argparse.Namespace) -> Callable[[], int]:
    """What `judge` runs; its exit code is 1 where a photo cannot be read or shows no face."""
    for path in args.photos:
        if not path.exists():
            raise UserError(f"there is no {path}: name photos, or folders of them")
    return lambda: _judge(args.photos, args.weights, args.yunet, args.aligned, args.json)


def _judge(photos: list[Path], weights: Path | None, yunet: Path | None, aligned: bool, as_json: bool) -> int:
    from cyclegan_glasses.attributes.classifier import load_classifier
    from cyclegan_glasses.faces.detect import make_detector
    from cyclegan_glasses.images import find_pictures

    classifier = load_classifier(weights)
    if classifier is None:
        raise UserError("no attribute classifier ships with this package: name one with --weights FILE")
    paths = [path for photo in photos for path in find_pictures(photo)]
    if not paths:
        raise UserError(f"there is no picture in {', '.join(map(str, photos))}")
    detector = None if aligned else make_detector(yunet)
    bad = 0
    for path, rows, trouble in _read(paths, detector, classifier):
        if as_json:
            print(json.dumps({"path": str(path), "faces": rows, **({"trouble": trouble} if trouble else {})}))
        elif trouble:
            print(f"{path}: {trouble}", file=sys.stderr)
        for number, row in enumerate([] if as_json else rows, 1):
            which = f" face {number}" if len(rows) > 1 else ""
            print(f"{path}{which}: {_words(row, classifier.calibration.age)}")
        bad += bool(trouble)
    return 1 if bad else 0


def _read(
    paths: list[Path], detector: Any, classifier: Any
) -> Iterator[tuple[Path, list[dict[str, Any]], str]]:
    """Each path with a row for each face, and what is wrong with it, if anything is."""
    import numpy as np

    from cyclegan_glasses.attributes.photos import classify_photo
    from cyclegan_glasses.images import UnreadablePicture, open_picture

    for path in paths:
        try:
            image = np.asarray(open_picture(path))
        except UnreadablePicture as error:
            yield path, [], error.reason
            continue
        if detector is None:
            if image.shape[0] != image.shape[1]:
                yield path, [], "an aligned crop is a square: leave out --aligned"
                continue
            yield path, [_row(classifier.predict(image[None])[0])], ""
            continue
        found = classify_photo(image, detector, classifier)
        yield path, [_row(attributes, face) for face, attributes in found], "" if found else "no face found"


def _row(attributes: Any, face: Any = None) -> dict[str, Any]:
    row = {
        "label": attributes.verdict.label,
        "confidence": round(attributes.verdict.confidence, 4),
        "probabilities": {name: round(share, 4) for name, share in attributes.verdict.probabilities.items()},
        "gender": attributes.gender,
        "gender_confidence": round(attributes.gender_confidence, 4),
        "age": round(attributes.age, 1),
    }
    if face is not None:
        row |= {"box": [round(value, 1) for value in face.box], "landmarks": face.landmarks.round(1).tolist()}
    return row


def _words(row: dict[str, Any], years: float) -> str:
    return (
        f"{row['label']} ({row['confidence']:.2f}), {row['gender']} ({row['gender_confidence']:.2f}),"
        f" about {row['age']:.0f} years (± {years:.0f})"
    )
