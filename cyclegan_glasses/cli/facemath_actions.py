"""What the actions of `facemath` run; imported when one of them does."""

from __future__ import annotations

import argparse

import numpy as np

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.cli.arguments import detector_path
from cyclegan_glasses.editing.facemath import FILE, load_facemath, random_codes, save_facemath, walk
from cyclegan_glasses.editing.facemath_fit import fit_facemath
from cyclegan_glasses.editing.facemath_pictures import (
    encode_photos,
    face_of,
    mix_corners,
    write_edit,
    write_frames,
    write_neighbours,
    write_sheet,
)
from cyclegan_glasses.editing.settings import FacemathOutput
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces import detect


def fit(args: argparse.Namespace) -> None:
    """Write the network with the directions of the attributes of labelled faces."""
    math, count = fit_facemath(
        args.run, args.dataroot, args.paired_dataroot, args.labels, args.columns, args.limit
    )
    out = args.out or args.run / FILE
    save_facemath(out, math)
    print(f"{out}: {count} faces, directions {', '.join(math.directions) or 'none'}")


def edit(args: argparse.Namespace, output: FacemathOutput) -> None:
    """Put glasses on or take them off, age, or move along a direction."""
    math = load_facemath(args.model)
    face = face_of(args.photos[0], detect.make_detector(detector_path(args)))
    name = "age" if args.action == "age" else args.by if args.action == "move" else "glasses"
    strength = args.to - _age(args.age, face.crop) if args.action == "age" else args.strength
    step = math.step(name, -1 if args.action == "remove-glasses" else 1)
    write_edit(math, face, step, strength, output, args.face)
    print(f"{output.path}: {name} by {strength:g}")


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


def sample(args: argparse.Namespace, output: FacemathOutput) -> None:
    """Random faces on a sheet."""
    math = load_facemath(args.model)
    write_sheet(math, random_codes(math, args.count, np.random.default_rng(args.seed), args.spread), output)
    print(f"{output.path}: {args.count} faces")


def random_walk(args: argparse.Namespace, output: FacemathOutput) -> None:
    """A random walk from a photo, or from the mean face."""
    math = load_facemath(args.model)
    start = math.mean
    if args.photos:
        (start,) = encode_photos(math, args.photos, detect.make_detector(detector_path(args)))
    write_frames(math, walk(start, math, args.steps, args.stride, np.random.default_rng(args.seed)), output)
    print(f"{output.path}: {args.steps} faces")


def neighbours(args: argparse.Namespace, output: FacemathOutput) -> None:
    """The faces of a folder most like one."""
    math, detector = load_facemath(args.model), detect.make_detector(detector_path(args))
    found = write_neighbours(math, args.photos[0], args.among, args.count, detector, output)
    print(*(f"{distance:.3f}  {path}" for path, distance in found), sep="\n")


def grid(args: argparse.Namespace, output: FacemathOutput) -> None:
    """A sheet between four faces."""
    math = load_facemath(args.model)
    corners = encode_photos(math, args.photos, detect.make_detector(detector_path(args)))
    write_sheet(math, mix_corners(corners, args.steps), output, args.steps)
    print(f"{output.path}: {args.steps**2} faces")


ACTIONS = {"sample": sample, "walk": random_walk, "neighbours": neighbours, "grid": grid}
