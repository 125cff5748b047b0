"""The curves show the losses as they were."""

from __future__ import annotations

import math

import pytest
from bs4 import BeautifulSoup
from dominate import tags
from hypothesis import given
from hypothesis import strategies as st

from cyclegan_glasses.monitoring.curves import (
    HEIGHT,
    POINTS,
    WIDTH,
    chart,
    charts,
    pairs,
    running_mean,
    ticks,
)
from cyclegan_glasses.monitoring.history import HistoryRow

from .conftest import NAMES, losses


def soup_of(tag: tags.div) -> BeautifulSoup:
    return BeautifulSoup(tag.render(), "html.parser")


def points_of(soup: BeautifulSoup, name: str) -> list[tuple[float, float]]:
    line = soup.find("polyline", attrs={"data-name": name})["points"]
    return [tuple(map(float, point.split(","))) for point in line.split()]


def test_every_loss_has_a_curve() -> None:
    """Eight losses and the learning rate, the two domains together, the newest value in words."""
    rows = [HistoryRow(1, n, n, n, n / 1000, 2e-4, 8, 0, losses(n)) for n in range(1, 2000)]
    soup = soup_of(charts(rows))
    assert len(soup.find_all("svg")) == 5
    assert {line["data-name"] for line in soup.find_all("polyline")} == {*NAMES, "rate"}
    assert max(len(line["points"].split()) for line in soup.find_all("polyline")) <= POINTS
    assert f"D_B {losses(1999)['D_B']:.4g}" in soup.get_text()


def test_no_rows() -> None:
    """A run that has not reported yet has a page without curves."""
    assert not soup_of(charts([])).find_all("svg")


def test_higher_is_higher() -> None:
    """A falling loss falls on the page, from left to right, within the picture."""
    points = points_of(soup_of(chart("t", {"a": [(0.0, 4.0), (1.0, 2.0), (2.0, 0.0)]})), "a")
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    heights = [y for _, y in points]
    assert heights == sorted(heights) and heights[1] == pytest.approx((heights[0] + heights[2]) / 2, abs=0.1)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_spike_and_nan() -> None:
    """One step gone wild does not press the other thousand flat, and NaN leaves a gap, not a broken page."""
    wild = [(float(n), 1.0 + n % 2) for n in range(200)]
    wild[50], wild[60] = (50.0, 1e6), (60.0, math.nan)
    points = points_of(soup_of(chart("t", {"a": wild})), "a")
    assert len(points) == 199
    assert abs(points[0][1] - points[1][1]) > HEIGHT / 5
    assert "nan" not in chart("t", {"a": [(0.0, math.nan)]}).render().replace("not finite", "")


finite = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(finite, finite), max_size=50))
def test_any_points(points: list[tuple[float, float]]) -> None:
    """Whatever was measured can be drawn, inside the picture's width."""
    drawn = points_of(soup_of(chart("t", {"a": sorted(points)}, smooth=True)), "a")
    count = 2 if len(points) == 1 else len(points)  # a dot is a line without length
    assert len(drawn) == count and all(-1 <= x <= WIDTH + 1 for x, _ in drawn)


def test_running_mean() -> None:
    """The smooth curve of a constant is that constant from its first point on, and it calms noise."""
    assert [y for _, y in running_mean([(float(n), 3.0) for n in range(50)])] == pytest.approx([3.0] * 50)
    smooth = [y for _, y in running_mean([(float(n), float(n % 2)) for n in range(400)])]
    assert 0.4 < smooth[-1] < 0.6


@given(st.floats(-1e4, 1e4), st.floats(1e-6, 1e4))
def test_ticks(low: float, span: float) -> None:
    """The axis has a few round numbers, all of them within it."""
    marks = ticks(low, low + span)
    assert 1 <= len(marks) <= 7
    assert all(low - 1e-6 * span <= mark <= low + span * (1 + 1e-6) for mark in marks)


def test_pairs() -> None:
    """Losses of other models than CycleGAN have charts too."""
    assert pairs(["D_A", "D_B", "L1", "style"]) == {"D": ["D_A", "D_B"], "L1": ["L1"], "style": ["style"]}
