"""Hair styles as sheets of strands.

A sheet is a list of rails, each a line in mm (x, y, z) from one edge of the sheet to the other; strands run
across the rails, from the first (their roots) to the last (their tips).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cyclegan_glasses.portraits.parameters import Portrait

Point = tuple[float, float, float]
Rail = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Hair, or cloth, between rails.

    Attributes:
        rails: from roots to tips.
        strands: how many are drawn.
        lock: width of a strand in mm.
        wave: how far strands swing, in mm; ragged: how uneven their tips are, in mm.
        shine: strength of the band of light across them, which lies at `band` of their length.
        over: it hides the temples of glasses.
        soft: its edge is blurred by this, in mm.
        opacity: of the whole.
        columns: how finely the sheet is divided from edge to edge.
    """

    rails: tuple[Rail, ...]
    strands: int = 60
    lock: float = 0.9
    wave: float = 0.0
    ragged: float = 1.5
    shine: float = 0.6
    band: float = 0.4
    over: bool = False
    soft: float = 0.0
    opacity: float = 1.0
    columns: int = 9


@dataclass(frozen=True, slots=True)
class Look:
    """A hair style: sheets behind the head and before it, and curls (in mm of volume) instead of strands."""

    behind: tuple[Sheet, ...] = ()
    front: tuple[Sheet, ...] = ()
    curls: float = 0.0


def mirrored(sheet: Sheet) -> Sheet:
    """The same sheet at the other side of the head."""
    return replace(sheet, rails=tuple(tuple((-x, y, z) for x, y, z in rail) for rail in sheet.rails))


def look(p: Portrait) -> Look:
    """The sheets of a portrait's hair."""
    if p.hair == "bald":
        return Look()
    if p.hair == "scarf":
        return _scarf(p)
    if p.hair in ("curly", "afro"):
        return Look(curls=9.0 if p.hair == "curly" else 20.0)
    if p.hair in ("buzz", "crop", "side", "swept", "pulled"):
        return _short(p)
    return _long(p)


def _short(p: Portrait) -> Look:
    """One sheet from sideburn to sideburn: roots along the hairline, tips along the outline of the head."""
    w, y = p.face_width, -p.hairline
    volume = {"buzz": 1.0, "crop": 4.5, "side": 6.0, "swept": 7.0, "pulled": 2.0}[p.hair]
    end = -2.0 if p.hair == "pulled" else 13.0 - 8.0 * p.feminine
    lean = {"side": 0.36 * w * (1 if p.parting < 0 else -1), "crop": 0.1 * w}.get(p.hair, 0.0)
    hairline: list[Point] = [(0.83 * w, y + 15, 33), (0.66 * w, y + 5, 20), (0.36 * w, y + 0.5, 9)]
    side: list[Point] = [(0.945 * w, end, 44), (0.925 * w, -7, 42), (0.875 * w, -21, 38), *hairline]
    roots = _across([*side, (0, y, 4)])
    # The middle of the hair, and its crown along the outline of the head.
    rise = y - 15 - volume
    middle = _across(
        [(0.965 * w, end + 1, 47), (0.98 * w + 0.6 * volume, -9, 47), (0.97 * w + 0.8 * volume, -24, 46),
         (0.93 * w + volume, y + 2, 42), (0.72 * w, rise + 6, 30), (0.36 * w, rise, 16),
         (0, rise - 1, 10)], 0.5 * lean
    )  # fmt: skip
    crown = _across(
        [(0.985 * w, end + 2, 50), (1.015 * w + 0.9 * volume, -10, 54), (1.03 * w + volume, -26, 56),
         (1.02 * w + 1.1 * volume, y - 4, 56), (0.98 * w + volume, y - 26, 54), (0.6 * w, -104, 40),
         (0, -112, 34)], lean
    )  # fmt: skip
    rails = (roots, middle, crown)
    if p.hair == "crop":
        fringe = _across([*side[:4], *[(a, b + 5, c - 3) for a, b, c in side[4:]], (0, y + 6, 0)])
        rails = (crown, middle, fringe)
    soft, opacity = (1.8, 0.78) if p.hair == "buzz" else (0.4, 1.0)
    shine = {"pulled": 0.9, "buzz": 0.2}.get(p.hair, 0.6)
    sheet = Sheet(rails, strands=190, ragged=2.0, shine=shine, soft=soft, opacity=opacity, columns=25)
    return Look(front=(sheet,))


def _across(right: list[Point], lean: float = 0.0) -> Rail:
    """A rail from left to right by its right half (outside first); `lean` moves its middle sideways."""
    top = [(a + lean * min(1.0, 1.4 * (1 - a / right[0][0])), b, c) for a, b, c in right]
    left = [(-a + lean * min(1.0, 1.4 * (1 - a / right[0][0])), b, c) for a, b, c in right[:-1]]
    return (*left, *top[::-1])


def _long(p: Portrait) -> Look:
    w, y = p.face_width, -p.hairline
    bob = p.hair == "bob" or (p.hair == "fringe" and p.texture % 2 == 0)
    wide = {"wavy": 1.08, "locs": 1.02, "bob": 1.04}.get(p.hair, 1.0)
    wave = {"wavy": 3.6, "long": 0.8, "locs": 0.8}.get(p.hair, 0.4)
    part = {"centre": 0.12, "locs": 0.12, "fringe": 0.0}.get(p.hair, 0.9) * p.parting
    # Two curtains from the parting, over the temples.
    locs = p.hair == "locs"
    end, tuck = (70.0, -0.05 * w) if bob else (132.0, 0.03 * w)
    front = []
    for side in (-1, 1):
        root = part * w * side
        sweep = 9.0 if p.hair in ("long", "wavy", "bob") and root < 0 else 0.0
        drape = 0.60 if p.hair == "centre" else 0.76
        rails: tuple[Rail, ...] = (
            ((root - 0.02 * w, y - 3, 6), (root - 0.02 * w, -122, 30)),
            ((root + 0.6 * (drape * w - root), y + 3 + sweep, 10), (root + 0.55 * (w - root), -112, 34)),
            (((0.87 - 0.004 * sweep) * w, y + 17 + sweep, 26), (1.10 * w * wide, y - 14, 52)),
            ((0.945 * w, -8, 30), (1.22 * w * wide, -8, 60)),
            ((0.93 * w + tuck, 40, 30), (1.27 * w * wide, 42, 60)),
            ((0.93 * w + 2 * tuck, end, 34), ((1.14 if bob else 1.34) * w * wide, end, 60)),
        )
        sheet = Sheet(rails, strands=26 if locs else 90, lock=3.6 if locs else 0.9, wave=wave,
                      ragged=3.0, shine=0.3 if locs else 0.75, band=0.36, over=True)  # fmt: skip
        front.append(sheet if side == 1 else mirrored(sheet))
    if (part > 0) == (p.texture % 3 > 0):
        front.reverse()
    if p.hair == "fringe":
        front.append(_fringe(p))
    # What hangs behind the neck.
    deep = Sheet(
        (
            _across([(0.9 * w, -100, 90), (0, -110, 90)]),
            _across([(1.2 * w, 0, 90), (0, 0, 90)]),
            _across([(1.22 * w * wide, end - 4, 90), (0, end - 4, 90)]),
        ),
        strands=90, wave=wave, shine=0.0,
    )  # fmt: skip
    return Look(behind=(deep,), front=tuple(front))


def _fringe(p: Portrait) -> Sheet:
    w = p.face_width
    low = -25.0 - 3 * (p.brow_lift - 17)
    rails = (
        _across([(0.7 * w, -112, 30), (0, -118, 20)]),
        _across([(0.9 * w, -64, 30), (0.45 * w, -68, 4), (0, -69, -4)]),
        _across([(0.93 * w, low + 6, 30), (0.45 * w, low, 2), (0, low - 1, -8)]),
    )
    return Sheet(rails, strands=120, ragged=3.0, shine=0.8, band=0.62, wave=0.5, soft=0.3)


def _scarf(p: Portrait) -> Look:
    w, y = p.face_width, -p.hairline + 5
    rails: tuple[Rail, ...] = (
        ((0, y - 2, -2), (0, -122, 20)),
        ((0.58 * w, y + 4, 10), (0.85 * w, -104, 34)),
        ((0.90 * w, -20, 24), (1.17 * w, -34, 50)),
        ((0.92 * w, 14, 26), (1.24 * w, 24, 56)),
        ((0.78 * w, 58, 20), (1.24 * w, 84, 50)),
        ((0.34 * w, p.chin - 5, 6), (1.05 * w, 132, 40)),
        ((-0.1 * w, p.chin - 1, 4), (0.2 * w, 150, 20)),
    )
    side = Sheet(rails, strands=13, lock=2.6, wave=0.6, ragged=0, shine=0.35, band=0.3, over=True, soft=0.3)
    return Look(front=(mirrored(side), side))
