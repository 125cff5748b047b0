"""`results/<name>/test_latest/index.html`: every translated picture beside its input, and the scores."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from dominate import tags
from dominate.dom_tag import dom_tag

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.evaluation.scores import ranking_key
from cyclegan_glasses.files import leads_outside, make_folder, read_json, write_json, write_text
from cyclegan_glasses.records import checked
from cyclegan_glasses.webpage import Cell, Figure, card, page, strip, table

logger = logging.getLogger(__name__)

ROWS = "results.json"
VERSION = 1
ROWS_BYTES = 256 << 20
HEADINGS = {REMOVE: "Glasses off (AtoB)", ADD: "Glasses on (BtoA)"}
_ROLES = {
    "real": "input",
    "drawn": "drawn frame",
    "fake": "result",
    "rec": "reconstruction",
    "idt": "identity",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One translated picture.

    Attributes:
        stem: its name.
        pictures: path by label (`real_A`, `fake_B`, `rec_A`), in the order of showing; paths are POSIX and
            relative to the page.
        truth: path of what the result should have been, or empty.
        scores: of the result against the truth, by name, such as `PSNR` (dB) and `SSIM`.
        input_scores: the same of the untouched input.
    """

    stem: str
    pictures: dict[str, str]
    truth: str = ""
    scores: dict[str, float] = field(default_factory=dict)
    input_scores: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        paths = (*self.pictures.values(), *([self.truth] if self.truth else []))
        if wrong := next(filter(leads_outside, paths), None):
            raise ValueError(f"{wrong!r} is no path below the page")


def write_results_page(folder: Path, title: str, direction: str, results: Sequence[Result]) -> Path:
    """Write `folder/index.html` and return its path.

    What the page shows of the other direction stays; the rows are kept in `results.json` beside it.

    Args:
        folder: of the page; it is created if need be.
        title: heading of the page.
        direction: `AtoB` or `BtoA`.
        results: all results of this direction, in the order of showing.

    Raises:
        UserError: the folder cannot be written.
    """
    rows = dict(sorted({**read_rows(make_folder(folder)), direction: list(results)}.items()))
    stored = {name: [asdict(result) for result in group] for name, group in rows.items()}
    write_json(folder / ROWS, {"version": VERSION, "directions": stored})
    body = [_overview(rows)]
    if any(result.scores for group in rows.values() for result in group):
        text = "Means over the pictures with a truth. Input: what the picture as it was would score."
        body.append(tags.p(text, cls="quiet"))
    for name, group in rows.items():
        body += _section(name, group)
    write_text(folder / "index.html", page(title, *body))
    return folder / "index.html"


def read_rows(folder: Path) -> dict[str, list[Result]]:
    """The results that the page in `folder` shows, by direction; none if there is none or it is damaged."""
    path = folder / ROWS
    try:
        stored = checked(dict[str, Any], read_json(path, ROWS_BYTES), "results")
        if stored.get("version") != VERSION:
            raise ValueError(f"version {stored.get('version')}")
        rows = checked(dict[str, tuple[Result, ...]], stored.get("directions"), "directions")
        return {name: list(results) for name, results in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logger.warning("%s is damaged and written anew: %s", path, error)
        return {}


def summary(results: Sequence[Result]) -> list[list[Cell]]:
    """Lines of a table: for each score its mean for result and input, and how often the result is better."""
    lines: list[list[Cell]] = []
    for name in dict.fromkeys(name for result in results for name in result.scores):
        scored = [result for result in results if name in result.scores]
        both = [result for result in scored if name in result.input_scores]
        mine = fmean(result.scores[name] for result in scored)
        more: list[Cell] = ["–", "–", "–"]
        if both:
            theirs = fmean(result.input_scores[name] for result in both)
            better = fmean(_gain(name, r.scores[name], r.input_scores[name]) > 0 for r in both)
            more = [_value(name, theirs), _change(name, mine, theirs), f"{100 * better:.0f} %"]
        lines.append([name, _value(name, mine), *more])
    return lines


def _overview(rows: dict[str, list[Result]]) -> dom_tag:
    cards = tags.div(cls="cards overview")
    for name, group in rows.items():
        count = "1 picture" if len(group) == 1 else f"{len(group)} pictures"
        heading = tags.div(tags.h3(HEADINGS.get(name, name)), tags.span(count, cls="quiet"), cls="head")
        box = tags.div(heading, cls="card")
        if lines := summary(group):
            box.add(table(["Score", "Result", "Input", "Change", "Better"], lines))
        cards.add(box)
    return cards


def _section(direction: str, results: Sequence[Result]) -> list[dom_tag]:
    cards = tags.div(*map(_card, results), cls="cards", id=f"cards-{direction}")
    head = tags.div(tags.h2(HEADINGS.get(direction, direction)), cls="head")
    if any(result.scores and result.input_scores for result in results):
        order = tags.select(data_sorts=f"cards-{direction}", aria_label="order")
        for value, label in (("name", "by name"), ("worst", "worst first"), ("best", "best first")):
            order.add(tags.option(label, value=value))
        head.add(order)
    return [head, cards]


def _card(result: Result) -> dom_tag:
    figures = []
    for label, path in result.pictures.items():
        role = _ROLES.get(label.split("_")[0], label)
        figures.append(Figure(path, role, label if label != role else ""))
    if result.truth:
        figures.append(Figure(result.truth, "truth"))
    box = card(result.stem)
    common = [name for name in result.scores if name in result.input_scores]
    if common:
        gain = _gain(common[0], result.scores[common[0]], result.input_scores[common[0]])
        box.set_attribute("data-gain", f"{gain:.6g}")
    if result.scores:
        box.add(_scores(result))
    box.add(strip(figures, result.stem))
    return box


def _scores(result: Result) -> dom_tag:
    line = tags.div(cls="scores")
    for name, value in result.scores.items():
        score = tags.span(f"{name} {_value(name, value)}")
        if name in result.input_scores:
            before = result.input_scores[name]
            score.add(f" (input {_value(name, before)}, ", _change(name, value, before), ")")
        line.add(score)
    return line


def _change(name: str, value: float, before: float) -> dom_tag:
    gain = _gain(name, value, before)
    style = "good" if gain > 0 else "bad" if gain < 0 else ""
    return tags.span(_value(name, value - before, sign="+"), cls=style)


def _gain(name: str, value: float, before: float) -> float:
    """How much better than before: positive is better, also for scores that are to be low."""
    gain = ranking_key(name, value) - ranking_key(name, before)
    return 0.0 if math.isnan(gain) else gain


def _value(name: str, value: float, sign: str = "") -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if name.lower().startswith("psnr"):
        return f"{value:{sign}.1f} dB"
    return f"{value:{sign}.3f}" if name.lower().startswith("ssim") else f"{value:{sign}.4g}"
