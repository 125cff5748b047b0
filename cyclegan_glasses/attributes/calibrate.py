"""From a trained network to a judge: confidences that are right as often as they say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cyclegan_glasses.attributes.classifier import Calibration, both_ways, without_decoder
from cyclegan_glasses.attributes.verdicts import BROKEN
from cyclegan_glasses.data.labels import CLASSES, GENDERS
from cyclegan_glasses.data.loader import make_batches
from cyclegan_glasses.data.settings import LABELLED, DataSettings, LabelSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks.facelyzr import Answers, Facelyzr
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.networks.weights import load_weights

BROKEN_SHARE = 0.1  # of the faces that a judge is asked about: photographs have none, bad edits many


@dataclass(frozen=True, slots=True)
class Answered:
    """Labelled faces and what a network says of them: answers and labels of N faces."""

    answers: Answers
    labels: Mapping[str, Tensor]


def network_of(weights: Mapping[str, Tensor], size: int, name: str) -> Facelyzr:
    """The network that `weights` of a run belong to, without its decoder, in evaluation mode.

    Raises:
        UserError: they are of another kind of network.
    """
    kept = without_decoder(weights)
    stages = sorted({int(key.split(".")[1]) for key in kept if key.startswith("encoder.")})
    try:
        settings = ReaderSettings(
            size=size,
            channels=tuple(kept[f"encoder.{stage}.0.weight"].shape[0] for stage in stages),
            features=kept["heads.glasses.weight"].shape[1],
            classes=kept["heads.glasses.weight"].shape[0],
        )
    except KeyError:
        raise UserError(f"{name} is no network of --model facelyzr") from None
    network = Facelyzr(settings, decoder=False)
    load_weights(network, kept, name)
    return network.eval()


def answer(network: Facelyzr, dataroot: Path, phase: str, labels: LabelSettings) -> Answered:
    """What `network` says of the labelled faces of a phase, drawn ones included.

    Raises:
        UserError: there are none.
    """
    size = network.settings.size
    data = DataSettings(
        str(dataroot),
        phase=phase,
        dataset_mode=LABELLED,
        load_size=size,
        crop_size=size,
        batch_size=64,
        num_threads=0,
        labels=labels,
        fixed=True,
    )
    answers, known = [], []
    for batch in make_batches(data).epoch(1):
        answers.append(both_ways(network, batch["A"]))
        known.append({name: batch[name] for name in ("glasses", "gender", "age", "landmarks")})
    joined = Answers(*(torch.cat(parts) for parts in zip(*answers, strict=True)))
    return Answered(joined, {name: torch.cat([part[name] for part in known]) for name in known[0]})


def calibrate(answered: Answered, sure: float = 0.6) -> Calibration:
    """Temperatures at which the labels are likeliest, the mean error of the ages, and what is expected.

    Raises:
        UserError: no face has a label for glasses.
    """
    answers, labels = answered.answers, answered.labels
    if not bool((labels["glasses"] >= 0).any()):
        raise UserError("no face has a label for glasses: nothing to calibrate by")
    age = (answers.age - labels["age"]).abs()
    age = age[~age.isnan()]
    return Calibration(
        temperature(answers.glasses, labels["glasses"]),
        temperature(answers.gender, labels["gender"]),
        float(age.mean()) if len(age) else 0.0,
        sure,
        expecting(BROKEN_SHARE),
    )


def expecting(share: float) -> tuple[float, ...]:
    """Biases with which a judge that saw all classes alike in training expects a share of `broken` faces.

    Logarithms of the new prior over the old one (Saerens et al., Neural Computation 14, 2002); what the other
    classes are among each other is left as it is.
    """
    others = len(CLASSES) - 1
    return tuple(math.log(others * share / (1 - share)) if name == BROKEN else 0.0 for name in CLASSES)


def temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature of 0.05 to 20 at which `labels` (N,), −1 for missing, are likeliest; 1 without any."""
    logits, labels = logits[labels >= 0].double(), labels[labels >= 0]
    if not len(labels):
        return 1.0
    tried = np.geomspace(0.05, 20, 241)
    losses = [float(F.cross_entropy(logits / value, labels)) for value in tried]
    return float(tried[int(np.argmin(losses))])


def summary(answered: Answered, calibration: Calibration) -> dict[str, float]:
    """Shares of right answers and errors, for a line or a table.

    `glasses`: all classes; `glasses_or_none`: of the faces with these labels; `expected_error`: mean gap
    between confidence and share of right answers in ten bins (ECE, Guo et al., eq. 3).
    """
    answers, labels = answered.answers, answered.labels
    known = labels["glasses"] >= 0
    shares = calibration.shares(answers.glasses[known]).double()
    confidence, said = shares.max(1)
    truth = labels["glasses"][known]
    right = (said == truth).double()
    plain = truth < CLASSES.index("sunglasses")
    result = {"faces": float(known.sum()), "glasses": float(right.mean())}
    result["glasses_or_none"] = float(right[plain].mean())
    limits = torch.tensor([calibration.limit(name) for name in CLASSES])[said]
    result["unsure"] = float((confidence < limits).double().mean())
    result["expected_error"] = expected_error(confidence.numpy(), right.numpy())
    sexed = labels["gender"] >= 0
    if bool(sexed.any()):
        said = answers.gender[sexed].argmax(1)
        result[f"gender ({' or '.join(GENDERS)})"] = float((said == labels["gender"][sexed]).double().mean())
    age = (answers.age - labels["age"])[~labels["age"].isnan()].double()
    if len(age):
        result |= {"age_mean_error": float(age.abs().mean()), "age_rmse": float(age.square().mean().sqrt())}
    return result


def expected_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Mean gap between confidence and share of right answers over bins of equal width, weighted by count."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs((confidence - right)[place == number].sum()) for number in range(bins)]
    return float(sum(gaps) / max(1, len(confidence)))
