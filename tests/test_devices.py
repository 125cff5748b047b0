"""A run must land on the device and in the precision that the machine is good at, or say why it cannot."""

from __future__ import annotations

import pytest
import torch

from cyclegan_glasses import devices, machine
from cyclegan_glasses.devices import Precision, choose_device, choose_precision, has_bfloat16
from cyclegan_glasses.errors import UserError

CPU = torch.device("cpu")


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(devices, "_trouble", lambda index: "")


def test_auto_is_the_cpu_where_there_is_no_gpu(no_gpu):
    assert choose_device() == CPU
    assert choose_device("cpu") == choose_device("cpu", []) == choose_device("auto", [-1]) == CPU


@pytest.mark.parametrize("name, ids", [("cuda", None), ("cuda:1", None), ("auto", [0]), ("cuda", [0])])
def test_a_gpu_asked_for_where_there_is_none_says_what_to_do(no_gpu, name, ids):
    with pytest.raises(UserError, match="no GPU is usable here.*--device cpu"):
        choose_device(name, ids)


@pytest.mark.parametrize(
    "name, message", [("gpu", "auto, cpu, cuda"), ("xpu", "not supported"), ("", "no device")]
)
def test_an_unknown_device_lists_the_known_ones(no_gpu, name, message):
    with pytest.raises(UserError, match=message):
        choose_device(name)


def test_gpu_numbers_choose_the_first_of_them(two_gpus):
    assert choose_device() == choose_device("cuda") == torch.device("cuda", 0)
    assert choose_device("auto", [1, 0]) == choose_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(UserError, match="no GPU 2: this machine has 2"):
        choose_device("auto", [2])


def test_gpus_that_are_left_idle_are_named_with_what_to_type(two_gpus, monkeypatch, caplog):
    """The reference implementation splits batches over --gpu_ids 0,1; here each GPU has a process."""
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert choose_device("auto", [0, 1]) == torch.device("cuda", 0)
    assert "0 is used, 1 not" in caplog.text and "torchrun --nproc-per-node 2 train.py" in caplog.text
    caplog.clear()
    choose_device("auto", [1])
    monkeypatch.setenv("LOCAL_RANK", "1")
    choose_device("auto", [0, 1], local_rank=1)
    assert not caplog.text


@pytest.mark.parametrize("name, ids", [("cpu", [0]), ("cuda", [-1]), ("cuda:1", [0])])
def test_contradicting_arguments_are_not_guessed_at(two_gpus, name, ids):
    with pytest.raises(UserError, match="contradict"):
        choose_device(name, ids)


def test_a_gpu_that_fails_falls_back_only_under_auto(two_gpus, monkeypatch, caplog):
    monkeypatch.setattr(devices, "_trouble", lambda index: "no kernel image is available")
    assert choose_device() == CPU
    assert "no kernel image" in caplog.text
    with pytest.raises(UserError, match="no kernel image"):
        choose_device("cuda")


@pytest.mark.parametrize(
    "flags, name", [("fma avx512f", "fp32"), ("avx2 amx_bf16", "bf16"), ("avx512_bf16", "fp32"), ("", "fp32")]
)
def test_the_cpu_computes_in_bfloat16_only_where_it_has_it(monkeypatch, tmp_path, flags, name):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    machine.CPUINFO.write_text(f"model name : Some CPU\nflags : fpu {flags} sse\n")
    assert choose_precision("auto", CPU).name == name


def test_the_cpu_is_asked_through_torch_where_there_is_no_cpuinfo(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "nothing")
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True, raising=False)
    assert has_bfloat16(CPU)
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert not has_bfloat16(CPU)


@pytest.mark.filterwarnings("ignore:.*GradScaler is enabled")
@pytest.mark.parametrize("bfloat16, name", [(True, "bf16"), (False, "fp16")])
def test_an_older_gpu_gets_fp16(monkeypatch, bfloat16, name):
    monkeypatch.setattr(devices, "has_bfloat16", lambda device: bfloat16)
    assert choose_precision("auto", torch.device("cuda", 0)).name == name


def test_a_precision_that_the_device_lacks_is_one_line(monkeypatch):
    monkeypatch.setattr(devices, "has_bfloat16", lambda device: False)
    with pytest.raises(UserError, match="no bfloat16: use --precision fp16"):
        choose_precision("bf16", torch.device("cuda", 0))
    with pytest.raises(UserError, match="no precision 'half'"):
        choose_precision("half", CPU)
    with pytest.raises(UserError, match="mps"):
        choose_precision("fp16", torch.device("mps"))


def train(precision: Precision, steps: int, clip: float | None = None) -> torch.nn.Linear:
    """A few steps of two optimizers on one network, the shape of a generator's and a discriminator's step."""
    torch.manual_seed(0)
    network = torch.nn.Linear(4, 1)
    optimizers = [torch.optim.SGD([p], lr=0.1) for p in network.parameters()]
    for step in range(steps):
        inputs = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        for optimizer in optimizers:
            optimizer.zero_grad()
        with precision.autocast():
            out = network(inputs)
        precision.backward((out.float() - 1).square().mean())
        for optimizer in optimizers:
            precision.step(optimizer, clip)
    return network


def test_fp32_is_plain_torch_to_the_bit():
    network = train(Precision("fp32", CPU), 3)
    torch.manual_seed(0)
    plain = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    for step in range(3):
        optimizer.zero_grad()
        inputs = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        (plain(inputs) - 1).square().mean().backward()
        optimizer.step()
    assert torch.equal(network.weight, plain.weight) and torch.equal(network.bias, plain.bias)


@pytest.mark.parametrize("name", ["bf16", "fp16"])
@pytest.mark.parametrize("clip", [None, 0.05])
def test_lower_precisions_train_alike(name, clip):
    """Wrong scaling or a clip of scaled gradients would move the weights by orders of magnitude."""
    precision = Precision(name, CPU)
    precision.load_state_dict({**precision.state_dict(), "scale": 1024.0} if name == "fp16" else {})
    exact, lower = train(Precision("fp32", CPU), 5, clip), train(precision, 5, clip)
    assert lower.weight.dtype == torch.float32
    difference = (exact.weight - lower.weight).abs().max()
    assert 0 < difference < 0.01


def test_clipping_limits_the_step():
    before = train(Precision("fp32", CPU), 0).weight.detach()
    free, held = (train(Precision("fp32", CPU), 1, clip).weight.detach() - before for clip in (None, 0.01))
    assert free.norm() > 0.01
    assert held.norm() == pytest.approx(0.1 * 0.01, rel=1e-3)  # rate times clip


def test_fp16_leaves_out_a_step_with_an_infinite_gradient():
    """Otherwise one overflow turns every weight into NaN."""
    precision = Precision("fp16", CPU)
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    scale = precision.state_dict()["scale"]
    precision.backward((weight * torch.inf).sum())
    precision.step(optimizer, clip=1.0)
    assert torch.equal(weight, torch.ones(2))
    assert precision.state_dict()["scale"] == scale / 2
    optimizer.zero_grad()
    precision.backward(weight.sum())
    precision.step(optimizer)
    assert torch.allclose(weight, torch.full((2,), 0.9))


def test_the_scale_changes_only_after_all_optimizers_have_stepped():
    """The first optimizer overflows; the second one's gradients were scaled with the old scale."""
    precision = Precision("fp16", CPU)
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    first, second = (torch.optim.SGD([w], lr=0.1) for w in weights)
    precision.backward((weights[0] * torch.inf + weights[1]).sum())
    precision.step(first)
    precision.step(second)
    assert weights[0].item() == 1.0
    assert weights[1].item() == pytest.approx(0.9)


def test_a_run_in_fp16_goes_on_with_its_scale():
    precision = Precision("fp16", CPU)
    train(precision, 1)
    precision.backward(torch.tensor(torch.inf, requires_grad=True) * 1)
    state = precision.state_dict()
    again = Precision("fp16", CPU)
    again.load_state_dict(state)
    assert again.state_dict() == state
    again.load_state_dict(Precision("bf16", CPU).state_dict())
    assert again.state_dict() == state
    plain = Precision("fp32", CPU)
    plain.load_state_dict(state)
    assert plain.state_dict() == {}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_real_gpu_is_chosen_and_computes():
    device = choose_device()
    precision = choose_precision("auto", device)
    assert device.type == "cuda" and precision.name in ("bf16", "fp16")
    with precision.autocast():
        assert torch.nn.Linear(4, 4).to(device)(torch.ones(2, 4, device=device)).dtype == precision.dtype
