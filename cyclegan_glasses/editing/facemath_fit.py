"""The algebra of faces, made from a trained autoencoder, labelled faces and pairs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from cyclegan_glasses.attributes.verdicts import CLASSES
from cyclegan_glasses.data.labels import FaceLabels, read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.editing.facemath import FaceMath, encode, learn_direction, learn_removal
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import picture_names, readable_pictures
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.settings import AutoencoderSettings
from cyclegan_glasses.networks.weights import network_from
from cyclegan_glasses.pairing import pair_names
from cyclegan_glasses.sources.folder import read_table
from cyclegan_glasses.training.checkpoint import weights_path
from cyclegan_glasses.training.run_folder import read_options, saved_option
from cyclegan_glasses.walk import report
from cyclegan_glasses.weight_files import load_network_weights

Item = TypeVar("Item")
log = logging.getLogger(__name__)


def fit_facemath(
    run: Path,
    dataroot: Path,
    paired_dataroot: Path | None = None,
    table: Path | None = None,
    columns: Sequence[str] = (),
    limit: int = 4000,
) -> tuple[FaceMath, int]:
    """Encode labelled faces, and find the directions of their attributes among the codes.

    All but `glasses` are learnt among faces without.

    Args:
        run: folder of a run of `--model facemath`.
        dataroot: labelled faces, with manifests.
        paired_dataroot: pairs for the direction `glasses`: the same faces with glasses and without.
        table: CSV with more attributes, in `columns`.
        limit: faces, and pairs, at most.

    Returns:
        The algebra, and how many faces it was fitted to.

    Raises:
        UserError: the run is of another model or ended too early, or what is asked for is not in the data.
    """
    network = _network(run)
    rows = read_labels(dataroot, "train", LabelSettings())
    rows = _spread(rows, limit, "faces")
    groups, kept = _encoded(network, [(path,) for path, _ in rows])
    codes, rows = groups[:, 0], [rows[number] for number in kept]
    values = _labelled([labels for _, labels in rows])
    if table:
        values |= _columns(table, columns, [path for path, _ in rows])
    directions, worn = {}, values["glasses"] == 1
    for name, known in values.items():
        # Older people wear glasses more often: what is learnt of faces without them holds no frame.
        known = known if name == "glasses" else np.where(worn, np.nan, known)
        try:
            directions[name] = learn_direction(codes, known, name)
        except UserError:  # of what the labels do not tell there is no direction, unless it was asked for
            if name in columns:
                raise
    removal = None
    if paired_dataroot:
        worn, bare = _pairs(network, paired_dataroot, limit)
        directions["glasses"], removal = (worn - bare).mean(0), learn_removal(worn, bare)
    return FaceMath(network, codes.mean(0), codes.std(0), directions, removal), len(codes)


def _network(run: Path) -> FaceAutoencoder:
    """The newest autoencoder of a run, in evaluation mode."""
    options = read_options(run)
    if options.get("model") != "facemath":
        raise UserError(f"{run} holds no run of --model facemath: name its folder")
    size, latent = (saved_option(options, name, int, 0) for name in ("crop_size", "latent"))
    channels = saved_option(options, "channels", list[int], [])
    path = weights_path(run, "latest", "facemath")
    build = partial(FaceAutoencoder, AutoencoderSettings(size, tuple(channels), latent))
    network = network_from(build, load_network_weights(path), str(path))
    if not network.spread.any():
        raise UserError(f"{run} ended before it had seen enough faces: go on with --continue_train")
    return network.eval()


def _encoded(network: FaceAutoencoder, groups: Sequence[tuple[Path, ...]]) -> tuple[np.ndarray, list[int]]:
    """The codes (n, k, d) of groups of k pictures, and which groups they are of.

    A group with a picture that cannot be read is left out.

    Raises:
        UserError: none can be read.
    """
    codes, kept, left_out = [], [], Counter[str]()
    for number, paths in enumerate(groups):
        pictures = [picture for _, picture in readable_pictures(paths, left_out)]
        if len(pictures) == len(paths):
            codes.append([encode(network, picture[None])[0] for picture in pictures])
            kept.append(number)
    report("labelled faces", left_out)
    if not kept:
        raise UserError("none of the labelled faces can be read")
    return np.array(codes), kept


def _spread(items: list[Item], limit: int, kind: str) -> list[Item]:
    """At most `limit` of `items`, spread over all of them; said where that leaves some out."""
    chosen = items[:: max(1, len(items) // limit)][:limit]
    if len(chosen) < len(items):
        log.warning("%d of %d %s are used", len(chosen), len(items), kind)
    return chosen


def _pairs(network: FaceAutoencoder, root: Path, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """The codes of the training pairs below `root`: the faces with glasses, and the same without."""
    with_glasses, without = root / "trainA", root / "trainB"
    worn, bare = picture_names(with_glasses), picture_names(without)
    pairs = pair_names(worn, bare)
    if len(pairs.places) < 2:
        raise UserError(f"{with_glasses} and {without} share no names: make pairs with crawl.py overlay")
    pairs.report([with_glasses, without])
    places = _spread(pairs.places, limit, "pairs")
    codes, _ = _encoded(network, [(with_glasses / worn[a], without / bare[b]) for a, b in places])
    return codes[:, 0], codes[:, 1]


def _labelled(labels: Sequence[FaceLabels]) -> dict[str, np.ndarray]:
    """What the manifests say, as numbers; NaN where they do not."""
    glasses = {CLASSES.index("glasses"): 1.0, CLASSES.index("none"): 0.0}
    return {
        "glasses": np.array([glasses.get(face.glasses, np.nan) for face in labels]),
        "age": np.array([face.age for face in labels]),
        "female": np.array([face.gender if face.gender >= 0 else np.nan for face in labels]),
    }


def _columns(table: Path, names: Sequence[str], paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Columns of a table for the faces: numbers, or labels with two values, the first of them 0."""
    read = read_table(table)
    keys = (read.find(f"{path.parent.name}/{path.name}") for path in paths)
    rows = [read.rows[key] if key is not None else {} for key in keys]
    found = {}
    for name in names:
        if name not in read.columns:
            raise UserError(f"{table} has no column {name!r}: it has {', '.join(read.columns[:12])}")
        cells = [row.get(name, "") for row in rows]
        kinds = sorted(set(cells) - {""})
        try:
            values = {cell: float(cell) for cell in kinds}
        except ValueError:
            if len(kinds) > 2:
                raise UserError(f"{name!r} of {table} has {len(kinds)} values: two, or numbers") from None
            values = {cell: float(place) for place, cell in enumerate(kinds)}
        found[name] = np.array([values.get(cell, np.nan) for cell in cells])
    return found
