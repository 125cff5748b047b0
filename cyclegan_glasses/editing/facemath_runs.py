"""What `facemath` and `morph` run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from cyclegan_glasses.attributes.classifier import load_classifier
from cyclegan_glasses.attributes.verdicts import CLASSES
from cyclegan_glasses.data.labels import Labels, read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.editing.facemath import (
    FILE,
    FaceMath,
    encode,
    learn_direction,
    learn_removal,
    load_facemath,
    move,
    nearest,
    random_codes,
    save_facemath,
    sharpen,
    walk,
)
from cyclegan_glasses.editing.faces_of import SIZE, face_of, sheet, write_moving, write_picture
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import paste_change
from cyclegan_glasses.faces.detect import make_detector
from cyclegan_glasses.images import UnreadablePicture, find_pictures, open_picture, picture_names
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.settings import AutoencoderSettings
from cyclegan_glasses.networks.weights import load_weights
from cyclegan_glasses.sources.folder import read_table
from cyclegan_glasses.training.checkpoint import weights_path
from cyclegan_glasses.training.run_folder import read_options
from cyclegan_glasses.weight_files import load_network_weights


def learn(args: argparse.Namespace) -> None:
    """Encode labelled faces and write the network with the directions of their attributes."""
    options = read_options(args.run) or {}
    if options.get("model") != "facemath":
        raise UserError(f"{args.run} holds no run of --model facemath: name its folder")
    network = FaceAutoencoder(
        AutoencoderSettings(options["crop_size"], tuple(options["channels"]), options["latent"])
    )
    path = weights_path(args.run, "latest", "facemath")
    load_weights(network, load_network_weights(path), str(path))
    if not network.spread.any():
        raise UserError(f"{args.run} ended before it had seen enough faces: go on with --continue_train")
    rows = read_labels(args.dataroot, "train", LabelSettings())
    rows = rows[:: max(1, len(rows) // args.limit)][: args.limit]
    groups, kept = _encoded(network.eval(), [(path,) for path, _ in rows])
    codes, rows = groups[:, 0], [rows[number] for number in kept]
    values = _values([labels for _, labels in rows])
    if args.labels:
        values |= _columns(args.labels, args.columns, [path for path, _ in rows])
    directions = {}
    for name, known in values.items():
        try:
            directions[name] = learn_direction(codes, known, name)
        except UserError:
            if name in args.columns:
                raise
    removal = None
    if args.paired_dataroot:
        worn, bare = _pairs(network, args.paired_dataroot, args.limit)
        directions["glasses"], removal = (worn - bare).mean(0), learn_removal(worn, bare)
    math = FaceMath(network, codes.mean(0), codes.std(0), directions, removal)
    out = args.out or args.run / FILE
    save_facemath(out, math)
    print(f"{out}: {len(codes)} faces, directions {', '.join(directions) or 'none'}")


def _encoded(network: FaceAutoencoder, groups: Sequence[tuple[Path, ...]]) -> tuple[np.ndarray, list[int]]:
    """The codes (n, k, d) of groups of k pictures, and which groups they are of.

    A group with a picture that cannot be read is left out.

    Raises:
        UserError: none can be read.
    """
    codes, kept = [], []
    for number, paths in enumerate(groups):
        try:
            pictures = [np.asarray(open_picture(path)) for path in paths]
        except UnreadablePicture:
            continue
        codes.append([encode(network, picture[None])[0] for picture in pictures])
        kept.append(number)
    if not kept:
        raise UserError("none of the labelled faces can be read")
    return np.array(codes), kept


def _pairs(network: FaceAutoencoder, root: Path, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """The codes of the training pairs below `root`: the faces with glasses, and the same without."""
    with_glasses, without = root / "trainA", root / "trainB"
    names = sorted(set(picture_names(with_glasses)) & set(picture_names(without)))
    if len(names) < 2:
        raise UserError(f"{with_glasses} and {without} share no names: make pairs with crawl.py overlay")
    names = names[:: max(1, len(names) // limit)][:limit]
    codes, _ = _encoded(network, [(with_glasses / name, without / name) for name in names])
    return codes[:, 0], codes[:, 1]


def _values(labels: Sequence[Labels]) -> dict[str, np.ndarray]:
    """What the manifests say, as numbers; NaN where they do not."""
    glasses = {CLASSES.index("glasses"): 1.0, CLASSES.index("none"): 0.0}
    return {
        "glasses": np.array([glasses.get(face.glasses, np.nan) for face in labels]),
        "age": np.array([face.age for face in labels]),
        "female": np.array([face.gender if face.gender >= 0 else np.nan for face in labels]),
    }


def _columns(table: Path, names: Sequence[str], paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Columns of a table for the faces: numbers, or words with two values, the first of them 0."""
    read = read_table(table)
    rows = [
        read.rows.get(path.name) or read.rows.get(f"{path.parent.name}/{path.name}") or {} for path in paths
    ]
    found = {}
    for name in names:
        if name not in read.columns:
            raise UserError(f"{table} has no column {name!r}: it has {', '.join(read.columns[:12])}")
        words = [row.get(name, "") for row in rows]
        kinds = sorted(set(words) - {""})
        try:
            numbers = {word: float(word) for word in kinds}
        except ValueError:
            if len(kinds) > 2:
                raise UserError(f"{name!r} of {table} has {len(kinds)} words: two, or numbers") from None
            numbers = {word: float(place) for place, word in enumerate(kinds)}
        found[name] = np.array([numbers.get(word, np.nan) for word in words])
    return found


def codes_of(math: FaceMath, photos: Sequence[Path], yunet: Path | None) -> np.ndarray:
    """The codes of photos with one face each."""
    detector = make_detector(yunet)
    return math.encode(np.stack([face_of(path, detector).crop for path in photos]))


def show(math: FaceMath, codes: np.ndarray, args: argparse.Namespace, moving: bool, columns: int = 0) -> None:
    """Decode, sharpen and write codes: as moving pictures, or on a sheet."""
    faces = sharpen(math.decode(codes), args.sharpen)
    size = (args.side, args.side)
    if moving:
        frames = [cv2.resize(face, size, interpolation=cv2.INTER_CUBIC) for face in faces]
        write_moving(args.out, frames)
    else:
        write_picture(args.out, sheet(faces, columns or round(len(faces) ** 0.5), args.side))
    print(f"{args.out}: {len(faces)} faces")


def edit(args: argparse.Namespace) -> None:
    """Move a face along a direction, and carry the change into its photo."""
    math = load_facemath(args.model)
    face = face_of(args.photos[0], make_detector(args.yunet))
    name = {"add-glasses": "glasses", "remove-glasses": "glasses", "age": "age"}.get(args.action) or args.by
    strength = args.to - _age(args, face.crop) if args.action == "age" else args.strength
    step = math.step(name, -1 if args.action == "remove-glasses" else 1)
    code = math.encode(face.crop[None])
    before, after = math.decode(np.concatenate([code, move(code, step, strength)]))
    if args.face:
        shown = sharpen(after[None], args.sharpen)[0]
        write_picture(args.out, cv2.resize(shown, (args.side, args.side), interpolation=cv2.INTER_CUBIC))
    else:
        pair = sharpen(np.stack([before, after]), args.sharpen).astype(np.float32)
        change = cv2.resize(pair[1] - pair[0], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        write_picture(args.out, paste_change(face.image, change, face.alignment))
    print(f"{args.out}: {name} by {strength:g}")


def _age(args: argparse.Namespace, crop: np.ndarray) -> float:
    if args.age is not None:
        return float(args.age)
    classifier = load_classifier()
    if classifier is None:
        raise UserError(
            "no attribute classifier ships with this package: say how old the person is with --from YEARS"
        )
    return classifier.predict(crop[None])[0].age


def sample(args: argparse.Namespace) -> None:
    """Random faces."""
    math = load_facemath(args.model)
    codes = random_codes(math, args.count, np.random.default_rng(args.seed), args.spread)
    show(math, codes, args, moving=False)


def random_walk(args: argparse.Namespace) -> None:
    """A random walk."""
    math = load_facemath(args.model)
    start = codes_of(math, args.photos, args.yunet)[0] if args.photos else math.mean
    codes = walk(start, math, args.steps, args.stride, np.random.default_rng(args.seed))
    show(math, codes, args, moving=True)


def neighbours(args: argparse.Namespace) -> None:
    """The faces of a folder most like one, with their distances, on a sheet."""
    math = load_facemath(args.model)
    face = face_of(args.photos[0], make_detector(args.yunet)).crop
    paths, crops = [], []
    for path in find_pictures(args.among):
        try:
            picture = np.asarray(open_picture(path))
        except UnreadablePicture:
            continue
        if picture.shape[0] == picture.shape[1]:
            paths.append(path)
            crops.append(cv2.resize(picture, (math.size, math.size), interpolation=cv2.INTER_AREA))
    if not paths:
        raise UserError(
            f"{args.among} holds no aligned faces: squares, as crawl.py folder --align makes them"
        )
    order, apart = nearest(math.encode(face[None])[0], math.encode(np.stack(crops)), math, args.count)
    for index, distance in zip(order, apart, strict=True):
        print(f"{distance:.3f}  {paths[index]}")
    first = cv2.resize(face, (math.size, math.size), interpolation=cv2.INTER_AREA)
    faces = np.stack([first, *(crops[index] for index in order)])
    write_picture(args.out, sheet(faces, len(faces), args.side))


def grid(args: argparse.Namespace) -> None:
    """Between four faces: each place mixes the corners by how near they are."""
    math = load_facemath(args.model)
    corners = codes_of(math, args.photos, args.yunet)
    share = np.linspace(0, 1, args.steps, dtype=np.float32)
    down, right = (values.ravel()[:, None] for values in np.meshgrid(share, share, indexing="ij"))
    top = corners[0] * (1 - right) + corners[1] * right
    bottom = corners[2] * (1 - right) + corners[3] * right
    show(math, top * (1 - down) + bottom * down, args, moving=False, columns=args.steps)
