"""Readable names for the folders of K-FACE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES
from cyclegan_glasses.errors import UserError

ACCESSORIES = {
    "none": "S001",
    "glasses": "S002",
    "horn_rimmed": "S003",
    "sunglasses": "S004",
    "cap": "S005",
    "cap_horn_rimmed": "S006",
}
LABELS = {"S001": NONE, "S002": GLASSES, "S003": GLASSES, "S004": SUNGLASSES, "S005": NONE, "S006": GLASSES}
LIGHTS = {"1000": "L1", "400": "L2", "200": "L3", "150": "L4", "100": "L5", "40": "L6", "0": "L7"} | {
    f"directed_{number}": f"L{number}" for number in range(8, 31)
}
EXPRESSIONS = {"neutral": "E01", "smile": "E02", "disgust": "E03"}
CAMERAS = (
    {"frontal": "C7", "frontal_above": "C17"}
    | {f"{90 - 15 * i:+d}": f"C{1 + i}" for i in range(13) if i != 6}
    | {f"above{45 - 15 * i:+d}": f"C{14 + i}" for i in range(7) if i != 3}
)
RESOLUTIONS = {name: name for name in ("high", "middle", "low")}
NAMES = {code: name for table in (ACCESSORIES, LIGHTS, EXPRESSIONS, CAMERAS) for name, code in table.items()}


def codes(names: Iterable[str], table: Mapping[str, str], kind: str) -> frozenset[str]:
    """The codes of readable names; codes themselves, in any case, and `all` are understood too.

    Raises:
        UserError: a name is not known; the message lists those that are.
    """
    found: set[str] = set()
    by_code = {code.upper(): code for code in table.values()}
    for name in names:
        if name.lower() == "all":
            found.update(table.values())
        elif code := table.get(name.lower()) or table.get("+" + name) or by_code.get(name.upper()):
            found.add(code)
        else:
            raise UserError(f"unknown {kind} {name!r}: known are {', '.join(table)} and all")
    return frozenset(found)
