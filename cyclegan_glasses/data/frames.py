"""Frames drawn on the faces of domain B, another for every sample: what a conditioned generator is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from cyclegan_glasses.data.folders import Domain
from cyclegan_glasses.data.sampler import Key
from cyclegan_glasses.data.transforms import PICTURES
from cyclegan_glasses.faces.detect import make_detector
from cyclegan_glasses.faces.known import known_landmarks
from cyclegan_glasses.images import UnreadablePicture
from cyclegan_glasses.overlays.custom_frames import CustomFrame
from cyclegan_glasses.overlays.fit import fit_pose
from cyclegan_glasses.overlays.frames import Frame, worn_frame
from cyclegan_glasses.overlays.photograph import read_scene
from cyclegan_glasses.overlays.render import draw_glasses
from cyclegan_glasses.photo import MANIFEST, Photo, latest_photos

_FRAME = 4  # keeps this stream of random numbers apart from those of the sampler


@dataclass(frozen=True, slots=True)
class FrameDrawer:
    """Draws a frame on a face; which one, where it is random, depends on (seed, epoch, index) alone.

    Random frames are such as people wear: nothing but how they are drawn tells them from real ones.
    Pose, light and camera are read off the picture at the size that it is cut from, with a cache or without.
    Landmarks are those of the manifest; where it has none the face is looked for, once a process.

    Attributes:
        side: that pictures are brought to, in pixels.
        seed: of the frames.
        frame: that all wear; None for random ones.
        landmarks: of pictures by path, float64 (5, 2) in fractions of the sides; None where there is no face.
    """

    side: int
    seed: int
    frame: Frame | CustomFrame | None = None
    landmarks: dict[str, np.ndarray | None] = field(default_factory=dict, repr=False)

    def draw(self, picture: Image.Image | np.ndarray, path: str, key: Key) -> tuple[np.ndarray, np.ndarray]:
        """`picture`, and the same with a frame, uint8 RGB (height, width, 3) both.

        An image is brought to `side` first; an array has the size that it is cut from.

        Raises:
            UnreadablePicture: it shows no face.
        """
        if isinstance(picture, Image.Image):
            picture = np.asarray(picture.resize((self.side, self.side), PICTURES))
        points = self._find(picture, path)
        rng = np.random.default_rng([_FRAME, self.seed, *key])
        frame, pose = self.frame or worn_frame(rng), fit_pose(points * picture.shape[1::-1])
        scene = read_scene(picture, pose, seed=int(rng.integers(2**31)))
        return picture, draw_glasses(picture, frame, pose, scene)[0]

    def _find(self, picture: np.ndarray, path: str) -> np.ndarray:
        if path not in self.landmarks:
            faces = make_detector().find_faces(picture)
            self.landmarks[path] = faces[0].landmarks / picture.shape[1::-1] if faces else None
        points = self.landmarks[path]
        if points is None:
            raise UnreadablePicture(path, "it shows no face that a frame could be drawn on")
        return points


def landmarks_by_path(root: Path, domain: Domain) -> dict[str, np.ndarray | None]:
    """What the manifest of `root` says of the faces of `domain`, by path; see `FrameDrawer.landmarks`."""
    if not (root / MANIFEST).is_file():
        return {}
    found = {str(root / path): _landmarks_of(photo) for path, photo in latest_photos(root).items()}
    paths = [str(domain.path(index)) for index in range(len(domain))]
    return {path: points for path in paths if (points := found.get(path)) is not None}


def _landmarks_of(photo: Photo) -> np.ndarray | None:
    points = known_landmarks(photo)
    if points is None or not (photo.width and photo.height):
        return None
    points = points / (photo.width, photo.height)
    usable = np.isfinite(points[:2]).all() and np.ptp(points[:2], axis=0).any()
    return points if usable else None
