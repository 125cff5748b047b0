"""What an edit tells of each face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cyclegan_glasses.attributes.verdicts import Verdict

EDITED, LEFT = "edited", "left alone"
_JSON_KEYS = {"yaw": "turn", "area": "share"}


@dataclass(frozen=True, slots=True)
class FaceReport:
    """What became of one face.

    Attributes:
        box: x, y, width, height in pixels of the upright photo.
        yaw: of the head in degrees, positive towards the picture's right, an estimate; None where it is not
            known.
        done: `edited` or `left alone`.
        reason: why it was left alone.
        warnings: what is not as it should be where it was edited, in words; empty where nothing was found.
        tries: how often the model tried; a second try is made where the first has a warning.
        before, after: the verdict, if there is a classifier; `after` with `EditSettings.check` alone.
        area: fraction of the photo's pixels that may have changed, 0 to 1; of a swap the larger of both.
        frame: the frame that was drawn (see `drawing.described`), if one was.
    """

    box: tuple[float, float, float, float]
    yaw: float | None
    done: str
    reason: str = ""
    before: Verdict | None = None
    after: Verdict | None = None
    area: float = 0.0
    frame: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    tries: int = 0

    def to_json(self) -> dict[str, Any]:
        """As JSON values, under the keys that programs know."""
        return {_JSON_KEYS.get(name, name): value for name, value in asdict(self).items()}

    def __getattr__(self, name: str) -> Any:
        """The fields by their JSON keys, too, which were once their names."""
        fields = {key: field_name for field_name, key in _JSON_KEYS.items()}
        return object.__getattribute__(self, fields.get(name, name))


@dataclass(frozen=True, eq=False)
class Edit:
    """An edited picture, in the type of the one given, and what became of each of its faces."""

    picture: Any
    faces: list[FaceReport]

    @property
    def changed(self) -> bool:
        """Whether anything was edited."""
        return any(face.done == EDITED for face in self.faces)
