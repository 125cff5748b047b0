"""`web/index.html` of a run: its curves, the pictures of each epoch, and the same pictures over time."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from dominate import tags
from dominate.dom_tag import dom_tag
from dominate.util import raw
from PIL import Image

from cyclegan_glasses.files import atomic_write, make_folder, write_text
from cyclegan_glasses.monitoring.curves import charts
from cyclegan_glasses.monitoring.formats import duration, option_rows, picture_rows, picture_text
from cyclegan_glasses.monitoring.history import read_history
from cyclegan_glasses.training.progress import Monitor, Progress, Run
from cyclegan_glasses.webpage import Figure, page, strip, table

REFRESH = 60
LABELS = (
    *("real_A", "fake_B", "drawn_A", "rec_A", "idt_B"),
    *("real_B", "drawn_B", "fake_A", "rec_B", "idt_A"),
)
ROWS = 24  # of the gallery, of each direction
_NAME = re.compile(r"epoch(\d+)_(\w+)\.png")
_ROW = re.compile(r"step(\d+)_(\w+)\.jpg")


class TrainingPage(Monitor):
    """Writes the page.

    Args:
        folder: of the run; the page goes to `web/index.html`, pictures to `web/images/epoch001_<label>.png`,
            and those of the gallery to `web/gallery/step00000100_<label>.jpg`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._images, self._gallery = (
            make_folder(self._folder / "web" / name) for name in ("images", "gallery")
        )
        self._run: Run | None = None
        self._last: Progress | None = None
        self._labels: list[str] = []

    def start(self, run: Run) -> None:
        """Keep the pictures of an earlier session where the run goes on, else take them away."""
        self._run = run
        if not run.resumed:
            for path in self._images.glob("epoch*_*.png"):
                path.unlink()
        for step, rows in self._rows().items():
            if not run.resumed or step > run.step:
                _remove(rows)

    def losses(self, progress: Progress, losses: dict[str, float]) -> None:
        """Remember how far the run is."""
        self._last = progress

    def page(self, progress: Progress, pictures: dict[str, np.ndarray]) -> None:
        """Save the pictures under the epoch's number and write the page."""
        self._last = progress
        self._labels = list(pictures)
        for label, picture in pictures.items():
            with atomic_write(self._images / f"epoch{progress.epoch:03d}_{label}.png") as file:
                Image.fromarray(picture).save(file, format="PNG")
        self._write(refresh=REFRESH)

    def gallery(self, progress: Progress, rows: dict[str, np.ndarray]) -> None:
        """Save a row for each direction; of more than `ROWS` every second goes, not the ends."""
        for label, row in rows.items():
            with atomic_write(self._gallery / f"step{progress.step:08d}_{label}.jpg") as file:
                Image.fromarray(row).save(file, format="JPEG", quality=88)
        kept = list(self._rows().values())
        if len(kept) > ROWS:
            for paths in kept[1:-1:2]:
                _remove(paths)
        self._last = progress
        self._write(refresh=REFRESH)

    def close(self) -> None:
        """Write the page a last time; it no longer loads itself anew."""
        self._write(refresh=0)

    def _write(self, refresh: int) -> None:
        if self._run is None:
            return
        body = [self._status(refresh > 0)]
        epochs = sorted(self._labels_by_epoch().items(), reverse=True)
        for epoch, labels in epochs[:1]:
            body += [tags.h2(f"Newest pictures, epoch {epoch}"), _card(epoch, labels, newest=True)]
        if grid := charts(list(read_history(self._folder))):
            body += [tags.h2("Losses"), grid]
        body += self._over_time()
        if epochs[1:]:
            body.append(tags.h2("Earlier epochs"))
        body += [raw(_rendered(epoch, tuple(labels))) for epoch, labels in epochs[1:]]
        options = table(["option", "value"], option_rows(self._run.options), text=2)
        body.append(tags.details(tags.summary("Options"), options))
        write_text(
            self._folder / "web" / "index.html", page(f"Training of {self._run.name}", *body, refresh=refresh)
        )

    def _status(self, running: bool) -> dom_tag:
        if self._run is None or self._last is None:
            return tags.p("No report yet.", cls="quiet")
        last = self._last
        epoch = min(last.epoch, self._run.epochs)  # at the end the next one would begin
        status = [f"epoch {epoch} of {self._run.epochs}", f"{last.seen:,} pictures seen"]
        if running:
            status += [f"{last.pictures_per_second:.1f} pictures/s", f"{duration(last.seconds_left)} left"]
        else:
            status.append("not running")
        status.append(f"written {time.strftime('%Y-%m-%d %H:%M')}")
        return tags.p(" · ".join(status), cls="quiet")

    def _rows(self) -> dict[int, dict[str, Path]]:
        """The pictures of the gallery on disk by label, by step, oldest first."""
        rows: dict[int, dict[str, Path]] = {}
        for path in sorted(self._gallery.iterdir()):
            if match := _ROW.fullmatch(path.name):
                rows.setdefault(int(match[1]), {})[match[2]] = path
        return rows

    def _over_time(self) -> list[dom_tag]:
        """The gallery: for each direction what goes in, then what was made of it, oldest first."""
        rows = self._rows()
        if not rows:
            return []
        newest, cards = rows[max(rows)], []
        for source in (label for label in newest if label.startswith("real")):
            made = f"fake_{'B' if source.endswith('A') else 'A'}"
            strips = [_hung(newest[source], *picture_text(source))]
            strips += [
                _hung(paths[made], f"step {step:,}", made) for step, paths in rows.items() if made in paths
            ]
            cards.append(tags.div(*strips, cls="card"))
        return [tags.h2("Over time"), *cards]

    def _labels_by_epoch(self) -> dict[int, list[str]]:
        """Labels of the pictures on disk by epoch, up to the present one, in the order of the newest."""
        by_epoch: dict[int, list[str]] = {}
        for path in sorted(self._images.iterdir()):
            match = _NAME.fullmatch(path.name)
            if match and (self._last is None or int(match[1]) <= self._last.epoch):
                by_epoch.setdefault(int(match[1]), []).append(match[2])
        order = {label: index for index, label in enumerate(self._labels or LABELS)}
        for labels in by_epoch.values():
            labels.sort(key=lambda label: order.get(label, len(order)))
        return by_epoch


@functools.lru_cache(maxsize=4096)
def _rendered(epoch: int, labels: tuple[str, ...]) -> str:
    return _card(epoch, labels).render(pretty=False)


def _card(epoch: int, labels: Sequence[str], *, newest: bool = False) -> dom_tag:
    rows = picture_rows(labels)
    strips = tags.div(cls="strips", style=f"--rows: {len(rows)}")
    for row in rows:
        figures = [Figure(f"images/epoch{epoch:03d}_{label}.png", *picture_text(label)) for label in row]
        strips.add(strip(figures, f"epoch {epoch}", across=max(map(len, rows))))
    heading = [] if newest else [tags.h3(f"Epoch {epoch}")]
    return tags.div(*heading, strips, cls="card large" if newest else "card")


def _hung(path: Path, label: str, caption: str) -> dom_tag:
    return strip([Figure(f"gallery/{path.name}", label, caption)], "over time", across=1)


def _remove(paths: Mapping[str, Path]) -> None:
    for path in paths.values():
        path.unlink(missing_ok=True)
