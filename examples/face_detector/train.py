r"""Train the face detector's networks on what `label.py` wrote, and write them for the package.

    python examples/face_detector/train.py landmarks faces.npz --steps 6000 --out landmarks.pt
    python examples/face_detector/train.py refinement faces.npz --steps 6000 --out refinement.pt
    python examples/face_detector/train.py finder faces.npz --steps 12000 --out finder.pt
    python examples/face_detector/train.py export \
        --finder finder.pt --landmarks landmarks.pt --refinement refinement.pt

One thread of a processor is enough. The same command goes on where it was stopped; every batch depends on the
seed and its number alone. --hard names pictures that `mine.py` found. export writes ONNX files
into the package, or into --folder.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from compose import SCENE, SIZES, TOLERATED, TRUSTED, Photographs, face_crop, no_face_crop, scene
from networks import (
    Finder,
    LandmarkNetwork,
    centres_of_mass,
    finder_loss,
    landmark_loss,
    write_onnx,
)
from torch import Tensor, nn

from cyclegan_glasses.faces.landmark_crops import CROP, blob_of
from cyclegan_glasses.faces.pyramid import FINDER, LANDMARK_NETWORK, REFINEMENT_NETWORK, STRIDE, UNIT

NETWORKS = {"finder": Finder, "landmarks": LandmarkNetwork, "refinement": partial(LandmarkNetwork, False)}

CELLS = SCENE // STRIDE
HELD_OUT = 300
NO_FACES = 0.25
WEIGHTS = Path(__file__).resolve().parents[2] / "cyclegan_glasses" / "weights"


def finder_target(faces: list[tuple[np.ndarray, np.ndarray, bool]]) -> np.ndarray:
    """The finder's maps for a scene's faces, float32 (16, CELLS, CELLS), see `finder_loss`."""
    target = np.zeros((16, CELLS, CELLS), np.float32)
    target[1] = 1
    centre = (np.arange(CELLS) + 0.5) * STRIDE
    x, y = np.meshgrid(centre, centre)
    for box, points, known in sorted(faces, key=lambda face: -face[0][2]):
        size = float(np.sqrt(box[2] * box[3]))
        apart = np.hypot(x - box[0] - box[2] / 2, y - box[1] - box[3] / 2)
        if not TOLERATED[0] < size < TOLERATED[1]:
            continue
        near = apart < max(0.6 * size, STRIDE)
        target[0][near], target[1][near] = 0, 0
        inside = apart < max(0.28 * size, 0.72 * STRIDE)
        if not known or not SIZES[0] <= size <= SIZES[1]:
            continue
        target[0][inside], target[1][inside] = 1, 1
        target[2][inside] = ((box[0] + box[2] / 2 - x) / UNIT)[inside]
        target[3][inside] = ((box[1] + box[3] / 2 - y) / UNIT)[inside]
        target[4][inside], target[5][inside] = np.log(box[2:] / UNIT)
        for number, (px, py) in enumerate(points):
            target[6 + 2 * number][inside] = ((px - x) / UNIT)[inside]
            target[7 + 2 * number][inside] = ((py - y) / UNIT)[inside]
    return target


def finder_batch(
    photographs: Photographs, hard: np.ndarray, rng: np.random.Generator, size: int
) -> tuple[Tensor, ...]:
    """Scenes in 0 to 1 and their targets."""
    scenes = [scene(photographs, hard, rng) for _ in range(size)]
    pictures = np.stack([picture for picture, _ in scenes]).transpose(0, 3, 1, 2)
    targets = np.stack([finder_target(faces) for _, faces in scenes])
    return torch.from_numpy(pictures.astype(np.float32) / 255), torch.from_numpy(targets)


def landmark_batch(
    photographs: Photographs, hard: np.ndarray, rng: np.random.Generator, size: int, close_up: bool
) -> tuple[Tensor, ...]:
    """Crops as a landmark network sees them, landmarks, and 1 for a face; `close_up` as in `face_crop`."""
    crops, points, faces = [], [], []
    while len(crops) < size:
        number = int(rng.integers(len(photographs)))
        if len(crops) < NO_FACES * size and not close_up:
            crops.append(no_face_crop(photographs, hard, rng))
            points.append(np.zeros((5, 2)))
            faces.append(0.0)
        elif photographs.scores[number, 0] >= TRUSTED:
            crop, place = face_crop(photographs, number, rng, close_up)
            crops.append(crop)
            points.append(place)
            faces.append(1.0)
    is_face = torch.tensor(faces)
    return torch.from_numpy(blob_of(crops)), torch.tensor(np.stack(points), dtype=torch.float32), is_face


def moving_average(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
    """Exponential moving average whose memory grows with the count of steps, to about 500."""
    decay = min(0.998, (1 + float(count)) / (10 + float(count)))
    for mean, value in zip(averaged, current, strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


def landmark_check(network: nn.Module, photographs: Photographs, close_up: bool) -> str:
    """Errors on photographs that were held out, in percent of the eye distance."""
    rng = np.random.default_rng(0)
    pictures, points, is_face = landmark_batch(
        photographs, np.zeros((0, SCENE, SCENE, 3), np.uint8), rng, 600, close_up
    )
    with torch.no_grad():
        heat, logits = network(pictures)
    chosen = is_face > 0
    apart = (centres_of_mass(heat) - points)[chosen].norm(dim=2)
    distance = (points[chosen, 0] - points[chosen, 1]).norm(dim=1).clamp(min=0.2 * CROP)
    eyes = 100 * apart[:, :2].mean(1) / distance
    text = (
        f"eyes {eyes.median():.2f} %, 95th {eyes.quantile(0.95):.2f} %, "
        f"all {100 * (apart.mean(1) / distance).median():.2f} %"
    )
    if logits is None:
        return text
    right = ((logits.flatten() > 0) == chosen).float().mean()
    return f"{text}, faces told {100 * right:.1f} %"


def finder_check(network: nn.Module, photographs: Photographs) -> str:
    """Loss on scenes of photographs that were held out."""
    hard = np.zeros((0, SCENE, SCENE, 3), np.uint8)
    pictures, target = finder_batch(photographs, hard, np.random.default_rng(0), 200)
    with torch.no_grad():
        losses = finder_loss(network(pictures), target)
    return ", ".join(f"{name} {float(value):.4f}" for name, value in losses.items())


def train(args: argparse.Namespace) -> None:
    """Train the network that `args.network` names."""
    finder, close_up = args.network == "finder", args.network == "refinement"
    torch.manual_seed(args.seed)
    network = NETWORKS[args.network]()
    network = network.to(memory_format=torch.channels_last)
    with np.load(args.faces) as content:
        pictures, faces = content["pictures"], content["faces"]
    held = np.zeros(len(pictures), bool)
    held[:: max(1, len(pictures) // HELD_OUT)] = True
    photographs, others = (Photographs.of(pictures[some], faces[some]) for some in (~held, held))
    hard = np.zeros((0, SCENE, SCENE, 3), np.uint8)
    if args.hard is not None:
        hard = np.load(args.hard)["scenes" if finder else "crops"]
    averaged = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=moving_average, use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), args.lr, weight_decay=1e-3)
    first = 0
    if args.out.is_file():
        state = torch.load(args.out, weights_only=True)
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    elif args.start_from is not None:
        network.load_state_dict(averaged_weights(args.start_from), strict=False)
    start, sums, busy = time.time(), {}, time.process_time()
    for step in range(first, args.steps):
        rng = np.random.default_rng([args.seed, len(hard), step])
        rate = min(1, (step + 1) / 200) * (0.01 + 0.99 * (1 + math.cos(math.pi * step / args.steps)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = args.lr * rate
        if finder:
            inputs, target = finder_batch(photographs, hard, rng, args.batch)
            losses = finder_loss(network(inputs.contiguous(memory_format=torch.channels_last)), target)
        else:
            inputs, points, is_face = landmark_batch(photographs, hard, rng, args.batch, close_up)
            heat, logits = network(inputs.contiguous(memory_format=torch.channels_last))
            losses = landmark_loss(heat, logits, points, is_face)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        averaged.update_parameters(network)
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        if (step + 1) % args.report == 0 or step + 1 == args.steps:
            trained = copy.deepcopy(averaged.module).eval()
            text = ", ".join(f"{name} {value / args.report:.4f}" for name, value in sums.items())
            check = finder_check(trained, others) if finder else landmark_check(trained, others, close_up)
            spent = f"{time.time() - start:.0f} s, {time.process_time() - busy:.0f} of the processor"
            print(f"step {step + 1}: {text} | {check} | {spent}", flush=True)
            sums = {}
            state = {"network": network.state_dict(), "averaged": averaged.state_dict()}
            torch.save({**state, "optimizer": optimizer.state_dict(), "step": step + 1}, args.out)


def averaged_weights(path: Path) -> dict[str, Tensor]:
    """The moving average of the weights in a state that `train` wrote."""
    state, prefix = torch.load(path, weights_only=True)["averaged"], "module."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def export(args: argparse.Namespace) -> None:
    """Write the networks that are named as ONNX files."""
    for kind, path, name, shape in (
        ("finder", args.finder, FINDER, [1, 3, "height", "width"]),
        ("landmarks", args.landmarks, LANDMARK_NETWORK, [2, 3, CROP, CROP]),
        ("refinement", args.refinement, REFINEMENT_NETWORK, [2, 3, CROP, CROP]),
    ):
        if path is None:
            continue
        network = NETWORKS[kind]()
        network.load_state_dict(averaged_weights(path))
        write_onnx(network, args.folder / name, shape)
        print(f"{args.folder / name}: {(args.folder / name).stat().st_size} bytes")


def main() -> None:
    """Train or export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", choices=[*NETWORKS, "export"])
    parser.add_argument("faces", type=Path, nargs="?")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument(
        "--report", type=int, default=500, help="steps from one report and saved state to the next"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hard", type=Path)
    parser.add_argument("--start_from", type=Path, help="state whose weights a new training begins with")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--finder", type=Path)
    parser.add_argument("--landmarks", type=Path)
    parser.add_argument("--refinement", type=Path)
    parser.add_argument("--folder", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    (export if args.network == "export" else train)(args)


if __name__ == "__main__":
    main()
