"""What the actions of `facemath`, and `morph`, run; imported when one of them does. Each says what it did."""

from __future__ import annotations

import argparse

import numpy as np

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.editing import facemath_pictures as pictures
from cyclegan_glasses.editing.facemath import (
    FILE,
    FaceMath,
    interpolate,
    load_facemath,
    random_codes,
    save_facemath,
    walk,
)
from cyclegan_glasses.editing.facemath_fit import fit_facemath
from cyclegan_glasses.editing.settings import FacemathOutput
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces import detect

_AGEING = 2.0  # steps of a year for each: means of many faces have fewer folds than a face of their age


def fit(args: argparse.Namespace) -> str:
    """Write the network with the directions of the attributes of labelled faces."""
    math, count = fit_facemath(
        args.run, args.dataroot, args.paired_dataroot, args.labels, args.columns, args.limit
    )
    out = args.out or args.run / FILE
    save_facemath(out, math)
    return f"{out}: {count} faces, directions {', '.join(math.directions) or 'none'}"


def do(args: argparse.Namespace, output: FacemathOutput) -> str:
    """Any other action, which draws faces."""
    math = load_facemath(args.model)
    if args.action == "neighbours":
        return _neighbours(math, args, output)
    if args.action == "sample":
        codes = random_codes(math, args.count, np.random.default_rng(args.seed), args.spread)
        pictures.write_sheet(math, codes, output)
    elif args.action == "grid":
        codes = pictures.mix_corners(_codes(math, args), args.steps)
        pictures.write_sheet(math, codes, output, args.steps)
    elif args.action == "walk":
        (start,) = _codes(math, args) if args.photos else (math.mean,)
        codes = walk(start, math, args.steps, args.stride, np.random.default_rng(args.seed))
        pictures.write_frames(math, codes, output)
    elif args.action == "morph":
        codes = interpolate(_codes(math, args), args.steps)
        pictures.write_frames(math, codes, output)
    else:
        return _edit(math, args, output)
    return f"{output.path}: {len(codes)} faces"


def _codes(math: FaceMath, args: argparse.Namespace) -> np.ndarray:
    return pictures.encode_photos(math, args.photos, detect.make_detector(args.yunet))


def _edit(math: FaceMath, args: argparse.Namespace, output: FacemathOutput) -> str:
    """Put glasses on or take them off, age, or move along a direction."""
    face = pictures.face_of(args.photos[0], detect.make_detector(args.yunet))
    if args.action == "age":
        name, years = "age", _age(args.age, face[1])
        strength, said = _AGEING * (args.to - years), f"from {years:.0f} to {args.to:g} years"
    else:
        name, strength = args.by if args.action == "move" else "glasses", args.strength
        said = f"{name} by {strength:g}"
    step = math.step(name, -1 if args.action == "remove-glasses" else 1)
    pictures.write_edit(math, face, step, strength, output, args.face)
    return f"{output.path}: {said}"


def _age(years: float | None, crop: np.ndarray) -> float:
    """The age that was given, or the estimate of the attribute classifier for an aligned face."""
    if years is not None:
        return years
    classifier = load_classifier()
    if classifier is None:
        raise UserError(
            "no attribute classifier ships with this package: say how old the person is with --from YEARS"
        )
    return classifier.predict(crop[None])[0].age


def _neighbours(math: FaceMath, args: argparse.Namespace, output: FacemathOutput) -> str:
    """The faces of a folder most like one."""
    detector = detect.make_detector(args.yunet)
    found = pictures.write_neighbours(math, args.photos[0], args.among, args.count, detector, output)
    return "\n".join(f"{distance:.3f}  {path}" for path, distance in found)
