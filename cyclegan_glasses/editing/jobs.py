"""Which photo goes where: files, folders and patterns in, one place to write for each."""

from __future__ import annotations

import glob
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.editing.encode import FORMATS, format_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.files import real_path
from cyclegan_glasses.images import find_pictures, head_of
from cyclegan_glasses.signatures import fitting_name
from cyclegan_glasses.walk import is_video

PAIR = "_before_after"


@dataclass(frozen=True, slots=True)
class EditJob:
    """One photo to edit: where it is, and where the result goes."""

    source: Path
    target: Path

    @property
    def in_place(self) -> bool:
        """Whether the photo is replaced by its result."""
        return self.target.exists() and self.target.samefile(self.source)

    @property
    def pair(self) -> Path:
        """Where before and after stand side by side."""
        return self.target.with_stem(self.target.stem + PAIR)


@dataclass(frozen=True, slots=True)
class Plan:
    """All photos to edit.

    Attributes:
        folder: where the results of many go; None where they do not lie in one folder.
        single: one photo was named, and no folder or pattern.
    """

    jobs: list[EditJob]
    folder: Path | None
    single: bool


def plan(inputs: Sequence[str], output: Path | None, overwrite: bool = False, ending: str = "") -> Plan:
    """Plan the work on `inputs`: files, folders (with all below them), and patterns such as `*.jpg`.

    One file goes to `output`, or into it where that is a folder or has no ending; many go into it, those of a
    folder under their own relative paths. Without `output` a result lies beside its photo, with `ending`
    added to its name, and the results of a folder in a folder beside it. Where the name of a photo does not
    say what it is by its first bytes, its result has another ending, which does.

    Args:
        overwrite: a photo may be replaced by its own result.

    Raises:
        UserError: nothing is there, a format is unknown, or two photos would be written to one place.
    """
    if output is None and len(inputs) == 1 and Path(inputs[0]).is_dir():
        folder = Path(inputs[0]) if Path(inputs[0]).name.strip(".") else real_path(Path(inputs[0]))
        output = folder.with_name(folder.name + ending)
    found = [item for word in inputs for item in _expand(word, output)]
    if not found:
        raise UserError(f"there are no pictures in {', '.join(inputs)}")
    single = len(inputs) == 1 and len(found) == 1 and found[0][0] == Path(inputs[0])
    if output is None:
        if folders := [word for word in inputs if Path(word).is_dir()]:
            raise UserError(f"{folders[0]} is a folder among others: give -o a folder for the results")
        earlier = set() if single else _results({source for source, _ in found}, ending)
        jobs = [EditJob(photo, _beside(photo, ending)) for photo, _ in found if photo not in earlier]
        place = None
    elif single and output.suffix and not output.is_dir():
        if not is_video(output.name):
            format_of(output)
        jobs, place = [EditJob(found[0][0], output)], None
    else:
        if (output.suffix.lower() in FORMATS or is_video(output.name)) and not output.is_dir():
            raise UserError(f"{output} is one file, for {len(found)} of them give -o a folder")
        jobs = [EditJob(source, _named_by_content(output / name, source)) for source, name in found]
        place = None if single else output
    taken: dict[Path, Path] = {}
    for job in jobs:
        other = taken.setdefault(job.target, job.source)
        if other != job.source:
            raise UserError(
                f"{other} and {job.source} would both be written to {job.target}: edit them apart"
            )
        if not overwrite and job.source.exists() and real_path(job.target) == real_path(job.source):
            raise UserError(f"{job.source} would be replaced by its result: give another -o, or --overwrite")
    return Plan(list(dict.fromkeys(jobs)), place, single)


def _beside(photo: Path, ending: str) -> Path:
    name = _named_by_content(photo, photo)
    return name.with_stem(name.stem + ending)


def _named_by_content(name: Path, photo: Path) -> Path:
    """`name` with an ending of the format that `photo` has by its first bytes."""
    try:
        return name.with_name(fitting_name(name.name, head_of(photo)))
    except OSError:  # what is wrong with it is told when it is opened
        return name


def _results(photos: Collection[Path], ending: str) -> set[Path]:
    """Those of `photos` that lie where the result of another one goes."""
    return {place for photo in photos if (place := _beside(photo, ending)) in photos}


def _expand(word: str, output: Path | None) -> list[tuple[Path, Path]]:
    """Photos that `word` names, and their names below the output folder; earlier results are none of them."""
    path = Path(word)
    if path.is_dir():
        photos = find_pictures(path, exclude=output, videos=True)
        return [(photo, photo.relative_to(path)) for photo in photos if not photo.stem.endswith(PAIR)]
    if path.exists():
        return [(path, Path(path.name))]
    matches = sorted(Path(name) for name in glob.glob(word, recursive=True))  # noqa: PTH207
    if not matches:
        raise UserError(f"{word} is not there")
    return [found for match in matches for found in _expand(str(match), output)]
