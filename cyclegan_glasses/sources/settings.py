"""What each source is asked for. Free of heavy imports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclegan_glasses.errors import UserError

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


# --- the web: openverse, commons, google ---

LICENCES = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", "cc0", "pdm")
FREE_LICENCES = ("by", "by-sa", "cc0", "pdm")
COMMONS_WIDTHS = (0, 250, 330, 500, 960, 1280, 1920, 3840)


@dataclass(frozen=True, slots=True)
class GatherSettings:
    """Where the photos go and how many.

    Attributes:
        out: folder of the manifest; the pictures go to `out/photos`.
        query: what was searched for, kept in each photo's facts.
        count: stop when this many results of the search are in `out`, earlier runs included.
        label: what the search is meant to show: `glasses`, `none`, `sunglasses` or empty.
        retry_failed: try again what failed in an earlier run.
    """

    out: Path
    query: str
    count: int = 200
    label: str = ""
    retry_failed: bool = False

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UserError(f"--count {self.count} is not at least 1")


@dataclass(frozen=True, slots=True)
class OpenverseSettings:
    """Openverse's image search; `licences` by their short names (`LICENCES`)."""

    endpoint: str = "https://api.openverse.org"
    licences: tuple[str, ...] = FREE_LICENCES

    def __post_init__(self) -> None:
        check_licences(self.licences)


@dataclass(frozen=True, slots=True)
class CommonsSettings:
    """Wikimedia Commons' search; `width` in pixels of the rendering to fetch, 0 for the original file."""

    endpoint: str = "https://commons.wikimedia.org"
    licences: tuple[str, ...] = FREE_LICENCES
    width: int = 1280

    def __post_init__(self) -> None:
        check_licences(self.licences)
        if self.width not in COMMONS_WIDTHS:
            raise UserError(f"--width {self.width} is not one that Commons renders: {join(COMMONS_WIDTHS)}")


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """Google's image search, by one of three ways.

    Attributes:
        endpoint: of the search page; empty for Google's own.
        api_endpoint: of the Custom Search JSON API.
        api_key, engine_id: both given: the API is asked, not the page.
        pages: results pages saved from a browser; read in place of any search.
        thumbnails: take the small pictures of the results pages, not the full-size ones.
        rights: the API's filter, such as `cc_publicdomain|cc_attribute`.
    """

    endpoint: str = "https://www.google.com"
    api_endpoint: str = "https://www.googleapis.com"
    api_key: str = ""
    engine_id: str = ""
    pages: tuple[Path, ...] = ()
    thumbnails: bool = False
    rights: str = ""

    def __post_init__(self) -> None:
        if bool(self.api_key) != bool(self.engine_id):
            raise UserError("--api_key and --engine_id belong together: give both or neither")
        if self.rights and not self.api_key:
            raise UserError("--rights is a filter of the API: give --api_key and --engine_id too")


def check_licences(licences: tuple[str, ...]) -> None:
    """Raise `UserError` unless each is one of `LICENCES` and there is at least one."""
    unknown = [name for name in licences if name not in LICENCES]
    if unknown or not licences:
        raise UserError(f"--licence {join(unknown)!r} is not known: choose from {join(LICENCES)}")


def join(words: tuple[object, ...] | list[str]) -> str:
    """`by,by-sa`, as they are typed."""
    return ",".join(map(str, words))
