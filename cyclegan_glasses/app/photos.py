"""What the page does with one photo: opens it, shows its faces, draws frames on one, edits it as the command
does. Free of Gradio."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cyclegan_glasses.domains import REMOVE
from cyclegan_glasses.editing.batch import SKIPPED, edit_files
from cyclegan_glasses.editing.drawing import AnyFrame, drawing_of
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.jobs import plan
from cyclegan_glasses.editing.photograph import read_photograph, to_rgb8
from cyclegan_glasses.editing.reports import EDITED, FaceReport
from cyclegan_glasses.editing.settings import ALL, ENDINGS, SWAP, EditSettings, OutputSettings
from cyclegan_glasses.editing.sheet import drawn_cells, face_to_show, without_glasses
from cyclegan_glasses.errors import UserError, explained, reason_of
from cyclegan_glasses.images import UnreadablePicture, open_picture
from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.face_traits import read_traits
from cyclegan_glasses.overlays.recommend import ranked
from cyclegan_glasses.overlays.settings import FrameSettings
from cyclegan_glasses.overlays.styling import restyled

#: Longest side of what is shown of a photo, in pixels.
SHOWN = 1600
_LOOKED_AT = 40
"""Recommendations, each a frame in a colour, among which every shape comes up."""
_CHOSEN, _OTHER, _INK = (15, 118, 110), (150, 150, 150), (255, 255, 255)


@dataclass(frozen=True, eq=False)
class OpenPhoto:
    """A photo that a person gave.

    Attributes:
        path: where it is kept, under its own name.
        preview: uint8 RGB, at most `SHOWN` pixels wide and high.
        boxes: x, y, width, height of its faces in the preview, the largest first.
    """

    path: Path
    preview: np.ndarray
    boxes: Sequence[tuple[float, ...]]

    @property
    def name(self) -> str:
        """Of its file."""
        return self.path.name

    def face_at(self, x: float, y: float) -> int | None:
        """The number of the smallest face, from 1, whose box holds a point of the preview; None for none."""
        hit = [
            (width * height, number)
            for number, (left, top, width, height) in enumerate(self.boxes, 1)
            if left <= x <= left + width and top <= y <= top + height
        ]
        return min(hit)[1] if hit else None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose.

    Attributes:
        wish: the frame to put on; None to take glasses off.
        faces: numbers of faces, the largest being 1; empty for all.
        force: also faces that would be left alone.
    """

    wish: FrameSettings | None = None
    faces: Collection[int] = ()
    force: bool = False

    @property
    def direction(self) -> str:
        """As of the editor. A frame goes on by a swap, which takes off what is worn before."""
        return REMOVE if self.wish is None else SWAP

    @property
    def settings(self) -> EditSettings:
        """As of the editor."""
        return EditSettings(face=",".join(map(str, sorted(self.faces))) or ALL, force=self.force)

    def command(self, photo: str) -> str:
        """The command line that writes the same file."""
        args = ["cyclegan-glasses", "remove" if self.wish is None else SWAP, photo]
        wish, usual = self.wish or FrameSettings(), FrameSettings()
        values = {name: getattr(wish, name) for name in ("frame", "frames", "colour", "size", "lens")}
        values |= {"face": self.settings.face if self.faces else ""}
        for name, value in values.items():
            if value != getattr(usual, name, ""):
                args += [f"--{name}", str(value)]
        return shlex.join([*args, *(["--force"] if self.force else [])])


@dataclass(frozen=True, eq=False)
class Result:
    """An edited photo.

    Attributes:
        path: of the file, at full size and with all that belongs to the photo.
        faces: what became of each.
        command: that writes the same file.
    """

    path: Path
    faces: Sequence[FaceReport] = field(default_factory=list)
    command: str = ""

    def told(self) -> str:
        """One line: what was edited, and why what was not."""
        edited = [face for face in self.faces if face.done == EDITED]
        left = [
            f"face {number}: {face.reason}" if len(self.faces) > 1 else face.reason
            for number, face in enumerate(self.faces, 1)
            if face.done != EDITED and face.reason != "not asked for"
        ]
        warnings = dict.fromkeys(warning for face in edited for warning in face.warnings)
        looks = [f"look at it: {', '.join(warnings)}"] if warnings else []
        count = f"{len(edited)} of {len(self.faces)} faces edited" if len(self.faces) > 1 else "done"
        return "; ".join([count if edited else "nothing was changed", *left, *looks])


def open_photo(editor: GlassesEditor, path: Path) -> OpenPhoto:
    """Open a photo and find its faces.

    Raises:
        UserError: it cannot be read, or shows no face; one line with its name.
    """
    with explained(partial(_unusable, path)):
        photo = read_photograph(path)
        targets = editor.find_targets(photo.pixels, REMOVE, EditSettings())
        if not targets:
            raise UserError(f"{path.name}: no face was found")
        preview = reduced(to_rgb8(photo.pixels))
        scale = preview.shape[1] / photo.pixels.shape[1]
        boxes = [tuple(scale * value for value in target.report.box) for target in targets]
        return OpenPhoto(path, preview, boxes)


def reduced(picture: np.ndarray, side: int = SHOWN) -> np.ndarray:
    """uint8 RGB (height, width, 3), made smaller where it is more than `side` pixels wide or high."""
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.asarray(image)


def with_boxes(photo: OpenPhoto, chosen: Collection[int]) -> np.ndarray:
    """The preview with the numbered box of every face; those in `chosen` stand out, all where it is empty."""
    image = Image.fromarray(photo.preview)
    pen = ImageDraw.Draw(image)
    line = max(2, round(max(image.size) / 240))
    side = line * 14
    font = ImageFont.load_default(line * 10)
    for number, (left, top, width, height) in enumerate(photo.boxes, 1):
        is_chosen = not chosen or number in chosen
        colour = _CHOSEN if is_chosen else _OTHER
        corners = (left, top, left + width, top + height)
        pen.rounded_rectangle(corners, 4 * line, None, colour, line * (2 if is_chosen else 1))
        x, y = max(0.0, left), max(0.0, top)
        pen.rounded_rectangle((x, y, x + side, y + side), 2 * line, colour)
        pen.text((x + side / 2, y + side / 2), str(number), _INK, font, anchor="mm")
    return np.asarray(image)


def frames_on_face(editor: GlassesEditor, photo: OpenPhoto, choice: Choice) -> dict[str, np.ndarray]:
    """The frames of the catalogue, in the chosen style, on the first chosen face, uint8 RGB (side, side, 3).

    What the face wears is taken off first. Of the catalogue that comes with the toolkit, the frames that
    suit the face best come first. A frame that cannot be as is asked is left out.

    Raises:
        UserError: none can be drawn on the face.
    """
    wish, seen, name = choice.wish or FrameSettings(), photo.preview, Path(photo.name)
    target = face_to_show(editor, name, seen, SWAP, choice.settings)
    alone = replace(choice.settings, face=str(_place_of(photo, target.report)))
    bare, _ = without_glasses(editor, name, seen, target.report, alone)
    frames: dict[str, AnyFrame] = {}
    for entry, frame in _offered(bare, target.face.landmarks, wish).items():
        with suppress(UserError):
            frames[entry] = restyled(frame, wish)
    if not frames:
        raise UserError("no frame can be made so: choose another colour or lens")
    cells = drawn_cells(bare, target.face, frames, wish.pd)
    return {entry: cells[entry] for entry in frames}


def edit_photo(editor: GlassesEditor, photo: OpenPhoto, choice: Choice) -> Result:
    """Edit the photo as `cyclegan-glasses remove` or `swap` does; the file lies beside it.

    Raises:
        UserError: it cannot be edited so; one line with the name of the photo.
    """
    with explained(partial(_unusable, photo.path)):
        jobs = plan([str(photo.path)], None, ending=ENDINGS[choice.direction]).jobs
        drawing = None if choice.wish is None else drawing_of(choice.wish)
        output = OutputSettings(overwrite=True)
        (report,) = edit_files(
            editor, jobs, choice.direction, choice.settings, output, workers=1, drawing=drawing
        )
        if report.state == SKIPPED:
            raise UserError(report.reason)
        return Result(jobs[0].target, report.faces, choice.command(photo.name))


def preview_of(path: Path) -> np.ndarray:
    """What is shown of a result, uint8 RGB."""
    return reduced(np.asarray(open_picture(path)))


def _offered(seen: np.ndarray, landmarks: np.ndarray, wish: FrameSettings) -> dict[str, AnyFrame]:
    """The frames of the catalogue, in the order in which they are shown."""
    catalogue = read_catalogue(wish.frames)
    best: list[str] = []
    if wish.frames is None:
        best = [one.name for one in islice(ranked(read_traits(seen, landmarks, wish.pd)), _LOOKED_AT)]
    names = dict.fromkeys([name for name in best if name in catalogue] + list(catalogue))
    return {name: catalogue[name].frame for name in names}


def _place_of(photo: OpenPhoto, report: FaceReport) -> int:
    """The number of a face of the preview, by its box."""
    middle = np.array(report.box[:2]) + np.array(report.box[2:]) / 2
    away = [float(np.hypot(*(np.array(box[:2]) + np.array(box[2:]) / 2 - middle))) for box in photo.boxes]
    return 1 + int(np.argmin(away))


def _unusable(path: Path, error: Exception) -> UserError:
    reason = error.reason if isinstance(error, UnreadablePicture) else reason_of(error)
    return UserError(f"{path.name}: {reason}")
