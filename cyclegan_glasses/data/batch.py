"""Samples into batches, and batches onto the device: uint8 on the way, values made at the end of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from cyclegan_glasses.data.datasets import Sample
from cyclegan_glasses.data.transforms import Crops, Cut, to_tensors

Batch = dict[str, Any]
SIZES_DIFFER = (
    "pictures of different sizes do not fit into a batch: --batch_size 1, or a --preprocess that crops"
)


def collate(samples: Sequence[Sample]) -> Batch:
    """A batch with the keys of its samples: `Crops`, tensors, lists of the rest; `skipped` is that of all.

    Samples without pictures are left out. `error` says what is wrong with the batch, if anything is.
    """
    batch: Batch = {"skipped": [entry for sample in samples for entry in sample["skipped"]]}
    samples = [sample for sample in samples if len(sample) > 1]
    for name in samples[0] if samples else ():
        values = [sample[name] for sample in samples]
        if name == "skipped":
            continue
        if isinstance(values[0], Cut):
            if len({cut.pixels.shape for cut in values}) > 1:
                return {"skipped": batch["skipped"], "error": SIZES_DIFFER}
            pixels = torch.from_numpy(np.stack([cut.pixels for cut in values]))
            batch[name] = Crops(pixels, torch.tensor([cut.mirror for cut in values]), values[0].mask)
        else:
            batch[name] = torch.stack(values) if isinstance(values[0], torch.Tensor) else values
    return batch


class DevicePrefetcher:
    """Brings batches to a GPU beside the step, and has their values made there.

    Copies go out of page-locked memory on a stream of their own, so that neither the step nor the thread that
    sends waits for them. `received` makes the current stream wait for a batch.

    Args:
        device: a CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._stream = device, torch.cuda.Stream(device)

    def send(self, batch: Batch) -> tuple[Batch, torch.cuda.Event]:
        """The batch on the device, and when it is there. To be called in any thread."""
        with torch.cuda.device(self._device), torch.cuda.stream(self._stream):
            there = to_tensors({name: self._copied(value) for name, value in batch.items()})
            return there, self._stream.record_event()

    def received(self, sent: tuple[Batch, torch.cuda.Event]) -> Batch:
        """The batch, for use on the current stream."""
        batch, event = sent
        current = torch.cuda.current_stream(self._device)
        current.wait_event(event)
        for value in batch.values():
            if isinstance(value, torch.Tensor):
                value.record_stream(current)  # its memory is not used again before the step is through
        return batch

    def _copied(self, value: Any) -> Any:
        if isinstance(value, Crops):
            return Crops(self._copied(value.pixels), self._copied(value.mirror), value.mask)
        if isinstance(value, torch.Tensor):
            return value.pin_memory().to(self._device, non_blocking=True)
        return value
