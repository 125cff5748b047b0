"""Can a classifier tell drawn glasses from real ones? The two-sample test of Lopez-Paz and Oquab (2017).

    python benchmarks/two_sample.py photos photos.csv --where source=fairface --match race gender age
    python benchmarks/two_sample.py photos photos.csv --where source=fairface --write bare
    python benchmarks/two_sample.py photos photos.csv --where source=fairface --drawn bare_with_glasses

The table has a row a photo: `path` (below the folder), `label` (`glasses` or `none`), and the columns that
the two sides are balanced by (`--match`). As many photos of each side are taken. On the bare ones a random
frame is drawn; or they are written (`--write`), and given back under the same names with glasses (`--drawn`).
All photos then go one way: saved with the bare or real photo's JPEG tables, as `add` saves them; eyes found;
the eye region cut out at 128 by 64 pixels; JPEG of quality 90.

A small convolutional network is trained to tell the two sides, on two thirds of the photos, and asked about
the third that it has not seen; three networks answer for all. Half of the answers right means that the
glasses cannot be told apart. As a control the same is done for the mouth region, which the glasses do not
reach: what it finds there are differences of people and photos. Intervals: bootstrap over photos, 95 %.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from torch import Tensor, nn

from cyclegan_glasses.faces.align import yaw_of
from cyclegan_glasses.faces.detect import FaceDetector, make_detector
from cyclegan_glasses.images import open_picture, save_png, to_bytes
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.frames import worn_frame
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.render import draw_glasses

WIDTH, HEIGHT, EYES = 128, 64, 56.0
"""Of a region, in pixels, and the distance of the eyes in it."""
REGIONS = {"eyes": (0.0, 0.12), "mouth": (0.0, 1.12)}
"""Middles right of and below the middle of the eyes, in eye distances."""
QUALITY, MOST_YAW = 90, 25.0
FOLDS, EPOCHS, BATCH = 3, 14, 32


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, help="folder")
    parser.add_argument("table", type=Path, help="CSV file")
    parser.add_argument("--where", nargs="+", default=[], metavar="COLUMN=VALUE", help="rows that count")
    parser.add_argument(
        "--match", nargs="+", default=[], metavar="COLUMN", help="balance both sides by these"
    )
    parser.add_argument("--count", type=int, default=1200, help="photos of each side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--yunet", type=Path, metavar="FILE")
    parser.add_argument("--drawn", type=Path, metavar="DIR", help="the bare photos with glasses, by name")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the bare photos, measure nothing")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    real, bare = balanced(args.table, args.where, args.match, args.count, args.seed)
    detector = make_detector(args.yunet)
    if args.write:
        for name in bare:
            save_png(args.write / f"{Path(name).stem}.png", _read(args.photos / name))
        return
    files = [args.photos / name for name in bare]
    if args.drawn:
        done = [(args.drawn / f"{file.stem}.png", file) for file in files]
        pictures: Iterable[np.ndarray] = (
            saved_like(_read(edited), file) for edited, file in done if edited.is_file()
        )
    else:
        pictures = with_glasses(files, detector, args.seed)
    originals = (saved_like(_read(args.photos / name), args.photos / name) for name in real)
    sides = [regions(pictures, detector), regions(originals, detector)]
    print(f"{len(sides[0])} drawn, {len(sides[1])} real, seed {args.seed}")
    for number, region in enumerate(REGIONS):
        right = told_apart(sides[0][:, number], sides[1][:, number], args.seed)
        low, high = interval(right, args.seed)
        print(
            f"{region:6} {100 * right.mean():5.1f} % told apart (95 %: {100 * low:.1f} to {100 * high:.1f})"
        )


def balanced(
    table: Path, where: Sequence[str], match: Sequence[str], count: int, seed: int
) -> tuple[list[str], list[str]]:
    """Paths of as many photos with glasses as without, equally many of each combination of `match`."""
    piles: dict[tuple[str, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    wanted = [condition.split("=", 1) for condition in where]
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if all(row[column] == value for column, value in wanted):
                piles[tuple(row[column] for column in match)][row["label"]].append(row["path"])
    rng = np.random.default_rng(seed)
    pairs: list[tuple[str, str]] = []
    for _, sides in sorted(piles.items()):
        real, bare = (rng.permutation(sorted(sides[label])).tolist() for label in ("glasses", "none"))
        pairs += zip(real, bare, strict=False)
    chosen = [pairs[k] for k in rng.permutation(len(pairs))[:count]]
    return [real for real, _ in chosen], [bare for _, bare in chosen]


def saved_like(picture: np.ndarray, file: Path) -> np.ndarray:
    """`picture` after it was saved with the tables and subsampling of a photo, if that is a JPEG."""
    with Image.open(file) as photo:
        if not isinstance(photo, JpegImageFile):
            return picture
        tables = {"qtables": photo.quantization, "subsampling": get_sampling(photo)}
    return np.asarray(open_picture(to_bytes(Image.fromarray(picture), "JPEG", **tables)))


def with_glasses(files: Iterable[Path], detector: FaceDetector, seed: int) -> Iterator[np.ndarray]:
    """Each picture with a random frame on its largest face; those without a face are left out."""
    for number, file in enumerate(files):
        picture, rng = _read(file), np.random.default_rng([seed, number])
        faces = detector.find_faces(picture)
        if faces:
            pose = fit_pose(faces[0].landmarks)
            scene = read_scene(picture, pose, int(rng.integers(2**31)))
            yield saved_like(draw_glasses(picture, worn_frame(rng), pose, scene)[0], file)


def regions(pictures: Iterable[np.ndarray], detector: FaceDetector) -> np.ndarray:
    """The regions of each picture's largest face, uint8 (n, regions, HEIGHT, WIDTH, 3), after JPEG.

    Faces that are turned by more than `MOST_YAW` degrees are left out, so that both sides look alike ahead.
    """
    found = []
    for picture in pictures:
        faces = detector.find_faces(picture)
        if faces and abs(yaw_of(faces[0]) or 0.0) <= MOST_YAW:
            left, right = faces[0].landmarks[:2]
            found.append([_region(picture, left, right, *place) for place in REGIONS.values()])
    return np.array(found, np.uint8).reshape(-1, len(REGIONS), HEIGHT, WIDTH, 3)


def _region(
    picture: np.ndarray, left: np.ndarray, right: np.ndarray, aside: float, below: float
) -> np.ndarray:
    along = right - left
    down = np.array([-along[1], along[0]])
    middle = (left + right) / 2 + aside * along + below * down
    rotated = np.stack([along, down]) * EYES / (along @ along)
    matrix = np.column_stack([rotated, (WIDTH / 2, HEIGHT / 2) - rotated @ middle])
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5  # from corners to centres of pixels
    shrunk = max(1.0, 1 / float(np.hypot(*rotated[0])))
    soft = cv2.GaussianBlur(picture, (0, 0), 0.4 * shrunk) if shrunk > 1.2 else picture
    cut = cv2.warpAffine(
        soft, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    _, data = cv2.imencode(".jpg", cut[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]


def told_apart(drawn: np.ndarray, real: np.ndarray, seed: int) -> np.ndarray:
    """Which pictures (uint8 (n, h, w, 3) each) a network told rightly that had not seen them, bool (2 n,)."""
    rng = np.random.default_rng(seed)
    count = min(len(drawn), len(real))
    pictures = np.concatenate([side[rng.permutation(len(side))[:count]] for side in (drawn, real)])
    inputs = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    truth = torch.arange(2 * count) >= count
    # A photo drawn and a photo real stand side by side in a fold, so that each is balanced.
    fold = torch.from_numpy(np.tile(rng.permutation(count) % FOLDS, 2))
    answers = torch.zeros(2 * count)
    for number in range(FOLDS):
        network = _trained(inputs[fold != number], truth[fold != number], seed + number)
        answers[fold == number] = _answers(network, inputs[fold == number])
    return ((answers > 0) == truth).numpy()


def _network() -> nn.Module:
    layers: list[nn.Module] = []
    for before, after in ((3, 24), (24, 48), (48, 96), (96, 128)):
        layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(128, 1), nn.Flatten(0)
    )


def _trained(inputs: Tensor, truth: Tensor, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    network, total = _network().train(), EPOCHS * (len(inputs) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(inputs))[: total // EPOCHS * BATCH].split(BATCH):
            values = _normalized(inputs[batch])
            mirrored = torch.rand(len(batch)) < 0.5
            values = torch.where(mirrored[:, None, None, None], values.flip(3), values)
            shift = torch.randint(-3, 4, (2,)).tolist()
            values = values.roll(shift, (2, 3)) + 0.2 * torch.randn(len(batch), 3, 1, 1)
            loss = nn.functional.binary_cross_entropy_with_logits(network(values), truth[batch].float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def _answers(network: nn.Module, inputs: Tensor) -> Tensor:
    """Logits (n,) of being real: the mean over each picture and its mirror image."""
    both = [network(_normalized(part)) + network(_normalized(part).flip(3)) for part in inputs.split(256)]
    return torch.cat(both) / 2


def _normalized(levels: Tensor) -> Tensor:
    return (levels.float() - 120) / 60


def interval(right: np.ndarray, seed: int) -> tuple[float, float]:
    """95 % of the means of samples of `right` (n,) drawn with replacement."""
    rng = np.random.default_rng(seed)
    means = [right[rng.integers(len(right), size=len(right))].mean() for _ in range(1000)]
    low, high = np.quantile(means, (0.025, 0.975)).tolist()
    return low, high


def _read(file: Path) -> np.ndarray:
    return np.asarray(open_picture(file))


if __name__ == "__main__":
    main()
