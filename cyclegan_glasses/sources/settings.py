"""What each source is asked for. Free of heavy imports."""

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


# --- any pile of pictures ---


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """Pictures of a folder and the table that describes them.

    Attributes:
        folder: searched to any depth.
        labels: a table (CSV) with a header, or None.
        path_column, label_column, person_column: names in the header; None takes the usual ones.
        group_columns: go to `Photo.group`; None takes those of race, gender, age and tone that are there.
        label_words: pairs of a word of the label column and what it means: `glasses`, `none` or `sunglasses`.
        where: pairs of a column and a value: a row must have one of the values of each column named here.
        labelled_only: pictures that the table does not list, or gives no known label, are left out.
    """

    folder: Path
    labels: Path | None = None
    path_column: str | None = None
    label_column: str | None = None
    person_column: str | None = None
    group_columns: tuple[str, ...] | None = None
    label_words: tuple[tuple[str, str], ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    labelled_only: bool = False


@dataclass(frozen=True, slots=True)
class SyntheticSettings:
    """A set of drawn portraits.

    Attributes:
        count: training portraits in all; half of them wear glasses.
        size: of the pictures in pixels.
        seed: of everything that is random.
        test: pairs for testing; None takes a tenth of `count`, at least 40.
    """

    count: int = 600
    size: int = 128
    seed: int = 0
    test: int | None = None

    @property
    def pairs(self) -> int:
        """How many pairs for testing there are."""
        return max(40, self.count // 10) if self.test is None else self.test
