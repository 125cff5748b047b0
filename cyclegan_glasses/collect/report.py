"""The page that shows what a build took, what it left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dominate import tags
from dominate.dom_tag import dom_tag
from PIL import Image, ImageOps

from cyclegan_glasses.files import atomic_write, make_folder, write_text
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.webpage import Cell, Figure, card, page, strip, table

PAGE = "report.html"
SHEETS = "report"
_COLUMNS, _ROWS, _CELL = 16, 6, 96
_MOST_VALUES = 24
_INPUT_HEAD = ("input", "verdict", "reason", "photos")
_DOMAINS = {"A": "glasses", "B": "no glasses"}


@dataclass(slots=True)
class Built:
    """What came of a build.

    Attributes:
        hash: of the manifest, names the data.
        counts: photos by folder, such as `trainA`.
        inputs: photos by (name of the input folder, verdict, reason without particulars).
        left_out: accepted photos that were not taken, by reason.
    """

    hash: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    inputs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def write_report(folder: Path, name: str, built: Built, photos: Sequence[Photo]) -> None:
    """Write `report.html`, titled `name`, and its contact sheets into `folder`, which holds `photos`."""
    by_folder: dict[str, list[Photo]] = {folder: [] for folder in sorted(built.counts)}
    for photo in sorted(photos, key=lambda photo: photo.sha256):
        by_folder[photo.path.partition("/")[0]].append(photo)
    inputs = sorted(built.inputs.items(), key=lambda item: (item[0][:2], -item[1], item[0][2]))
    cards = [
        card("Domains", table(("folder", "domain", "photos", "persons"), _domain_rows(by_folder), text=2)),
        card("Where they came from", table(_INPUT_HEAD, [(*key, count) for key, count in inputs], text=3)),
    ]
    if built.left_out:
        cards.append(
            card("Accepted, but not taken", table(("reason", "photos"), built.left_out.most_common()))
        )
    for group in sorted({key for photo in photos for key in photo.group}):
        cards.append(card(f"By {group}", table((group, *by_folder), _group_rows(by_folder, group))))
    about = tags.p(f"{len(photos):,} photos in two domains · manifest ", tags.code(built.hash), cls="quiet")
    body: list[dom_tag] = [about]
    for part, some in by_folder.items():
        label = f"{part}: {_DOMAINS[part[-1]]}"
        _write_sheet(folder, part, some)
        sheet = Figure(f"{SHEETS}/{part}.jpg", f"some of {len(some):,} photos")
        body += [tags.h2(label), strip([sheet], label)]
    body += [tags.h2("Numbers"), tags.div(*cards, cls="cards")]
    write_text(folder / PAGE, page(f"{name}: two domains", *body) + "\n")


def _domain_rows(by_folder: dict[str, list[Photo]]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for part, photos in by_folder.items():
        persons = {(photo.source, photo.person) for photo in photos if photo.person}
        rows.append((part, _DOMAINS[part[-1]], len(photos), len(persons) or "not known"))
    return rows


def _group_rows(by_folder: dict[str, list[Photo]], group: str) -> list[tuple[Cell, ...]]:
    """A row for each value, the fraction of each folder; rare values beyond the first are put together."""
    counts = [Counter(photo.group.get(group, "not known") for photo in some) for some in by_folder.values()]
    totals = sum(counts, Counter[str]())
    frequent = sorted(value for value, _ in totals.most_common(_MOST_VALUES))
    rare = totals.keys() - frequent
    rows: list[tuple[str, list[str]]] = [(value, [value]) for value in frequent]
    if rare:
        rows.append((f"{len(rare)} others", list(rare)))
    return [
        (name, *(_fraction(sum(some[value] for value in values), some.total()) for some in counts))
        for name, values in rows
    ]


def _fraction(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.0%})"


def _write_sheet(folder: Path, part: str, photos: Sequence[Photo]) -> None:
    """A contact sheet of the first photos in the order given, that of their hashes: a fair sample."""
    chosen = photos[: _COLUMNS * _ROWS]
    rows = -(-len(chosen) // _COLUMNS)
    columns = min(_COLUMNS, len(chosen))
    sheet = Image.new("RGB", (columns * _CELL, rows * _CELL), (128, 128, 128))
    for index, photo in enumerate(chosen):
        try:
            image = open_picture(folder / photo.path)
        except UnreadablePicture:
            continue
        cell = ImageOps.fit(image, (_CELL, _CELL), Image.Resampling.BICUBIC)
        sheet.paste(cell, (index % columns * _CELL, index // columns * _CELL))
    with atomic_write(make_folder(folder / SHEETS) / f"{part}.jpg") as file:
        sheet.save(file, "JPEG", quality=85)
