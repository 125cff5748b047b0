"""The glasses of another photo, as a frame that can be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cyclegan_glasses.attributes.frame_reader import SIDE, FrameReader
from cyclegan_glasses.attributes.frame_reading import FrameReading
from cyclegan_glasses.attributes.verdicts import Verdict
from cyclegan_glasses.domains import NONE
from cyclegan_glasses.editing.drawing import Drawing
from cyclegan_glasses.editing.editor import GlassesEditor
from cyclegan_glasses.editing.settings import SWAP, EditSettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.align import align
from cyclegan_glasses.images import open_picture
from cyclegan_glasses.overlays.styling import restyled


def glasses_of(photo: Path, editor: GlassesEditor, reader: FrameReader | None = None) -> FrameReading:
    """The glasses of the largest face of a photo that wears some.

    Args:
        editor: whose detector and classifier look at the photo.
        reader: the one that ships by default.

    Raises:
        UserError: the photo cannot be read, or shows no face with glasses.
    """
    seen = np.asarray(open_picture(photo))
    targets = editor.find_targets(seen, SWAP, EditSettings(force=True))
    if not targets:
        raise UserError(f"{photo}: no face was found: --like takes a photo of a face with glasses")
    worn = [target for target in targets if _wears_glasses(target.report.before)]
    if not worn:
        raise UserError(f"{photo}: the face wears no glasses: --like takes a photo of a face with glasses")
    crop, _ = align(seen, worn[0].face, SIDE)
    return (reader or FrameReader.load()).read([crop])[0]


def _wears_glasses(verdict: Verdict | None) -> bool:
    """Whether glasses are likelier than none; without a classifier every face is believed to wear some."""
    return verdict is None or (verdict.label != NONE and verdict.of_two != NONE)


def with_frame(drawing: Drawing | None, editor: GlassesEditor) -> Drawing | None:
    """`drawing`, with the frame of the photo that its wish names, if it names one.

    Raises:
        UserError: as `glasses_of`, or the frame cannot be as is asked.
    """
    if drawing is None or drawing.wish.like is None:
        return drawing
    photo, wish = Path(drawing.wish.like), drawing.wish
    return Drawing(restyled(glasses_of(photo, editor).frame, wish), f"like {photo.name}", wish, wish.pd)
