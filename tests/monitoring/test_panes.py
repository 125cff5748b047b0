"""What is sent to Visdom is complete, valid JSON, and harmless as HTML."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Callable

import numpy as np
from bs4 import BeautifulSoup
from PIL import Image

from cyclegan_glasses.monitoring.history import HistoryRow
from cyclegan_glasses.monitoring.visdom import panes
from cyclegan_glasses.training.progress import Progress, Run

from .conftest import LABELS, NAMES, losses, pictures


def rows(count: int) -> list[HistoryRow]:
    return [HistoryRow(1, n, n, n, n / 1000, 2e-4, 8, 0, losses(n)) for n in range(count)]


def content(pane: panes.Pane) -> BeautifulSoup:
    return BeautifulSoup(pane["data"][0]["content"], "html.parser")


def test_curves() -> None:
    """Eight losses over epochs and the learning rate on its own axis, titled as the reference does."""
    pane = panes.curves("demo loss over time", rows(10), NAMES)
    assert [trace["name"] for trace in pane["data"]] == [*NAMES, "learning rate"]
    assert len({trace["line"]["color"] for trace in pane["data"]}) == 9
    assert [trace.get("yaxis") for trace in pane["data"]] == [None] * 8 + ["y2"]
    assert pane["data"][1]["x"][9] == 0.009 and pane["data"][1]["y"][0] == 2
    assert pane["opts"]["title"] == pane["layout"]["title"]["text"] == "demo loss over time"


def test_curves_stay_small() -> None:
    """A run of a month costs the browser as much as a run of a day."""
    pane = panes.curves("t", rows(20_000), NAMES)
    assert all(len(trace["x"]) == len(trace["y"]) <= panes.POINTS for trace in pane["data"])
    assert pane["data"][0]["y"][-1] == float(f"{losses(19_999)['D_A']:.5g}")


def test_not_finite_is_a_gap() -> None:
    """NaN is not JSON: a browser that is sent one shows no dashboard. A loss of weight 0 has no curve."""
    row = HistoryRow(1, 1, 1, 1, 0.1, math.nan, 8, 0, {"D_A": math.nan, "G_A": math.inf, "idt_A": 0.0})
    pane = panes.curves("t", [row], ("D_A", "G_A", "idt_A"))
    json.dumps(pane, allow_nan=False)
    assert [trace["y"] for trace in pane["data"]] == [[None]] * 3


def test_picture_table() -> None:
    """Two rows, one a direction, every picture with its label, its size and its very pixels."""
    soup = content(panes.picture_table("t", pictures(), 4, 128, "epoch 1"))
    assert [[c.get_text() for c in row.find_all("small")] for row in soup.find_all("tr")] == [
        list(LABELS[:4]),
        list(LABELS[4:]),
    ]
    assert [c.get_text() for c in soup.find("tr").find_all("td")][:2] == [
        "with glasses real_A",
        "removed fake_B",
    ]
    for label, image in zip(LABELS, soup.find_all("img"), strict=True):
        assert image["width"] == "128"
        data = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), pictures()[label])


def test_columns_and_large_pictures() -> None:
    """`--display_ncols` bounds a row, and a picture of camera size is not sent as it is."""
    large = {label: np.zeros((900, 1200, 3), np.uint8) for label in LABELS}
    soup = content(panes.picture_table("t", large, 3, 100, ""))
    assert [len(row.find_all("td")) for row in soup.find_all("tr")] == [3, 1, 3, 1]
    data = base64.b64decode(soup.img["src"].split(",")[1])
    assert Image.open(io.BytesIO(data)).size == (200, 150)


def test_text(make_run: Callable[..., Run], at: Callable[[int], Progress]) -> None:
    """Progress, newest losses, messages and options as text; an option is never live HTML."""
    run = make_run()
    pane = panes.progress_text(run, at(1100), losses(1100), ["<b>saved</b>"], "training")
    text = content(pane).get_text()
    for phrase in (
        "2 of 10, 100 of 1,000 pictures",
        "1,100 pictures",
        "8.1 pictures/s, 1 h 06 min left",
        "G_A 0.952",
    ):
        assert phrase in text
    assert "<b>saved</b>" in text and "<script>alert(1)</script>" in text
    assert "<script" not in pane["data"][0]["content"]
    ended = content(panes.progress_text(run, at(1100), {}, [], "not running")).get_text()
    assert "not running" in ended and "left" not in ended
    assert "state" in content(panes.progress_text(run, None, {}, [], "training")).get_text()
