"""A random camera: what is drawn and the face that it is drawn on go through one, as in a photo.

Drawn pixels differ from photographed ones in noise, sharpness and compression, and a network that learns from
pairs finds them by that. The degradations are those of Zhang et al., "Designing a Practical Degradation Model
for Deep Blind Image Super-Resolution" (arXiv 2103.14006, section 3), in one fixed order and milder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from cyclegan_glasses.images import to_grey

SMALLEST = 0.45
"""Of its size a picture has at least so much on the way."""
_QUALITIES = (35, 95)


@dataclass(frozen=True, slots=True)
class RandomCamera:
    """What becomes of a picture, and in the same way of its partner.

    Attributes:
        angle, zoom, shift: the picture is turned by so many degrees, enlarged, and moved by pixels (x, y):
            faces are found a little askew.
        gain: of red, green and blue.
        gamma: exponent of the levels as fractions.
        tone: of a monochrome picture, levels added to its grey; None for one in colours.
        blur: standard deviation of a Gaussian in pixels; 0 for none.
        motion: how far the camera moved while it looked, pixels (x, y).
        scale: pictures shrink to this fraction of their sides, and are enlarged again.
        halo: how much of an unsharp mask is added, of `halo_width` pixels, as over-sharpened photos have it.
        grain: standard deviation of the noise, in levels of 255, before the picture shrinks.
        tinge: how much of the noise is of one channel alone, 0 to 1.
        quality: of JPEG; 0 for none.
        subsampled: JPEG keeps a quarter of the colours.
        compressed_small: JPEG comes before the picture is enlarged, not after.
        border: where the photo ends, as (nx, ny, d): at the pixels whose place along the unit vector (nx, ny)
            from the middle is beyond d. There it is of level `beyond`, and masks are empty.
        seed: of the noise.
    """

    angle: float = 0.0
    zoom: float = 1.0
    shift: tuple[float, ...] = (0.0, 0.0)
    gain: tuple[float, ...] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    tone: tuple[float, ...] | None = None
    blur: float = 0.0
    motion: tuple[float, ...] = (0.0, 0.0)
    scale: float = 1.0
    halo: float = 0.0
    halo_width: float = 1.0
    grain: float = 0.0
    tinge: float = 0.0
    quality: int = 0
    subsampled: bool = False
    compressed_small: bool = False
    border: tuple[float, ...] = (0.0, 0.0, 1.0)
    beyond: int = 0
    seed: int = 0

    @staticmethod
    def drawn(rng: np.random.Generator) -> RandomCamera:
        """One of all cameras."""
        exposure, toned = np.exp(rng.normal(0, 0.12)), rng.random() < 0.5
        return RandomCamera(
            angle=float(rng.normal(0, 2.5)),
            zoom=float(np.exp(rng.normal(0, 0.06))),
            shift=tuple(rng.normal(0, 2.5, 2).tolist()),
            gain=tuple((exposure * np.exp(rng.normal(0, 0.05, 3))).tolist()),
            gamma=float(np.exp(rng.normal(0, 0.12))),
            tone=tuple((toned * rng.normal(0, 8, 3)).tolist()) if rng.random() < 0.1 else None,
            blur=float(rng.uniform(0.3, 1.2)) if rng.random() < 0.5 else 0.0,
            motion=tuple(rng.normal(0, 2.5, 2).tolist()) if rng.random() < 0.12 else (0.0, 0.0),
            halo=float(rng.uniform(0.4, 1.8)) if rng.random() < 0.2 else 0.0,
            halo_width=float(rng.uniform(0.7, 1.6)),
            border=_border(rng) if rng.random() < 0.06 else (0.0, 0.0, 1.0),
            beyond=int(rng.choice([0, 255])),
            scale=float(rng.uniform(SMALLEST, 1)) if rng.random() < 0.6 else 1.0,
            grain=float(rng.uniform(0, 8)) if rng.random() < 0.7 else 0.0,
            tinge=float(rng.uniform(0, 0.6)),
            quality=int(rng.integers(_QUALITIES[0], _QUALITIES[1] + 1)) if rng.random() < 0.8 else 0,
            subsampled=bool(rng.random() < 0.7),
            compressed_small=bool(rng.random() < 0.5),
            seed=int(rng.integers(2**31)),
        )

    def take(self, pixels: np.ndarray) -> np.ndarray:
        """The picture, uint8 (height, width, 1 or 3), as this camera shows it."""
        height, width, channels = pixels.shape
        levels: np.ndarray = cv2.LUT(self._turned(pixels, cv2.INTER_CUBIC), self._curves(channels)[None])
        levels = levels.reshape(pixels.shape)
        if self.tone is not None and channels == 3:
            levels = to_grey(levels)[..., None] + np.array(self.tone, np.float32)
        if self._ends:
            levels = np.where(self._beyond(pixels.shape), np.float32(self.beyond), levels)
        levels = self._focused(levels).reshape(pixels.shape)
        if self.grain:
            levels = levels + np.float32(self.grain) * _noise(self.seed, pixels.shape, self.tinge)
        levels = self._shrunk(levels).reshape(*self._size(pixels)[::-1], channels)
        small = np.round(np.clip(levels, 0, 255)).astype(np.uint8)
        if self.quality and self.compressed_small:
            small = self._compressed(small)
        if small.shape != pixels.shape:
            small = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).reshape(pixels.shape)
        return self._compressed(small) if self.quality and not self.compressed_small else small

    def take_mask(self, mask: np.ndarray) -> np.ndarray:
        """Fractions of 255, uint8 (height, width, 1), turned, shrunk and enlarged as the picture is."""
        turned = self._turned(mask, cv2.INTER_LINEAR)
        mask = np.where(self._beyond(mask.shape), np.uint8(0), turned) if self._ends else turned
        if self._size(mask) == mask.shape[1::-1]:
            return mask
        small = self._shrunk(mask.astype(np.float32))
        large = cv2.resize(small, mask.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return np.round(large).astype(np.uint8).reshape(mask.shape)

    def _turned(self, pixels: np.ndarray, interpolation: int) -> np.ndarray:
        """Turned, enlarged and moved; what comes in from outside is the mirror image of what is inside."""
        height, width = pixels.shape[:2]
        matrix = np.array(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), self.angle, self.zoom))
        matrix[:, 2] += np.array(self.shift)
        turned = cv2.warpAffine(
            pixels, matrix, (width, height), flags=interpolation, borderMode=cv2.BORDER_REFLECT
        )
        return turned.reshape(pixels.shape)

    @property
    def _ends(self) -> bool:
        """Whether the photo ends somewhere."""
        return any(self.border[:2])

    def _beyond(self, shape: tuple[int, ...]) -> np.ndarray:
        """Where there is no photo, bool (height, width, 1)."""
        height, width = shape[:2]
        y, x = np.ogrid[:height, :width]
        along = self.border[0] * (x - width / 2) + self.border[1] * (y - height / 2)
        return np.broadcast_to(along > self.border[2], (height, width))[..., None]

    def _focused(self, levels: np.ndarray) -> np.ndarray:
        """Blurred by the lens, by movement, then sharpened."""
        if self.blur:
            levels = cv2.GaussianBlur(levels, (0, 0), self.blur)
        if any(self.motion):
            levels = cv2.filter2D(levels, -1, _line(self.motion))
        if self.halo:
            soft = cv2.GaussianBlur(levels, (0, 0), self.halo_width).reshape(levels.shape)
            levels = levels + np.float32(self.halo) * (levels - soft)
        return levels

    def _curves(self, channels: int) -> np.ndarray:
        """What becomes of each level of each channel, float32 (256, channels)."""
        fractions = np.linspace(0, 1, 256)[:, None] * np.array(self.gain[:channels])
        curves: np.ndarray = (255 * np.clip(fractions, 0, 1) ** self.gamma).astype(np.float32)
        return curves

    def _size(self, pixels: np.ndarray) -> tuple[int, int]:
        """Width and height on the way."""
        height, width = (max(1, round(side * self.scale)) for side in pixels.shape[:2])
        return width, height

    def _shrunk(self, levels: np.ndarray) -> np.ndarray:
        size = self._size(levels)
        if size == levels.shape[1::-1]:
            return levels
        return cv2.resize(levels, size, interpolation=cv2.INTER_AREA)

    def _compressed(self, pixels: np.ndarray) -> np.ndarray:
        sampling = (
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if self.subsampled else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        )
        how = [cv2.IMWRITE_JPEG_QUALITY, self.quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
        _, data = cv2.imencode(".jpg", pixels[..., ::-1], how)  # it takes BGR
        compressed = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
        return compressed.reshape(pixels.shape)[..., ::-1]


def _border(rng: np.random.Generator) -> tuple[float, ...]:
    """A line that leans a little, and lies from 40 to 110 pixels left, right or above the middle."""
    angle = rng.choice([0, -np.pi / 2, np.pi]) + rng.normal(0, 0.2)
    return (float(np.cos(angle)), float(np.sin(angle)), float(rng.uniform(40, 110)))


def _line(motion: tuple[float, ...]) -> np.ndarray:
    """A kernel that smears along a line, float32 with the sum 1."""
    reach = int(np.ceil(max(abs(part) for part in motion) / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    ends = [[round(16 * (reach + sign * part / 2)) for part in motion] for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return kernel / kernel.sum()


@lru_cache(maxsize=2)
def _noise(seed: int, shape: tuple[int, ...], tinge: float) -> np.ndarray:
    """Noise of variance 1, float32 of `shape`; kept, since a picture's partner has the same."""
    rng = np.random.default_rng(seed)
    grey, tinged = rng.standard_normal((*shape[:2], 1), np.float32), rng.standard_normal(shape, np.float32)
    noise = np.float32(np.sqrt(1 - tinge)) * grey + np.float32(np.sqrt(tinge)) * tinged
    noise.flags.writeable = False
    return noise
