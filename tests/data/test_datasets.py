"""Without these pairs are torn apart, domains change places, or one bad file stops a night's run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.data.datasets import DomainDataset, open_dataset
from cyclegan_glasses.data.settings import DataSettings
from cyclegan_glasses.errors import UserError
from tests.data.drawing import cut_off, fill, ramp
from tests.data.samples import sample_of

SMALL = DataSettings("", load_size=24, crop_size=16)


def test_unpaired_takes_every_a_and_a_random_b(unpaired: Path) -> None:
    dataset = open_dataset(replace(SMALL, dataroot=str(unpaired)))
    assert isinstance(dataset, DomainDataset) and not dataset.paired and len(dataset) == 11
    samples = [sample_of(dataset, epoch, index) for epoch in range(4) for index in range(11)]
    assert [Path(s["A_path"]).name for s in samples[:11]] == [f"{i:03}.png" for i in range(11)]
    assert len({s["B_path"] for s in samples}) == 7
    for side in "AB":
        values = samples[0][side]
        assert values.shape == (3, 16, 16) and values.dtype == torch.float32
        assert -1 <= values.min() < values.max() <= 1
    assert samples[0]["skipped"] == () and "M" not in samples[0]


def test_a_sample_is_a_function_of_seed_epoch_and_index(unpaired: Path) -> None:
    settings = replace(SMALL, dataroot=str(unpaired))
    one, other = open_dataset(settings), open_dataset(settings)
    _ = sample_of(other, 1, 3)
    first, again = sample_of(one, 2, 5), sample_of(other, 2, 5)
    assert torch.equal(first["A"], again["A"]) and first["B_path"] == again["B_path"]
    assert not torch.equal(first["A"], sample_of(one, 3, 5)["A"])
    assert not torch.equal(first["A"], sample_of(open_dataset(replace(settings, seed=1)), 2, 5)["A"])


def test_serial_batches_take_b_in_step(unpaired: Path) -> None:
    dataset = open_dataset(replace(SMALL, dataroot=str(unpaired), serial_batches=True))
    samples = [sample_of(dataset, 1, i) for i in range(9)]
    assert [Path(sample["B_path"]).stem for sample in samples] == [f"{100 + i % 7}" for i in range(9)]


@pytest.mark.parametrize(
    "preprocess", ["resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"]
)
def test_pairs_share_cut_and_mirror(paired: Callable[..., Path], preprocess: str) -> None:
    """A, B and the mask show the same ramp, so they must stay the same picture."""
    root = paired()
    Image.open(root / "trainB/002.png").resize((80, 72)).save(root / "trainB/002.png")  # another size
    settings = replace(SMALL, dataroot=str(root), dataset_mode="aligned", preprocess=preprocess)
    dataset = open_dataset(settings)
    assert isinstance(dataset, DomainDataset) and dataset.paired and len(dataset) == 5
    for epoch in range(6):
        for index in range(5):
            sample = sample_of(dataset, epoch, index)
            assert (sample["A"] - sample["B"]).abs().max() < (0.2 if index == 2 else 1e-6)
            grey = (sample["A"] * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0, keepdim=True)
            assert (sample["M"] - (grey + 1) / 2).abs().max() < 0.05
            assert sample["M"].shape[0] == 1 and 0 <= sample["M"].min() < sample["M"].max() <= 1


def test_masks_follow_a_in_unpaired_training(paired: Callable[..., Path]) -> None:
    root = paired()
    sample = sample_of(open_dataset(replace(SMALL, dataroot=str(root))), 1, 1)
    red = sample["A"][0].mean(0)  # grows to the right, to the left when mirrored
    assert (sample["M"][0].mean(0).diff().sign() == red.diff().sign()).all()
    (root / "trainM/003.png").unlink()
    assert "M" not in sample_of(open_dataset(replace(SMALL, dataroot=str(root))), 1, 1)


def test_pairs_belong_together_by_name_alone(
    paired: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    root = paired()
    (root / "trainA/000.png").unlink()
    Image.open(root / "trainB/003.png").save(root / "trainB/003.jpg", quality=95)
    (root / "trainB/003.png").unlink()
    settings = replace(SMALL, dataroot=str(root), dataset_mode="aligned")
    dataset = open_dataset(settings)
    names = [
        (Path(sample_of(dataset, 1, i)["A_path"]).name, Path(sample_of(dataset, 1, i)["B_path"]).name)
        for i in range(len(dataset))
    ]
    assert names == [(f"{n:03}.png", f"{n:03}.jpg" if n == 3 else f"{n:03}.png") for n in (1, 2, 3, 4)]
    assert "trainB: left out 1 without a partner" in caplog.text
    assert len(open_dataset(replace(settings, max_dataset_size=2))) == 2
    for path in (root / "trainB").iterdir():
        path.rename(path.with_name("other" + path.name))
    with pytest.raises(UserError, match="partner of the same name"):
        open_dataset(settings)


def test_the_references_aligned_layout_is_cut_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    both = Image.new("RGB", (80, 36))
    both.paste(ramp(1), (0, 0))
    both.paste(ramp(2).convert("L"), (40, 0))
    both.save(tmp_path / "train/x.png")
    settings = replace(SMALL, dataroot=str(tmp_path), dataset_mode="aligned", output_nc=1)
    sample = sample_of(open_dataset(settings), 1, 0)
    assert sample["A"].shape == (3, 16, 16) and sample["B"].shape == (1, 16, 16)
    assert sample["A_path"] == sample["B_path"] == str(tmp_path / "train/x.png")
    whole = replace(settings, fixed=True, load_size=36, crop_size=36, output_nc=3)
    sample = sample_of(open_dataset(whole), 1, 0)
    assert sample["A"][2].unique().numel() == 1  # the blue of ramp 1 and nothing of its neighbour
    assert torch.equal(sample["B"][0], sample["B"][2])
    swapped = sample_of(open_dataset(replace(settings, direction="BtoA")), 1, 0)
    assert swapped["A"].shape[0] == 1 and swapped["B"].shape[0] == 3


def test_testing_takes_every_input_once_from_the_middle(unpaired: Path, paired: Callable[..., Path]) -> None:
    settings = replace(SMALL, dataroot=str(unpaired), phase="train", fixed=True)
    for direction, name, count in (("AtoB", "A", 11), ("BtoA", "B", 7)):
        dataset = open_dataset(replace(settings, direction=direction))
        assert isinstance(dataset, DomainDataset) and not dataset.paired and len(dataset) == count
        assert set(sample_of(dataset, 1, 0)) == {name, f"{name}_path", "skipped"}
        assert torch.equal(sample_of(dataset, 1, 3)[name], sample_of(dataset, 9, 3)[name])
    expected = np.asarray(ramp(3).resize((24, 24), Image.Resampling.BICUBIC))[4:20, 4:20] / 127.5 - 1
    values = sample_of(open_dataset(settings), 1, 3)["A"].permute(1, 2, 0).numpy()
    assert np.abs(values - expected).max() < 1e-6


def test_testing_finds_the_truth_by_name(paired: Callable[..., Path]) -> None:
    root = paired("test")
    settings = replace(SMALL, dataroot=str(root), phase="test")
    dataset = open_dataset(settings)
    assert isinstance(dataset, DomainDataset) and dataset.paired
    assert set(sample_of(dataset, 1, 0)) >= {"A", "B", "M"}
    fill(root / "testB", 1, first=50)
    assert [domain.name for domain in open_dataset(settings).domains] == ["A"]


def test_testing_needs_no_other_domain_and_no_data_set(tmp_path: Path) -> None:
    settings = replace(SMALL, phase="test")
    fill(tmp_path / "set/testA", 3)
    (tmp_path / "set/testB").mkdir()
    assert len(open_dataset(replace(settings, dataroot=str(tmp_path / "set")))) == 3
    with pytest.raises(UserError, match=r"no picture in .*testB"):
        open_dataset(replace(settings, dataroot=str(tmp_path / "set"), direction="BtoA"))
    fill(tmp_path / "plain/deep", 2)
    plain = open_dataset(replace(settings, dataroot=str(tmp_path / "plain"), direction="BtoA"))
    assert len(plain) == 2 and "B" in sample_of(plain, 1, 0)
    one = open_dataset(
        replace(settings, dataroot=str(tmp_path / "plain/deep/001.png"), dataset_mode="single")
    )
    assert len(one) == 1 and sample_of(one, 1, 0)["A_path"].endswith("001.png")
    with pytest.raises(UserError, match="valA"):
        open_dataset(replace(settings, dataroot=str(tmp_path / "set"), phase="val"))


def test_what_is_missing_is_said_by_its_folder(unpaired: Path, tmp_path: Path) -> None:
    settings = replace(SMALL, dataroot=str(unpaired))
    with pytest.raises(UserError, match="absent: name a folder that holds trainA and trainB"):
        open_dataset(replace(settings, dataroot=str(unpaired / "absent")))
    with pytest.raises(UserError, match="valA"):
        open_dataset(replace(settings, phase="val", fixed=False))
    with pytest.raises(UserError, match=r"neither .*absentA nor .*absent "):
        open_dataset(replace(settings, dataset_mode="aligned", phase="absent"))
    for path in (unpaired / "trainB").iterdir():
        path.unlink()
    with pytest.raises(UserError, match=r"no picture in .*trainB.*\.png"):
        open_dataset(settings)


def test_max_dataset_size_takes_the_first_of_each_folder(unpaired: Path) -> None:
    dataset = open_dataset(replace(SMALL, dataroot=str(unpaired), max_dataset_size=5))
    assert [len(domain) for domain in dataset.domains] == [5, 5]


def test_an_unreadable_picture_gives_place_to_the_next(unpaired: Path) -> None:
    broken = unpaired / "trainA/004.png"
    cut_off(broken)
    settings = replace(SMALL, dataroot=str(unpaired))
    sample = sample_of(open_dataset(settings), 1, 4)
    assert Path(sample["A_path"]).name == "005.png" and sample["A"].shape == (3, 16, 16)
    assert [path for path, _ in sample["skipped"]] == [str(broken)]
    in_order = sample_of(open_dataset(replace(settings, fixed=True)), 1, 4)  # a test must not count 005 twice
    assert set(in_order) == {"skipped"} and in_order["skipped"][0][0] == str(broken)


def test_a_strip_is_passed_over_and_not_enlarged(unpaired: Path) -> None:
    """Scaled to a width of 286 pixels a strip of 1 by 60,000 would take 15 GB."""
    Image.new("RGB", (1, 60_000)).save(unpaired / "trainA/004.png")
    Image.new("RGB", (3, 60)).save(unpaired / "trainA/005.png")
    sample = sample_of(open_dataset(DataSettings(str(unpaired), preprocess="scale_width")), 1, 4)
    assert Path(sample["A_path"]).name == "005.png" and sample["A"].shape == (3, 5720, 288)
    assert "1x60000" in sample["skipped"][0][1]


def test_a_pair_with_one_unreadable_part_is_passed_over_whole(tmp_path: Path) -> None:
    for name in "ABM":
        fill(tmp_path / f"train{name}", 10)
    cut_off(tmp_path / "trainM/002.png")
    cut_off(tmp_path / "trainB/003.png")
    sample = sample_of(open_dataset(replace(SMALL, dataroot=str(tmp_path), dataset_mode="aligned")), 1, 2)
    assert Path(sample["A_path"]).stem == Path(sample["B_path"]).stem == "004"
    skipped = [Path(path).relative_to(tmp_path).as_posix() for path, _ in sample["skipped"]]
    assert skipped == ["trainM/002.png", "trainB/003.png"]


def test_a_photo_without_a_truth_goes_with_every_pair(unpaired: Path, tmp_path: Path) -> None:
    for name in "AB":
        fill(tmp_path / "pairs" / f"train{name}", 4)
    settings = replace(SMALL, dataroot=str(tmp_path / "pairs"), dataset_mode="aligned")
    beside = replace(settings, unpaired_dataroot=str(unpaired))
    dataset, plain = open_dataset(beside), open_dataset(settings)
    assert len(dataset) == len(plain) == 4
    samples = [sample_of(dataset, epoch, index) for epoch in range(6) for index in range(4)]
    assert all(Path(s["unpaired_A_path"]).parent == unpaired / "trainA" for s in samples)
    assert len({s["unpaired_A_path"] for s in samples}) >= 5 and "unpaired_B" not in samples[0]
    assert torch.equal(samples[4]["A"], sample_of(plain, 1, 0)["A"])
    again, taken = sample_of(dataset, 1, 0), sample_of(open_dataset(replace(beside, camera=True)), 1, 0)
    assert torch.equal(samples[4]["unpaired_A"], again["unpaired_A"])
    assert not torch.equal(taken["unpaired_A"], again["unpaired_A"]), "it goes through a camera as pairs do"
    opposite = sample_of(open_dataset(replace(beside, direction="BtoA")), 1, 0)
    assert Path(opposite["unpaired_B_path"]).parent == unpaired / "trainB"
    assert "unpaired_A" not in sample_of(open_dataset(replace(beside, fixed=True)), 1, 0), "it is no test"
    with pytest.raises(UserError, match="where --unpaired_dataroot looks"):
        open_dataset(replace(settings, unpaired_dataroot=str(tmp_path / "gone")))
    with pytest.raises(UserError, match="goes beside pairs"):
        replace(beside, dataset_mode="unaligned")


def test_a_pair_goes_with_every_sample(unpaired: Path, tmp_path: Path) -> None:
    """One fixed by seed, epoch and index, of all that there are, and its two halves stay together."""
    for name in "ABM":
        fill(tmp_path / "pairs" / f"train{name}", 4)
    settings = replace(SMALL, dataroot=str(unpaired), paired_dataroot=str(tmp_path / "pairs"))
    dataset, plain = open_dataset(settings), open_dataset(replace(settings, paired_dataroot=""))
    assert len(dataset) == len(plain) == 11
    seen = set()
    for index in range(11):
        sample = sample_of(dataset, 1, index)
        assert torch.equal(sample["pair_A"], sample["pair_B"]) and sample["pair_M"].shape == (1, 16, 16)
        assert torch.equal(sample["A"], sample_of(plain, 1, index)["A"]) and sample["skipped"] == ()
        assert torch.equal(sample["pair_A"], sample_of(dataset, 1, index)["pair_A"])
        seen.add(Path(sample["pair_A_path"]).stem)
    assert len(seen) >= 3
    assert any(
        not torch.equal(sample_of(dataset, 1, i)["pair_A"], sample_of(dataset, 2, i)["pair_A"])
        for i in range(4)
    )
