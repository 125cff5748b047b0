"""test.py as a person runs it: weights of their own or of others in, pictures, page and scores out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import GeneratorSettings
from tests.commands import Done, files, run, train, two_domains
from tests.data.drawing import cut_off, fill, ramp

pytestmark = pytest.mark.slow

PLAIN = GeneratorSettings("resnet_6blocks", filters=2)


def translate(data: Path, folder: Path, *argv: str | Path) -> Done:
    """Translate with the run `x` below `folder/runs`; pictures of 16 pixels."""
    places = ("--dataroot", data, "--checkpoints_dir", folder / "runs", "--results_dir", folder / "results")
    small = ("--crop_size", "16", "--device", "cpu", "--precision", "fp32")
    return run("test.py", *places, "--name", "x", *small, *argv)


def save(
    folder: Path, name: str, settings: GeneratorSettings = PLAIN, stale: bool = False, seed: int = 0
) -> None:
    """A file of the reference implementation, and nothing else of ours, in `folder/runs/x`."""
    torch.manual_seed(seed)
    weights = build_generator(settings).state_dict()
    if stale:
        for index in (2, 5, 8):
            weights[f"model.{index}.running_mean"] = torch.ones(2)
            weights[f"model.{index}.running_var"] = torch.ones(2)
            weights[f"model.{index}.num_batches_tracked"] = torch.tensor(3)
    (folder / "runs" / "x").mkdir(parents=True, exist_ok=True)
    torch.save(weights, folder / "runs" / "x" / name)


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """testA and testB under different names."""
    return two_domains(tmp_path_factory.mktemp("unpaired"), "test", 3, 2)


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exact pairs with masks: B is A with a dark bar, which the mask covers."""
    folder = tmp_path_factory.mktemp("paired")
    for name in "ABM":
        (folder / f"test{name}").mkdir()
    for number in range(3):
        a = np.asarray(ramp(number, 16, 16)).copy()
        mask = np.zeros((16, 16), np.uint8)
        mask[6:10] = 255
        b = np.where(mask[..., None] > 0, 20, a).astype(np.uint8)
        for name, values in (("A", a), ("B", b), ("M", mask)):
            Image.fromarray(values).save(folder / f"test{name}" / f"{number}.png")
    return folder


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("stale", [False, True], ids=["new file", "old file"])
@pytest.mark.parametrize(
    "direction, net, labels",
    [("AtoB", "G_A", ("real_A", "fake_B", "rec_A")), ("BtoA", "G_B", ("real_B", "fake_A", "rec_B"))],
)
def test_files_of_the_reference_implementation_translate(
    direction: str, net: str, labels: tuple[str, ...], stale: bool, unpaired: Path, tmp_path: Path
) -> None:
    """A folder with `latest_net_G_A.pth` and `latest_net_G_B.pth` alone, as its users own them: no options to
    repeat, G_A takes glasses off, G_B puts them on, and each picture is what that network makes of it.
    """
    for seed, name in enumerate(("G_A", "G_B")):
        save(tmp_path, f"latest_net_{name}.pth", stale=stale, seed=seed)
    done = translate(unpaired, tmp_path, "--direction", direction)
    folder = tmp_path / "results" / "x" / "test_latest"
    assert (done.code, done.err) == (0, "")
    verb = "remove" if direction == "AtoB" else "add"
    hint = f"a photo of your own: python -m cyclegan_glasses {verb} PHOTO --name x --checkpoints_dir "
    assert done.out.splitlines() == [f"results: {folder / 'index.html'}", hint + str(tmp_path / "runs")]
    names = [f"{n:03}" for n in range(3)] if direction == "AtoB" else ["100", "101"]
    written = {f"{name}_{label}.png" for name in names for label in labels}
    assert {path.name for path in (folder / "images").iterdir()} == written
    page = (folder / "index.html").read_text()
    assert all(f"images/{name}" in page for name in written)

    torch.manual_seed(["G_A", "G_B"].index(net))
    network = build_generator(PLAIN)
    real = torch.from_numpy(pixels(folder / "images" / f"{names[0]}_{labels[0]}.png").astype(np.float32))
    with torch.inference_mode():
        made = network(real.permute(2, 0, 1)[None] / 127.5 - 1)[0].permute(1, 2, 0)
    off = np.abs(pixels(folder / "images" / f"{names[0]}_{labels[1]}.png") - (made.numpy() + 1) * 127.5)
    assert off.max() < 0.51


def test_one_generator_is_enough(unpaired: Path, tmp_path: Path) -> None:
    """Without the way back there is no reconstruction; the other direction says what is missing."""
    save(tmp_path, "latest_net_G_A.pth")
    assert translate(unpaired, tmp_path, "--direction", "AtoB").code == 0
    images = {path.name.split("_", 1)[1] for path in tmp_path.rglob("images/*.png")}
    assert images == {"real_A.png", "fake_B.png"}
    complaint = translate(unpaired, tmp_path, "--direction", "BtoA").complaint
    assert "latest_net_G_B.pth is not there: the run has not saved a generator yet" in complaint


@pytest.mark.parametrize(
    "settings",
    [
        GeneratorSettings("resnet_9blocks", filters=2, upsample="resize", composite=True),
        GeneratorSettings("resnet_6blocks", filters=2, norm="batch", dropout=True),
        GeneratorSettings("unet_128", filters=2, norm="batch"),
    ],
    ids=lambda settings: settings.kind,
)
def test_the_architecture_is_read_off_the_file(
    settings: GeneratorSettings, unpaired: Path, tmp_path: Path
) -> None:
    save(tmp_path, "latest_net_G_A.pth", settings)
    assert translate(unpaired, tmp_path, "--crop_size", "16", "--eval").code == 0


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_grey_on_one_side(direction: str, unpaired: Path, tmp_path: Path) -> None:
    """Channels too are read off the file, whichever side is the input."""
    save(tmp_path, "latest_net_G_A.pth", GeneratorSettings("resnet_6blocks", 1, 3, 2))
    save(tmp_path, "latest_net_G_B.pth", GeneratorSettings("resnet_6blocks", 3, 1, 2))
    assert translate(unpaired, tmp_path, "--direction", direction).code == 0
    for path in tmp_path.rglob("images/*.png"):
        values = pixels(path)
        grey = bool((values[..., 0] == values[..., 2]).all())
        assert grey is path.stem.endswith("_A")


@pytest.mark.parametrize(
    "suffix, file", [("_A", "latest_net_G_A.pth"), ("_B", "latest_net_G_B.pth"), ("", "latest_net_G.pth")]
)
def test_model_test_on_a_plain_folder(suffix: str, file: str, tmp_path: Path) -> None:
    """The reference implementation's `--model test`: one generator, pictures at any depth, its own labels."""
    save(tmp_path, file)
    fill(tmp_path / "photos" / "album", 2)
    argv = [
        "--model",
        "test",
        "--dataset_mode",
        "single",
        "--no_dropout",
        "--netG",
        "resnet_6blocks",
        "--ngf",
        "2",
    ]
    done = translate(tmp_path / "photos", tmp_path, *argv, *(["--model_suffix", suffix] if suffix else []))
    assert (done.code, done.err) == (0, "")
    images = {path.name for path in tmp_path.rglob("images/*.png")}
    assert images == {f"{number:03}_{label}.png" for number in range(2) for label in ("real", "fake")}


@pytest.mark.parametrize(
    "argv", [(), ("--dataset_mode", "single"), ("--model", "test", "--model_suffix", "_A")]
)
def test_a_single_picture(argv: tuple[str, ...], tmp_path: Path) -> None:
    """No fake data set around it is needed."""
    save(tmp_path, "latest_net_G_A.pth")
    ramp(3).save(tmp_path / "me.jpg")
    assert translate(tmp_path / "me.jpg", tmp_path, *argv).code == 0
    assert len(list(tmp_path.rglob("images/me_fake*.png"))) == 1


def test_pictures_of_one_name_in_two_folders_are_both_kept(tmp_path: Path) -> None:
    save(tmp_path, "latest_net_G_A.pth")
    for place in ("a/x", "b/x", "c/x-2"):
        path = tmp_path / "photos" / f"{place}.png"
        path.parent.mkdir(parents=True)
        ramp(len(place)).save(path)
    assert translate(tmp_path / "photos", tmp_path).code == 0
    assert len(list(tmp_path.rglob("images/*_fake_B.png"))) == 3


def test_a_second_format_of_a_picture_does_not_move_the_truths(paired: Path, tmp_path: Path) -> None:
    """As many files on both sides, one of them twice: each result is beside the truth of its own name."""
    save(tmp_path, "latest_net_G_A.pth")
    shutil.copytree(paired, data := tmp_path / "data")
    for name in ("testA/0", "testB/2"):
        Image.open(data / f"{name}.png").save(data / f"{name}.bmp")
    done = translate(data, tmp_path)
    assert done.code == 0 and "testA: names that differ in their ending alone: 0.bmp, 0.png" in done.err
    images = tmp_path / "results/x/test_latest/images"
    assert len(list(images.glob("*_truth.png"))) == 4
    for stem, number in (("0", 0), ("0-2", 0), ("1", 1), ("2", 2)):
        truth = pixels(images / f"{stem}_real_B_truth.png").astype(int)
        assert np.abs(truth - pixels(paired / f"testB/{number}.png")).max() <= 1


def test_more_of_a_name_on_one_side_than_on_the_other(paired: Path, tmp_path: Path) -> None:
    save(tmp_path, "latest_net_G_A.pth")
    shutil.copytree(paired, data := tmp_path / "data")
    Image.open(data / "testA/0.png").save(data / "testA/0.jpg")
    done = translate(data, tmp_path)
    assert done.code == 0 and len(list(tmp_path.rglob("*_truth.png"))) == 4
    (data / "testB/1.png").unlink()
    done = translate(data, tmp_path / "again", "--checkpoints_dir", tmp_path / "runs")
    assert done.code == 0 and "share 3 names, not all: they are no pairs" in done.err
    assert not list((tmp_path / "again").rglob("*_truth.png"))


def test_what_num_test_leaves_is_said(unpaired: Path, tmp_path: Path) -> None:
    save(tmp_path, "latest_net_G_A.pth")
    told = translate(unpaired, tmp_path, "--num_test", "2").out
    assert "1 of 3 pictures are left: --num_test 3 takes all" in told
    assert "--num_test" not in translate(unpaired, tmp_path, "--num_test", "3").out


def test_pairs_are_scored_beside_their_input(paired: Path, tmp_path: Path) -> None:
    """Names that match in testA and testB are taken for the truth, with the masks in testM."""
    save(tmp_path, "latest_net_G_A.pth")
    save(tmp_path, "latest_net_G_B.pth")
    done = translate(paired, tmp_path)
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()[:4]] == ["result", "PSNR", "SSIM", "PSNR"]
    assert "takes glasses off: " in done.out and " of 3 results are nearer to it than the picture" in done.out
    folder = tmp_path / "results" / "x" / "test_latest"
    rows = json.loads((folder / "results.json").read_text())["directions"]["AtoB"]
    assert [row["stem"] for row in rows] == ["0", "1", "2"]
    for row in rows:
        a, b = (pixels(paired / f"test{name}" / f"{row['stem']}.png").astype(float) for name in "AB")
        fake = pixels(folder / row["pictures"]["fake_B"]).astype(float)
        assert row["scores"]["PSNR"] == pytest.approx(10 * np.log10(255**2 / ((fake - b) ** 2).mean()))
        assert row["input_scores"]["L1 inside"] == pytest.approx(np.abs(a - b)[6:10].mean())
        assert row["scores"]["L1 outside"] == pytest.approx(
            np.abs(fake - a)[[*range(6), *range(10, 16)]].mean()
        )
        assert row["truth"] == f"images/{row['stem']}_real_B_truth.png"
        assert (folder / row["truth"]).exists()


def test_the_second_direction_adds_to_the_page(paired: Path, tmp_path: Path) -> None:
    save(tmp_path, "latest_net_G_A.pth")
    save(tmp_path, "latest_net_G_B.pth")
    for direction in ("AtoB", "BtoA"):
        assert translate(paired, tmp_path, "--direction", direction).code == 0
    page = (tmp_path / "results" / "x" / "test_latest" / "index.html").read_text()
    for name in ("0_fake_B", "0_real_A", "0_fake_A", "0_real_B", "2_rec_A", "2_rec_B"):
        assert f"images/{name}.png" in page


def test_epochs_limits_sizes_and_places(unpaired: Path, tmp_path: Path) -> None:
    save(tmp_path, "5_net_G_A.pth")
    save(tmp_path, "iter_400_net_G_A.pth")
    complaint = translate(unpaired, tmp_path).complaint
    assert complaint.endswith("latest_net_G_A.pth is not there: --epoch can be 5, iter_400")
    assert translate(unpaired, tmp_path, "--epoch", "5", "--num_test", "2", "--aspect_ratio", "2").code == 0
    images = sorted((tmp_path / "results" / "x" / "test_5" / "images").iterdir())
    assert len(images) == 4
    assert Image.open(images[0]).size == (32, 16)
    assert translate(unpaired, tmp_path, "--load_iter", "400", "--aspect_ratio", "0.5").code == 0
    images = sorted((tmp_path / "results" / "x" / "test_iter_400" / "images").iterdir())
    assert Image.open(images[0]).size == (16, 32)


def test_results_alone_at_the_size_of_their_inputs(paired: Path, tmp_path: Path) -> None:
    """What whoever goes on working with the results needs: as many pixels, the names, and no other files."""
    save(tmp_path, "latest_net_G_A.pth")
    shutil.copytree(paired, data := tmp_path / "data")
    turned, exif = ramp(1, 40, 24), Image.Exif()
    exif[274] = 6
    turned.save(data / "testA" / "0.png", exif=exif)
    argv = ("--original_size", "--results_only")
    done = translate(data, tmp_path, *argv)
    assert (done.code, done.err) == (0, "") and "takes glasses off: " in done.out
    images = tmp_path / "results" / "x" / "test_latest" / "images"
    sizes = {path.name: Image.open(path).size for path in images.iterdir()}
    assert sizes == {"0.png": (24, 40), "1.png": (16, 16), "2.png": (16, 16)}
    page = (images.parent / "index.html").read_text()
    assert "images/0.png" in page and "real_A" not in page
    complaint = translate(data, tmp_path, *argv, "--preprocess", "crop").complaint
    assert complaint.startswith("--original_size is of whole pictures, and --preprocess crop cuts them")
    assert "leave one out" in translate(data, tmp_path, *argv, "--aspect_ratio", "2").complaint


def test_a_run_of_ours_needs_nothing_repeated(tmp_path: Path) -> None:
    """Its own options say the size; its weights say the rest."""
    data = two_domains(two_domains(tmp_path / "data"), "test", 2, 2)
    argv = ("--ema", "0.5", "--composite", "--upsample", "resize", "--max_steps", "2")
    assert train(data, tmp_path / "runs", *argv).code == 0
    done = run(
        "test.py", "--dataroot", data, "--checkpoints_dir", tmp_path / "runs", "--name", "x",
        "--results_dir", tmp_path / "results", "--device", "cpu", "--verbose",
    )  # fmt: skip
    assert done.code == 0 and "(conv_block): Sequential" in done.out
    assert {Image.open(path).size for path in tmp_path.rglob("images/*.png")} == {(16, 16)}


def foreign(folder: Path) -> None:
    torch.save({"fc.weight": torch.zeros(2, 2)}, folder / "latest_net_G_A.pth")


def missing_key(folder: Path) -> None:
    weights = torch.load(folder / "latest_net_G_A.pth", weights_only=True)
    del weights["model.12.conv_block.5.bias"]
    torch.save(weights, folder / "latest_net_G_A.pth")


@pytest.mark.parametrize(
    "spoil, argv, complaint",
    [
        (foreign, "", "latest_net_G_A.pth is not a generator of this toolkit"),
        (missing_key, "", "latest_net_G_A.pth holds another architecture (1 weights missing"),
        (lambda folder: cut_off(folder / "latest_net_G_A.pth"), "", "latest_net_G_A.pth is cut off"),
        (shutil.rmtree, "", "there is no run"),
        (None, "--ngf 64", "holds another architecture (filters is 2, not 64): leave those options out"),
        (None, "--netG unet_256", "kind is 'resnet_6blocks', not 'unet_256'"),
        (None, "--norm batch", "norm is 'instance', not 'batch'"),
        (None, "--input_nc 1", "input_nc is 3, not 1"),
        (None, "--composite", "composite is False, not True"),
        (None, "--norm group", "argument --norm: invalid choice: 'group'"),
        (None, "--model pix2pix", "argument --model: invalid choice: 'pix2pix'"),
        (None, "--epoch 7", "7_net_G_A.pth is not there: --epoch can be latest"),
        (None, "--model test", "latest_net_G.pth is not there: --model test needs --model_suffix _A"),
        (None, "--model test --model_suffix _A --epoch 7", "7_net_G_A.pth is not there: --epoch can be"),
        (None, "--model test --model_suffix _C", "_net_G_C.pth is not there: --model test needs"),
        (None, "--crop_size 18", "not a multiple of 4"),
        (None, "--load_size 12", "--crop_size 16 is larger than --load_size 12"),
        (None, "--num_test 0", "--num_test 0 is invalid: must be at least 1"),
        (None, "--aspect_ratio 0", "--aspect_ratio 0 is invalid: must be above 0"),
        (None, "--name ..", "is not a plain folder name"),
        (None, "--name a\x1bb", "is not a plain folder name"),
        (None, "--preset paper", "unrecognized arguments: --preset paper (see test.py --help)"),
    ],
)  # fmt: skip
def test_invalid_arguments_and_files_are_one_line_and_nothing_is_written(
    spoil: Callable[[Path], object] | None, argv: str, complaint: str, unpaired: Path, tmp_path: Path
) -> None:
    save(tmp_path, "latest_net_G_A.pth")
    if spoil is not None:
        spoil(tmp_path / "runs" / "x")
    before = files(tmp_path)
    assert complaint in translate(unpaired, tmp_path, *argv.split()).complaint
    assert files(tmp_path) == before


def test_a_unet_translates_pictures_of_their_own_size(unpaired: Path, tmp_path: Path) -> None:
    save(tmp_path, "latest_net_G_A.pth", GeneratorSettings("unet_128", filters=1))
    assert translate(unpaired, tmp_path, "--preprocess", "none").code == 0
    assert {Image.open(path).size for path in tmp_path.rglob("images/*.png")} == {(40, 36)}


@pytest.mark.parametrize(
    "make, complaint",
    [
        (lambda folder: None, "there is no --dataroot"),
        (lambda folder: (folder / "testA").mkdir(parents=True), "there is no picture in"),
        (
            lambda folder: [cut_off(path) for path in fill(folder / "testA", 3).iterdir()],
            "3 of 3 pictures of",
        ),
        (lambda folder: (fill(folder / "testA", 1) / "000.png").write_text("no"), "1 of 1 pictures of"),
        (lambda folder: fill(folder / "trainA", 1), "testA: --dataroot must be a folder that holds it"),
    ],
    ids=["no dataroot", "empty", "cut off", "unreadable", "only trainA"],
)
def test_an_invalid_data_set_is_one_line(
    make: Callable[[Path], object], complaint: str, tmp_path: Path
) -> None:
    save(tmp_path, "latest_net_G_A.pth")
    make(tmp_path / "data")
    assert complaint in translate(tmp_path / "data", tmp_path).complaint
    assert not (tmp_path / "results").exists()


def test_no_dataroot_is_one_line(tmp_path: Path) -> None:
    assert run("test.py", "--checkpoints_dir", tmp_path).complaint.startswith("--dataroot is missing: ")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_where_there_is_none_is_one_line(unpaired: Path, tmp_path: Path) -> None:
    save(tmp_path, "latest_net_G_A.pth")
    assert "no GPU is usable here" in translate(unpaired, tmp_path, "--device", "cuda").complaint
    assert not (tmp_path / "results").exists()
