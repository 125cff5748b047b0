"""What is evaluated: trained generators, and what they must beat, leaving the picture alone and painting the
glasses' mask over from around it."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import cv2
import numpy as np

from cyclegan_glasses.data.frames import FrameDrawer
from cyclegan_glasses.editing.models import Network, apply_generator
from cyclegan_glasses.errors import one_of
from cyclegan_glasses.evaluation.metrics import Mask, Picture, luminance
from cyclegan_glasses.evaluation.settings import BASELINES, NS, TELEA, UNTOUCHED
from cyclegan_glasses.images import UnreadablePicture
from cyclegan_glasses.values import to_rgb, to_values

#: A picture and its mask, where one is known, to the result and its reconstruction of the input, where there
#: is a reverse generator; None for a picture that the editor cannot do.
Editor = Callable[[Picture, Mask | None], "tuple[Picture, Picture | None] | None"]

REACH = 3  # pixels around the mask that the colour is taken from


def baseline(name: str) -> Editor:
    """The editor of that name.

    `untouched` gives the input back. `telea` (Telea, "An image inpainting technique", 2004) and `ns`
    (Bertalmio, Bertozzi and Sapiro, "Navier-Stokes …", CVPR 2001) are OpenCV's inpainting of the mask; they
    know the exact mask, which a model does not, and give nothing for a picture without one.

    Raises:
        UserError: there is none of that name.
    """
    one_of("rivals", name, BASELINES)
    if name == UNTOUCHED:
        return lambda picture, _: (picture, None)
    method = {TELEA: cv2.INPAINT_TELEA, NS: cv2.INPAINT_NS}[name]

    def paint(picture: Picture, mask: Mask | None) -> tuple[Picture, None] | None:
        if mask is None:
            return None
        covered = (mask > 0).astype(np.uint8)
        return np.asarray(cv2.inpaint(picture, covered, REACH, method)), None

    return paint


def network_editor(
    generator: Network, reverse: Network | None, grey: bool = False, passes: int = 1
) -> Editor:
    """An editor that sends a picture through the generator of a direction, then through the reverse one.

    Args:
        grey: `generator` takes luminance alone.
        passes: how many times `generator` goes over a picture.
    """

    def edit(picture: Picture, _: Mask | None) -> tuple[Picture, Picture | None]:
        inputs = to_values(luminance(picture)[None, :, :, :1] if grey else picture[None])
        fake, _ = apply_generator(generator, inputs, passes)
        rec = None if reverse is None else to_rgb(apply_generator(reverse, fake)[0][0])
        return to_rgb(fake[0]), rec

    return edit


def conditioned_editor(generator: Network, reverse: Network | None) -> Editor:
    """As `network_editor`, for a generator that is shown a frame: a random one, the same for one picture.

    It can do nothing for a picture without a face.
    """
    drawer = FrameDrawer(0, 0)

    def edit(picture: Picture, _: Mask | None) -> tuple[Picture, Picture | None] | None:
        number = zlib.crc32(picture.tobytes())
        try:
            drawn = drawer.draw(picture, str(number), (0, number))[1]
        except UnreadablePicture:
            return None
        fake, _ = apply_generator(generator, to_values(np.concatenate([picture, drawn], 2)[None]))
        rec = None if reverse is None else to_rgb(apply_generator(reverse, fake)[0][0])
        return to_rgb(fake[0]), rec

    return edit
