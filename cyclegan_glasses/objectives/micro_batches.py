"""A batch that is too large to pass at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor


def parts(given: Mapping[str, Tensor], size: int) -> Iterator[tuple[dict[str, Tensor], float]]:
    """Parts of at most `size` pictures (0: the whole batch), each with its share of the batch.

    The sum of the gradients of their mean losses, each times its share, is that of the batch.

    Args:
        given: (N, …), all with the same N.
    """
    count = len(next(iter(given.values())))
    for first in range(0, count, size or count):
        part = {name: values[first : first + (size or count)] for name, values in given.items()}
        yield part, len(next(iter(part.values()))) / count
