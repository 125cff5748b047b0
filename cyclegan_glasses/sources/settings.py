"""What each source is asked for. Plain values, free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# --- archives on the person's own disk: celeba, kaggle, aihub ---

KAGGLE_DATASET = "jeffheaton/glasses-or-no-glasses"


@dataclass(frozen=True, slots=True)
class CelebaSettings:
    """CelebA (Liu et al. 2015, arXiv 1411.7766).

    Attributes:
        source: folder or zip that holds the annotation files, and the pictures if `images` is not given.
        images: folder or zip of the aligned pictures.
    """

    source: Path
    images: Path | None = None


@dataclass(frozen=True, slots=True)
class KaggleSettings:
    """The Kaggle glasses sets.

    Attributes:
        source: the downloaded archive or the folder that it was unpacked to.
        name: what origins begin with instead of the path, where that says more.
    """

    source: Path
    name: str = ""


@dataclass(frozen=True, slots=True)
class AihubSettings:
    """The K-FACE tree of AI-Hub; the defaults are the selection of the term project.

    Attributes:
        source: the folder, at or above the resolutions or the people.
        resolutions: `high`, `middle`, `low`; a tree without that level is taken as it is.
        accessories, lights, expressions, cameras: names of `sources.aihub`, codes (`S001`, `L1`, `E01`, `C7`)
            or `all`.
    """

    source: Path
    resolutions: tuple[str, ...] = ("high",)
    accessories: tuple[str, ...] = ("glasses", "none")
    lights: tuple[str, ...] = ("1000",)
    expressions: tuple[str, ...] = ("neutral", "smile", "disgust")
    cameras: tuple[str, ...] = ("frontal", "frontal_above")
