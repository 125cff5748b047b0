"""What scores are grouped by: the person and the frame, by the manifest, and the lightness of the skin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.photo import Photo

FRAME, SKIN = "frame", "skin (ITA)"
#: Lower limits in degrees of the classes of skin, Del Bino et al. 2006.
TYPOLOGY = ((55, "1 very light"), (41, "2 light"), (28, "3 intermediate"), (10, "4 tan"), (-30, "5 brown"))


def groups_of(photo: Photo | None) -> dict[str, str]:
    """The groups of a photo by name, with the shape of a drawn frame; none of an unknown photo."""
    if photo is None:
        return {}
    frame = photo.facts.get("frame")
    shape = frame.get("shape") if isinstance(frame, dict) else None
    return dict(photo.group) | ({FRAME: str(shape)} if shape else {})


def check_groups(asked: Sequence[str], groups: Iterable[Mapping[str, str]]) -> None:
    """Raises `UserError` where one of `asked` is a group of no photo."""
    known = sorted({name for group in groups for name in group})
    for name in asked:
        if name not in known:
            allowed = f"--group can be {', '.join(known)}" if known else "there is no manifest with groups"
            raise UserError(f"no photo has a group {name!r}: {allowed}")


def typology(angle: float) -> str:
    """The class of skin of an individual typology angle in degrees."""
    return next((name for limit, name in TYPOLOGY if angle > limit), "6 dark")
