"""What can be wrong with an installation or a machine: one function a subject, each with its remedies."""

from __future__ import annotations

import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cyclegan_glasses.errors import UserError, first_line
from cyclegan_glasses.machine import cores, free_memory, processor

GIGA = 1024**3
FINE, NOTE, TROUBLE = "ok", "note", "trouble"
REQUIRED = (
    *"torch pillow pillow-heif av numpy onnx onnxruntime requests urllib3 dominate imagehash tqdm".split(),
    "filelock",
    *(["tomli"] if sys.version_info < (3, 11) else []),
)
# Distribution, the extra that it belongs to, what it is for. The dashboard's have a check of their own.
OPTIONAL = (
    ("torch-fidelity", "metrics", "FID and KID"),
    ("lpips", "metrics", "LPIPS"),
    ("torchvision", "metrics", "FID, KID and LPIPS"),
    ("gradio", "app", "the page of `cyclegan-glasses app`"),
    ("dask", "cluster", "the criteria on several machines"),
    ("kagglehub", "kaggle", "data sets from Kaggle"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        subject: a word or two.
        state: `ok`; `note`, something that a person may want to mend; `trouble`, something that must be.
        text: what was found, one line.
        remedy: what to do about it; empty where there is nothing to do.
    """

    subject: str
    state: str
    text: str
    remedy: str = ""


def version_of(distribution: str) -> str:
    """The installed version; empty where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def examine(training: bool = False) -> Iterator[Finding]:
    """Look at one subject after the other; a check that fails itself is a trouble, not the end.

    Args:
        training: try what only training needs, too.
    """
    for check in CHECKS + (TRAINING if training else ()):
        subject = check.__name__.replace("_", " ")
        try:
            yield from check()
        except UserError as error:
            text, _, remedy = str(error).rpartition(": ")
            yield Finding(subject, TROUBLE, text or str(error), remedy if text else "")
        except Exception as error:  # whatever is broken, the other findings are worth having
            yield Finding(subject, TROUBLE, f"{type(error).__name__}: {first_line(error)}")


def python() -> Iterator[Finding]:
    """The interpreter."""
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if (3, 10) <= sys.version_info[:2] <= (3, 12):
        yield Finding("python", FINE, text)
    else:
        yield Finding("python", NOTE, text, "the versions that are tested are 3.10, 3.11 and 3.12")


def packages() -> Iterator[Finding]:
    """What is installed of what the package needs and of what its extras bring."""
    for name, extra, use in [*((name, "", "") for name in REQUIRED), *OPTIONAL]:
        target = f"'.[{extra}]'" if extra else "."
        text = f"not installed; it is for {use}" if use else "not installed"
        if version := version_of(name):
            yield Finding(name, FINE, version)
        else:
            remedy = f"run `pip install {target}` in the project's folder"
            yield Finding(name, NOTE if extra else TROUBLE, text, remedy)


def torchvision() -> Iterator[Finding]:
    """Whether torchvision, where it is installed, fits torch."""
    if not version_of("torchvision"):
        return
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError, OSError) as error:
        versions = " beside ".join(f"{name} {version_of(name)}" for name in ("torchvision", "torch"))
        text = f"{versions} does not work ({first_line(error)}): FID, KID and LPIPS need it"
        remedy = "take both from one place by one command: `pip install --force-reinstall torch torchvision`"
        yield Finding("torchvision", NOTE, text, remedy)
    else:
        yield Finding("torchvision", FINE, "matches torch")


def opencv() -> Iterator[Finding]:
    """OpenCV, which comes under several names, and whether it is of the major version that was tested."""
    remedy = "run `pip install 'opencv-python-headless>=4.8,<5'`"
    try:
        import cv2
    except ImportError as error:
        yield Finding("opencv", TROUBLE, f"cannot be imported ({first_line(error)})", remedy)
        return
    if cv2.__version__.startswith("4."):
        yield Finding("opencv", FINE, cv2.__version__)
    else:
        yield Finding("opencv", NOTE, f"{cv2.__version__} is newer than what was tested", remedy)


def devices() -> Iterator[Finding]:
    """What can compute, and how."""
    import torch

    from cyclegan_glasses.devices import choose_device, choose_precision, has_bfloat16

    cpu = torch.device("cpu")
    names = "fp32, bf16" if has_bfloat16(cpu) else "fp32"
    yield Finding("cpu", FINE, f"{processor()}, {cores()} cores, computes in {names}")
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        gpu = choose_device("cuda", [index])
        memory = torch.cuda.get_device_properties(gpu).total_memory / GIGA
        names = "fp32, fp16, bf16" if has_bfloat16(gpu) else "fp32, fp16"
        text = f"{torch.cuda.get_device_name(gpu)}, {memory:.0f} GiB, computes in {names}"
        yield Finding(f"gpu {index}", FINE, text)
    if not torch.cuda.is_available() and shutil.which("nvidia-smi"):
        built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
        remedy = "see what `nvidia-smi` says and update the driver, or install another torch"
        yield Finding("gpu", NOTE, f"there is an NVIDIA driver, but torch ({built}) cannot use it", remedy)
    device = choose_device()
    text = f"--device auto is {device}, --precision auto is {choose_precision('auto', device).name}"
    yield Finding("choice", FINE, text)


def memory() -> Iterator[Finding]:
    """What is free of memory and disk."""
    free = free_memory()
    if free is not None:
        remedy = "close other programs, or train with --crop_size 128 --batch_size 1"
        yield _room("memory", free, 2, "", remedy)
    remedy = "free some: every saved epoch takes hundreds of megabytes"
    yield _room("disk", shutil.disk_usage(Path.cwd()).free, 5, f" in {Path.cwd()}", remedy)


def editing() -> Iterator[Finding]:
    """Whether glasses come off a drawn face, by the models that ship."""
    from cyclegan_glasses.domains import REMOVE
    from cyclegan_glasses.editing.editor import GlassesEditor
    from cyclegan_glasses.portraits.aligned import drawn_portrait

    editor = GlassesEditor.load()
    face, _ = drawn_portrait(1, 200, glasses=True)
    begun = time.perf_counter()
    if editor.edit(face, REMOVE).changed:
        text = f"glasses come off a drawn face in {time.perf_counter() - begun:.1f} s"
        yield Finding("editing", FINE, text)
    else:
        text = "glasses do not come off a drawn face"
        yield Finding("editing", TROUBLE, text, "install this package again")


def face_model() -> Iterator[Finding]:
    """Which detector finds the faces."""
    from cyclegan_glasses.faces.yunet import VARIABLE, YUNET_SHA256, find_yunet
    from cyclegan_glasses.files import sha256_of

    path = find_yunet()
    if path is None:
        yield Finding("face model", FINE, "the detector that ships")
    elif sha256_of(path) != YUNET_SHA256:
        remedy = f"unset {VARIABLE} to use the detector that ships"
        yield Finding("face model", NOTE, f"{path} is not the YuNet that was tested", remedy)
    else:
        yield Finding("face model", FINE, f"YuNet, {path}")


def dashboard() -> Iterator[Finding]:
    """Whether Visdom can show a run, and whether a server is there already."""
    from cyclegan_glasses.monitoring.settings import DashboardSettings
    from cyclegan_glasses.monitoring.visdom.files import why_no_server
    from cyclegan_glasses.monitoring.visdom.server import who_answers

    text, _, remedy = why_no_server().partition(": ")
    if text:
        yield Finding("dashboard", NOTE, text, remedy)
    else:
        yield Finding("dashboard", FINE, f"Visdom {version_of('visdom')} can show its page")
    settings = DashboardSettings()
    answer = who_answers(settings, timeout=2.0)
    if answer == "visdom":
        yield Finding("server", FINE, f"Visdom answers at {settings.url}")
    elif answer == "other":
        text = f"{settings.url} is taken by something that is not Visdom"
        yield Finding("server", NOTE, text, "train with another --display_port, or with --display_id 0")
    elif not remedy:
        yield Finding("server", FINE, f"nobody answers at {settings.url}: training starts Visdom there")


Check = Callable[[], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (python, packages, opencv, editing, memory, face_model, dashboard)
#: What imports torch, which takes seconds and which only training needs.
TRAINING: tuple[Check, ...] = (torchvision, devices)


def _room(subject: str, free: int, least: int, place: str, remedy: str) -> Finding:
    """What is free, in bytes, where `least` GiB are wanted."""
    enough = free >= least * GIGA
    text = f"{free / GIGA:.1f} GiB free{place}"
    return Finding(subject, FINE, text) if enough else Finding(subject, NOTE, text, remedy)
