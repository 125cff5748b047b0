"""What denoising pretraining is worth to the attribute classifier, by fraction of the labels; a baseline.

    python benchmarks/judge_pretraining.py datasets/judge

Small networks: the order of the rows is what counts, not how high they are. Every network gets the same
number of labelled steps on the same batches of labelled faces at the same rates. `layers` comes to them from
its pretraining on all faces without labels, `none` from scratch, and `joint` restores as many faces without
labels in each step. The baseline is logistic regression on the pretrained autoencoder's code, before the
heads change it; its penalty is the best of `PENALTIES` on the calibration faces. Drawn pictures go by
their face's labels.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cyclegan_glasses.attributes.verdicts import CLASSES, GENDERS
from cyclegan_glasses.data.labelled import open_labelled
from cyclegan_glasses.data.labels import read_labels
from cyclegan_glasses.data.settings import LABELLED, DataSettings, LabelSettings
from cyclegan_glasses.devices import Precision
from cyclegan_glasses.losses import balanced_cross_entropy
from cyclegan_glasses.networks.settings import ReaderSettings
from cyclegan_glasses.objectives.facelyzr import FacelyzrObjective
from cyclegan_glasses.objectives.settings.faces import FacelyzrSettings
from cyclegan_glasses.pixels import normalize, quantize

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
CPU = torch.device("cpu")
Figures = dict[str, float]


@dataclass(frozen=True)
class Faces:
    """N faces: uint8 (N, 3, size, size), labels by name, and which are photographs with glasses or none."""

    pictures: Tensor
    labels: dict[str, Tensor]
    plain: Tensor
    names: list[str]

    def batch(self, chosen: np.ndarray, known: bool = True) -> dict[str, Tensor]:
        """Faces `chosen` as `data.labelled` gives them; without labels where they are not to be `known`."""
        index = torch.from_numpy(chosen)
        result = {"A": normalize(self.pictures[index])}
        for name, values in self.labels.items():
            missing = torch.full_like(values[index], torch.nan if values.is_floating_point() else -1)
            result[name] = values[index] if known else missing
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataroot", type=Path)
    parser.add_argument("--ways", nargs="+", default=["none", "layers"], help="of --pretraining")
    parser.add_argument("--shares", nargs="+", type=float, default=[0.01, 0.1, 1.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--channels", nargs="+", type=int, default=[16, 32, 48, 64])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=300, help="with labels")
    parser.add_argument("--pretraining_steps", type=int, default=300, help="without")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--drawn", type=float, default=0.3, help="drawn pictures for each bare face")
    args = parser.parse_args()
    faces = {phase: load(args.dataroot, phase, args.size, args.drawn) for phase in ("train", "val", "test")}
    subsets = {fraction: labelled(args.dataroot, faces["train"], fraction) for fraction in args.shares}
    steps = f"{args.steps} labelled steps of {args.batch}"
    print(f"{len(faces['train'].names)} faces, {steps}, tested on {len(faces['test'].names)}")
    head = f"{'way':10}{'labels':>8}{'seed':>6}{'glasses/none':>14}{'four classes':>14}"
    print(f"{head}{'gender':>8}{'seconds':>9}")
    for seed in args.seeds:
        for way in args.ways:
            start = time.process_time()
            begun = pretrained(way, faces["train"], seed, args)
            spent = time.process_time() - start
            for chosen in subsets.values():
                start = time.process_time()
                objective = finetuned(copy.deepcopy(begun), faces["train"], chosen, seed, args)
                seconds = time.process_time() - start
                show(way, len(chosen), seed, scores(objective, faces["test"]), spent + seconds)
            if way == "layers":
                for chosen in subsets.values():
                    start = time.process_time()
                    figures = regression(begun, faces, chosen)
                    show("logistic", len(chosen), seed, figures, spent + time.process_time() - start)


def show(way: str, labels: int, seed: int, figures: Figures, seconds: float) -> None:
    columns = "".join(
        f"{figures[name]:{width}.3f}" for name, width in (("plain", 14), ("all", 14), ("gender", 8))
    )
    print(f"{way:10}{labels:8d}{seed:6d}{columns}{seconds:9.0f}", flush=True)


def load(dataroot: Path, phase: str, size: int, drawn: float) -> Faces:
    """All faces of a phase, drawn ones too, as they are: not turned, tinted or blurred."""
    settings = DataSettings(
        str(dataroot),
        phase=phase,
        dataset_mode=LABELLED,
        load_size=size,
        crop_size=size,
        num_threads=0,
        labels=LabelSettings(drawn=drawn, augment=False),
    )
    dataset = open_labelled(settings)
    samples = [dataset[1, index] for index in range(len(dataset))]
    pictures = torch.stack([quantize(sample["A"]) for sample in samples])
    names = ("glasses", "gender", "age", "landmarks")
    labels = {name: torch.stack([sample[name] for sample in samples]) for name in names}
    plain = torch.tensor([not face.drawn and 0 <= face.labels.glasses < 2 for face in dataset.faces])
    return Faces(pictures, labels, plain, [str(face.path) for face in dataset.faces])


def labelled(dataroot: Path, faces: Faces, fraction: float) -> np.ndarray:
    """Which faces keep their labels where a `fraction` of them does: those of `--label_share`."""
    rows = read_labels(dataroot, "train", LabelSettings(fraction=fraction))
    known = {str(path) for path, labels in rows if labels.glasses >= 0}
    return np.array([index for index, name in enumerate(faces.names) if name in known])


def batches(chosen: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Batches of `chosen` without end, each face once before any twice."""
    pile = np.empty(0, np.int64)
    while True:
        while len(pile) < size:
            pile = np.concatenate([pile, rng.permutation(chosen)])
        yield pile[:size]
        pile = pile[size:]


def pretrained(way: str, faces: Faces, seed: int, args: argparse.Namespace) -> FacelyzrObjective:
    """The network as it comes to its first label."""
    torch.manual_seed(seed)
    reader = ReaderSettings(size=args.size, channels=tuple(args.channels), features=64)
    settings = FacelyzrSettings(reader=reader, pretraining=way)
    objective = FacelyzrObjective(settings, Precision("fp32", CPU), seed)
    if way == "layers":
        source = batches(np.arange(len(faces.names)), args.batch, np.random.default_rng([1, seed]))
        for step in range(args.pretraining_steps):
            progress = settings.pretraining_share * step / args.pretraining_steps
            objective.step(faces.batch(next(source), known=False), progress)
    return objective


def finetuned(
    objective: FacelyzrObjective, faces: Faces, chosen: np.ndarray, seed: int, args: argparse.Namespace
) -> FacelyzrObjective:
    """`objective` after its labelled steps; the rate falls to nothing over the second half."""
    torch.manual_seed(seed)
    source = batches(chosen, args.batch, np.random.default_rng([2, seed]))
    others = batches(np.arange(len(faces.names)), args.batch, np.random.default_rng([3, seed]))
    optimizer = objective.optimizers["judge"]
    rates = [group["lr"] for group in optimizer.param_groups]
    for step in range(args.steps):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, 2 * (1 - step / args.steps))
        batch = faces.batch(next(source))
        if objective.settings.pretraining == "joint":
            more = faces.batch(next(others), known=False)
            batch = {name: torch.cat([batch[name], more[name]]) for name in batch}
        objective.step(batch, 1.0)
    return objective


@torch.inference_mode()
def scores(objective: FacelyzrObjective, faces: Faces) -> Figures:
    network = objective.network.eval()
    outputs = [network(normalize(batch)) for batch in faces.pictures.split(256)]
    glasses, gender = (
        torch.cat([getattr(output, name) for output in outputs]) for name in ("glasses", "gender")
    )
    return compared(glasses, gender, faces)


def compared(glasses: Tensor, gender: Tensor, faces: Faces) -> Figures:
    """Shares of right answers: glasses against none on photographs (`plain`), the mean over the four classes,
    drawn pictures included (`all`), and gender on photographs.
    """
    truth, sex, plain = faces.labels["glasses"], faces.labels["gender"], faces.plain
    right = (glasses.argmax(1) == truth).double()
    by_class = [right[truth == number].mean() for number in range(len(CLASSES)) if (truth == number).any()]
    return {
        "plain": float((glasses[plain, :2].argmax(1) == truth[plain]).double().mean()),
        "all": float(torch.stack(by_class).mean()),
        "gender": float((gender.argmax(1) == sex)[plain & (sex >= 0)].double().mean()),
    }


@torch.no_grad()
def codes(objective: FacelyzrObjective, faces: Faces) -> Tensor:
    network = objective.network.eval()
    return torch.cat([network.encode(normalize(part)).flatten(1) for part in faces.pictures.split(256)])


def regression(objective: FacelyzrObjective, faces: dict[str, Faces], chosen: np.ndarray) -> Figures:
    """Logistic regression on the code, the labelled faces `chosen` alone."""
    code = {phase: codes(objective, split) for phase, split in faces.items()}
    known = torch.from_numpy(chosen)
    mean, spread = code["train"].mean(0), code["train"].std(0) + 1e-3
    code = {phase: (values - mean) / spread for phase, values in code.items()}
    said = {}
    for name, classes in (("glasses", len(CLASSES)), ("gender", len(GENDERS))):
        truth = faces["train"].labels[name][known]
        fits = [fit(code["train"][known], truth, classes, penalty) for penalty in PENALTIES]
        held = faces["val"].labels[name]
        losses = [float(balanced_cross_entropy(code["val"] @ w + b, held)) for w, b in fits]
        weight, bias = fits[int(np.argmin(losses))]
        said[name] = code["test"] @ weight + bias
    return compared(said["glasses"], said["gender"], faces["test"])


def fit(code: Tensor, truth: Tensor, classes: int, penalty: float) -> tuple[Tensor, Tensor]:
    """Weights (features, classes) and biases (classes,); classes weigh alike, as for the networks."""
    weight = torch.zeros(code.shape[1], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        value = balanced_cross_entropy(code @ weight + bias, truth) + penalty * weight.square().sum()
        value.backward()
        return value

    solver.step(loss)  # type: ignore[arg-type]
    return weight.detach(), bias.detach()


if __name__ == "__main__":
    main()
