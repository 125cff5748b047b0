"""Throughput of generators in torch and in onnxruntime, side by side.

    python benchmarks/inference.py [--name RUN_OR_FILE] [--threads 2] [--seconds 5]

The model that ships (or `--name`) and the generator of the CycleGAN paper, ResNet-9 with 64 filters, at 128²
and 256², batch 1, on the CPU; the exports in fp16 and int8 too. Passes a second, and milliseconds a pass.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import torch

from cyclegan_glasses.devices import Precision
from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.export import export
from cyclegan_glasses.editing.models import EditingModel, Generator
from cyclegan_glasses.editing.trained import TorchNetwork, module_of
from cyclegan_glasses.editing.trained_models import load_model
from cyclegan_glasses.networks.registry import build_generator
from cyclegan_glasses.networks.settings import GeneratorSettings
from cyclegan_glasses.portraits.aligned import drawn_faces

CPU = torch.device("cpu")


def milliseconds(work: Callable[[], object], seconds: float, threads: int) -> float:
    """Median time of a call, after a first one: of the processor for one thread, of the clock for several."""
    clock = time.process_time if threads == 1 else time.perf_counter
    work()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        start = clock()
        work()
        times.append(clock() - start)
    return 1000 * float(np.median(times))


def runtime(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session with so many threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def rows(name: str, model: EditingModel, threads: int, seconds: float, folder: Path) -> None:
    """Print the rows of one model."""
    generator = model.get(REMOVE)
    network = module_of(generator)
    for size in (128, 256):
        sized = replace(model, generators={REMOVE: replace(generator, size=size)})  # a U-Net knows one size
        photo = torch.rand(1, 3, size, size) * 2 - 1
        with torch.inference_mode():
            taken = {"torch fp32": milliseconds(lambda photo=photo: network(photo), seconds, threads)}
        for precision in ("fp32", "fp16", "int8"):
            path = folder / f"{size}_{precision}.onnx"
            export(sized, REMOVE, "onnx", precision, path, drawn_faces(4, size))
            session, inputs = runtime(path, threads), {"photo": photo.numpy()}
            run = lambda session=session, inputs=inputs: session.run(None, inputs)  # noqa: E731
            taken[f"onnxruntime {precision}"] = milliseconds(run, seconds, threads)
        for how, each in taken.items():
            print(f"| {name} | {size}² | {how} | {1000 / each:.1f} | {each:.1f} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--name")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    logging.disable(logging.WARNING)
    settings = GeneratorSettings()
    network = TorchNetwork(build_generator(settings).eval(), Precision("fp32", CPU))
    large = EditingModel({REMOVE: Generator(network, settings, 128)}, "paper")
    print("| generator | picture | how | passes a second | ms a pass |\n| --- | --- | --- | --- | --- |")
    for name, model in (
        (args.name or "shipped", load_model(args.name)),
        ("ResNet-9, 64 filters", large),
    ):
        with TemporaryDirectory() as folder:
            rows(name, model, args.threads, args.seconds, Path(folder))


if __name__ == "__main__":
    main()
