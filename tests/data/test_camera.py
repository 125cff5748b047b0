"""The random camera of pairs: if it treats the two pictures unlike, a network learns to undo the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.data.camera import SMALLEST, RandomCamera
from cyclegan_glasses.data.datasets import open_dataset
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError
from tests.data.drawing import fill
from tests.data.samples import sample_of

PLAIN = RandomCamera(quality=95)


def face() -> np.ndarray:
    """A smooth picture with an edge, uint8 (72, 96, 3)."""
    rows, columns = np.mgrid[:72, :96]
    grey = 60 + columns + 40 * (rows > 36)
    return np.stack([grey, grey * 0.8, grey * 0.7], 2).astype(np.uint8)


def test_a_plain_camera_changes_next_to_nothing_and_keeps_colours() -> None:
    red = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    assert np.abs(PLAIN.take(red).astype(int) - red).max() <= 2
    assert np.abs(PLAIN.take(face()).astype(int) - face()).mean() < 1.5


def test_pictures_that_are_alike_stay_alike_and_others_differ_where_they_did() -> None:
    bare = face()
    worn = bare.copy()
    worn[30:34, 40:60] = 20
    far = np.ones(bare.shape[:2], bool)
    far[8:56, 16:84] = False
    for number in range(30):
        drawn = RandomCamera.drawn(np.random.default_rng(number))
        camera = replace(drawn, angle=0.0, zoom=1.0, shift=(0.0, 0.0), motion=(0.0, 0.0), border=PLAIN.border)
        a, b = camera.take(worn), camera.take(bare)
        assert a.shape == b.shape == bare.shape and a.dtype == np.uint8
        assert (camera.take(bare) == b).all(), "one camera, one picture"
        assert np.abs(a.astype(int) - b)[far].max() <= 24, "the noise and the compression are the same"
        assert np.abs(a.astype(int) - b)[31:33, 42:58].mean() > 20


@pytest.mark.parametrize("channels", [1, 3])
def test_every_camera_takes_grey_and_colour(channels: int) -> None:
    pixels = face()[..., :channels]
    for number in range(80):
        taken = RandomCamera.drawn(np.random.default_rng(number)).take(pixels)
        assert taken.shape == pixels.shape


def test_cameras_are_as_different_as_photos_are() -> None:
    cameras = [RandomCamera.drawn(np.random.default_rng(number)) for number in range(400)]
    assert SMALLEST <= min(c.scale for c in cameras) < 0.5 and sum(c.scale == 1 for c in cameras) > 100
    qualities = {c.quality for c in cameras}
    assert qualities >= {0, 35, 95} and min(qualities - {0}) == 35
    assert 10 < sum(c.tone is not None for c in cameras) < 80
    detail = [cv2.Laplacian(c.take(face()), cv2.CV_32F).std() for c in cameras]
    assert max(detail) > 4 * min(detail)


def test_faces_lie_askew_and_masks_with_them() -> None:
    spot = np.zeros((60, 90, 1), np.uint8)
    spot[28:32, 70:74] = 255
    camera = replace(PLAIN, angle=10.0, zoom=1.1, shift=(3.0, -2.0))
    mask = camera.take_mask(spot)
    picture = camera.take(np.repeat(spot, 3, 2))
    rows, columns = np.nonzero(mask[..., 0] > 127)
    assert rows.mean() < 25 and columns.mean() > 75, "up at the right, as an anticlockwise turn does"
    assert np.abs(picture.mean(2) - mask[..., 0]).mean() < 4


def test_a_monochrome_camera_keeps_no_hue_but_its_own() -> None:
    toned = replace(PLAIN, quality=0, tone=(10.0, 0.0, -10.0)).take(face()).astype(int)
    assert np.abs(toned[..., 0] - toned[..., 1] - 10).max() <= 1
    assert np.abs(toned[..., 1] - toned[..., 2] - 10).max() <= 1


def test_where_the_photo_ends_there_is_no_mask() -> None:
    camera = replace(PLAIN, quality=0, border=(1.0, 0.0, 20.0), beyond=255)
    taken, mask = camera.take(face()), camera.take_mask(np.full((72, 96, 1), 255, np.uint8))
    assert (taken[:, 70:] == 255).all() and not mask[:, 70:].any()
    assert (taken[:, :60] == face()[:, :60]).all() and (mask[:, :60] == 255).all()


def test_a_moved_camera_smears_and_a_halo_overshoots() -> None:
    dot = np.zeros((21, 31, 1), np.uint8)
    dot[10, 15] = 255
    smeared = replace(PLAIN, quality=0, motion=(6.0, 0.0)).take(dot)[..., 0]
    assert (smeared[10] > 15).sum() >= 6 and not smeared[8].any()
    sharpened = replace(PLAIN, quality=0, halo=1.5).take(face())[..., 0].astype(int)
    edge = sharpened[:, 48] - face()[:, 48, 0].astype(int)
    assert edge[37] > 10 and edge[36] < -10 and edge[20] == 0


def test_masks_become_as_soft_as_pictures() -> None:
    mask = np.zeros((64, 64, 1), np.uint8)
    mask[20:40, 20:40] = 255
    assert (PLAIN.take_mask(mask) == mask).all()
    soft = replace(PLAIN, scale=0.45).take_mask(mask)
    assert soft.shape == mask.shape and 0 < soft[20, 30, 0] < 255
    assert abs(soft.mean() - mask.mean()) < 2 and soft[30, 30] == 255 and not soft[:15].any()


SMALL = DataSettings("", load_size=24, crop_size=24, crop_height=16, dataset_mode="aligned", flip=False)


def test_pairs_in_training_go_through_one_and_tests_do_not(paired: Callable[..., Path]) -> None:
    settings = replace(SMALL, dataroot=str(paired()), camera=True)
    dataset = open_dataset(settings)
    first, again = sample_of(dataset, 1, 2), sample_of(open_dataset(settings), 1, 2)
    assert all(torch.equal(first[name], again[name]) for name in "ABM")
    assert torch.equal(first["A"], first["B"]) and first["A"].shape == (3, 16, 24)
    pixels, fractions = first["A"].mean(0), first["M"][0]
    assert np.corrcoef(pixels.flatten(), fractions.flatten())[0, 1] > 0.8, (
        "the mask lies where the picture does"
    )
    plain = sample_of(open_dataset(replace(settings, camera=False)), 1, 2)
    changes = [(sample_of(dataset, 1, n)["A"] - plain["A"]).abs().mean() for n in (2,)]
    assert min(changes) > 0.001
    assert not torch.equal(first["A"], sample_of(dataset, 2, 2)["A"])
    ordered = replace(settings, fixed=True)
    still = [sample_of(open_dataset(replace(ordered, camera=camera)), 1, 2)["A"] for camera in (True, False)]
    assert torch.equal(*still)


def test_pairs_beside_two_domains_alone_go_through_one(paired: Callable[..., Path], tmp_path: Path) -> None:
    root = paired()
    for name in "AB":
        fill(tmp_path / f"main/train{name}", 5)
    settings = replace(SMALL, dataroot=str(tmp_path / "main"), dataset_mode="unaligned")
    with pytest.raises(UserError, match="--camera is for pairs"):
        replace(settings, camera=True)
    beside = replace(settings, paired_dataroot=str(root))
    plain, taken = (sample_of(open_dataset(replace(beside, camera=on)), 1, 1) for on in (False, True))
    assert torch.equal(plain["A"], taken["A"]) and not torch.equal(plain["pair_A"], taken["pair_A"])


def test_the_layer_of_the_frame_comes_with_its_pair(paired: Callable[..., Path]) -> None:
    root = paired()
    settings = replace(SMALL, dataroot=str(root), frame_layer=True)
    with pytest.raises(UserError, match="trainL, which --lambda_frame needs"):
        open_dataset(settings)
    (root / "trainL").mkdir()
    for number in range(5):
        frame = np.asarray(Image.open(root / f"trainM/{number:03}.png").convert("L"))
        strip = np.hstack([frame, *[np.full_like(frame, 77)] * 3])
        Image.fromarray(strip).save(root / f"trainL/{number:03}.png")
    for cached in (False, True):
        dataset = open_dataset(settings)
        if cached:
            from cyclegan_glasses.data.cache import add_cache

            add_cache(dataset, replace(settings, cache="memory"), 1, lambda items, *_: iter(items))
        sample = sample_of(dataset, 1, 3)
        assert torch.equal(sample["F"], sample["M"]) and sample["F"].shape == (1, 16, 24)
    (root / "trainL/003.png").unlink()
    with pytest.raises(UserError, match="4 of the 5 pairs"):
        open_dataset(settings)
    assert "F" not in sample_of(open_dataset(replace(settings, fixed=True)), 1, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crop_height": 18, "multiple": 4}, "--crop_height 18 is not a multiple of 4"),
        ({"crop_height": 28}, "--crop_height 28 is larger than --load_size 24"),
        ({"preprocess": "none"}, "--crop_height is of pictures that are cropped"),
    ],
)
def test_heights_that_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(SMALL, **change)  # type: ignore[arg-type]


def test_some_pairs_are_of_bare_faces(paired: Callable[..., Path]) -> None:
    """A remover that never saw one changes what nobody asked it to."""
    root = paired()
    for path in sorted((root / "trainA").iterdir()):
        Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    dataset = open_dataset(replace(SMALL, dataroot=str(root), bare_share=0.4))
    samples = [sample_of(dataset, epoch, index) for epoch in range(20) for index in range(5)]
    bare = [torch.equal(sample["A"], sample["B"]) for sample in samples]
    assert 25 < sum(bare) < 60
    assert all(bool(sample["M"].any()) != is_bare for sample, is_bare in zip(samples, bare, strict=True))
    for change in ({"direction": "BtoA"}, {"dataset_mode": "unaligned"}):
        with pytest.raises(UserError, match="--bare_share"):
            replace(SMALL, bare_share=0.1, **change)  # type: ignore[arg-type]
