"""What `calibrate` runs: from a run of `--model facelyzr` and labelled faces to an attribute classifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from cyclegan_glasses.attributes.answers import (
    Answers,
    AttributeNetwork,
    aligned_batches,
    joined,
    mirrored_mean,
)
from cyclegan_glasses.attributes.calibration import Calibration, calibrate, find_thresholds, summary
from cyclegan_glasses.attributes.verdicts import CLASSES
from cyclegan_glasses.attributes.weights import (
    TorchAttributeNetwork,
    network_of,
    read_weights,
    write_weights,
)
from cyclegan_glasses.data.labelled import drawn_on
from cyclegan_glasses.data.labels import FaceLabels, read_labels
from cyclegan_glasses.data.loader import make_batches
from cyclegan_glasses.data.settings import LABELLED, DataSettings, LabelSettings
from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.training.checkpoint import weights_path
from cyclegan_glasses.training.run_folder import read_options, saved_option
from cyclegan_glasses.weight_files import load_network_weights

#: Glasses that are there in part, by what they are drawn on.
PARTIAL = {"half_drawn": NONE, "rubbed_out": NONE, "wiped": GLASSES}
_OFTEN = 2  # drawings on each face: calibration faces are few
_DRAWING = 11  # keeps these drawings apart from those of training and benchmark


def calibrate_run(
    run: Path, dataroot: Path, labels: LabelSettings, epoch: str, sure: float, passing: float, out: Path
) -> tuple[Calibration, dict[str, float]]:
    """Write the network of a run, calibrated on the faces of phase `val`, as a classifier into `out`.

    Args:
        sure: less confident verdicts are `unsure`.
        passing: fraction of faces with glasses in part that may pass for `glasses` or `none`; 1 for any.

    Returns:
        The calibration, and how good the classifier in `out` is on the faces of phase `test`.

    Raises:
        UserError: the folder holds no run of facelyzr, or there are no labelled faces.
    """
    options = read_options(run) or {}
    if options.get("model") != "facelyzr":
        raise UserError(f"{run} holds no run of --model facelyzr: name its folder")
    path = weights_path(run, epoch, "judge")
    size = saved_option(options, "crop_size", int, 0)
    trained = network_of(load_network_weights(path), size, str(path))
    network = TorchAttributeNetwork(trained)
    calibration = calibrate(*answers_of(network, dataroot, "val", labels), sure)
    if passing < 1:
        real, partial = partial_glasses(network, calibration, dataroot, "val", labels)
        calibration = replace(calibration, thresholds=find_thresholds(real, partial, sure, passing))
    write_weights(out, trained, calibration)
    written, calibration = read_weights(out)
    answers, known = answers_of(TorchAttributeNetwork(written), dataroot, "test", labels)
    return calibration, summary(answers, known, calibration)


def answers_of(
    network: AttributeNetwork, dataroot: Path, phase: str, labels: LabelSettings
) -> tuple[Answers, dict[str, np.ndarray]]:
    """What `network` says of the labelled faces of a phase, drawn ones included, and their labels.

    Raises:
        UserError: there are none.
    """
    size = network.size
    data = DataSettings(str(dataroot), phase=phase, dataset_mode=LABELLED, labels=labels, fixed=True)
    data = replace(data, load_size=size, crop_size=size, batch_size=64, num_threads=0)
    answers, known = [], []
    for batch in make_batches(data).epoch(1):
        answers.append(mirrored_mean(network, batch["A"].numpy()))
        known.append({name: batch[name].numpy() for name in ("glasses", "gender", "age")})
    return joined(answers), {name: np.concatenate([batch[name] for batch in known]) for name in known[0]}


def partial_glasses(
    network: AttributeNetwork, calibration: Calibration, dataroot: Path, phase: str, labels: LabelSettings
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What `network` says of the faces of a phase as they are, and with glasses that are there in part.

    Returns:
        Probabilities (n, classes) of the real faces by label, `glasses` and `none`; and by kind of `PARTIAL`.
    """
    rows = read_labels(dataroot, phase, labels)
    by_label: dict[str, list[tuple[np.ndarray, FaceLabels]]] = {GLASSES: [], NONE: []}
    for path, known in rows:
        if (name := CLASSES[known.glasses]) in by_label:
            by_label[name].append((np.asarray(open_picture(path)), known))

    def probabilities(faces: Iterator[np.ndarray]) -> np.ndarray:
        batches = aligned_batches(list(faces), network.size)
        logits = [mirrored_mean(network, batch).glasses for batch in batches]
        if not logits:
            return np.empty((0, len(CLASSES)))
        return calibration.probabilities(np.concatenate(logits))

    real = {name: probabilities(face for face, _ in faces) for name, faces in by_label.items()}
    partial = {}
    for number, (kind, label) in enumerate(PARTIAL.items()):
        partial[kind] = probabilities(
            drawn_on(face, kind, known, np.random.default_rng([_DRAWING, number, index]))
            for index, (face, known) in enumerate(by_label[label] * _OFTEN)
        )
    return real, partial
