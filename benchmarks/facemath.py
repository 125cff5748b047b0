"""How well facemath keeps a face, and what its arithmetic does, on faces that it has not seen.

    python benchmarks/facemath.py facemath.pt datasets/mine --sheet sheet.png

Reconstruction (PSNR and SSIM at the network's size); the share of faces that the judge calls as asked after a
step along `glasses`; and how far the rest of the face moved, outside of the band of the eyes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from cyclegan_glasses.data.labels import CLASSES, read_labels
from cyclegan_glasses.data.settings import LabelSettings
from cyclegan_glasses.editing.facemath import interpolate, load_facemath, move, random_codes, sharpen
from cyclegan_glasses.editing.faces_of import sheet, write_picture
from cyclegan_glasses.losses import ssim
from cyclegan_glasses.pictures import open_picture
from cyclegan_glasses.reading.judge import load_judge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("dataroot", type=Path)
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--limit", type=int, default=400, help="faces of each domain")
    parser.add_argument("--sheet", type=Path, help="picture to write, of the first six of each domain")
    args = parser.parse_args()
    math, judge = load_facemath(args.model), load_judge()
    assert judge is not None
    rows = []
    for label, sign, wanted in (("none", 1, "glasses"), ("glasses", -1, "none")):
        chosen = [
            path
            for path, known in read_labels(args.dataroot, "test", LabelSettings())
            if known.glasses == CLASSES.index(label)
        ][: args.limit]
        way = cv2.INTER_AREA
        faces = np.stack(
            [
                cv2.resize(np.asarray(open_picture(path)), (math.size,) * 2, interpolation=way)
                for path in chosen
            ]
        )
        codes = math.encode(faces)
        back = math.decode(codes)
        moved = math.decode(move(codes, math.direction("glasses"), sign * args.strength))
        error = ((faces.astype(float) - back) ** 2).mean((1, 2, 3))
        alike = float(ssim(*(torch.from_numpy(x).permute(0, 3, 1, 2).double() for x in (faces, back)), 255.0))
        quality = np.mean(10 * np.log10(255**2 / error))
        print(f"{label}: {len(faces)} faces, PSNR {quality:.2f} dB, SSIM {alike:.3f}")
        for name, shown in (("decoded", back), ("moved", moved)):
            words = [verdict.label for verdict in judge.judge(shown)]
            share = {word: round(words.count(word) / len(words), 3) for word in sorted(set(words))}
            print(f"  {name}: the judge says {share}; wanted after the move: {wanted}")
        band = slice(round(0.25 * math.size), round(0.6 * math.size))
        change = np.abs(moved.astype(float) - back).mean((0, 2, 3))
        rest = np.delete(change, np.arange(math.size)[band])
        print(f"  moved by {change[band].mean():.1f} of 255 about the eyes, {rest.mean():.1f} elsewhere")
        rows += [faces[:6], back[:6], sharpen(moved[:6], 0.5)]
    if args.sheet:
        rng = np.random.default_rng(0)
        rows.append(sharpen(math.decode(random_codes(math, 6, rng)), 0.5))
        rows.append(sharpen(math.decode(interpolate(codes[:2], 5)), 0.5))
        write_picture(args.sheet, sheet(np.concatenate(rows), 6, 64))


if __name__ == "__main__":
    main()
