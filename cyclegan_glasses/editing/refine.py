"""A drawn frame made real, by a generator that is shown it."""

from __future__ import annotations

import numpy as np

from cyclegan_glasses.domains import ADD
from cyclegan_glasses.editing.blend import apply_change, measure_change
from cyclegan_glasses.editing.models import EditingModel, apply_generator
from cyclegan_glasses.editing.photograph import to_rgb8
from cyclegan_glasses.faces.align import alignment_of, take
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.values import to_levels, to_values


def refine(drawn: np.ndarray, bare: np.ndarray, face: Face, model: EditingModel) -> int:
    """Change the glasses drawn on `face` as the model would, and say how many pixels that may have touched.

    Only the difference between the model's picture and the drawing travels, so that rims stay as sharp as
    they were drawn, however few pixels the model knows.

    Args:
        drawn: the picture with the drawing, as of `blend.apply_change`; it is changed.
        bare: uint8 RGB (height, width, 3), the same before.
        model: whose generator `BtoA` is conditioned.
    """
    generator = model.get(ADD)
    alignment = alignment_of(face, generator.size, bare.shape, generator.framing)
    crops = [take(bare, alignment), take(to_rgb8(drawn), alignment)]
    inputs = np.concatenate([to_values(crop[None]) for crop in crops], 1)
    made, _ = apply_generator(generator.network, inputs)
    change = measure_change(crops[1].astype(np.float32), to_levels(made)[0])
    return apply_change(drawn, change, alignment)
