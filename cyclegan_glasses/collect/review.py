"""A person's decisions on photos: the state behind the review page, free of HTTP."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from PIL import Image

from cyclegan_glasses.criteria.decide import REASONS, REVIEWED, uncertainty
from cyclegan_glasses.criteria.filtering import SETTINGS
from cyclegan_glasses.criteria.settings import Thresholds
from cyclegan_glasses.domains import DOMAINS, LABELS, SUNGLASSES
from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.files import read_json
from cyclegan_glasses.images import UnreadablePicture, open_picture, to_bytes
from cyclegan_glasses.photo import ACCEPTED, REJECTED, Photo, append_photos, latest_photos
from cyclegan_glasses.records import checked

_THUMBNAIL, _LARGE = 192, 1024
_THUMBNAILS_KEPT = 4000
_SHOWN = ("path", "label", "verdict", "reason", "scores", "group", "source", "origin", "licence")


class Refused(Exception):  # noqa: N818
    """What was asked for cannot be done; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which photos to show, in which order; empty means all.

    Attributes:
        verdict: `accepted`, `rejected` or `undecided`.
        label: one of `LABELS`, or `unknown`.
        criterion: what the reason begins with.
        group: `name=value`.
        reviewed: `yes` or `no`.
        score: name of a score that must lie between `low` and `high`.
        low, high: limits, both included.
        text: part of the path or of the reason.
        sort: `uncertainty` (highest first), `path`, or a score (lowest first; `-name` highest first).
    """

    verdict: str = ""
    label: str = ""
    criterion: str = ""
    group: str = ""
    reviewed: str = ""
    score: str = ""
    low: float = -math.inf
    high: float = math.inf
    text: str = ""
    sort: str = "uncertainty"


class Review:
    """The photos of one folder and what a person decides on them. Every decision is appended at once.

    May be used by several threads.
    """

    def __init__(self, folder: Path) -> None:
        """Read the manifest of `folder`, and the settings of the last filter run where there was one.

        Raises:
            UserError: there is no manifest, or it is broken.
        """
        self.folder = folder
        self._photos = list(latest_photos(folder).values())
        self._thresholds, self._align = _filter_settings(folder)
        self._uncertainties = [self._uncertainty(photo) for photo in self._photos]
        self._undo: list[list[tuple[int, Photo]]] = []
        self._lock = threading.Lock()
        self._thumbnail = lru_cache(_THUMBNAILS_KEPT)(partial(self._jpeg, size=_THUMBNAIL))

    def __len__(self) -> int:
        return len(self._photos)

    def find(self, query: Query) -> list[int]:
        """Numbers of the photos that `query` asks for, in its order."""
        found = [number for number, photo in enumerate(self._photos) if _matches(photo, query)]
        name = query.sort.removeprefix("-")
        if query.sort == "uncertainty":
            found.sort(key=lambda number: -self._uncertainties[number])
        elif query.sort == "path":
            found.sort(key=lambda number: self._photos[number].path)
        else:
            sign = -1 if query.sort.startswith("-") else 1
            found.sort(key=lambda number: sign * self._photos[number].scores.get(name, sign * math.inf))
        return found

    def describe(self, number: int) -> dict[str, Any]:
        """What the page shows of a photo.

        Raises:
            Refused: there is no photo of that number.
        """
        photo = self._photo(number)
        return {
            "id": number,
            "reviewed": str(photo.facts.get(REVIEWED, "")),
            "uncertainty": self._uncertainties[number],
            "size": f"{photo.width}x{photo.height}" if photo.width else "",
            **{name: getattr(photo, name) for name in _SHOWN},
        }

    def counts(self) -> dict[str, Any]:
        """How many photos there are of each kind, for the filters of the page."""
        photos = self._photos
        criteria = Counter(_criterion(photo) for photo in photos if photo.reason)
        known = [name for name in REASONS if name in criteria]
        groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for photo in photos:
            for name, value in photo.group.items():
                groups[name][value] += 1
        return {
            "all": len(photos),
            "reviewed": sum(bool(photo.facts.get(REVIEWED)) for photo in photos),
            "verdict": Counter(photo.verdict or "undecided" for photo in photos),
            "label": Counter(photo.label or "unknown" for photo in photos),
            "criterion": {name: criteria[name] for name in (*known, *sorted(criteria.keys() - known))},
            "group": {name: dict(sorted(values.items())) for name, values in sorted(groups.items())},
            "scores": sorted({name for photo in photos for name in photo.scores}),
            "undo": len(self._undo),
        }

    def decide(self, ids: Sequence[int], action: str, reason: str = "") -> list[int]:
        """Accept, reject or relabel photos, and append the rows.

        Args:
            ids: numbers of the photos.
            action: `accept`, `reject` (with a `reason`), or one of `LABELS`: `glasses` and `none`
                accept the photo under that label, `sunglasses` rejects it.
            reason: of a rejection; a remark on a new label.

        Returns:
            The numbers of the photos that changed.

        Raises:
            Refused: no such photo or action, no reason, or a photo without a label is to be accepted.
            UserError: the manifest cannot be written.
        """
        with self._lock:
            before = [(number, self._photo(number)) for number in dict.fromkeys(ids)]
            after = [_decided(photo, action, " ".join(reason.split())) for _, photo in before]
            self._write([(number, photo) for (number, _), photo in zip(before, after, strict=True)])
            self._undo.append(before)
            return [number for number, _ in before]

    def undo(self) -> list[int]:
        """Take the last decision back and return the numbers of its photos.

        Raises:
            Refused: nothing was decided since the page was started.
            UserError: the manifest cannot be written.
        """
        with self._lock:
            if not self._undo:
                raise Refused("there is nothing to undo")
            self._write(self._undo[-1])
            return [number for number, _ in self._undo.pop()]

    def picture(self, number: int, large: bool = False) -> bytes:
        """A JPEG of the photo: small for the grid, or large.

        Raises:
            Refused: no such photo, or it cannot be read.
        """
        return self._jpeg(number, _LARGE) if large else self._thumbnail(number)

    def _photo(self, number: int) -> Photo:
        if not 0 <= number < len(self._photos):
            raise Refused(f"there is no photo {number}")
        return self._photos[number]

    def _write(self, rows: list[tuple[int, Photo]]) -> None:
        append_photos(self.folder, [photo for _, photo in rows])
        for number, photo in rows:
            self._photos[number] = photo
            self._uncertainties[number] = self._uncertainty(photo)

    def _uncertainty(self, photo: Photo) -> float:
        return uncertainty(photo, self._thresholds, self._align)

    def _jpeg(self, number: int, size: int) -> bytes:
        try:
            image = open_picture(self.folder / self._photo(number).path)
        except (UnreadablePicture, OSError, ValueError) as error:
            raise Refused(str(error)) from None
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
        return to_bytes(image, "JPEG", quality=88)


def _matches(photo: Photo, query: Query) -> bool:
    name, _, value = query.group.partition("=")
    return (
        (not query.verdict or (photo.verdict or "undecided") == query.verdict)
        and (not query.label or (photo.label or "unknown") == query.label)
        and (not query.criterion or _criterion(photo) == query.criterion)
        and (not query.group or photo.group.get(name) == value)
        and (not query.reviewed or bool(photo.facts.get(REVIEWED)) == (query.reviewed == "yes"))
        and (not query.score or query.low <= photo.scores.get(query.score, math.nan) <= query.high)
        and (not query.text or query.text.casefold() in f"{photo.path}\n{photo.reason}".casefold())
    )


def _decided(photo: Photo, action: str, reason: str) -> Photo:
    facts = {**photo.facts, REVIEWED: action}
    if action == "reject":
        if not reason:
            raise Refused("give a reason for the rejection")
        return dataclasses.replace(photo, facts=facts, verdict=REJECTED, reason=f"review: {reason}")
    if action == "accept":
        if photo.label not in DOMAINS:
            raise Refused("say first whether the person wears glasses (G) or not (N)")
        return dataclasses.replace(photo, facts=facts, verdict=ACCEPTED, reason="")
    if action not in LABELS:
        raise Refused(f"there is no action {action!r}")
    facts[REVIEWED] = f"{photo.label or 'unknown'} to {action}{': ' if reason else ''}{reason}"
    facts["label_origin"] = "review"
    verdict, reason = (REJECTED, "review: sunglasses") if action == SUNGLASSES else (ACCEPTED, "")
    return dataclasses.replace(photo, facts=facts, label=action, verdict=verdict, reason=reason)


def _criterion(photo: Photo) -> str:
    return photo.reason.partition(":")[0]


def _filter_settings(folder: Path) -> tuple[Thresholds, bool]:
    """Thresholds and framing of the last filter run, the defaults where there was none."""
    try:
        settings = checked(dict[str, Any], read_json(folder / SETTINGS), SETTINGS)
        known = {field.name for field in dataclasses.fields(Thresholds)}
        asked = checked(dict[str, float], settings.get("thresholds"), "thresholds")
        values = {name: value for name, value in asked.items() if name in known and math.isfinite(value)}
        return Thresholds(**values), checked(bool, settings.get("align"), "align")
    except FileNotFoundError:
        return Thresholds(), False
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot read {folder / SETTINGS} ({reason_of(error)}): run crawl.py filter again"
        ) from None
