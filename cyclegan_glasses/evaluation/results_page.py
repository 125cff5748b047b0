"""`results/<name>/test_latest/index.html`: what a model made of pictures, in a sentence, and every number."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from dominate import tags
from dominate.dom_tag import dom_tag

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.evaluation.in_words import WHERE, Pair, conclusion, gain, left
from cyclegan_glasses.evaluation.scores import ranking_key
from cyclegan_glasses.files import leads_outside, make_folder, read_json, write_json, write_text
from cyclegan_glasses.monitoring.formats import picture_text
from cyclegan_glasses.records import checked
from cyclegan_glasses.webpage import Cell, Figure, page, strip, table

logger = logging.getLogger(__name__)

ROWS = "results.json"
VERSION = 1
ROWS_BYTES = 256 << 20
HEADINGS = {REMOVE: "Glasses taken off", ADD: "Glasses put on"}
FEW = 6
"""From so many scored results on, the best, a typical and the worst one are shown first."""


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

    @property
    def pair(self) -> Pair:
        """The scores of the result, and of the untouched input."""
        return self.scores, self.input_scores

    @property
    def plain(self) -> bool:
        """Whether it is of `--model test`, which does not say what its one generator does."""
        return "real" in self.pictures


def write_results_page(folder: Path, model: str, direction: str, results: Sequence[Result]) -> Path:
    """Write `folder/index.html` and return its path.

    What the page shows of the other direction stays; the rows are kept in `results.json` beside it.

    Args:
        folder: of the page; it is created if need be.
        model: what made the results, as text.
        direction: `AtoB` or `BtoA`.
        results: all results of this direction, in the order of showing.

    Raises:
        UserError: the folder cannot be written.
    """
    rows = dict(sorted({**read_rows(make_folder(folder)), direction: list(results)}.items()))
    stored = {name: [asdict(result) for result in group] for name, group in rows.items()}
    write_json(folder / ROWS, {"version": VERSION, "directions": stored})
    about = f"Model: {model} · {time.strftime('%Y-%m-%d %H:%M')}"
    body: list[dom_tag] = [tags.p(about, cls="quiet")]
    for name, group in rows.items():
        body += _section(name, group, alone=len(rows) == 1)
    body += _tables(rows)
    headings = [_heading(*row) for row in rows.items()]
    title = " and ".join([headings[0], *(heading.removeprefix("Glasses ") for heading in headings[1:])])
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


def _heading(direction: str, results: Sequence[Result]) -> str:
    plain = any(result.plain for result in results)
    return "Translated pictures" if plain else HEADINGS.get(direction, direction)


def _section(direction: str, results: Sequence[Result], alone: bool) -> list[dom_tag]:
    """Of one direction: what is to be said of it, the extremes, and all results."""
    scored = sorted(
        (r for r in results if not math.isnan(gain(r.pair))), key=lambda result: gain(result.pair)
    )
    body: list[dom_tag] = [] if alone else [tags.h2(_heading(direction, results))]
    if direction in HEADINGS and (text := conclusion(direction, [result.pair for result in results])):
        body.append(tags.p(f"{text[0].upper()}{text[1:]}."))
    elif direction in HEADINGS:
        body.append(tags.p("There is no truth to compare with: look for yourself.", cls="quiet"))
    if len(scored) >= FEW:
        places = {"Best": scored[-1], "Typical": scored[len(scored) // 2], "Worst": scored[0]}
        cards = (_card(found, f"{name}: ", before_after=True) for name, found in places.items())
        body.append(tags.div(*cards, cls="cards three"))
    count = "1 picture" if len(results) == 1 else f"All {len(results)} pictures"
    head = tags.div(tags.h2(count), cls="head")
    if len(scored) > 1:
        order = tags.select(data_sorts=f"cards-{direction}", aria_label="order")
        for value, label in (("name", "by name"), ("worst", "worst first"), ("best", "best first")):
            order.add(tags.option(label, value=value))
        head.add(order)
    return [*body, head, tags.div(*map(_card, results), cls="cards", id=f"cards-{direction}")]


def _card(result: Result, place: str = "", before_after: bool = False) -> dom_tag:
    labels = [label for label in result.pictures if not before_after or label.startswith(("real", "fake"))]
    figures = [Figure(result.pictures[label], *picture_text(label)) for label in labels]
    if result.truth and not before_after:
        figures.append(Figure(result.truth, "truth"))
    box = tags.div(cls="card")
    head = box.add(tags.div(tags.h3(f"{place}{result.stem}"), cls="head"))
    if not math.isnan(change := gain(result.pair)):
        box.set_attribute("data-gain", f"{change:.6g}")
        head.add(tags.span(_noted(result), cls="quiet"))
    box.add(strip(figures, result.stem))
    return box


def _noted(result: Result) -> str:
    """How near the result came, in a few words."""
    if not math.isnan(fraction := left(result.pair)):
        return f"{fraction:.0%} of the difference left"
    name = next(name for name in result.scores if name in result.input_scores)
    return f"{name} {_value(name, result.scores[name])}, before {_value(name, result.input_scores[name])}"


def _tables(rows: dict[str, list[Result]]) -> list[dom_tag]:
    """Means and the scores of every picture, folded away."""
    body: list[dom_tag] = []
    for direction, group in rows.items():
        if not (lines := summary(group)):
            continue
        folded = tags.details(tags.summary(f"Numbers: {_heading(direction, group).lower()}"))
        explained = "Means over the pictures with a truth. Input: what the picture as it was scores."
        if any(WHERE in result.scores for result in group):
            explained += " Inside and outside: of the mask of the glasses. L1 is of 255."
        folded.add(tags.p(explained, cls="quiet"))
        folded.add(table(["Score", "Result", "Input", "Change", "Better"], lines))
        names = [str(line[0]) for line in lines]
        cells = [[result.stem, *(_cell(result, name) for name in names)] for result in group if result.scores]
        folded.add(tags.p("Of every picture, with the input's in brackets", cls="quiet"))
        folded.add(table(["Picture", *names], cells))
        body.append(folded)
    return body


def _cell(result: Result, name: str) -> str:
    if name not in result.scores:
        return "–"
    before = f" ({_value(name, result.input_scores[name])})" if name in result.input_scores else ""
    return _value(name, result.scores[name]) + before


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
