"""Write a model for other programs, or pack a run into the one file that an editor needs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from cyclegan_glasses.cli.arguments import add_detector, add_model, model_choice
from cyclegan_glasses.cli.echo import echo
from cyclegan_glasses.domains import DIRECTIONS, REMOVE
from cyclegan_glasses.editing.settings import EditSettings
from cyclegan_glasses.errors import UserError

HELP = "write a model for other programs: ONNX, TorchScript, packed"
ONNX, TORCHSCRIPT, PACKED = FORMATS = ("onnx", "torchscript", "package")
ENDINGS = {ONNX: ".onnx", TORCHSCRIPT: ".ts", PACKED: ".pt"}
FACES = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument("--format", choices=FORMATS, default=ONNX, help="what to write")
    parser.add_argument("-o", "--output", type=Path, help="file; <model>_<direction>_<precision> by default")
    parser.add_argument("--direction", choices=DIRECTIONS, default=REMOVE, help="AtoB removes, BtoA adds")
    parser.add_argument(
        "--precision", choices=("fp32", "fp16", "int8"), default="fp32", help="of the numbers"
    )
    parser.add_argument(
        "--passes", type=int, help="how often editors go over a face in --direction; kept in it"
    )
    parser.add_argument(
        "--average_with",
        metavar="MODEL",
        help="write the mean of the weights of two models: of --name, and of this run, file, or shipped",
    )
    parser.add_argument("--fraction", type=float, help="of MODEL in --average_with, 0 to 1 (default: 0.5)")
    parser.add_argument("--photos", type=Path, help="portraits to compare and calibrate on; else drawn ones")
    add_detector(parser)
    add_model(parser)


def run(args: argparse.Namespace) -> None:
    """Write the file and say how far it is from the network in torch."""
    from cyclegan_glasses.attributes.weights import is_classifier

    if args.name and is_classifier(Path(args.name)):
        return _export_classifier(args)
    if args.format == PACKED and args.precision == "int8":
        raise UserError("a packed model is always in half precision: leave --precision out")
    EditSettings(passes=args.passes)
    fraction = 0.5 if args.fraction is None else args.fraction
    if not 0 <= fraction <= 1:
        raise UserError(f"--fraction {fraction:g} is invalid: must be 0 to 1")
    if args.fraction is not None and not args.average_with:
        raise UserError("--fraction is of --average_with MODEL: give both, or leave it out")
    from cyclegan_glasses.editing.trained_models import average_models, load_model, save_model

    model = load_model(args.name, "cpu", args.direction, **model_choice(args))
    if args.average_with:
        model = average_models(model, load_model(args.average_with, "cpu", args.direction), fraction)
    if args.passes:
        often = replace(model.get(args.direction), passes=args.passes)
        model = replace(model, generators={**model.generators, args.direction: often})
    stem = Path(args.name).stem if args.name else "glasses"
    if args.format == PACKED:
        path = args.output or Path(f"{stem}.pt")
        save_model(model, path)
        ways = ", ".join(f"{way} on faces of {one.size} pixels" for way, one in model.generators.items())
        echo(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {ways}")
        return
    from cyclegan_glasses.editing.export import aligned_faces, export
    from cyclegan_glasses.faces.detect import make_detector
    from cyclegan_glasses.portraits.aligned import drawn_faces

    path = args.output or Path(f"{stem}_{args.direction}_{args.precision}{ENDINGS[args.format]}")
    generator = model.get(args.direction)
    if args.photos is None:
        faces = drawn_faces(FACES, generator.size, generator.framing)
    else:
        faces = aligned_faces(generator, args.photos, make_detector(args.yunet), 4 * FACES)
    done = export(model, args.direction, args.format, args.precision, path, faces)
    echo(f"{done.path}: {done.size / 1e6:.2f} MB, {args.direction}, {args.precision}")
    echo(
        f"against torch in float32 on {done.faces} faces: largest difference {done.largest:.2g} of -1 to 1,"
        f" mean {done.mean:.3f} of 255 (the model changes {done.change:.2f} on average)"
    )


def _export_classifier(args: argparse.Namespace) -> None:
    """Write an attribute classifier as the file that ships."""
    if args.format != ONNX or args.precision != "fp16":
        raise UserError(f"{args.name} is an attribute classifier: say --format onnx --precision fp16")
    from cyclegan_glasses.attributes.photos import SIZE
    from cyclegan_glasses.attributes.weights import export_classifier
    from cyclegan_glasses.faces.align import Framing
    from cyclegan_glasses.portraits.aligned import drawn_faces

    path = args.output or Path(args.name).with_suffix(ENDINGS[ONNX])
    difference = export_classifier(Path(args.name), path, drawn_faces(FACES, SIZE, Framing()))
    echo(f"{path}: {path.stat().st_size / 1e6:.2f} MB, fp16")
    echo(f"against torch on {FACES} faces: largest difference of the logits {difference:.2g}")
