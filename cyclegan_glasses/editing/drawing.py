"""Drawing as a way to add glasses: which frame, and how it comes into a photo of any depth."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from cyclegan_glasses.editing.blend import peak_of
from cyclegan_glasses.errors import UserError
from cyclegan_glasses.faces.detect import Face
from cyclegan_glasses.images import to_grey
from cyclegan_glasses.overlays.catalogue import read_catalogue
from cyclegan_glasses.overlays.custom_frames import NAME, CustomFrame, load_frame
from cyclegan_glasses.overlays.face_traits import read_traits
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.frames import Frame
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.pose import Pose
from cyclegan_glasses.overlays.recommend import ranked
from cyclegan_glasses.overlays.render import draw_window
from cyclegan_glasses.overlays.scene import Scene
from cyclegan_glasses.overlays.settings import ALL, LEARNED, PUPILS, FrameSettings
from cyclegan_glasses.overlays.styling import restyled

AnyFrame = Frame | CustomFrame
AS_IT_IS = FrameSettings()
USUAL = "panto"
_TRIED = 6
"""Frames that suit a face of which one is to be as a person asks, before the usual one is taken."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """The frame that is to be drawn.

    Attributes:
        frame: None stands for one that suits the face, by the rules of `overlays.recommend`.
        name: that it was asked for by.
        wish: what is to be different about a frame that suits.
        pupils: distance of the pupils in mm, which sizes are true to.
    """

    frame: AnyFrame | None = None
    name: str = ""
    wish: FrameSettings = AS_IT_IS
    pupils: float = PUPILS

    def frame_for(self, seen: np.ndarray, face: Face) -> tuple[str, AnyFrame]:
        """The name and the frame for a face of `seen`, uint8 RGB (height, width, 3)."""
        if self.frame is not None:
            return self.name, self.frame
        if self.wish.frames is None:
            suitable = ranked(read_traits(seen, face.landmarks, self.pupils))
            for advice in islice(suitable, _TRIED):
                with suppress(UserError):  # such as a rim for what has none: the next one may do
                    return advice.name, restyled(advice.frame, self.wish)
        return usual(self.wish)

    def key(self) -> str:
        """The same for the same drawing alone."""
        name, frame = (self.name, self.frame) if self.frame else usual(self.wish)
        return f"{described(name, frame)} {'' if self.frame else repr(self.wish)} {self.pupils:g}"


def drawing_of(wish: FrameSettings) -> Drawing | None:
    """What draws the frame that a person asks for; None for what the network adds.

    Raises:
        UserError: there is no such frame, or it cannot be as is asked.
    """
    if wish.frame == LEARNED:
        return None
    if not wish.frame:
        usual(wish)  # what is wrong with it is said before a photo is read
        return Drawing(None, "", wish, wish.pd)
    return Drawing(restyled(find_frame(wish), wish), wish.frame, wish, wish.pd)


def as_drawing(frame: AnyFrame | Drawing | str | None, **look: Any) -> Drawing | None:
    """What draws a frame that a program asks for; None for what the network adds.

    Args:
        frame: a frame, or what `--frame` takes, `all` apart; None for one that suits.
        look: other fields of `FrameSettings`.

    Raises:
        UserError: as `drawing_of`.
    """
    if isinstance(frame, Drawing):
        return frame
    if frame == ALL:
        raise UserError(f"a sheet of every frame is written by the command: add --frame {ALL}")
    if frame is None or isinstance(frame, str):
        return drawing_of(FrameSettings(frame or "", **look))
    wish = FrameSettings(**look)
    return Drawing(restyled(frame, wish), "", wish, wish.pd)


def usual(wish: FrameSettings) -> tuple[str, AnyFrame]:
    """The name and the frame that suits most faces, the first of a catalogue of one's own, restyled."""
    offered = read_catalogue(wish.frames)
    name = USUAL if USUAL in offered else next(iter(offered))
    return name, restyled(offered[name].frame, wish)


def find_frame(wish: FrameSettings) -> AnyFrame:
    """The frame that `wish.frame` names: of the catalogue, of those that come with the toolkit, or a PNG.

    Raises:
        UserError: there is none, or its file is not as it should be.
    """
    offered = {**read_catalogue(), **(read_catalogue(wish.frames) if wish.frames else {})}
    if wish.frame in offered:
        return offered[wish.frame].frame
    path = Path(wish.frame)
    if path.is_file():
        if wish.width is None and not NAME.search(path.stem):
            raise UserError(
                f"{path} does not say how wide the frame is: give --width, that of its front in mm"
            )
        return load_frame(path, wish.width)
    if path.suffix.lower() == ".png":
        raise UserError(f"{path} is not there: --frame takes a PNG of a frame, or a name that frames lists")
    known = ", ".join([*offered, "the path of a PNG", ALL, LEARNED])
    raise UserError(f"unknown --frame {wish.frame!r}: choose one of {known}")


def all_frames(wish: FrameSettings) -> dict[str, AnyFrame]:
    """Every frame of the catalogue by name, with what `wish` asks of it."""
    return {name: restyled(entry.frame, wish) for name, entry in read_catalogue(wish.frames).items()}


def described(name: str, frame: AnyFrame) -> dict[str, Any]:
    """A frame as JSON values: those of `Frame`, or the file, width and hash of a picture."""
    if isinstance(frame, CustomFrame):
        digest = hashlib.sha256(frame.texture.tobytes()).hexdigest()
        return {"name": name, "file": frame.name, "width": frame.width, "sha256": digest}
    return {"name": name, **asdict(frame)}


def fit(seen: np.ndarray, face: Face, pupils: float = PUPILS) -> tuple[Pose, Scene]:
    """How the head of a face sits in `seen`, uint8 RGB (height, width, 3), and its light, skin and camera."""
    pose = fit_pose(face.landmarks, pupils)
    return pose, read_scene(seen, pose)


def draw(pixels: np.ndarray, frame: AnyFrame, fitted: tuple[Pose, Scene]) -> int:
    """Draw `frame` into the picture, and say how many of its pixels lie in the drawn region.

    Args:
        pixels: as of `blend.apply_change`. Where nothing is drawn they stay the same to the last bit.
        fitted: see `fit`.
    """
    colours = 1 if pixels.shape[2] < 3 else 3
    peak, whole = peak_of(pixels.dtype), pixels[:, :, :colours]
    image = whole if pixels.dtype.kind == "u" else whole.astype(np.float32) * 255
    drawn = draw_window(np.broadcast_to(image, (*image.shape[:2], 3)), frame, *fitted)
    if drawn is None:
        return 0
    part = whole[drawn.window]
    levels = to_grey(drawn.levels)[:, :, None] if colours == 1 else drawn.levels
    levels = levels * np.float32(peak / 255)
    if pixels.dtype.kind == "u":
        np.rint(levels, out=levels)
    mask = drawn.mask[:, :, None] > 0
    np.copyto(part, levels.astype(pixels.dtype), where=mask)
    return int(np.count_nonzero(mask))
