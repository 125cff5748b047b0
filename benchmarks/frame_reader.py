"""Train the frame reader on drawn frames, and measure it on people who were left out.

    python crawl.py folder PHOTOS --labels photos.csv --where source=fairface --where label=none \\
        --align 176 --domains --out datasets/frames
    python benchmarks/frame_reader.py draw datasets/frames datasets/frames_drawn
    python benchmarks/frame_reader.py train datasets/frames_drawn -o cyclegan_glasses/weights/frames.onnx
    python benchmarks/frame_reader.py measure datasets/frames

`draw` puts four random frames on every bare face of `trainB`, in colours, sizes and tints that vary more
than those of shops. In training each picture passes a camera of random gain, resolution, blur, noise and JPEG
quality, so that the network cannot go by what only drawings have. `measure` draws on faces of `testB`.
"""

from __future__ import annotations

import argparse
import colorsys
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from cyclegan_glasses.attributes.frame_reader import LEFT, TOP, FrameReader
from cyclegan_glasses.attributes.frame_reading import CHOICES, classes_of, lens_kind, to_lab, values_of
from cyclegan_glasses.attributes.frame_weights import new_network, read_network, write_weights
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.networks.frame_network import HEIGHT, WIDTH, FrameAnswers
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.frames import ACETATE, METAL, Frame, random_frame
from cyclegan_glasses.overlays.outlines import SHAPES
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.render import draw_glasses
from cyclegan_glasses.overlays.styling import front_width
from cyclegan_glasses.photo import read_manifest
from cyclegan_glasses.pixels import to_tensor

MARGIN = 8
"""Pixels around the eye region that are kept, for shifts of the face in training."""
EACH = 4
"""Frames drawn on each face."""
BATCH, RATE, DECAY = 32, 2e-3, 0.996
"""Pictures a step, the highest learning rate, and how much of the average of the weights stays each step."""


def varied_frame(rng: np.random.Generator, shape: str | None = None) -> Frame:
    """A random frame in more colours, sizes and tints than shops sell, and as often of each shape."""
    frame = random_frame(rng, shape or str(rng.choice(list(SHAPES))))
    acetate = frame.material == "acetate"
    # The colour: as worn, any of the palette a little changed, or any at all.
    kind = rng.random()
    if kind > 0.4:
        colours = [c for name, c in (ACETATE if acetate else METAL).items() if name != "tortoise"]
        colour = np.array(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.8, 1.2)
        if kind > 0.75 and acetate:
            hsv = rng.random(), rng.uniform(0, 1) ** 1.2, rng.uniform(0.1, 1)
            colour = 255 * np.array(colorsys.hsv_to_rgb(*hsv))
        colour = np.clip(colour + rng.normal(0, 8, 3), 5, 250).astype(int)
        pattern = str(rng.choice(["plain", "fade"], p=[0.85, 0.15])) if acetate else "plain"
        clear = acetate and rng.random() < 0.12
        opacity = rng.uniform(0.5, 0.8) if clear else 1.0
        frame = replace(frame, colour=tuple(colour.tolist()), pattern=pattern, opacity=opacity)
    # Lenses: clear, tinted, sunglasses.
    tint, strength = frame.tint, rng.uniform(0.0, 0.1)
    if (lens := rng.random()) > 0.6:
        hsv = rng.random(), rng.uniform(0, 0.7), rng.uniform(0.1, 0.5)
        tint = tuple(int(255 * level) for level in colorsys.hsv_to_rgb(*hsv))
        if rng.random() < 0.5:
            tint = ((60, 56, 52), (74, 54, 36), (48, 64, 52), (40, 44, 60))[int(rng.integers(4))]
        strength = rng.uniform(0.15, 0.55) if lens < 0.8 else rng.uniform(0.62, 0.93)
        gradient = rng.uniform(0.3, 0.9) if rng.random() < 0.3 else 0.0
        mirror = rng.uniform(0.2, 0.7) if lens > 0.8 and rng.random() < 0.2 else 0.0
        shine = tuple(rng.integers(60, 230, 3).tolist())
        frame = replace(frame, gradient=gradient, mirror=mirror, mirror_colour=shine)
    rim = frame.rim and (rng.uniform(1.8, 6.5) if acetate else rng.uniform(0.8, 2.3))
    return replace(
        frame,
        tint=tint,
        tint_strength=strength,
        rim=rim,
        lens_width=frame.lens_width * rng.uniform(0.92, 1.08),
        lens_height=frame.lens_height * rng.uniform(0.9, 1.1),
        bridge=frame.bridge * rng.uniform(0.92, 1.08),
        reflection=rng.uniform(0.05, 0.9),
        drop=rng.uniform(0.5, 5.5),
    )


def bare_faces(dataroot: Path, phase: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The origin, picture and landmarks (5, 2) of every aligned bare face of one phase."""
    for photo in read_manifest(dataroot):
        if photo.path.startswith(f"{phase}B/"):
            image = np.asarray(open_picture(dataroot / photo.path))
            yield photo.origin, image, np.array(photo.facts["face"]["landmarks"], float)


def drawn_on(
    image: np.ndarray, landmarks: np.ndarray, frames: Sequence[Frame], rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """The face with each frame on it, in its light and sharpness, give or take."""
    scene = read_scene(image, fit_pose(landmarks))
    for frame in frames:
        pose = fit_pose(landmarks + rng.normal(0, 0.7, landmarks.shape))
        blur = max(0.4, scene.camera.blur * rng.uniform(0.6, 1.3))
        camera = replace(scene.camera, blur=blur, seed=int(rng.integers(2**31)))
        yield draw_glasses(image, frame, pose, replace(scene, camera=camera))[0]


def draw(dataroot: Path, out: Path) -> None:
    """Write the eye regions with a margin, and the frames on them."""
    faces = list(bare_faces(dataroot, "train"))
    out.mkdir(parents=True, exist_ok=True)
    shape = (len(faces), EACH, HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN, 3)
    regions = np.lib.format.open_memmap(out / "regions.npy", "w+", np.uint8, shape)
    window = np.s_[TOP - MARGIN : TOP + HEIGHT + MARGIN, LEFT - MARGIN : LEFT + WIDTH + MARGIN]
    with (out / "frames.jsonl").open("w") as rows:
        for number, (origin, image, landmarks) in enumerate(faces):
            rng = np.random.default_rng([1, number])
            frames = [varied_frame(rng) for _ in range(EACH)]
            for k, worn in enumerate(drawn_on(image, landmarks, frames, rng)):
                regions[number, k] = worn[window]
                rows.write(json.dumps({"origin": origin, **asdict(frames[k])}) + "\n")
            if number % 200 == 199:
                print(f"{number + 1} of {len(faces)} faces", flush=True)
    regions.flush()


def through_camera(region: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An eye region (`HEIGHT`, `WIDTH`, 3) of one with a margin, as another camera would have taken it."""
    # Eyes are not found exactly.
    angle, scale = rng.normal(0, 1.5), rng.normal(1, 0.02)
    matrix = cv2.getRotationMatrix2D((MARGIN + WIDTH / 2, MARGIN + HEIGHT / 2), angle, scale)
    matrix[:, 2] += rng.normal(0, 1.5, 2) - MARGIN
    picture = cv2.warpAffine(
        region, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    if rng.random() < 0.5:
        picture = cv2.flip(picture, 1)
    # Resolution and focus.
    if rng.random() < 0.6:
        factor = rng.uniform(0.4, 1)
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.1))
    elif rng.random() < 0.3:
        picture = cv2.addWeighted(picture, 1.6, cv2.GaussianBlur(picture, (0, 0), 1.2), -0.6, 0)
    # Gain of each channel, contrast, noise, compression.
    levels = picture.astype(np.float32) * rng.normal(1, 0.12) * rng.normal(1, 0.03, 3).astype(np.float32)
    levels = (levels - 110) * rng.normal(1, 0.1) + 110
    levels += rng.normal(0, 1, levels.shape).astype(np.float32) * np.float32(rng.uniform(0, 6) ** 2 / 6)
    picture = np.clip(levels, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.integers(40, 96))
        _, code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return picture


def loss_of(answers: FrameAnswers, classes: dict[str, Tensor], values: Tensor) -> Tensor:
    """Cross-entropy of the choices, the absolute errors of the values, and how well their size is foretold.

    The likelihood of a Laplace distribution would do both for the values (Kendall and Gal 2017, arXiv
    1703.04977), but with it a network gives up what is hard: the more it expects to be off, the less it
    learns. So the scales learn from the errors, and the values do not see the scales (the case of beta = 1 in
    Seitzer et al. 2022, arXiv 2203.09168). Values that are NaN are left out.
    """
    loss = torch.stack([functional.cross_entropy(v, classes[k]) for k, v in answers.logits.items()]).sum()
    known = torch.isfinite(values)
    errors = (answers.values - values.nan_to_num()).abs()
    scales = errors.detach() * torch.exp(-answers.log_scales) + answers.log_scales
    return loss + torch.where(known, 6 * errors + scales, 0).sum() / known.sum()


def train(
    folder: Path, out: Path, steps: int, start: Path | None = None, only: str = "", bf16: bool = False
) -> None:
    """Train for so many steps of `BATCH` pictures, and write the moving average of the weights.

    With `only` "values" the stages and the choices stay as they are: a third of the time.
    """
    torch.manual_seed(0)
    rows = [json.loads(line) for line in (folder / "frames.jsonl").read_text().splitlines()]
    frames = [_frame_of(row) for row in rows]
    regions = np.load(folder / "regions.npy", mmap_mode="r")
    regions = regions.reshape(-1, *regions.shape[2:])
    values = torch.from_numpy(np.stack([values_of(frame) for frame in frames]))
    classes = {name: torch.tensor([classes_of(frame)[name] for frame in frames]) for name in CHOICES}
    network = read_network(start) if start else new_network()
    network.train(not only).to(memory_format=torch.channels_last)
    for name, weights in network.named_parameters():
        weights.requires_grad_(not only or name.startswith(("fine", "coarse", "values")))
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(DECAY), use_buffers=True)
    learned = [weights for weights in network.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(learned, RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.05)
    for step in range(steps):
        rng = np.random.default_rng([2, step, start is not None, bool(only)])
        index = rng.integers(len(frames), size=BATCH)
        pictures = to_tensor(np.stack([through_camera(regions[k], rng) for k in index]))
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            answers = network(pictures.contiguous(memory_format=torch.channels_last)).float()
        loss = loss_of(answers, {name: labels[index] for name, labels in classes.items()}, values[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(network)
        if step % 100 == 99:
            right = (answers.logits["shape"].argmax(1) == classes["shape"][index]).float().mean()
            print(f"step {step + 1}: loss {loss.item():.2f}, shape {right.item():.0%}", flush=True)
            write_weights(out, average.module)
    write_weights(out, average.module)


def _frame_of(row: dict[str, Any]) -> Frame:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Frame(**{name: value for name, value in values.items() if name != "origin"})


def measure(dataroot: Path, weights: Path | None, count: int) -> dict[str, float]:
    """How well frames that are drawn on `count` faces of people left out are read."""
    reader = FrameReader.load(weights)
    faces = list(bare_faces(dataroot, "test"))[:count]
    truths, pictures = [], []
    for number, (_, image, landmarks) in enumerate(faces):
        rng = np.random.default_rng([3, number])
        truths.append(varied_frame(rng, list(SHAPES)[number % len(SHAPES)]))
        pictures += drawn_on(image, landmarks, truths[-1:], rng)
    start = time.monotonic()
    readings = reader.read(np.stack(pictures))
    seconds = (time.monotonic() - start) / len(faces)
    pairs = [(truth, found.frame) for truth, found in zip(truths, readings, strict=True)]
    places = [list(r.probabilities["shape"]).index(t.shape) for t, r in zip(truths, readings, strict=True)]

    def right(value: Callable[[Frame], object]) -> float:
        return float(np.mean([value(a) == value(b) for a, b in pairs]))

    def off(value: Callable[[Frame], Any], among: Callable[[Frame], bool] = lambda frame: True) -> float:
        away = [np.linalg.norm(np.subtract(value(a), value(b))) for a, b in pairs if among(a)]
        return float(np.median(away)) if away else float("nan")

    return {
        "faces": len(faces),
        "shape right": float(np.mean(np.equal(places, 0))),
        "shape among three": float(np.mean(np.less(places, 3))),
        "material right": right(lambda frame: frame.material),
        "pattern right": right(lambda frame: frame.pattern),
        "lens kind right": right(lambda frame: lens_kind(frame.tint_strength)),
        "rim colour, median ΔE": off(lambda frame: to_lab(np.array(frame.colour))),
        "tint colour, median ΔE": off(
            lambda frame: to_lab(np.array(frame.tint)),
            lambda frame: lens_kind(frame.tint_strength) != "clear",
        ),
        "tint strength, median": off(lambda frame: frame.tint_strength),
        "front width, median mm": off(front_width),
        "lens width, median mm": off(lambda frame: frame.lens_width),
        "lens height, median mm": off(lambda frame: frame.lens_height),
        "rim, median mm": off(lambda frame: frame.rim, lambda frame: frame.rim > 0),
        "bridge, median mm": off(lambda frame: frame.bridge),
        "ms a face": 1000 * seconds,
    }


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("draw")
    one.add_argument("dataroot", type=Path)
    one.add_argument("out", type=Path)
    two = verbs.add_parser("train")
    two.add_argument("drawn", type=Path)
    two.add_argument("-o", "--out", type=Path, required=True)
    two.add_argument("--steps", type=int, default=8000)
    two.add_argument("--start_from", type=Path, metavar="FILE", help="weights to go on from")
    two.add_argument("--only", choices=("values",), default="", help="leave all else as it is")
    two.add_argument("--bf16", action="store_true", help="quicker where the processor has it")
    three = verbs.add_parser("measure")
    three.add_argument("dataroot", type=Path)
    three.add_argument("--weights", type=Path)
    three.add_argument("--count", type=int, default=300)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.verb == "draw":
        draw(args.dataroot, args.out)
    elif args.verb == "train":
        train(args.drawn, args.out, args.steps, args.start_from, args.only, args.bf16)
    else:
        for name, value in measure(args.dataroot, args.weights, args.count).items():
            print(f"{name}: {value:.3g}")


if __name__ == "__main__":
    main()
