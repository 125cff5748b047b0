"""Curves of the losses as small SVG charts, one for each pair of losses and one for the learning rate."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from dominate import svg, tags
from dominate.dom_tag import dom_tag

from cyclegan_glasses.monitoring.history import HistoryRow, thin

WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 24
POINTS = 400
TITLES = {
    "D": "discriminators (D)",
    "G": "generators (G)",
    "cycle": "there and back again (cycle)",
    "idt": "already as wanted (idt)",
    "pair": "pairs, against the truth (pair)",
    "truth": "against the truth (truth)",
}
Points = list[tuple[float, float]]


def charts(rows: Sequence[HistoryRow]) -> dom_tag:
    """A grid of charts over epochs: `D_A` beside `D_B`, `cycle_A` beside `cycle_B`, …, and the learning rate.

    Each measured curve is drawn faint, with its running mean over it. Losses that are 0 throughout, since
    their weight is, have no chart; without rows there is none at all.
    """
    rows = thin(rows, POINTS)
    grid = tags.div(cls="charts")
    measured = [
        name for name in (rows[-1].losses if rows else ()) if any(row.losses.get(name) for row in rows)
    ]
    for title, names in pairs(measured).items():
        lines = {name: [(row.position, row.losses.get(name, math.nan)) for row in rows] for name in names}
        grid.add(chart(TITLES.get(title, title), lines, smooth=True))
    if rows:
        grid.add(chart("learning rate", {"rate": [(row.position, row.rate) for row in rows]}))
    return grid


def pairs(names: Sequence[str]) -> dict[str, list[str]]:
    """Names that differ only in a last `_A` or `_B`, together under what they have in common."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name[:-2] if name.endswith(("_A", "_B")) else name, []).append(name)
    return groups


def chart(title: str, lines: dict[str, Points], *, smooth: bool = False) -> dom_tag:
    """One chart with up to two lines; points that are not finite are left out.

    Args:
        title: above the chart.
        lines: (x, y) points by name.
        smooth: draw a running mean over the faint points.
    """
    lines = {name: [p for p in points if all(map(math.isfinite, p))] for name, points in lines.items()}
    flat = [p for points in lines.values() for p in points]
    low, high = _span([y for _, y in flat])
    start, end = (min(x for x, _ in flat), max(x for x, _ in flat)) if flat else (0.0, 1.0)
    end = end if end > start else start + 1
    picture = svg.svg(viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"{title} over epochs")

    def across(x: float) -> float:
        return LEFT + (x - start) / (end - start) * (WIDTH - LEFT - RIGHT)

    def up(y: float) -> float:
        return HEIGHT - BOTTOM - (min(y, high) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    for tick in ticks(low, high):
        height = f"{up(tick):.1f}"
        picture.add(svg.line(cls="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=height, y2=height))
        picture.add(svg.text(f"{tick:.4g}", x=LEFT - 6, y=f"{up(tick) + 4:.1f}", text_anchor="end"))
    for tick in ticks(start, end):
        picture.add(svg.text(f"{tick:.4g}", x=f"{across(tick):.1f}", y=HEIGHT - 8, text_anchor="middle"))
    keys = tags.div()
    for index, (name, points) in enumerate(lines.items()):
        colour = f"colour{index % 2}"
        drawn = [(points, f"curve faint {colour}"), (running_mean(points), f"curve {colour}")]
        for line, style in drawn if smooth else [(points, f"curve {colour}")]:
            line = line * 2 if len(line) == 1 else line  # a line without length is a dot
            path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
            picture.add(svg.polyline(cls=style, points=path, data_name=name))
        newest = f"{name} {points[-1][1]:.4g}" if points else f"{name} not finite"
        keys.add(tags.span(newest, cls=f"key {colour}"), " ")
    return tags.div(tags.div(tags.h3(title), keys, cls="head"), picture, cls="card")


def running_mean(points: Points, span: float = 0.08) -> Points:
    """Exponential running mean over about the fraction `span` of the points, without a lag at the start."""
    keep = max(0.0, 1 - 2 / (span * len(points) + 1)) if points else 0.0
    total = weight = 0.0
    mean = []
    for x, y in points:
        total, weight = keep * total + y, keep * weight + 1
        mean.append((x, total / weight))
    return mean


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers from `low` to `high`, about as many as asked for."""
    rough = (high - low) / max(1, about)
    if not rough > sys.float_info.min:  # nothing between them can be told apart
        return [low]
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= rough)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _span(values: list[float]) -> tuple[float, float]:
    """Bottom and top of a chart: from 0, or the lowest below it; a lone spike does not flatten the rest."""
    if not values:
        return 0.0, 1.0
    ordered = sorted(values)
    usual, highest = ordered[int(0.98 * (len(ordered) - 1))], ordered[-1]
    high = usual * 1.25 if highest > 2 * usual > 0 else highest * 1.05
    low = min(0.0, ordered[0])
    return (low, high) if high > low else (low, low + 1)
