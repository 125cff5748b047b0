"""A model is found wherever it is: shipped, packed, a run's folder, one bare file of the reference."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cyclegan_glasses import shipped
from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.export import export
from cyclegan_glasses.editing.facemath import FaceMath, load_facemath, move, save_facemath
from cyclegan_glasses.editing.models import EditingModel, Generator
from cyclegan_glasses.editing.package import load_model
from cyclegan_glasses.editing.trained import TorchNetwork, module_of
from cyclegan_glasses.editing.trained_models import average_models, save_model
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import Framing
from cyclegan_glasses.networks.facemath import FaceAutoencoder
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import (
    AutoencoderSettings,
    GeneratorSettings,
    IseeSettings,
    ResidualUnetSettings,
)
from cyclegan_glasses.portraits.aligned import drawn_faces
from cyclegan_glasses.values import to_values
from tests.editing.helpers import FP32, torch_generator

CPU = torch.device("cpu")
TINY = GeneratorSettings("resnet_6blocks", filters=2, composite=True)


def generator(seed: int, settings: GeneratorSettings = TINY) -> Generator:
    torch.manual_seed(seed)
    made = torch_generator(build_generator(settings).eval(), settings, 24)
    return replace(made, framing=Framing(0.39, 0.4))


def tiny_model(size: int = 24) -> EditingModel:
    both = {way: replace(generator(seed), size=size) for seed, way in enumerate((REMOVE, ADD))}
    return EditingModel(both, "tiny", {"name": "tiny", "lr": 0.1})


def run_folder(folder: Path, names: tuple[str, ...] = ("G_A", "G_B"), **options: object) -> Path:
    folder.mkdir(parents=True)
    for seed, name in enumerate(names):
        torch.save(module_of(generator(seed)).state_dict(), folder / f"latest_net_{name}.pth")
    (folder / "train_opt.json").write_text(json.dumps(options))
    return folder


def test_packing_loses_half_precision_and_nothing_else(tmp_path) -> None:
    model = tiny_model()
    model = replace(model, generators={**model.generators, REMOVE: replace(model.get(REMOVE), passes=2)})
    save_model(model, tmp_path / "x.pt")
    loaded = load_model(tmp_path / "x.pt", CPU)
    assert (loaded.get(REMOVE).passes, loaded.get(ADD).passes) == (2, 1)
    assert loaded.get(ADD).size == 24 and loaded.get(ADD).framing == Framing(0.39, 0.4)
    assert loaded.facts == {"name": "tiny", "lr": 0.1}
    assert loaded.get(REMOVE).settings == TINY and set(loaded.generators) == {REMOVE, ADD}
    photo = torch.rand(1, 3, 24, 24) * 2 - 1
    for direction in (REMOVE, ADD):
        ours, theirs = (module_of(m.get(direction))(photo) for m in (model, loaded))
        assert 0 < (ours - theirs).abs().max() < 0.02
    whole = sum(p.numel() * 4 for g in model.generators.values() for p in module_of(g).parameters())
    assert (tmp_path / "x.pt").stat().st_size < whole / 2 + 60_000


def test_the_mean_of_two_models_lies_between_their_weights() -> None:
    one, two = tiny_model(), replace(tiny_model(), generators={REMOVE: generator(7)})
    mean = average_models(one, two, 0.25)
    assert set(mean.generators) == {REMOVE} and mean.facts == one.facts
    states = [module_of(model.get(REMOVE)).state_dict() for model in (one, two, mean)]
    for first, second, between in zip(*(state.values() for state in states), strict=True):
        torch.testing.assert_close(between.double(), 0.75 * first.double() + 0.25 * second.double())
    assert not torch.equal(next(iter(states[0].values())), next(iter(states[2].values())))
    other = replace(generator(7), size=32)
    with pytest.raises(UserError, match="different networks or faces for AtoB"):
        average_models(one, replace(two, generators={REMOVE: other}), 0.5)
    with pytest.raises(UserError, match="no direction in common"):
        average_models(two, replace(two, generators={ADD: other}), 0.5)


def test_the_model_that_ships_is_the_default(tmp_path, monkeypatch) -> None:
    """Run by onnxruntime, its two files are as good as torch is, and torch takes them up to train them on."""
    monkeypatch.setattr(shipped, "SHIPPED", tmp_path / "glasses")
    with pytest.raises(UserError, match="without its model"):
        load_model(None)
    with pytest.raises(UserError, match="knows itself"):
        load_model(None, size=96)
    tiny, faces = tiny_model(), drawn_faces(2, 24)
    for way in (REMOVE, ADD):
        export(tiny, way, "onnx", "fp16", shipped.generator_file(way), faces)
    here, there = load_model(None), load_model(None, precision="bf16")
    assert isinstance(there.get(ADD).network, TorchNetwork) and there.facts == tiny.facts
    for way in (REMOVE, ADD):
        one, other = here.get(way), there.get(way)
        assert (one.settings, one.size, one.framing) == (TINY, 24, Framing(0.39, 0.4))
        assert other == replace(one, network=other.network)
        wanted = TorchNetwork(module_of(other), FP32)(to_values(faces))[0]
        assert np.abs(one.network(to_values(faces))[0] - wanted).max() < 1e-4


def test_a_run_is_known_by_its_name_and_says_its_framing(tmp_path) -> None:
    """Faces are cropped as the model was trained, with the eyes where they were on average."""
    run_folder(tmp_path / "runs" / "mine", load_size=104, crop_size=96, name="mine")
    model = load_model("mine", CPU, runs=tmp_path / "runs")
    assert (
        model.get(REMOVE).size == 96
        and set(model.generators) == {REMOVE, ADD}
        and model.facts["name"] == "mine"
    )
    framing = model.get(REMOVE).framing
    assert framing.eye_distance == pytest.approx(0.36 * 104 / 96)
    assert framing.eye_height == pytest.approx((0.40 * 104 - 4) / 96)
    assert load_model(tmp_path / "runs" / "mine", CPU, size=64).get(REMOVE).size == 64
    plain = run_folder(tmp_path / "plain", load_size=96, crop_size=96)
    assert load_model(plain, CPU).get(REMOVE).framing == Framing()


def test_a_run_with_one_direction(tmp_path) -> None:
    model = load_model(run_folder(tmp_path / "x", ("G_A",), crop_size=32), CPU)
    assert model.get(REMOVE)
    with pytest.raises(UserError, match="no generator that adds"):
        model.get(ADD)


@pytest.mark.parametrize(
    "settings", [IseeSettings(filters=3), ResidualUnetSettings(), GeneratorSettings("unet_128", filters=2)]
)
def test_every_network_that_edits_loads_by_itself(settings, tmp_path) -> None:
    """Mask2Face and iSee leave a `G_A` and nothing else; the editor reads off what it is, packed too."""
    if isinstance(settings, ResidualUnetSettings):
        settings = replace(settings, filters=tuple(2 for _ in settings.filters))
    run = tmp_path / "x"
    run.mkdir()
    torch.save(build_generator(settings).state_dict(), run / "latest_net_G_A.pth")
    model = load_model(run, CPU, size=128)
    assert model.get(REMOVE).settings == settings
    save_model(model, tmp_path / "x.pt")
    assert load_model(tmp_path / "x.pt", CPU).get(REMOVE).settings == settings


def test_an_algebra_of_faces_edits_by_its_direction(tmp_path) -> None:
    """A facemath run loads by itself too, once `facemath learn` has said which way glasses lie."""
    run = tmp_path / "math"
    run.mkdir()
    (run / "train_opt.json").write_text(json.dumps({"model": "facemath", "crop_size": 16}))
    with pytest.raises(UserError, match=r"no direction yet: .* facemath learn .*math --dataroot"):
        load_model("math", CPU, runs=tmp_path)
    torch.manual_seed(0)
    network = FaceAutoencoder(AutoencoderSettings(16, (4, 6), 3)).eval()
    network.fit(torch.rand(9, 3, 16, 16) * 2 - 1)
    none, step = np.zeros(3, np.float32), np.array([3.0, 1, 0], np.float32)
    math = FaceMath(network, none, none + 1, {"glasses": step})
    save_facemath(run / "facemath.pt", math)
    math = load_facemath(run / "facemath.pt")  # in half precision, as the editor reads it
    removal = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)
    faces = np.random.default_rng(0).integers(60, 196, (2, 16, 16, 3), dtype=np.uint8)
    photo = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
    codes = math.encode(faces)
    save_facemath(run / "pairs.pt", replace(math, removal=removal))
    for name, reverse in (("math", -step), (run / "facemath.pt", -step), (run / "pairs.pt", removal)):
        model = load_model(name, CPU, runs=tmp_path)
        assert model.get(ADD).size == 16 and model.get(ADD).framing == Framing()
        for direction, taken in ((REMOVE, reverse), (ADD, step)):
            change = math.decode(move(codes, taken, 1)).astype(int) - math.decode(codes)
            with torch.no_grad():
                edited = module_of(model.get(direction))(photo)
            found = ((edited - photo) * 127.5).permute(0, 2, 3, 1).numpy()
            assert np.abs(found - change).max() <= 1 and np.abs(change).max() > 5
        larger = torch.nn.functional.interpolate(photo, (32, 32), mode="bilinear")
        assert module_of(model.get(ADD))(larger).shape == larger.shape
    with pytest.raises(UserError, match="knows itself: leave --epoch, .* out"):
        load_model(run, CPU, label="5")
    with pytest.raises(UserError, match="is one file already"):
        save_model(load_model(run, CPU), tmp_path / "packed.pt")
    save_facemath(run / "facemath.pt", FaceMath(network, none, none + 1, {"age": step}))
    with pytest.raises(UserError, match=r"no direction 'glasses' \(age\): learn it with facemath learn"):
        load_model(run, CPU)


@pytest.mark.parametrize(
    "name, direction, way",
    [
        ("latest_net_G_A", ADD, REMOVE),
        ("latest_net_G_B", REMOVE, ADD),
        ("latest_net_G", ADD, ADD),
        ("mine", REMOVE, REMOVE),
    ],
)
def test_a_bare_file_goes_the_way_that_its_name_says(name, direction, way, tmp_path) -> None:
    path = tmp_path / f"{name}.pth"
    torch.save(module_of(generator(0)).state_dict(), path)
    model = load_model(path, CPU, direction)
    assert (
        list(model.generators) == [way] and model.get(way).size == 256 and model.get(way).framing == Framing()
    )
    assert load_model(path, CPU, direction, size=64).get(way).size == 64


def test_files_that_are_no_model_are_explained(tmp_path) -> None:
    folder = run_folder(tmp_path / "x", crop_size=32)
    bare = folder / "latest_net_G_A.pth"
    torch.save({"format": "else"}, tmp_path / "else.pt")
    packed = tmp_path / "new.pt"
    save_model(tiny_model(), packed)
    state = torch.load(packed, weights_only=True)
    torch.save(state | {"version": 99}, packed)
    torch.save({name: value for name, value in state.items() if name != "faces"}, tmp_path / "half.pt")
    (tmp_path / "cut.pt").write_bytes(packed.read_bytes()[:500])
    for where, options, message in (
        (tmp_path / "nothing", {}, "there is no model"),
        ("nothing", {"runs": tmp_path}, "there is no model nothing"),
        (folder, {"label": "9"}, "--epoch can be latest"),
        (bare, {"asked": {"filters": 64}}, "another architecture"),
        (bare, {"size": 63}, "a multiple of 4"),
        (bare, {"label": "9"}, "one model and knows itself: leave --epoch out"),
        (packed, {"size": 64}, "leave --epoch, --netG, --ngf, --norm and --crop_size out"),
        (packed, {"asked": {"norm": "batch"}}, "leave --epoch, --netG"),
        (tmp_path / "else.pt", {}, "no packed model"),
        (packed, {}, "of version 99"),
        (tmp_path / "half.pt", {}, "not whole"),
        (tmp_path / "cut.pt", {}, "cut off"),
    ):
        with pytest.raises(UserError, match=message):
            load_model(where, CPU, **options)
