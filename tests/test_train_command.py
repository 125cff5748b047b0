"""train.py as a person runs it: exact resume, signals, and one line for invalid input."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.commands import ROOT, TINY, Done, files, run, start, train, two_domains
from tests.data.drawing import cut_off
from tests.forks import Forked
from tests.training.helpers import differences

pytestmark = pytest.mark.slow

TWO_EPOCHS = ("--n_epochs", "2", "--n_epochs_decay", "0")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures of A and five of B."""
    return two_domains(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with the run `x`, two steps old; do not change it."""
    runs = tmp_path_factory.mktemp("trained")
    assert train(data, runs, "--max_steps", "2").code == 0
    return runs


def state(runs: Path, label: str = "latest") -> dict[str, Any]:
    """All that the next step depends on."""
    saved = torch.load(runs / "x" / f"{label}.pt", weights_only=True)
    return {"objective": saved["objective"], "loop": saved["loop"], "torch": saved["random"]["torch"]}


def go_on(runs: Path, *args: str | Path) -> Done:
    """Nothing of the first command but the name needs to be repeated."""
    return run(
        "train.py", "--name", "x", "--checkpoints_dir", runs, "--device", "cpu", "--continue_train", *args
    )


def test_what_a_run_leaves_and_says(data: Path, tmp_path: Path) -> None:
    done = train(data, tmp_path / "runs", *TWO_EPOCHS, "--save_epoch_freq", "1", "--print_freq", "4")
    assert (done.code, done.err) == (0, "")
    nets = ("D_A", "D_B", "G_A", "G_B")
    names = {f"{label}_net_{net}.pth" for label in ("latest", "1", "2") for net in nets}
    names |= {
        "latest.pt",
        "epoch_1.pt",
        "epoch_2.pt",
        "train_opt.json",
        "train_opt.txt",
        "loss_log.txt",
        "history.jsonl",
    }
    assert {path.name for path in (tmp_path / "runs" / "x").iterdir()} == names
    (last,) = done.out.splitlines()[-1:]
    assert last == (
        f"trained 12 steps; next: python test.py --dataroot {data}"
        f" --name x --checkpoints_dir {tmp_path / 'runs'}"
    )
    assert "(epoch: 1, iters: 4, time: " in done.out
    assert "saved 1 (epoch 2, step 6, 6 pictures)" in done.out


@pytest.mark.parametrize(
    "args, stop",
    [
        ("", 6),
        ("", 4),
        ("--lambda_decay 0.5 0.1", 6),
        ("--ema 0.9 --composite", 9),
        ("--lr_policy plateau --batch_size 2", 3),
        ("--norm batch --dropout --netG unet_128 --load_size 128 --crop_size 128", 7),
        ("--gan_mode wgangp --clip_grad 1", 5),
        ("--lr_policy linear --serial_batches --num_threads 2", 8),
    ],
)
def test_a_run_that_was_stopped_ends_bit_for_bit_where_one_that_was_not_ends(
    args: str, stop: int, data: Path, tmp_path: Path
) -> None:
    """Weights, optimizers, pools, epoch means, random states; after a stop between epochs and within one."""
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    epochs = ("--n_epochs", "1", "--n_epochs_decay", "1")
    assert train(data, whole, *epochs, *args.split()).code == 0
    assert train(data, resumed, *epochs, *args.split(), "--max_steps", str(stop)).code == 0
    assert state(resumed)["loop"]["step"] == stop
    torch.manual_seed(123)
    done = go_on(resumed)
    assert done.code == 0 and f"step {stop}" in done.out.splitlines()[0]
    assert differences(state(whole), state(resumed)) == []


def test_one_epoch_and_one_more_are_two(data: Path, tmp_path: Path) -> None:
    """The ordinary way: the first run came to its end, and then a person wants more."""
    assert train(data, tmp_path / "whole", *TWO_EPOCHS).code == 0
    assert train(data, tmp_path / "resumed", "--n_epochs", "1", "--n_epochs_decay", "0").code == 0
    done = go_on(tmp_path / "resumed", "--n_epochs", "2")
    assert "n_epochs 1 -> 2" in done.out
    assert differences(state(tmp_path / "whole"), state(tmp_path / "resumed")) == []


def test_a_run_that_is_done_says_so_and_how_it_goes_further(data: Path, tmp_path: Path) -> None:
    """Not that it "trained 3 steps", which it did not."""
    assert train(data, tmp_path, "--n_epochs", "1", "--n_epochs_decay", "0").code == 0
    done = go_on(tmp_path)
    assert done.code == 0 and "trained" not in done.out
    assert "nothing was left to train, all 1 epochs are done: more --n_epochs or" in done.out
    stopped = go_on(tmp_path, "--n_epochs", "2", "--max_steps", "3").out
    assert "nothing was left to train, step 6 is reached: a larger --max_steps" in stopped
    assert "trained 2 steps, 8 in all; next:" in go_on(tmp_path, "--n_epochs", "2", "--max_steps", "8").out


def test_workers_change_nothing(data: Path, tmp_path: Path) -> None:
    for count in ("0", "2"):
        assert train(data, tmp_path / count, *TWO_EPOCHS, "--num_threads", count).code == 0
    assert differences(state(tmp_path / "0"), state(tmp_path / "2")) == []


def test_another_seed_is_another_run(data: Path, tmp_path: Path) -> None:
    for seed in ("0", "1"):
        assert train(data, tmp_path / seed, "--max_steps", "1", "--seed", seed).code == 0
    assert "/objective/networks/G_A/model.1.weight" in differences(
        state(tmp_path / "0"), state(tmp_path / "1")
    )


def begin(data: Path, runs: Path, *args: str) -> Forked:
    """Train 24 steps in a process of its own, up to the moment when it has saved for the first time."""
    child = start(
        "train.py", "--dataroot", data, "--checkpoints_dir", runs, "--name", "x", *TINY, *LONG, *args
    )  # fmt: skip
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("saved latest"):
            return child
    raise AssertionError(child.communicate())


LONG = (
    "--n_epochs",
    "2",
    "--n_epochs_decay",
    "0",
    "--batch_size",
    "1",
    "--save_latest_freq",
    "4",
    "--ema",
    "0.9",
)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Twelve pictures a side, and a run of two epochs over them."""
    folder = two_domains(tmp_path_factory.mktemp("long"), a=12, b=12)
    assert train(folder, folder / "runs", *LONG).code == 0
    return folder, folder / "runs"


def test_after_a_kill_a_run_goes_on_from_its_last_save(
    uninterrupted: tuple[Path, Path], tmp_path: Path
) -> None:
    """A power cut in the middle of an epoch, with workers, costs only the steps since the last save."""
    data, whole = uninterrupted
    child = begin(data, tmp_path, "--num_threads", "2")
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    saved = state(tmp_path)["loop"]
    assert saved["step"] % 4 == 0 and 0 < saved["step"] < 24
    assert go_on(tmp_path, "--num_threads", "0").code == 0
    assert differences(state(whole), state(tmp_path)) == []


def test_sigterm_saves_ends_and_says_how_to_go_on(uninterrupted: tuple[Path, Path], tmp_path: Path) -> None:
    """A cluster's SIGTERM reaches every process of the run, the workers too."""
    data, whole = uninterrupted
    child = begin(data, tmp_path, "--num_threads", "2")
    os.killpg(child.pid, signal.SIGTERM)
    out, err = child.communicate(timeout=200)
    assert (child.returncode, err) == (143, "")
    stopped(out.splitlines()[-1], tmp_path, whole)


def test_ctrl_c_saves_ends_and_says_how_to_go_on(uninterrupted: tuple[Path, Path], tmp_path: Path) -> None:
    data, whole = uninterrupted
    before = signal.signal(signal.SIGINT, lambda number, frame: None)  # too late is no end of all tests
    thread = threading.Thread(target=interrupt_after, args=(tmp_path / "x" / "latest.pt",))
    thread.start()
    try:
        done = train(data, tmp_path, *LONG)
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert (done.code, done.err) == (130, "")
    stopped(done.out.splitlines()[-1], tmp_path, whole)


def interrupt_after(path: Path) -> None:
    for _ in range(10000):
        if path.exists():
            break
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def stopped(line: str, runs: Path, whole: Path) -> None:
    """The run below `runs` says how it goes on, and then ends where `whole` did."""
    step = state(runs)["loop"]["step"]
    args = f"--name x --checkpoints_dir {runs} --continue_train"
    assert line == f"stopped at step {step}; go on: python train.py {args}"
    assert 0 < step < 24
    assert go_on(runs).code == 0
    assert differences(state(whole), state(runs)) == []


def test_weights_of_the_reference_implementation_are_a_start(
    data: Path, trained: Path, tmp_path: Path
) -> None:
    """`--continue_train --epoch 20 --epoch_count 21`, as its users type it, on a folder with files of it."""
    (tmp_path / "x").mkdir()
    for path in (trained / "x").glob("latest_net_*.pth"):
        shutil.copy(path, tmp_path / "x" / path.name.replace("latest", "20"))
    args = ("--continue_train", "--epoch", "20", "--epoch_count", "21", "--n_epochs", "21")
    done = train(data, tmp_path, *args, "--n_epochs_decay", "0")
    assert done.code == 0, done
    assert done.out.splitlines()[:2] == [
        "starting from the weights of G_A, G_B, D_A, D_B alone: optimizers and learning rate are new",
        "starting with epoch 21, as asked",
    ]
    assert "trained 6 steps" in done.out


def test_a_first_epoch_counts_without_going_on_too(data: Path, tmp_path: Path) -> None:
    done = train(data, tmp_path, "--epoch_count", "2", *TWO_EPOCHS)
    assert "starting with epoch 2, as asked" in done.out
    assert "trained 6 steps" in done.out


def test_a_dry_run_shows_and_writes_nothing(data: Path, tmp_path: Path) -> None:
    done = train(data, tmp_path / "runs", "--dry_run", "--verbose")
    assert done.code == 0
    assert "lambda_identity: 0.5" in done.out and "(conv_block): Sequential" in done.out
    assert not (tmp_path / "runs").exists()


def test_help_answers_without_torch() -> None:
    """Importing torch takes seconds, and a person who asks for help waits for them."""
    code = (
        "import runpy, sys\n"
        "for script in ('train.py', 'test.py'):\n"
        "    sys.argv = [script, '--help']\n"
        "    try: runpy.run_path(script, run_name='__main__')\n"
        "    except SystemExit as end: print('ended', end.code)\n"
        "print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines.count("ended 0") == 2 and lines[-1] == "False"
    assert sum(line.startswith("usage: ") for line in lines) == 2


def make_unreadable(folder: Path) -> None:
    for path in (folder / "trainB").iterdir():
        path.write_text("no picture")


def make_cut_off(folder: Path) -> None:
    for path in (folder / "trainA").iterdir():
        cut_off(path)


def make_empty(folder: Path) -> None:
    for path in (folder / "trainB").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (make_empty, "there is no picture in {data}/trainB"),
        (lambda folder: shutil.rmtree(folder / "trainA"), "there is no {data}/trainA"),
        (make_unreadable, "5 of 5 pictures of {data}/trainB cannot be read"),
        (make_cut_off, "6 of 6 pictures of {data}/trainA cannot be read"),
        (shutil.rmtree, "there is no --dataroot {data}"),
    ],
    ids=["empty", "missing", "unreadable", "cut off", "no dataroot"],
)
def test_a_data_set_that_cannot_be_is_one_line(
    spoil: Callable[[Path], None], complaint: str, tmp_path: Path
) -> None:
    data = two_domains(tmp_path / "data")
    spoil(data)
    assert train(data, tmp_path / "runs").complaint.startswith(complaint.format(data=data))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "args, complaint",
    [
        ("--crop_size 20", "--crop_size 20 is larger than --load_size 18"),
        ("--crop_size 18", "not a multiple of 4"),
        ("--netD basic", "--crop_size 16 leaves --netD basic nothing to score"),
        ("--model pix2pix", "unknown --model 'pix2pix': choose one of cyclegan"),
        ("--norm layer", "argument --norm: invalid choice: 'layer'"),
        ("--netG transformer", "argument --netG: invalid choice"),
        ("--preset best", "unknown --preset 'best': choose one of paper"),
        ("--gan_mode hinge", "argument --gan_mode"),
        ("--dataset_mode single", "--dataset_mode single has one domain"),
        ("--lambda_decay 1 2 3", "--lambda_decay takes one fraction, or two"),
        ("--ema 1", "--ema 1 is invalid: must be at least 0, below 1"),
        ("--lr 0", "--lr 0 is invalid: must be above 0"),
        ("--batch_size 0", "--batch_size 0 is invalid"),
        ("--print_freq -1", "--print_freq -1 is invalid: must be at least 0"),
        ("--n_epochs 0 --n_epochs_decay 0", "--n_epochs and --n_epochs_decay must add up to 1"),
        ("--epoch_count 9 --n_epochs 1 --n_epochs_decay 0", "--epoch_count 9 is not among the epochs 1 to 1"),
        ("--name a/b", "--name 'a/b' is not a plain folder name"),
        ("--suffix {colour}", "--suffix '{colour}' names no option"),
        ("--display_port 0", "--display_port 0 is invalid: must be 1 to 65535"),
        ("--max_dataset_size many", "argument --max_dataset_size: 'many' is not a number"),
        ("--seed -1", "--seed -1 is invalid: must be 0 to 4294967295"),
        ("--device tpu", "there is no device 'tpu'"),
        ("--gpu_ids one", "argument --gpu_ids: 'one' is not a list of numbers"),
        ("--precision fp8", "argument --precision"),
        ("--input_nc 1", "--lambda_identity 0 is needed where --input_nc and --output_nc differ"),
        ("--composite --input_nc 1 --lambda_identity 0", "--composite needs --input_nc and"),
        ("--continue_train", "has nothing named 'latest' to go on with"),
        ("--colour red", "unrecognized arguments: --colour red (see train.py --help)"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_are_one_line(args: str, complaint: str, data: Path, tmp_path: Path) -> None:
    assert complaint in train(data, tmp_path / "runs", *args.split()).complaint
    assert not (tmp_path / "runs").exists()


def test_no_dataroot_is_one_line(tmp_path: Path) -> None:
    done = run("train.py", "--checkpoints_dir", tmp_path / "runs", *TINY)
    assert done.complaint == "--dataroot is missing: give the folder that holds trainA and trainB"
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize("args", [("--gpu_ids", "0"), ("--device", "cuda"), ("--device", "cuda:1")])
def test_a_gpu_where_there_is_none_is_one_line(args: tuple[str, str], data: Path, tmp_path: Path) -> None:
    small = [word for word in TINY if word not in ("--device", "cpu")]
    done = run("train.py", "--dataroot", data, "--checkpoints_dir", tmp_path / "runs", *small, *args)
    assert "no GPU is usable here" in done.complaint
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(find_spec("wandb") is not None, reason="wandb is installed")
def test_wandb_that_is_not_installed_is_one_line(data: Path, tmp_path: Path) -> None:
    assert "--use_wandb needs wandb" in train(data, tmp_path / "runs", "--use_wandb").complaint
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def busy() -> Iterator[int]:
    """A port of this machine where something that is not Visdom answers."""

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_busy_port_is_one_line(busy: int, data: Path, tmp_path: Path) -> None:
    done = train(data, tmp_path / "runs", "--display_id", "1", "--display_port", str(busy))
    assert f"http://localhost:{busy} is taken by something that is not Visdom" in done.complaint
    assert not (tmp_path / "runs").exists()
    with socket.create_connection(("127.0.0.1", busy), timeout=5):
        pass


def test_two_configurations_in_one_folder_are_refused(data: Path, trained: Path) -> None:
    before = files(trained)
    complaint = train(data, trained, "--lr", "0.01", "--print_freq", "7").complaint
    assert "already holds a run with other options (lr 0.0002 -> 0.01)" in complaint
    complaint = train(data, trained, "--ngf", "4", "--continue_train").complaint
    assert "cannot go on with other networks (ngf 2 -> 4)" in complaint
    assert files(trained) == before


def other_networks(folder: Path) -> None:
    saved = torch.load(folder / "latest.pt", weights_only=True)
    saved["objective"]["networks"]["G_A"]["model.1.weight"] = torch.zeros(4, 3, 7, 7)
    torch.save(saved, folder / "latest.pt")


def newer(folder: Path) -> None:
    torch.save({"version": 99}, folder / "latest.pt")


def truncated(folder: Path) -> None:
    cut_off(folder / "latest.pt")


def foreign_weights(folder: Path) -> None:
    (folder / "latest.pt").unlink()
    torch.save({"fc.weight": torch.zeros(2, 2)}, folder / "latest_net_G_B.pth")


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (other_networks, "net_G_A of the state file holds another architecture"),
        (newer, "is of version 99, this toolkit reads up to 1: update it"),
        (truncated, "latest.pt is cut off, or holds more than weights"),
        (foreign_weights, "net_G_B holds another architecture"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_does_not_fit_is_one_line(
    spoil: Callable[[Path], None], complaint: str, trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "runs")
    spoil(tmp_path / "runs" / "x")
    before = files(tmp_path / "runs")
    assert complaint in go_on(tmp_path / "runs").complaint
    assert files(tmp_path / "runs") == before


def test_a_full_disk_while_saving_is_one_line(
    data: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends, and the checkpoint before it is whole."""
    shutil.copytree(trained, tmp_path / "runs")
    before = files(tmp_path / "runs")
    real, broken = os.fsync, []

    def full(descriptor: int) -> None:
        if "latest_net" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            broken.append(descriptor)
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    monkeypatch.setattr(os, "fsync", full)
    done = go_on(tmp_path / "runs", "--max_steps", "3")
    assert done.complaint.startswith("no space is left to write")
    assert broken
    after = files(tmp_path / "runs")
    checkpoints = {name for name in before if name.endswith((".pt", ".pth"))}
    assert checkpoints == {name for name in after if name.endswith((".pt", ".pth", ".tmp"))}
    assert all(after[name] == before[name] for name in checkpoints)
