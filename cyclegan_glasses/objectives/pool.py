"""The pool of earlier fakes that discriminators are shown (Shrivastava et al., arXiv 1612.07828, §2.3)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class ImagePool:
    """Remembers `size` pictures; 0 remembers none and hands every picture straight through.

    Until the pool is full every picture goes in and comes out. Then, with probability one half, a stored one
    comes out and the new one takes its place; else the new one comes out. All follows from `seed`.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size = size
        self._pictures: list[Tensor] = []
        self._rng = torch.Generator().manual_seed(seed)

    def query(self, pictures: Tensor) -> Tensor:
        """Exchange (N, C, H, W) detached pictures for as many, new or remembered."""
        if self.size == 0:
            return pictures
        return torch.stack([self._exchange(picture) for picture in pictures])

    def _exchange(self, picture: Tensor) -> Tensor:
        if len(self._pictures) < self.size:
            self._pictures.append(picture.clone())
            return picture
        if torch.rand((), generator=self._rng) < 0.5:
            return picture
        place = int(torch.randint(self.size, (), generator=self._rng))
        stored, self._pictures[place] = self._pictures[place], picture.clone()
        return stored

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next query depends on."""
        return {"pictures": [p.cpu() for p in self._pictures], "chance": self._rng.get_state()}

    def load_state_dict(self, state: dict[str, Any], device: torch.device | str = "cpu") -> None:
        """Go on from `state`, with the pictures on `device`; those beyond the pool's size are dropped."""
        self._pictures = [p.to(device) for p in state["pictures"][: self.size]]
        self._rng.set_state(state["chance"])
