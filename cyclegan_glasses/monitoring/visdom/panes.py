"""What the dashboard shows, as Visdom's server takes it: plain dictionaries, without any network."""

from __future__ import annotations

import base64
import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from dominate import tags
from PIL import Image

from cyclegan_glasses.images import to_bytes
from cyclegan_glasses.monitoring.formats import duration, option_rows, picture_rows, picture_text
from cyclegan_glasses.monitoring.history import HistoryRow, thin
from cyclegan_glasses.training.progress import Progress, Run

Pane = dict[str, Any]
POINTS = 1500
COLOURS = ("#2563eb", "#16a34a", "#9333ea", "#0891b2", "#dc2626", "#ea8a0c", "#db2777", "#854d0e", "#475569")
_FONT = "font-family: system-ui, sans-serif; font-weight: 400; color: #1d2430"


def curves(title: str, rows: Sequence[HistoryRow], names: Collection[str]) -> Pane:
    """Curves of the losses over epochs, and of the learning rate on an axis of its own.

    Values that are not finite are gaps; a loss that is 0 throughout, since its weight is, is left out.
    """
    rows = thin(list(rows), POINTS)
    x = [round(row.position, 5) for row in rows]

    def trace(name: str, values: list[float], **line: object) -> dict[str, Any]:
        drawn = {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": [_gap(y) for y in values]}
        return {**drawn, "line": {"width": 1.5, **line}}

    traces = [
        trace(name, [row.losses.get(name, math.nan) for row in rows], color=COLOURS[index % len(COLOURS)])
        for index, name in enumerate(names)
        if any(row.losses.get(name, math.nan) for row in rows)
    ]
    rate = trace("learning rate", [row.rate for row in rows], color="#667085", dash="dot")
    traces.append({**rate, "yaxis": "y2"})
    right = {"overlaying": "y", "side": "right", "showgrid": False, "tickformat": ".1e"}
    layout = {
        "title": {"text": title, "font": {"size": 15}},
        "xaxis": {"title": "epoch"},
        "yaxis": {"title": "loss", "rangemode": "tozero"},
        "yaxis2": {"title": "learning rate", "rangemode": "tozero", **right},
        "legend": {"orientation": "h", "y": -0.18},
        "margin": {"l": 56, "r": 64, "t": 44, "b": 40},
        "showlegend": True,
    }
    return {"data": traces, "layout": layout, "opts": {"title": title, "width": 760, "height": 440}}


def picture_table(title: str, pictures: dict[str, np.ndarray], columns: int, width: int, about: str) -> Pane:
    """A table of labelled pictures.

    Args:
        title: of the pane.
        pictures: uint8 (height, width, 3) by label; a label that begins with `real` begins a row.
        columns: at most so many in a row.
        width: of a picture in the browser, in pixels.
        about: when they were made.
    """
    body = tags.div(style=_FONT)
    body.add(tags.div(about, style="font-size: 13px; margin: 4px 8px"))
    lines = [
        row[start : start + columns]
        for row in picture_rows(list(pictures))
        for start in range(0, len(row), columns)
    ]
    across = max((len(line) for line in lines), default=1)
    style = "border-spacing: 8px 4px; border-collapse: separate; table-layout: fixed; width: 100%;"
    grid = tags.table(style=f"{style} max-width: {across * (width + 8) + 8}px")
    for line in lines:
        cells = grid.add(tags.tr())
        for label in line:
            picture = tags.img(src=_data(pictures[label], 2 * width), alt=label, width=str(width))
            picture.set_attribute("style", "max-width: 100%; height: auto")
            text, name = picture_text(label)
            caption = tags.div(f"{text} ", style="font-size: 13px; line-height: 1.5")
            caption.add(tags.small(name, style="color: #667085"))
            cells.add(tags.td(picture, caption, style="vertical-align: top"))
    body.add(grid)
    heights = [max(pictures[label].shape[0] / pictures[label].shape[1] for label in line) for line in lines]
    size = {"width": across * (width + 8) + 24, "height": int(sum(h * width + 30 for h in heights)) + 48}
    return _text(title, body.render(pretty=False), size)


def progress_text(
    run: Run, progress: Progress | None, losses: dict[str, float], messages: Sequence[str], state: str
) -> Pane:
    """How far the run is, its newest losses and messages, and its options."""
    title = f"{run.name} progress"
    lines = [("state", state)]
    if progress is not None:
        done = f"{progress.epoch} of {run.epochs}, {progress.pictures:,} of {progress.epoch_size:,} pictures"
        speed = f"{progress.pictures_per_second:.1f} pictures/s"
        lines += [
            ("epoch", done),
            ("seen", f"{progress.seen:,} pictures in {progress.step:,} steps"),
            ("learning rate", f"{progress.rate:.3g}"),
            ("speed", f"{speed}, {duration(progress.seconds_left)} left" if state == "training" else speed),
            ("losses", ", ".join(f"{name} {value:.3f}" for name, value in losses.items())),
        ]
    body = tags.div(style=f"{_FONT}; font-size: 13px; line-height: 1.5; margin: 4px 10px")
    body.add(tags.h4(title, style="font-weight: 600; margin: 8px 0; text-align: left"), _two_columns(lines))
    for message in messages:
        body.add(tags.p(message, style="margin: 6px 0"))
    heading = tags.h4("options", style="font-weight: 600; margin: 12px 0 6px; text-align: left")
    body.add(heading, _two_columns(option_rows(run.options)))
    return _text(title, body.render(pretty=False), {"width": 460, "height": 440})


def _two_columns(lines: Sequence[tuple[str, str]]) -> tags.table:
    table = tags.table()
    for name, value in lines:
        left = tags.td(
            name, style="color: #667085; padding: 1px 14px 1px 0; vertical-align: top; white-space: nowrap"
        )
        table.add(tags.tr(left, tags.td(value, style="overflow-wrap: anywhere; padding: 1px 0")))
    return table


def _text(title: str, html: str, size: dict[str, int]) -> Pane:
    return {"data": [{"type": "text", "content": html}], "layout": {}, "opts": {"title": title, **size}}


def _data(picture: np.ndarray, limit: int) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((limit, limit * 4))
    return "data:image/png;base64," + base64.b64encode(to_bytes(image, "PNG")).decode()


def _gap(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
