"""Draw glasses on bare faces: pairs with a truth, and the exact mask of what was drawn.

DIR is a folder that crawl.py made (its faces without glasses are taken, with their split and landmarks) or
any pile of pictures of bare faces. OUT gets trainA (glasses) trainB (none) trainM (masks), testA testB testM
and a manifest. A run that was stopped goes on when the same command is typed again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cyclegan_glasses.collect.settings import OverlaySettings
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import MANIFEST, Photo

from .folder import add_detector, detector_file, shares_of
from .tally import STOPPED, tally

HELP = "pairs from bare faces: with drawn glasses, without, and the mask"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `crawl.py overlay`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="bare faces: a gathered folder, or a pile")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder for the pairs")
    parser.add_argument(
        "--each", type=int, default=1, metavar="N", help="pairs a face, each with other glasses (1)"
    )
    parser.add_argument(
        "--sunglasses", type=float, default=0.0, metavar="SHARE", help="share of dark lenses (0)"
    )
    parser.add_argument(
        "--frames",
        type=Path,
        metavar="DIR",
        help="draw your own frames: PNG with transparency, seen from in front, width in mm in the name"
        " (round_138mm.png)",
    )
    parser.add_argument(
        "--align", type=int, default=0, metavar="SIZE", help="crop faces to SIZE pixels by the eyes (0: keep)"
    )
    parser.add_argument(
        "--max_turn", type=float, default=25.0, metavar="DEGREES", help="leave out side views (25)"
    )
    parser.add_argument(
        "--split",
        nargs="+",
        default=["test=0.1"],
        metavar="NAME=SHARE",
        help="shares by a hash of the person or path, where the photo has no split of its own (test=0.1)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of frames and split (0)")
    add_detector(parser)
    parser.add_argument("--workers", type=int, default=0, help="processes (0: one for each core)")


def command(args: argparse.Namespace) -> Callable[[], int | None]:
    """Turn the words into settings; what is returned draws."""
    settings = OverlaySettings(
        args.align, args.max_turn, args.each, args.sunglasses, shares_of(args.split), args.seed
    )
    return lambda: _draw(args, settings)


def _draw(args: argparse.Namespace, settings: OverlaySettings) -> int | None:
    from cyclegan_glasses.collect.pairs import bare_faces, draw_pairs

    photos = bare_faces(args.folder, args.out)
    rows = draw_pairs(photos, args.folder, args.out, settings, args.frames, detector_file(args), args.workers)
    if (counts := tally(rows, len(photos), "faces", args.out, _named)) is None:
        return STOPPED
    if not counts:
        raise UserError(
            f"glasses fit none of the {len(photos)} pictures: the reasons are in {args.out / MANIFEST}"
        )
    print(
        f"{counts.total()} pairs are in {args.out}; train on them: python train.py --model mask2face"
        f" --dataroot {args.out}, or beside two domains: python train.py --paired_dataroot {args.out}"
    )
    return None


def _named(pairs: list[Photo]) -> tuple[str, int, str]:
    return pairs[0].split, len(pairs) // 2, pairs[0].reason.split(",")[0]
