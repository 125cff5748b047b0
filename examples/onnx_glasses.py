"""Glasses off or on one photo with an exported model: onnxruntime, numpy and Pillow, nothing else.

    python -m cyclegan_glasses export --format onnx --direction AtoB -o remove.onnx
    python examples/onnx_glasses.py remove.onnx photo.jpg result.png 412 300 520 296

The four numbers are the centres of the eyes in pixels, x and y: first the one on the left of the picture.
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def main(model: str, photo: str, result: str, *eyes: str) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    size, framing = int(facts["size"]), json.loads(facts["framing"])
    image = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")

    # The rotation, scale and shift that take a point of the crop to the photo, as complex numbers.
    left, right = complex(*map(float, eyes[:2])), complex(*map(float, eyes[2:]))
    rotation = (right - left) / (framing["eye_distance"] * size)
    shift = (left + right) / 2 - rotation * size * complex(0.5, framing["eye_height"])
    forward = (rotation.real, -rotation.imag, shift.real, rotation.imag, rotation.real, shift.imag)
    # Several samples a pixel of the crop, averaged, so that a large face does not break into steps.
    samples = max(1, round(abs(rotation)))
    fine = tuple(value / samples if i % 3 < 2 else value for i, value in enumerate(forward))
    crop = image.transform((size * samples,) * 2, Image.Transform.AFFINE, fine, Image.Resampling.BICUBIC)
    crop = crop.resize((size, size), Image.Resampling.BOX)

    # Levels become -1 to 1, and back.
    before = np.asarray(crop, np.float32)
    edited = (before / 127.5 - 1).transpose(2, 0, 1)[None]
    for _ in range(int(facts["passes"])):
        (edited,) = session.run(["edited"], {"photo": edited.clip(-1, 1)})
    change = (edited[0].transpose(1, 2, 0) + 1) * 127.5 - before

    # The change alone goes back, fading out at the border of the crop: the photo keeps its own sharpness.
    edge = np.minimum(np.arange(size) + 0.5, size - 0.5 - np.arange(size)) / (0.06 * size)
    change *= np.minimum.outer(edge, edge).clip(0, 1)[:, :, None]
    backward = 1 / rotation
    home = -shift * backward
    inverse = (backward.real, -backward.imag, home.real, backward.imag, backward.real, home.imag)
    pixels = np.asarray(image, np.float32).copy()
    for channel in range(3):
        layer = Image.fromarray(change[:, :, channel])
        pixels[:, :, channel] += layer.transform(
            image.size, Image.Transform.AFFINE, inverse, Image.Resampling.BICUBIC
        )
    Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8)).save(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
