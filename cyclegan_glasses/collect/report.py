"""The page that shows what a build took, what it left out and why."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dominate
from dominate import tags
from PIL import Image, ImageOps

from cyclegan_glasses.files import atomic_write, make_folder, write_text
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.photo import Photo

PAGE = "report.html"
SHEETS = "report"
_COLUMNS, _ROWS, _CELL = 16, 6, 96
_MOST_VALUES = 24
_DOMAINS = {"A": "glasses", "B": "no glasses"}
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 32px auto; padding: 0 20px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 36px 0 8px; }
p { margin: 4px 0; } .quiet { color: var(--quiet); } code { overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; text-align: left; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; } img { width: 100%; border-radius: 6px; display: block; }
"""


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
    """Write `report.html` and its contact sheets into `folder`.

    Args:
        folder: that was built, with the pictures of `photos` in place.
        name: of it, for the title.
        built: the counts.
        photos: what was taken.
    """
    by_folder: dict[str, list[Photo]] = defaultdict(list)
    for photo in sorted(photos, key=lambda photo: photo.sha256):
        by_folder[photo.path.partition("/")[0]].append(photo)
    page = dominate.document(title=f"{name}: two domains")
    with page.head:
        tags.meta(charset="utf-8")
        tags.meta(name="viewport", content="width=device-width, initial-scale=1")
        tags.style(_STYLE)
    with page.body:
        tags.h1(name)
        tags.p(f"{len(photos):,} photos in two domains")
        tags.p("manifest ", tags.code(built.hash), cls="quiet")
        _table("Domains", ("folder", "domain", "photos", "persons"), _domain_rows(by_folder))
        _table("Where they came from", ("input", "verdict", "reason", "photos"), _input_rows(built.inputs))
        if built.left_out:
            _table("Accepted, but not taken", ("reason", "photos"), built.left_out.most_common())
        for group in sorted({key for photo in photos for key in photo.group}):
            _table(f"By {group}", (group, *sorted(by_folder)), _group_rows(by_folder, group))
        for part in sorted(by_folder):
            tags.h2(f"{part}: {_DOMAINS[part[-1]]}")
            _write_sheet(folder, part, by_folder[part])
            tags.img(src=f"{SHEETS}/{part}.jpg", alt=f"some photos of {part}")
    write_text(folder / PAGE, page.render() + "\n")


def _domain_rows(by_folder: dict[str, list[Photo]]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for part, photos in sorted(by_folder.items()):
        persons = {(photo.source, photo.person) for photo in photos if photo.person}
        rows.append((part, _DOMAINS[part[-1]], len(photos), len(persons) or "not known"))
    return rows


def _input_rows(inputs: Counter[tuple[str, str, str]]) -> list[tuple[object, ...]]:
    ordered = sorted(inputs.items(), key=lambda item: (item[0][0], item[0][1], -item[1], item[0][2]))
    return [(*key, count) for key, count in ordered]


def _group_rows(by_folder: dict[str, list[Photo]], group: str) -> list[tuple[object, ...]]:
    """A row for each value, the share of each folder; rare values beyond the first are put together."""
    totals = Counter(photo.group.get(group, "not known") for photos in by_folder.values() for photo in photos)
    shown = sorted(value for value, _ in totals.most_common(_MOST_VALUES))
    counts = {
        part: Counter(photo.group.get(group, "not known") for photo in photos)
        for part, photos in by_folder.items()
    }
    rows: list[tuple[object, ...]] = [
        (value, *(_share(counts[part][value], by_folder[part]) for part in sorted(by_folder)))
        for value in shown
    ]
    if len(totals) > len(shown):
        rest = [
            sum(n for value, n in counts[part].items() if value not in shown) for part in sorted(by_folder)
        ]
        cells = (_share(count, by_folder[part]) for count, part in zip(rest, sorted(by_folder), strict=True))
        rows.append((f"{len(totals) - len(shown)} others", *cells))
    return rows


def _share(count: int, photos: Sequence[Photo]) -> str:
    return f"{count:,} ({count / len(photos):.0%})"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    tags.h2(title)
    rows = list(rows)
    numeric = [all(isinstance(row[index], int) for row in rows) for index in range(len(columns))]
    with tags.table():
        with tags.thead(), tags.tr():
            for column, number in zip(columns, numeric, strict=True):
                tags.th(column, cls="number" if number else "")
        with tags.tbody():
            for row in rows:
                with tags.tr():
                    for cell, number in zip(row, numeric, strict=True):
                        tags.td(
                            f"{cell:,}" if isinstance(cell, int) else str(cell),
                            cls="number" if number else "",
                        )


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
    content = io.BytesIO()
    sheet.save(content, "JPEG", quality=85)
    with atomic_write(make_folder(folder / SHEETS) / f"{part}.jpg") as file:
        file.write(content.getvalue())
