"""A study: portraits of balanced groups, results of the models under names that tell nothing, and reals."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from cyclegan_glasses.errors import UserError, reason_of
from cyclegan_glasses.evaluation.hype.settings import CRITERIA, TASKS, StudySettings
from cyclegan_glasses.evaluation.inputs import check_groups, groups_of
from cyclegan_glasses.evaluation.results_page import read_rows
from cyclegan_glasses.files import inside, read_json, read_regular, write_json
from cyclegan_glasses.images import FILE_BYTES, UnreadablePicture, find_pictures, open_picture, save_png
from cyclegan_glasses.pairing import unique_stem
from cyclegan_glasses.photo import MANIFEST, latest_photos
from cyclegan_glasses.records import checked, record

STUDY, PICTURES, VERSION = "study.json", "pictures", 1
MOST_TRIALS = 10_000
_NAME = re.compile(r"[0-9a-f]{16}\.png")


@dataclass(frozen=True, slots=True)
class Portrait:
    """One face: its input, and the result of each model, as names of pictures in the study."""

    stem: str
    input: str
    results: dict[str, str]
    group: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_names((self.input, *self.results.values()))


@dataclass(frozen=True, slots=True)
class Study:
    """What raters are asked. `reals` are pictures of the target's domain, names as in `Portrait`.

    Raises:
        ValueError: a study that cannot be asked, or a picture that `build_study` gives no such name.
    """

    direction: Literal["AtoB", "BtoA"]
    tasks: tuple[Literal["criteria", "infinity", "time"], ...]
    models: tuple[str, ...]
    portraits: tuple[Portrait, ...]
    reals: tuple[str, ...]
    trials: int
    each: int
    seed: int

    def __post_init__(self) -> None:
        _check_names(self.reals)
        if not self.tasks or not self.models or not self.portraits:
            raise ValueError("no tasks, models or portraits")
        if set(self.tasks) != {CRITERIA} and not self.reals:
            raise ValueError("no real pictures to tell from the others")
        if any(portrait.results.keys() != set(self.models) for portrait in self.portraits):
            raise ValueError("a portrait without the result of each model")
        if not (0 < self.trials <= MOST_TRIALS and 0 < self.each <= MOST_TRIALS):
            raise ValueError(f"trials and each are 1 to {MOST_TRIALS}")

    def pictures(self) -> set[str]:
        """The names of all pictures."""
        return {name for p in self.portraits for name in (p.input, *p.results.values())} | set(self.reals)


def build_study(settings: StudySettings, out: Path) -> Study:
    """Choose portraits and write `study.json` and the pictures into `out`.

    Raises:
        UserError: there are no results or none in common, sizes differ, a group is not known, or `out` holds
            a study already.
    """
    if (out / STUDY).exists():
        raise UserError(f"{out} holds a study already: give another folder, or remove it")
    # Pictures that every model has translated.
    found = {name: _results(settings, name) for name in settings.names}
    stems = [stem for stem in found[settings.names[0]] if all(stem in rows for rows in found.values())]
    if not stems:
        raise UserError(
            f"the results of {', '.join(settings.names)} have no pictures in common: translate the same "
            "--dataroot with each"
        )
    # Portraits, evenly over the groups, and real pictures of the target's domain.
    photos = latest_photos(settings.dataroot) if (settings.dataroot / MANIFEST).is_file() else {}
    source, target = settings.direction.split("to")
    taken: set[str] = set()  # pictures of one name are numbered as in the results
    groups = {
        unique_stem(path, taken): groups_of(photos[path])
        for path in sorted(photos)
        if path.startswith(f"{settings.phase}{source}/")
    }
    check_groups(settings.groups, groups.values())
    chosen = balanced(stems, groups, settings.groups, settings.count, settings.seed)
    reals = find_pictures(settings.dataroot / f"{settings.phase}{target}")
    if not reals and set(settings.tasks) - {TASKS[0]}:
        raise UserError(
            f"{settings.dataroot / (settings.phase + target)} has no real pictures: see --dataroot"
        )
    random.Random(f"{settings.seed} reals").shuffle(reals)
    # Copies under names that tell nothing.
    pictures = _Pictures(out / PICTURES, settings.seed)
    portraits = []
    for stem in chosen:
        inputs, _ = found[settings.names[0]][stem]
        results = {name: pictures.add(found[name][stem][1]) for name in settings.names}
        portraits.append(Portrait(stem, pictures.add(inputs), results, groups.get(stem, {})))
    chosen_reals = reals[: max(settings.each, len(chosen))] if set(settings.tasks) - {TASKS[0]} else []
    study = Study(
        models=settings.names,
        portraits=tuple(portraits),
        reals=tuple(pictures.add(path, fit=True) for path in chosen_reals),
        **{name: getattr(settings, name) for name in ("direction", "tasks", "trials", "each", "seed")},
    )
    write_json(out / STUDY, {"version": VERSION, **asdict(study)})
    return study


def read_study(folder: Path) -> Study:
    """The study in `folder`.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    path = folder / STUDY
    try:
        values = checked(dict[str, Any], read_json(path), "a study")
        if values.pop("version", None) != VERSION:
            raise ValueError("it is of another version")
        return record(Study, values)
    except FileNotFoundError:
        raise UserError(f"{folder} holds no study: make one with hype build") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({reason_of(error)}): build the study again") from None


def read_picture(folder: Path, name: str) -> bytes:
    """The PNG of the study in `folder` that is called `name`.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return read_regular(folder / PICTURES / name, FILE_BYTES)
    except OSError as error:
        raise UserError(f"{folder / PICTURES / name}: {reason_of(error)}: build the study again") from None


def _check_names(names: Iterable[str]) -> None:
    if wrong := next((name for name in names if not _NAME.fullmatch(name)), None):
        raise ValueError(f"{wrong!r} is no picture of a study")


def balanced(
    stems: Sequence[str], groups: Mapping[str, Mapping[str, str]], by: Sequence[str], count: int, seed: int
) -> list[str]:
    """At most `count` of `stems`, evenly over the values of the groups `by`, in a hidden order."""
    rng = random.Random(f"{seed} portraits")
    piles: dict[tuple[str, ...], list[str]] = {}
    for stem in sorted(stems):
        group = groups.get(stem, {})
        piles.setdefault(tuple(group.get(name, "") for name in by), []).append(stem)
    for pile in piles.values():
        rng.shuffle(pile)
    rounds = zip_longest(*(reversed(piles[key]) for key in sorted(piles)))  # one of each pile
    chosen = [stem for stems in rounds for stem in stems if stem is not None][:count]
    rng.shuffle(chosen)
    return chosen


class _Pictures:
    """Copies pictures under names that tell nothing, as PNG without any metadata, all of one size."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._size: tuple[int, int] | None = None

    def add(self, path: Path, fit: bool = False) -> str:
        """Copy `path` and return its name; with `fit` it is brought to the size of the others."""
        try:
            picture = open_picture(path)
        except (UnreadablePicture, OSError) as error:
            raise UserError(f"{error}: run test.py again") from None
        self._size = self._size or picture.size
        if fit and picture.size != self._size:
            picture = picture.resize(self._size)
        if picture.size != self._size:
            wide, high = self._size
            raise UserError(
                f"{path} is {picture.width}x{picture.height}, others {wide}x{high}: a study needs one size"
            )
        name = (
            hashlib.sha256(f"{self._seed} {path.absolute()}".encode("utf-8", "surrogatepass")).hexdigest()[
                :16
            ]
            + ".png"
        )
        save_png(self._folder / name, picture)
        return name


def _results(settings: StudySettings, name: str) -> dict[str, tuple[Path, Path]]:
    """Input and result of each picture by its stem."""
    folder = settings.results / name / f"{settings.phase}_{settings.epoch}"
    rows = read_rows(folder).get(settings.direction, [])
    source, target = settings.direction.split("to")
    labels = f"real_{source}", f"fake_{target}"
    found = {
        row.stem: (inside(folder, row.pictures[labels[0]]), inside(folder, row.pictures[labels[1]]))
        for row in rows
        if all(label in row.pictures for label in labels)
    }
    if not found:
        raise UserError(
            f"{folder} has no results {settings.direction}: run test.py --name {name} "
            f"--direction {settings.direction} --num_test 1000 first"
        )
    return found
