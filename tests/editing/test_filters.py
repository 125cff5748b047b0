"""The filters of blending do what their equations say, and mirror at the border."""

from __future__ import annotations

import numpy as np
import pytest

from cyclegan_glasses.editing.filters import blur_where, fill, guided_filter, smoothstep


def test_the_guided_filter_is_that_of_the_paper() -> None:
    """He, Sun and Tang 2013, equations 5, 6 and 8, by loops over windows, away from the border."""
    rng = np.random.default_rng(0)
    guide, values = rng.random((2, 17, 19))
    radius, epsilon = 2, 0.05
    slope, rest = np.zeros((2, 17, 19))
    for y in range(radius, 17 - radius):
        for x in range(radius, 19 - radius):
            window = np.s_[y - radius : y + radius + 1, x - radius : x + radius + 1]
            i, p = guide[window], values[window]
            slope[y, x] = ((i * p).mean() - i.mean() * p.mean()) / (i.var() + epsilon)
            rest[y, x] = p.mean() - slope[y, x] * i.mean()
    y, x = 8, 9
    window = np.s_[y - radius : y + radius + 1, x - radius : x + radius + 1]
    expected = slope[window].mean() * guide[y, x] + rest[window].mean()
    assert guided_filter(guide, values, radius, epsilon)[y, x] == pytest.approx(expected, abs=1e-12)


def test_the_guided_filter_takes_the_edges_of_its_guide() -> None:
    guide = np.zeros((40, 40))
    guide[:, 20:] = 1
    coarse = np.tile(smoothstep(np.arange(40.0), 14, 26), (40, 1))
    fine = guided_filter(guide, coarse, 6, 1e-4)
    assert fine[20, 20] - fine[20, 19] > 0.5 > 4 * (coarse[20, 20] - coarse[20, 19])


def test_what_is_unknown_counts_for_nothing() -> None:
    values = np.full((30, 30, 3), 5.0)
    values[10:14] = 1000.0
    known = np.ones((30, 30))
    known[10:14] = 0
    assert fill(values, known, 2.0) == pytest.approx(np.full(values.shape, 5.0))
    assert blur_where(values[:, :, 0], known, 2.0) == pytest.approx(np.full((30, 30), 5.0))
