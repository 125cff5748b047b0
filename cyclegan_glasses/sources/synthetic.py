"""Synthetic portraits: two domains of different people to train on, and exact pairs to test on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from cyclegan_glasses.domains import GLASSES, NONE
from cyclegan_glasses.option import Settings, option
from cyclegan_glasses.photo import Photo
from cyclegan_glasses.sources.source import SourcePhoto

if TYPE_CHECKING:
    import numpy as np

DRAWING = 1
"""Version of the drawing: raise it when the same parameters give another picture."""
LIMIT = 1_000_000
FIRST = {"trainA": 0, "trainB": LIMIT, "test": 2 * LIMIT}
"""Number of the first portrait of each kind: more of one kind never changes another."""

_number = partial(option, metavar="N", most=LIMIT)


@dataclass(frozen=True, slots=True)
class SyntheticSource(Settings):
    """Drawn portraits: glasses in `trainA`, none in `trainB`, the same people in `testA` and `testB`."""

    name: ClassVar[str] = "synthetic"

    count: int = _number(
        600, "training portraits in all, half with glasses (trainA), half without (trainB) (600)", least=2
    )
    size: int = option(128, "of the pictures (128)", metavar="PIXELS", least=32, most=1024)
    seed: int = option(0, "another seed gives other people (0)", least=0, most=2**31)
    test: int | None = _number(
        None, "test pairs, besides --count (default: a tenth of --count, at least 40)", least=0
    )

    @property
    def pairs(self) -> int:
        """How many pairs for testing there are."""
        return max(40, self.count // 10) if self.test is None else self.test

    @property
    def record(self) -> dict[str, int]:
        """What decides the bytes of the set."""
        return {**asdict(self), "test": self.pairs, "drawing": DRAWING}

    def photos(self) -> Iterator[SourcePhoto]:
        """Every portrait, in the order of the manifest; a test portrait becomes two photos."""
        counts = {"trainA": (self.count + 1) // 2, "trainB": self.count // 2, "test": self.pairs}
        for kind, count in counts.items():
            for number in range(FIRST[kind], FIRST[kind] + count):
                photo = Photo(
                    f"{number:07d}.png",
                    source=self.name,
                    origin=f"seed {self.seed}, portrait {number}",
                    person=f"synthetic-{self.seed}-{number}",
                )
                yield SourcePhoto(photo, partial(_draw, photo, kind, self.seed, number, self.size))


def _draw(photo: Photo, kind: str, seed: int, number: int, size: int) -> list[SourcePhoto]:
    """Draw one portrait: with glasses, without, or both."""
    from cyclegan_glasses.portraits.draw import draw_portrait
    from cyclegan_glasses.portraits.parameters import frame_of, random_portrait

    portrait = random_portrait(seed, number)
    drawing = draw_portrait(portrait, size)
    decade = portrait.age // 10 * 10
    split = kind.removesuffix("A").removesuffix("B")
    bare = replace(
        photo,
        path=f"{split}B/{photo.path}",
        label=NONE,
        split=split,
        width=size,
        height=size,
        group={
            "tone": f"monk-{portrait.tone:02d}",
            "age": f"{decade}-{decade + 9}",
            "gender": "feminine" if portrait.feminine > 0.5 else "masculine",
        },
        facts=asdict(portrait),
    )
    photos = []
    if kind != "trainB":
        frame = frame_of(seed, number)
        image, mask = drawing.with_glasses(frame)
        worn = {"frame": asdict(frame), "mask": f"{split}M/{photo.path}"}
        glasses = replace(bare, path=f"{split}A/{photo.path}", label=GLASSES, facts={**bare.facts, **worn})
        photos.append(SourcePhoto(glasses, _png(image), {"mask": _png(mask)}))
    if kind != "trainA":
        photos.append(SourcePhoto(bare, _png(drawing.image)))
    return photos


def _png(image: np.ndarray) -> bytes:
    import cv2

    return cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()
