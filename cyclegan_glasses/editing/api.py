"""`cyclegan_glasses.remove`, `add` and `swap`: a photo in, the edited photo out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, overload

from PIL import Image

from cyclegan_glasses.domains import ADD, REMOVE
from cyclegan_glasses.editing.drawing import AnyFrame, Drawing, as_drawing
from cyclegan_glasses.editing.editor import GlassesEditor, ImageLike
from cyclegan_glasses.editing.like import with_frame
from cyclegan_glasses.editing.settings import ALL, SWAP, EditSettings
from cyclegan_glasses.images import open_picture


@overload
def remove(
    photo: str | Path, strength: float = ..., face: str = ..., force: bool = ..., passes: int | None = ...
) -> Image.Image: ...
@overload
def remove(
    photo: ImageLike, strength: float = ..., face: str = ..., force: bool = ..., passes: int | None = ...
) -> ImageLike: ...
def remove(
    photo: Any, strength: float = 1.0, face: str = ALL, force: bool = False, passes: int | None = None
) -> Any:
    """The photo without glasses, by the model that ships.

    Args:
        photo: a path, or a picture as `GlassesEditor.edit` takes it, which stays as it is.
        strength: 0 leaves the photo as it is, 1 is the whole edit, between them it fades.
        face: `all`, `largest`, or which, the largest being `1`; `1,3` are two of them.
        force: also faces that need nothing, by the attribute classifier.
        passes: how many times the model goes over a face; None: as often as it was packed to do.

    Returns:
        An RGB image for a path, otherwise a picture of the same type, shape and device. Where no face was
        found, or none needs an edit, it shows what the photo shows.

    Raises:
        UserError: a path that holds no picture, or a value that is not allowed.
        ValueError: the picture is of an unsupported kind.
    """
    return _edit(photo, REMOVE, EditSettings(face, strength, force, passes))


@overload
def add(
    photo: str | Path,
    strength: float = ...,
    face: str = ...,
    force: bool = ...,
    passes: int | None = ...,
    frame: str | AnyFrame | None = ...,
    **look: Any,
) -> Image.Image: ...
@overload
def add(
    photo: ImageLike,
    strength: float = ...,
    face: str = ...,
    force: bool = ...,
    passes: int | None = ...,
    frame: str | AnyFrame | None = ...,
    **look: Any,
) -> ImageLike: ...
def add(
    photo: Any,
    strength: float = 1.0,
    face: str = ALL,
    force: bool = False,
    passes: int | None = None,
    frame: str | AnyFrame | None = None,
    **look: Any,
) -> Any:
    """The photo with glasses; the other arguments, results and errors as of `remove`.

    Args:
        frame: a `Frame`, or what `--frame` takes: a shape, a name of the catalogue, the path of a PNG,
            `learned` for what the model adds; else one that suits.
        look: other fields of `FrameSettings`: `colour="gold"`, `size="large"`, `lens="sun"`.
    """
    return _edit(photo, ADD, EditSettings(face, strength, force, passes), as_drawing(frame, **look))


@overload
def swap(
    photo: str | Path,
    strength: float = ...,
    face: str = ...,
    force: bool = ...,
    passes: int | None = ...,
    frame: str | AnyFrame | None = ...,
    **look: Any,
) -> Image.Image: ...
@overload
def swap(
    photo: ImageLike,
    strength: float = ...,
    face: str = ...,
    force: bool = ...,
    passes: int | None = ...,
    frame: str | AnyFrame | None = ...,
    **look: Any,
) -> ImageLike: ...
def swap(
    photo: Any,
    strength: float = 1.0,
    face: str = ALL,
    force: bool = False,
    passes: int | None = None,
    frame: str | AnyFrame | None = None,
    **look: Any,
) -> Any:
    """The photo with other glasses, the old ones taken off first; arguments and the rest as of `add`, but
    that a frame is always drawn, never `learned`."""
    return _edit(photo, SWAP, EditSettings(face, strength, force, passes), as_drawing(frame, **look))


@cache
def _editor() -> GlassesEditor:
    return GlassesEditor.load()


def _edit(photo: Any, direction: str, settings: EditSettings, drawing: Drawing | None = None) -> Any:
    if isinstance(photo, str | Path):
        photo = open_picture(photo)
    editor = _editor()
    return editor.edit(photo, direction, settings, with_frame(drawing, editor)).picture
