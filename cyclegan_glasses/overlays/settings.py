"""Which glasses a person wants. Free of numpy."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from cyclegan_glasses.errors import UserError, one_of
from cyclegan_glasses.option import Settings, check, number, option

#: Every frame of the catalogue on one sheet, and what the network adds in place of a drawn frame.
ALL, LEARNED = "all", "learned"
MATERIALS, PATTERNS = ("acetate", "metal"), ("plain", "tortoise", "fade", "two-tone")
LENSES = ("clear", "tinted", "sun", "gradient", "mirror")
#: Widths of the whole front in mm.
SIZES = {"small": 127.0, "medium": 134.0, "large": 141.0}
NARROWEST, WIDEST = 90.0, 180.0
#: Mean distance of adult pupils in mm (Dodgson 2004, doi 10.1117/12.529999).
PUPILS = 63.0


@dataclass(frozen=True, slots=True)
class FrameSettings(Settings):
    """A frame, and what is to be different about it; what is not given stays as the frame has it.

    Raises:
        UserError: a value that is not allowed, or two that do not go together.
    """

    GROUP = "glasses"

    frame: str = option(
        "",
        "a shape or another name that the verb frames lists, a PNG of one seen from in front, all (a sheet of"
        " every one), or learned (what the network adds)",
    )
    like: Path | None = option(None, "the glasses of another photo", metavar="PHOTO")
    frames: Path | None = option(None, "a catalogue of your own: TOML or JSON", metavar="FILE")
    colour: str = option("", "of the frame: black, tortoise, gold, ... or #rrggbb")
    material: str = option("", "of the frame", choices=MATERIALS, unlisted=("",))
    size: str = option("", "width of the front in mm, or small, medium, large", metavar="MM")
    width: float | None = option(
        None, "width in mm of the front of a PNG, if its name does not say it", least=NARROWEST, most=WIDEST
    )
    rim: float | None = option(None, "width of the rim in mm", least=0.5, most=12)
    pattern: str = option("", "of acetate", choices=PATTERNS, unlisted=("",))
    lens: str = option("", "what the lenses are", choices=LENSES, unlisted=("",))
    lens_colour: str = option("", "of the lenses: grey, brown, green, blue, ... or #rrggbb")
    power: float | None = option(
        None, "of the lenses in dioptres; below 0 for short sight", least=-15, most=10
    )
    pd: float = option(PUPILS, "distance of the pupils in mm, which sizes are true to", least=45, most=80)

    def __post_init__(self) -> None:
        check(self)
        if self.size and self.size not in SIZES:
            try:
                fits = NARROWEST <= number(self.size) <= WIDEST
            except ValueError:
                one_of("size", self.size, (*SIZES, "a width in mm"))
            if not fits:
                raise UserError(f"--size {self.size} is invalid: must be {NARROWEST:g} to {WIDEST:g}")
        if self.lens == "clear" and self.lens_colour:
            raise UserError("clear lenses have no colour: leave --lens_colour out, or --lens clear")
        if self.like is not None and self.frame:
            raise UserError("--like takes the frame of a photo: leave --frame out")
        if self.frame == LEARNED and (changes := self.changes - {"frame"}):
            raise UserError(f"--frame {LEARNED} is the network's own: leave --{sorted(changes)[0]} out")

    @property
    def changes(self) -> set[str]:
        """The fields that were given, all but `pd`."""
        return {item.name for item in fields(self) if getattr(self, item.name) != item.default} - {"pd"}

    @property
    def front_width(self) -> float | None:
        """`size` in mm."""
        return SIZES.get(self.size) or float(self.size) if self.size else None
